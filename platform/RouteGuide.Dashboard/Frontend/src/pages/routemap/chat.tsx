import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ChatEvent, GeoPoint } from '../../api';
import { formatTime } from '../../lib/format';
import { formatPoint, samePoint } from '../../lib/geo';
import { messageOf, post, remove } from '../../lib/http';
import { notify } from '../../lib/notices';
import { href, location } from '../../lib/router';
import { stored } from '../../lib/stored';
import { useStream } from '../../lib/stream';
import { Button } from '../../ui/controls';
import { Icon } from '../../ui/icon';
import { features, place } from './state';

type State = Extract<ChatEvent, { type: 'state' }>;
type Said = Extract<ChatEvent, { type: 'note' | 'answer' }>;

const kept = 500;
const name = stored<string>('chat.name', '', v => typeof v === 'string');
/** This window's seat in a room, while it has one. */
const seat = signal<{ window: string; room: string } | null>(null);
const state = signal<State | null>(null);
const said = signal<readonly Said[]>([]);
const ended = signal<string | null>(null);

/** Where notes were left in this room. */
export const notedPlaces = (): GeoPoint[] => said.value.filter(s => s.type === 'note').map(s => s.location);

const nameProblem = (text: string) => (text.length > 40 ? 'A name has at most 40 characters.' : /[:\x00-\x1f\x7f]/.test(text) ? 'A name has no ":".' : null);

/** Keeps the seat while the page is shown, whichever tool is used. */
export function useChat() {
  const now = seat.value;
  useStream('chat', now && `${now.room} ${now.window}`, { room: now?.room, window: now?.window }, event => {
    if (event.type === 'state') state.value = event;
    else if (event.type === 'ended') {
      ended.value = `${event.status}: ${event.message}`;
      seat.value = null;
    } else said.value = [...said.peek(), event].slice(-kept);
  });
  useEffect(() => () => void leave(), []);
}

async function leave() {
  const now = seat.peek();
  seat.value = null;
  state.value = null;
  if (!now) return;
  try {
    await remove(`/api/route/chat/${encodeURIComponent(now.window)}`);
  } catch (error) {
    notify('error', 'Leaving the chat failed', messageOf(error));
  }
}

export function ChatPanel() {
  const room = location.value.query.get('room') || 'main';
  return (
    <>
      <p class="dim">RouteChat: leave a note at a place; the service answers with the notes that were left there before. Windows in the same room share one call.</p>
      {seat.value ? <Room /> : <Join room={room} />}
      <a class="button outline" href={href('/routemap', { tool: 'chat', room })} target="_blank" rel="noreferrer"><Icon name="open" class="small" />Open a second window</a>
    </>
  );
}

function Join({ room }: { room: string }) {
  const [text, setText] = useState(name.peek());
  const [busy, setBusy] = useState(false);
  const problem = nameProblem(text.trim());
  const join = async () => {
    setBusy(true);
    try {
      const next = await post<{ window: string; room: string }>('/api/route/chat', { name: text.trim(), room });
      name.value = text.trim();
      said.value = [];
      ended.value = null;
      seat.value = next;
    } catch (error) {
      notify('error', 'Joining the chat failed', messageOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="chat-form" onSubmit={e => {
      e.preventDefault();
      if (text.trim() && !problem) void join();
    }}>
      {ended.value && <p class="problem" role="alert">The call ended: {ended.value}</p>}
      <div class="field">
        <label for="chat-name">Your name</label>
        <input id="chat-name" class="input" value={text} maxlength={40} autocomplete="off" onInput={e => setText(e.currentTarget.value)} aria-describedby="chat-name-problem" />
        <span id="chat-name-problem" class="problem">{problem}</span>
      </div>
      <Button type="submit" look="primary" icon="chat" disabled={busy || !text.trim() || problem !== null}>Join room {room}</Button>
    </form>
  );
}

function Room() {
  const [message, setMessage] = useState('');
  const log = useRef<HTMLDivElement>(null);
  const at = place.value;
  const here = at && features.value.list.find(f => samePoint(f.location, at));
  useEffect(() => {
    log.current?.scrollTo({ top: log.current.scrollHeight });
  }, [said.value.length]);
  const send = async () => {
    const text = message.trim();
    try {
      await post(`/api/route/chat/${encodeURIComponent(seat.value!.window)}/notes`, { ...at, message: text });
      // What was typed since is kept.
      setMessage(now => (now.trim() === text ? '' : now));
    } catch (error) {
      notify('error', 'The note was not sent', messageOf(error));
    }
  };
  const s = state.value;
  const me = seat.value!.window;
  return (
    <>
      <p class="row wrap" data-testid="chat-state">
        <span class={`badge ${s ? 'success' : 'info'}`}>{s ? 'Connected' : 'Connecting…'}</span>
        {s?.replica && <span class={`chip c${s.color}`} data-testid="answered-by" data-replica={s.replica}>{s.replica}</span>}
        <span class="dim">{s ? s.windows.map(w => w.name).join(', ') : ''}{s?.message ? ` · ${s.message}` : s && !s.open ? ' · the call begins with the first note' : ''}</span>
      </p>
      <div class="chat-log" ref={log} role="log" aria-label="Chat" data-testid="chat-log" tabindex={0}>
        {said.value.map((n, i) => (
          <div key={i} class={`entry ${n.type === 'answer' ? 'answer' : n.window === me ? 'mine' : 'theirs'}`} data-type={n.type}>
            <span class="dim small-text">{n.type === 'note' ? n.name : `RouteChat repeats${n.name ? ` ${n.name}` : ''}`} · {formatTime(n.time, false)} · {placeOf(n.location)}</span>
            <span>{n.message}</span>
          </div>
        ))}
        {said.value.length === 0 && <div class="dim">No notes yet.</div>}
      </div>
      <form class="chat-form" onSubmit={e => {
        e.preventDefault();
        if (at && message.trim()) void send();
      }}>
        <div class="field">
          <label for="chat-place">Place</label>
          <select id="chat-place" class="select" value={at ? `${at.latitude},${at.longitude}` : ''} onChange={e => {
            const [latitude, longitude] = e.currentTarget.value.split(',').map(Number);
            place.value = e.currentTarget.value ? { latitude, longitude } : null;
          }}>
            <option value="">Click the map or choose one</option>
            {at && !here?.name && <option value={`${at.latitude},${at.longitude}`}>{formatPoint(at)}</option>}
            {features.value.list.filter(f => f.name).map(f => <option key={f.name} value={`${f.location.latitude},${f.location.longitude}`}>{f.name}</option>)}
          </select>
        </div>
        <div class="row">
          <input class="input grow" aria-label="Message" placeholder="Message…" maxlength={500} value={message} autocomplete="off" onInput={e => setMessage(e.currentTarget.value)} />
          <Button type="submit" look="primary" icon="send" disabled={!at || !message.trim()}>Send</Button>
        </div>
      </form>
      <Button look="outline" onClick={() => void leave()}>Leave</Button>
    </>
  );
}

const placeOf = (p: GeoPoint) => features.value.list.find(f => samePoint(f.location, p))?.name.split(',').slice(0, 2).join(',') || formatPoint(p, 3);
