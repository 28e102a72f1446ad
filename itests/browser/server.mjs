// Starts a server as a user does, and a browser that looks at it.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

const run = promisify(execFile);
const script = process.env.RUNGPT_SCRIPT ?? path.resolve(import.meta.dirname, '../../rungpt');

/** A running server with a data directory of its own. */
export async function startServer(environment = {}) {
  const data = await mkdtemp(path.join(tmpdir(), 'rungpt-browser-'));
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(OPENAI|RUNGPT)_/.test(name)));
  const options = { env: { ...env, ...environment }, maxBuffer: 16 << 20 };
  const rungpt = (command, ...rest) => run(script, [command, '--data', data, ...rest], options);
  const { stdout } = await rungpt('run', '--port', '0', '--detach', '--no-browser', '--yes');
  const ready = /^RunGPT is ready: (\S+)$/m.exec(stdout);
  if (!ready) throw new Error(`no ready line in: ${stdout}`);
  return {
    data,
    loginUrl: ready[1],
    origin: new URL(ready[1]).origin,
    rungpt,
    token: async () => (await readFile(path.join(data, 'secret/token'), 'utf8')).trim(),
    async close() {
      await rungpt('stop');
      await rm(data, { recursive: true, force: true });
    },
  };
}

/** Debian's Chromium, headless, without its own background connections. */
export function startBrowser() {
  return chromium.launch({
    executablePath: process.env.RUNGPT_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
}

/** A page that fails the test when it asks for anything outside its origin, or when a script breaks. */
export async function openPage(browser, server, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  const problems = [];
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(server.origin) && !url.startsWith('data:') && !url.startsWith('blob:')) problems.push(`request to ${url}`);
  });
  page.on('pageerror', (error) => problems.push(`script error: ${error.message}`));
  return { page, context, problems };
}
