import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/shell.css';
import './styles/table.css';
import './styles/panel.css';
import './styles/overlays.css';
import { render } from 'preact';
import './lib/theme';
import { App } from './app';

render(<App />, document.getElementById('app')!);
