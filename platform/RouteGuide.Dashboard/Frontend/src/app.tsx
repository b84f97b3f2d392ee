import { useEffect, useState } from 'preact/hooks';
import { loadSession, messageOf, session } from './lib/http';
import { location, navigate, segments } from './lib/router';
import { followStores } from './lib/stores';
import { Button, Empty } from './ui/controls';
import { Login } from './pages/login/login';
import { Shell } from './shell/shell';
import { pageOf } from './shell/pages';

/** Asks who is there, and shows the login, or the pages to who may see them. */
export function App() {
  const [failure, setFailure] = useState<string | null>(null);
  const load = () => {
    setFailure(null);
    loadSession().catch(error => setFailure(messageOf(error)));
  };
  useEffect(load, []);

  const who = session.value;
  if (failure) {
    return (
      <Empty icon="plug" title="The dashboard cannot be reached">
        <p>{failure}</p>
        <Button look="primary" onClick={load}>Try again</Button>
      </Empty>
    );
  }
  if (!who) return null;
  return location.value.path === '/login' || !who.authenticated ? <Login authenticated={who.authenticated} /> : <Pages />;
}

function Pages() {
  const path = location.value.path;
  useEffect(followStores, []);
  const page = pageOf(path, session.value!.hasResourceService);
  useEffect(() => {
    document.title = `${page ? `${page.title} · ` : ''}${session.value!.applicationName}`;
  }, [page]);
  return (
    <Shell page={page}>
      {page ? <page.Content key={page.path} parts={segments(path).slice(page.path === '/' ? 0 : 1)} /> : (
        <Empty icon="map" title="There is no such page">
          <p>Nothing is found at {path}.</p>
          <Button look="primary" onClick={() => navigate('/')}>Go to the start</Button>
        </Empty>
      )}
    </Shell>
  );
}
