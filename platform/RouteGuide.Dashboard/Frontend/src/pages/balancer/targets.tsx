import { useState } from 'preact/hooks';
import type { BalancerGroup, BalancerTarget } from '../../api';
import { formatCount, percent } from '../../lib/format';
import { post, put } from '../../lib/http';
import { attempt } from '../../lib/notices';
import { href } from '../../lib/router';
import { Button } from '../../ui/controls';
import { Popover } from '../../ui/popover';
import { isAway, lookOf, milliseconds, nameOf, rate, shares } from './model';

const pathOf = (group: string, target: string) => `/api/balancer/groups/${encodeURIComponent(group)}/targets/${encodeURIComponent(target)}`;

/** Each target of a group: how it is, what it gets, and what can be done with it. */
export function Targets({ group, canChange, whyNot }: { group: BalancerGroup; canChange: boolean; whyNot: string | null }) {
  const share = shares(group.targets);
  return (
    <div class="scroll-x">
      <table class="table targets" aria-label={`Targets of ${group.name}`}>
        <thead>
          <tr><th>Target</th><th>State</th><th class="number wide-only">Weight</th><th class="number wide-only">In flight</th><th class="number">Calls/s</th><th class="wide-only">Share</th><th class="number wide-only">p50</th><th class="number">p99</th><th class="number wide-only">Failures</th><th>Actions</th></tr>
        </thead>
        <tbody>
          {group.targets.map(t => (
            <tr key={t.name} data-testid={`target-${nameOf(t)}`} data-state={t.state} data-weight={t.weight} data-picks={t.picks}>
              <td>
                <span class={`resource c${t.color}`}>
                  <span class="two-lines"><span>{t.resource ? <a href={href('/', { resource: t.resource })}>{t.resource}</a> : t.name}</span><span class="dim mono small-text">{t.address}</span></span>
                </span>
              </td>
              <td>
                <span class={`badge ${lookOf(t.state)}`} title={t.description ?? undefined}>{t.state}</span>
                {(t.reason || t.description) && <div class="dim small-text reason">{t.description ?? t.reason}</div>}
              </td>
              <td class="number wide-only">{t.weight}{t.weightFactor !== 1 && <span class="dim"> × {Number(t.weightFactor.toFixed(2))}</span>}</td>
              <td class="number wide-only">{formatCount(t.inFlight)}</td>
              <td class="number">{rate(t.callsPerSecond)}</td>
              <td class="wide-only"><Share got={share.get(t.name) ?? 0} due={t.expectedShare} color={t.color} /></td>
              <td class="number wide-only">{milliseconds(t.p50Ms)}</td>
              <td class="number">{milliseconds(t.p99Ms)}</td>
              <td class="number wide-only">{formatCount(t.failures)}</td>
              <td><Actions group={group.name} target={t} canChange={canChange} whyNot={whyNot} /></td>
            </tr>
          ))}
          {group.deregistered.map(d => (
            <tr key={d.name} data-testid={`target-${d.name}`} data-state="deregistered">
              <td><span class="resource c-"><span class="two-lines"><span>{d.name}</span><span class="dim mono small-text">{d.address}</span></span></span></td>
              <td><span class="badge">deregistered</span><div class="dim small-text reason">taken out by hand</div></td>
              <td class="number wide-only">{d.weight}</td><td class="wide-only" /><td /><td class="wide-only" /><td class="wide-only" /><td /><td class="wide-only" />
              <td><RegisterButton group={group.name} target={d.name} name={d.name} disabled={!canChange} title={canChange ? undefined : whyNot ?? undefined} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What it got, and as a mark what its weight makes due. */
function Share({ got, due, color }: { got: number; due: number; color: number }) {
  return (
    <span class="row">
      <span class={`share c${color}`} role="img" aria-label={`${percent(got)} of the calls, ${percent(due)} due`} title={`due: ${percent(due)}`} ref={e => {
        e?.style.setProperty('--got', String(got));
        e?.style.setProperty('--due', String(due));
      }} />
      <span class="number small-text">{percent(got)}</span>
    </span>
  );
}

function Actions({ group, target: t, canChange, whyNot }: { group: string; target: BalancerTarget; canChange: boolean; whyNot: string | null }) {
  const [busy, setBusy] = useState(false);
  const act = async (title: string, action: () => Promise<unknown>) => {
    setBusy(true);
    await attempt(title, action);
    setBusy(false);
  };
  const away = isAway(t);
  const name = nameOf(t);
  const title = canChange ? undefined : whyNot ?? undefined;
  return (
    <span class="row">
      {away
        ? <RegisterButton group={group} target={t.name} name={name} disabled={!canChange || busy} title={title} />
        : <Button look="outline" disabled={!canChange || busy} title={title} aria-label={`Drain ${name}`} onClick={() => void act(`Draining ${name}`, () => post(`${pathOf(group, t.name)}/deregister`))}>Drain</Button>}
      <Popover kind="dialog" look="outline" label={`Weight of ${name}`} text="Weight">
        {close => <WeightForm name={name} weight={t.weight} disabled={!canChange} whyNot={whyNot} onApply={weight => {
          close();
          void act(`Weight of ${name} is ${weight}`, () => put(`${pathOf(group, t.name)}/weight`, { weight }));
        }} />}
      </Popover>
    </span>
  );
}

const RegisterButton = ({ group, target, name, ...rest }: { group: string; target: string; name: string; disabled: boolean; title: string | undefined }) => (
  <Button look="outline" {...rest} aria-label={`Register ${name}`} onClick={() => void attempt(`Registered ${name}`, () => post(`${pathOf(group, target)}/register`))}>Register</Button>
);

function WeightForm({ name, weight, disabled, whyNot, onApply }: { name: string; weight: number; disabled: boolean; whyNot: string | null; onApply: (weight: number) => void }) {
  // What is typed stays: the weight that the balancer reports meanwhile does not replace it.
  const [text, setText] = useState(String(weight));
  const value = Number(text);
  const valid = text.trim() !== '' && Number.isInteger(value) && value >= 0 && value <= 999;
  return (
    <form class="pad" onSubmit={e => {
      e.preventDefault();
      if (valid) onApply(value);
    }}>
      <div class="field">
        <label for="weight">Weight of {name}</label>
        <span class="stepper">
          <Button icon="subtract" label="Less" onClick={() => setText(String(Math.max(0, (value || 0) - 1)))} />
          <input id="weight" type="number" min={0} max={999} value={text} onInput={e => setText(e.currentTarget.value)} />
          <Button icon="add" label="More" onClick={() => setText(String(Math.min(999, (value || 0) + 1)))} />
        </span>
        <span class="hint">{disabled ? whyNot : '0 to 999; 0 gets no new calls.'}</span>
      </div>
      <Button type="submit" look="primary" disabled={!valid || disabled}>Apply</Button>
    </form>
  );
}
