'use strict';

// Everything that is shown is set as text: names of targets and reasons come from other machines.
const element = (name, className, ...children) => {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children.map(child => child instanceof Node ? child : document.createTextNode(child ?? '')));
  return made;
};

const number = value => value === null || value === undefined ? '–' : value.toLocaleString('en', { maximumFractionDigits: 1 });
const milliseconds = value => value === null ? '–' : `${value < 10 ? value.toFixed(2) : number(value)} ms`;
const percent = value => `${(value * 100).toLocaleString('en', { maximumFractionDigits: 1 })} %`;

const cell = (label, className, ...children) => {
  const made = element('td', className, ...children);
  made.dataset.label = label;
  return made;
};

const columns = ['Target', 'State', 'Weight', 'Share', 'In flight', 'Calls/s', 'p50', 'p99', 'Calls', 'Failures'];

const targetRow = target => element('tr', '',
  cell('Target', 'wide', element('strong', '', target.name), target.address.endsWith('//' + target.name) ? '' : element('small', '', target.address), target.leased ? element('small', '', 'by lease') : ''),
  cell('State', 'wide', element('span', `state ${target.state}`, target.state), target.reason ? element('small', '', target.reason) : '', target.description ? element('small', '', target.description) : ''),
  cell('Weight', 'number', target.weight_factor === 1 ? number(target.weight) : `${number(target.weight)} × ${number(target.weight_factor)}`),
  cell('Share', 'number', percent(target.expected_share)),
  cell('In flight', 'number', number(target.in_flight)),
  cell('Calls/s', 'number', number(target.calls_per_second)),
  cell('p50', 'number', milliseconds(target.p50_ms)),
  cell('p99', 'number', milliseconds(target.p99_ms)),
  cell('Calls', 'number', number(target.picks)),
  cell('Failures', 'number', number(target.failures)));

const groupCard = group => element('article', 'group',
  element('header', '',
    element('h3', '', group.name),
    element('p', '', `${group.protocol_version} · ${group.algorithm} · ${group.available} of ${group.registered} available${group.fail_open ? ' · calls go to all, as too few are' : ''} · ${number(group.calls_per_second)} calls/s · p50 ${milliseconds(group.p50_ms)} · p99 ${milliseconds(group.p99_ms)} · ${number(group.retries)} retries`)),
  group.targets.length === 0
    ? element('p', '', 'No targets.')
    : element('table', 'targets',
      element('thead', '', element('tr', '', ...columns.map((name, i) => element('th', i > 1 ? 'number' : '', name)))),
      element('tbody', '', ...group.targets.map(targetRow))),
  group.last_pick ? element('p', '', `Last pick that was looked at: ${group.last_pick.target}, by ${group.last_pick.algorithm}: ${group.last_pick.why}.`) : '');

const fill = (id, children) => document.getElementById(id).replaceChildren(...children);

const show = status => {
  const calls = Object.entries(status.calls);
  const broken = calls.filter(([flag, count]) => flag !== 'completed' && count > 0).map(([flag, count]) => `${flag} ${number(count)}`);
  const summary = document.getElementById('summary');
  summary.className = '';
  summary.textContent = `${number(status.connections.active)} connections · ${number(status.calls.completed)} calls answered${broken.length ? ' · ' + broken.join(' · ') : ''} · as of ${new Date(status.time).toLocaleTimeString()}`;
  fill('groups', status.groups.map(groupCard));
  fill('listeners', status.listeners.map(l => element('tr', '', element('td', '', l.url), element('td', '', l.kind))));
  fill('rules', status.rules.map(r => element('tr', '', element('td', 'number', r.priority), element('td', '', r.conditions), element('td', '', r.actions))));
};

const refresh = async () => {
  try {
    const response = await fetch('/status.json', { cache: 'no-store' });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    show(await response.json());
  } catch (error) {
    const summary = document.getElementById('summary');
    summary.className = 'error';
    summary.textContent = `The balancer does not answer (${error.message}); what is shown is old.`;
  }
  setTimeout(refresh, 2000);
};

refresh();
