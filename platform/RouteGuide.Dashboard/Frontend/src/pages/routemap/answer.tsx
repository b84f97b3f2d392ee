import type { Answered } from '../../api';
import { formatDuration } from '../../lib/format';

/** Who answered, and how fast. */
export function Answer({ of: a }: { of: Answered | null }) {
  if (!a) return null;
  return (
    <p class="row wrap answer" data-testid="answered-by" data-replica={a.replica}>
      <span class="dim">answered by</span>
      <span class={`chip c${a.color}`}>{a.replica ?? 'unknown'}</span>
      <span class="dim">in {formatDuration(a.elapsedMs * 1e6)}</span>
    </p>
  );
}
