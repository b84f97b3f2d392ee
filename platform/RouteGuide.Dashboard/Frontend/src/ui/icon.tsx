import { icons, type IconName } from './icons';

/** The drawing alone: sizes and colours come from the styles. */
const inner = (svg: string) => svg.slice(svg.indexOf('>') + 1, svg.lastIndexOf('</svg>'));

export function Icon({ name, class: classes = '', label }: { name: IconName; class?: string; label?: string }) {
  const said = label ? { role: 'img' as const, 'aria-label': label } : { 'aria-hidden': true as const };
  return <svg class={`icon ${classes}`} viewBox="0 0 20 20" {...said} dangerouslySetInnerHTML={{ __html: inner(icons[name]) }} />;
}
