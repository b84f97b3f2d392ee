import { defineConfig } from 'vite';

// The output is committed, so it must be the same wherever it is built: names come from contents, and nothing of the machine goes in.
export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  plugins: [{
    name: 'blocking-entry',
    // The first paint waits for the script that knows the chosen theme: no flash of the other one.
    transformIndexHtml: html => html.replace('<script type="module"', '<script type="module" blocking="render"'),
  }],
  build: {
    outDir: '../wwwroot',
    emptyOutDir: true,
    target: 'es2022',
    // The content security policy allows files of this host alone, for fonts too: no data: URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 800,
  },
  server: {
    // `npm run mock`, or a dashboard that runs, answers the calls.
    proxy: { '/api': { target: process.env.DASHBOARD ?? 'http://localhost:18888', changeOrigin: false } },
  },
});
