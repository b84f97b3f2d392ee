import { signal } from '@preact/signals';

/** Where the page is. All state that a link should carry (filters, selections, views) lives in the query. */
export const location = signal({ path: window.location.pathname, query: new URLSearchParams(window.location.search) });

const read = () => {
  location.value = { path: window.location.pathname, query: new URLSearchParams(window.location.search) };
};

window.addEventListener('popstate', read);

export const navigate = (to: string, replace = false) => {
  if (replace) history.replaceState(null, '', to);
  else history.pushState(null, '', to);
  read();
};

/** Writes values into the query of this page; an empty one leaves it. */
export const setQuery = (values: Record<string, string | null | undefined>, replace = true) => {
  const query = new URLSearchParams(location.peek().query);
  for (const [name, value] of Object.entries(values)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  navigate(href(location.peek().path, query), replace);
};

export const href = (path: string, query?: URLSearchParams | Record<string, string | null | undefined>) => {
  const entries = query instanceof URLSearchParams ? query : new URLSearchParams();
  if (query && !(query instanceof URLSearchParams)) {
    for (const [name, value] of Object.entries(query)) if (value) entries.set(name, value);
  }
  const text = entries.toString();
  return text ? `${path}?${text}` : path;
};

/** The parts of a path: `/traces/abc` is `['traces', 'abc']`. */
export const segments = (path: string) => path.split('/').filter(s => s.length > 0).map(decodeURIComponent);

// Links inside the dashboard change the page without loading it anew; those with a modifier key, a target or another host are the browser's.
document.addEventListener('click', event => {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (!link || link.target || link.hasAttribute('download') || link.origin !== window.location.origin || link.pathname.startsWith('/api/')) return;
  event.preventDefault();
  navigate(link.pathname + link.search);
});
