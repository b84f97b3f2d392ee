import './login.css';
import { useEffect, useState } from 'preact/hooks';
import logo from '../../favicon.svg';
import { loadSession, messageOf, post, session } from '../../lib/http';
import { location, navigate } from '../../lib/router';
import { Button } from '../../ui/controls';
import { Popover } from '../../ui/popover';

/** Only a path of this dashboard is gone to: a link to the login must not lead to another site. */
const backPath = () => {
  const asked = location.peek().query.get('returnUrl') ?? '/';
  return /^\/(?![/\\])/.test(asked) && !asked.startsWith('/login') ? asked : '/';
};

/** What a login by link came back with. */
const failureOf = (status: string | null) => (status === null ? null : status === '429' ? 'Too many attempts. Wait a minute, then try again.' : 'The token of the link is not the one of this dashboard. It changes when the app host is started anew.');

export function Login({ authenticated }: { authenticated: boolean }) {
  const [token, setToken] = useState('');
  const [problem, setProblem] = useState(failureOf(location.peek().query.get('failed')));
  const [busy, setBusy] = useState(false);
  const name = session.value!.applicationName;
  useEffect(() => {
    document.title = `Log in · ${name}`;
    if (authenticated) navigate(backPath(), true);
    else if (location.peek().path !== '/login') {
      const { path, query } = location.peek();
      navigate(path === '/' && query.size === 0 ? '/login' : `/login?returnUrl=${encodeURIComponent(query.size > 0 ? `${path}?${query}` : path)}`, true);
    }
  }, [authenticated]);

  const logIn = async () => {
    setBusy(true);
    setProblem(null);
    try {
      await post('/api/login', { token: token.trim() });
      await loadSession();
    } catch (error) {
      setProblem(messageOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <main class="login">
      <form class="login-card" onSubmit={e => {
        e.preventDefault();
        void logIn();
      }}>
        <img src={logo} alt="" />
        <h1>{name} dashboard</h1>
        <label class="visually-hidden" for="token">Token</label>
        <input id="token" class="input" type="password" autocomplete="current-password" placeholder="Enter token to log in…" value={token} autofocus
          aria-invalid={problem !== null} aria-describedby="login-problem" onInput={e => setToken(e.currentTarget.value)} />
        <p id="login-problem" class="login-problem" role="alert">{problem}</p>
        <Button type="submit" look="primary" disabled={busy || !token.trim()}>Log in</Button>
        <Popover kind="dialog" label="Where do I find the token?" text="Where do I find the token?">
          {() => (
            <div class="pad">
              <p>The app host prints a line like this when it starts:</p>
              <code>Login to the dashboard at …/login?t=<b>TOKEN</b></code>
              <p>Open that link, or copy what follows <code>t=</code> into the field.</p>
            </div>
          )}
        </Popover>
      </form>
    </main>
  );
}
