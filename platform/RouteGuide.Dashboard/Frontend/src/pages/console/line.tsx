import type { ConsoleLine } from '../../api';
import { parseAnsi } from '../../lib/ansi';
import { formatTime } from '../../lib/format';
import { colors } from '../../lib/stores';

export function Line({ line: l, prefix, time }: { line: ConsoleLine; prefix: boolean; time: boolean }) {
  return (
    <div class={`console-line ${l.stdErr ? 'stderr' : ''}`}>
      <span class="no" aria-hidden="true">{l.line}</span>
      {prefix && <span class={`who c${colors.peek().get(l.resource) ?? '-'}`}>{l.resource}</span>}
      {time && l.time && <span class="when">{formatTime(l.time)}</span>}
      {l.stdErr && <span class="err">stderr</span>}
      <span class="what">
        {parseAnsi(l.text).map((r, i) => (r.href ? <a key={i} href={r.href} target="_blank" rel="noreferrer" class={r.classes}>{r.text}</a> : <span key={i} class={r.classes}>{r.text}</span>))}
      </span>
    </div>
  );
}
