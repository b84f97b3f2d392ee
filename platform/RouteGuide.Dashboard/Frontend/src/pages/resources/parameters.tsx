import { computed } from '@preact/signals';
import { useState } from 'preact/hooks';
import type { Resource } from '../../api';
import { resources } from '../../lib/stores';
import { Button, CopyButton, Empty } from '../../ui/controls';
import { Icon } from '../../ui/icon';
import { isValue, textOf } from './model';
import { State } from './table';

const all = computed(() => [...resources.value.values()].filter(isValue).sort((a, b) => a.displayName.localeCompare(b.displayName)));

/** What the app model was given from outside. */
export function Parameters({ text }: { text: string }) {
  const found = all.value.filter(p => p.displayName.toLowerCase().includes(text.toLowerCase()));
  if (found.length === 0) return <Empty icon="key" title={all.value.length > 0 ? 'No parameter matches' : 'This app has no parameters'} />;
  return (
    <div class="scroll">
      <table class="table">
        <thead><tr><th>Name</th><th>State</th><th>Value</th></tr></thead>
        <tbody>{found.map(p => <Row key={p.name} parameter={p} />)}</tbody>
      </table>
    </div>
  );
}

function Row({ parameter: p }: { parameter: Resource }) {
  const [seen, setSeen] = useState(false);
  const value = p.properties.find(x => x.name === 'Value' || x.name === 'value' || x.name === 'parameter.value');
  const text = textOf(value?.value);
  const hidden = value?.sensitive && !seen;
  return (
    <tr data-testid={`parameter-${p.displayName}`}>
      <td><span class={`row name c${p.color}`}><Icon name="key" class="tinted" />{p.displayName}</span></td>
      <td><State resource={p} /></td>
      <td>
        {text ? (
          <span class="row">
            <code class="ellipsis">{hidden ? <span class="masked">••••••••</span> : text}</code>
            {value?.sensitive && <Button icon={hidden ? 'eye' : 'eyeOff'} label={`${hidden ? 'Show' : 'Hide'} ${p.displayName}`} onClick={() => setSeen(!seen)} />}
            <CopyButton text={text} label={p.displayName} />
          </span>
        ) : <span class="dim">no value</span>}
      </td>
    </tr>
  );
}
