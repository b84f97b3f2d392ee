import { Component, h, type ComponentChildren, type FunctionComponent } from 'preact';

/** A component that is drawn anew only when one of its properties is another one. */
export function memo<P extends object>(content: (properties: P) => ComponentChildren): FunctionComponent<P> {
  class Memo extends Component<P> {
    override shouldComponentUpdate(next: P) {
      const before = this.props as P;
      return (Object.keys(next) as (keyof P)[]).some(k => k !== ('children' as keyof P) && next[k] !== before[k]);
    }
    override render() {
      return content(this.props as P);
    }
  }
  return (properties: P) => h(Memo, properties);
}
