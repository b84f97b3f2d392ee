import { useState } from 'preact/hooks';
import type { Feature, GeoPoint } from '../../api';
import { formatPoint } from '../../lib/geo';
import { formatCount, plural } from '../../lib/format';
import { Button, Search } from '../../ui/controls';
import { Icon } from '../../ui/icon';
import { Answer } from './answer';
import { features, found, listed, recorded } from './state';

const label = (f: Feature) => f.name || 'A point without a name';

/** GetFeature: what is at a place. */
export function GetPanel({ onPick }: { onPick: (point: GeoPoint) => void }) {
  const [text, setText] = useState('');
  const { list, answered } = features.value;
  const named = list.filter(f => f.name.toLowerCase().includes(text.toLowerCase()) && f.name);
  const now = found.value;
  return (
    <>
      <p class="dim">Click a place on the map, or choose one here.</p>
      {now && (
        <div class="result" data-testid="feature">
          <h3>{now.feature.name || 'Nothing is known at this point'}</h3>
          <p class="dim">{formatPoint(now.feature.location, 6)}</p>
          <Answer of={now.answered} />
        </div>
      )}
      <Search value={text} onChange={setText} label="Filter places" placeholder="Filter places…" />
      <ul class="places" aria-label="Places">
        {named.map(f => <li key={`${f.location.latitude} ${f.location.longitude}`}><button type="button" class="menu-item" onClick={() => onPick(f.location)}><Icon name="location" /><span class="ellipsis">{f.name}</span></button></li>)}
      </ul>
      <p class="dim small-text">{plural(list.length, 'place')} on the map, {formatCount(list.filter(f => f.name).length)} with a name.</p>
      <Answer of={answered} />
    </>
  );
}

/** ListFeatures: what is inside a rectangle. */
export function ListPanel({ onAll }: { onAll: () => void }) {
  const now = listed.value;
  return (
    <>
      <p class="dim">Drag a rectangle over the map: what lies inside is streamed back.</p>
      <div class="row wrap"><Button look="outline" onClick={onAll}>List all places</Button>{now && <Button onClick={() => (listed.value = null)}>Clear</Button>}</div>
      {now && (
        <div class="result" data-testid="list-result" data-count={now.features.length} data-running={now.running}>
          <h3>{plural(now.features.length, 'feature')}{now.running && '…'}</h3>
          <p class="dim">{formatPoint(now.lo, 3)} to {formatPoint(now.hi, 3)}</p>
          <Answer of={now.answered} />
        </div>
      )}
      {now && <ul class="places" aria-label="Features found">{now.features.map(f => <li key={`${f.location.latitude} ${f.location.longitude}`} class="plain"><Icon name="location" class="small accent" /><span class="ellipsis" title={label(f)}>{label(f)}</span></li>)}</ul>}
    </>
  );
}

/** RecordRoute: the sum of a journey. */
export function RecordPanel({ onPath }: { onPath: (points: GeoPoint[]) => void }) {
  const now = recorded.value;
  const { list } = features.value;
  // For those who cannot draw: a journey over some of the places.
  const tour = () => onPath(list.filter(f => f.name).filter((_, i, all) => i % Math.ceil(all.length / 8) === 0).map(f => f.location));
  return (
    <>
      <p class="dim">Draw a path on the map: its points are streamed to the service, which sums the journey up. Near a place the path goes through it.</p>
      <div class="row wrap"><Button look="outline" disabled={list.length === 0} onClick={tour}>Record a tour of eight places</Button>{now && <Button onClick={() => (recorded.value = null)}>Clear</Button>}</div>
      {now && (
        <div class="result" data-testid="route-summary" data-done={now.summary !== null}>
          {now.summary ? (
            <dl class="summary">
              <div><dt>Distance</dt><dd>{(now.summary.distanceMetres / 1000).toFixed(1)} km</dd></div>
              <div><dt>Points</dt><dd>{now.summary.pointCount}</dd></div>
              <div><dt>Features passed</dt><dd>{now.summary.featureCount}</dd></div>
              <div><dt>Time</dt><dd>{now.summary.elapsedSeconds} s</dd></div>
            </dl>
          ) : <p>Recording {plural(now.points.length, 'point')}…</p>}
          <Answer of={now.answered} />
        </div>
      )}
    </>
  );
}
