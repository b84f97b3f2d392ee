import type { ComponentChildren } from 'preact';
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import logo from '../favicon.svg';
import { session } from '../lib/http';
import { location, navigate } from '../lib/router';
import { useShortcuts } from '../lib/shortcuts';
import { stored } from '../lib/stored';
import { Button } from '../ui/controls';
import { Icon } from '../ui/icon';
import { Bell } from './bell';
import { Banners } from './banners';
import { Help } from './help';
import { pages, type Page } from './pages';
import { Settings } from './settings';
import { Toasts } from './toasts';

const wide = stored<boolean>('rail.wide', false, v => typeof v === 'boolean');
const dialog = signal<'settings' | 'help' | null>(null);

/** What surrounds every page: header, rail, banners, notices. */
export function Shell({ page, children }: { page: Page | null; children: ComponentChildren }) {
  const { path } = location.value;
  const { applicationName, hasResourceService } = session.value!;
  const shown = pages.filter(p => hasResourceService || p.alone);
  useShortcuts({
    ...Object.fromEntries(shown.map(p => [p.key, () => navigate(p.path)])),
    '?': () => (dialog.value = 'help'),
    'Shift+S': () => (dialog.value = 'settings'),
  });
  useEffect(() => {
    if (path === '/settings' || path === '/help') dialog.value = path === '/help' ? 'help' : 'settings';
  }, [path]);
  const closeDialog = () => {
    dialog.value = null;
    if (path === '/settings' || path === '/help') navigate('/', true);
  };
  return (
    <div class={`shell ${wide.value ? 'wide' : ''}`}>
      <a class="skip" href="#main" onClick={e => {
        e.preventDefault();
        document.getElementById('main')!.focus();
      }}>Skip to the content</a>
      <header class="header">
        <a class="brand" href="/" aria-label={`${applicationName}: start`}><img src={logo} alt="" /><span class="ellipsis">{applicationName}</span></a>
        <span class="page-title grow ellipsis">{page?.title}</span>
        <Button icon="question" label="Help (?)" onClick={() => (dialog.value = 'help')} />
        <Bell />
        <Button icon="settings" label="Settings (Shift+S)" onClick={() => (dialog.value = 'settings')} />
      </header>
      <nav class="rail" aria-label="Pages">
        <ul>
          {shown.map(p => (
            <li key={p.path}>
              <a href={p.path} aria-current={page?.label === p.label ? 'page' : undefined} title={`${p.title} (${p.key})`}><Icon name={p.icon} /><span>{p.label}</span></a>
            </li>
          ))}
        </ul>
        <Button class="pin" icon="navigation" label={wide.value ? 'Narrow the navigation' : 'Widen the navigation'} aria-pressed={wide.value} onClick={() => (wide.value = !wide.value)} />
      </nav>
      <main class="main" id="main" tabindex={-1}>
        <Banners />
        {children}
      </main>
      <Toasts />
      {dialog.value === 'settings' && <Settings onClose={closeDialog} />}
      {dialog.value === 'help' && <Help onClose={closeDialog} />}
    </div>
  );
}
