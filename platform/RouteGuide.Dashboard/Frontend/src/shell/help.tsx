import { session } from '../lib/http';
import { Dialog } from '../ui/dialog';
import { pages } from './pages';

const panel: [string, string][] = [['+', 'Larger'], ['-', 'Smaller'], ['Shift+R', 'Reset the size'], ['Shift+T', 'Right or below'], ['Shift+X', 'Close']];

export function Help({ onClose }: { onClose: () => void }) {
  const { otlpUrls } = session.value!;
  return (
    <Dialog title="Help" onClose={onClose} wide>
      <div class="shortcuts" data-testid="shortcuts">
        <section><h3>Pages</h3><Keys rows={pages.map(p => [p.key, p.title])} /></section>
        <section><h3>Site</h3><Keys rows={[['?', 'Help'], ['Shift+S', 'Settings'], ['Esc', 'Close what is open']]} /></section>
        <section><h3>Details panel</h3><Keys rows={panel} /></section>
      </div>
      {(otlpUrls.grpc || otlpUrls.http) && (
        <section class="field">
          <h3>Send telemetry here</h3>
          {otlpUrls.grpc && <p>OTLP over gRPC: <code>{otlpUrls.grpc}</code></p>}
          {otlpUrls.http && <p>OTLP over HTTP: <code>{otlpUrls.http}</code></p>}
        </section>
      )}
    </Dialog>
  );
}

const Keys = ({ rows }: { rows: [string, string][] }) => (
  <dl>{rows.map(([key, what]) => [<dt key={key}><kbd>{key}</kbd></dt>, <dd>{what}</dd>])}</dl>
);
