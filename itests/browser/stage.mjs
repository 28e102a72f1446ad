// A server with a scripted model, and a browser that is logged in: what the tests of the page begin with.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { startGitServer } from './git-server.mjs';
import { startModelServer } from './model-server.mjs';
import { openPage, startBrowser, startServer } from './server.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** @param action files of the repository acme/word that is installed; none if left out */
export async function startStage(action) {
  const opened = [];
  const keep = (thing) => { opened.unshift(thing); return thing; };
  const close = async () => { for (const thing of opened) await thing.close(); };
  try {
    const model = keep(await startModelServer(() => 'unscripted'));
    const git = action && keep(await startGitServer('acme/word', action));
    const server = keep(await startServer({ OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'sk-test', ...(git ? { RUNGPT_GIT_BASE_URL: git.url } : {}) }));
    if (git) await server.rungpt('shell', 'rungpt:install acme/word');
    const api = async (method, address, body) => {
      const answer = await request(server, await server.token(), method, address, body);
      const text = await answer.text();
      assert.ok(answer.ok, `${method} ${address}: ${answer.status} ${text}`);
      return text === '' ? undefined : JSON.parse(text);
    };
    await api('PATCH', '/settings', { defaultModel: 'openai/scripted' });
    const browser = keep(await startBrowser());
    const first = await openPage(browser, server);
    await first.page.goto(server.loginUrl);
    await first.page.getByText('What shall we run?').waitFor();
    await first.page.close();
    const storageState = await first.context.storageState();
    return {
      model,
      server,
      api,
      async open(options = {}) {
        const page = await openPage(browser, server, { storageState, ...options });
        await page.page.goto(server.origin);
        await page.page.getByLabel('Message', { exact: true }).waitFor();
        return page;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** While a part is being started the server says when to come again, as it does to every client. */
async function request(server, token, method, address, body) {
  const headers = { authorization: `Bearer ${token}`, 'x-rungpt': '1', ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  for (const end = Date.now() + 30_000; ; ) {
    const answer = await fetch(`${server.origin}/api${address}`, init);
    if (answer.status !== 503 || Date.now() > end) return answer;
    await new Promise((next) => setTimeout(next, Number(answer.headers.get('retry-after') ?? 1) * 1000));
  }
}

export async function say(page, text) {
  await page.getByLabel('Message', { exact: true }).fill(text);
  await page.getByLabel('Message', { exact: true }).press('Enter');
}

/** The id of the conversation that a page shows, once it has begun: what was sent is to be seen before. */
export async function shown(page) {
  await page.waitForURL(/\/c\/[^/]+$/);
  // Of what the page shows now: the driver hears of another address a little later.
  return page.evaluate(() => location.pathname.split('/').at(-1));
}

/** Until what follows from the last change is drawn, and nothing moves any more, but for what never ends. */
const still = (page) => page.evaluate(async () => {
  const moving = () => document.getAnimations().filter((one) => one.playState === 'running' && one.effect.getTiming().iterations !== Infinity);
  const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  for (await drawn(); moving().length > 0; await drawn()) await Promise.all(moving().map((one) => one.finished.catch(() => undefined)));
});

/** What a checker of accessibility finds wrong once nothing moves. The page forbids foreign scripts, so it works in an isolated world. */
export async function audit(page) {
  await still(page);
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send('Page.getFrameTree');
  const { executionContextId } = await session.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id });
  await session.send('Runtime.evaluate', { expression: axe, contextId: executionContextId });
  const { result } = await session.send('Runtime.evaluate', {
    contextId: executionContextId,
    awaitPromise: true,
    returnByValue: true,
    expression: `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })
      .then((found) => found.violations.map((it) => it.id + ': ' + it.nodes.map((node) => node.target.join(' ') + ' ' + (node.failureSummary ?? '').slice(0, 200)).join(' | ')))`,
  });
  return result.value;
}

/** The controls that reach beyond the edge of the screen, but for those in a box that scrolls sideways. */
const beyond = (page) => page.evaluate(() => [...document.querySelectorAll('button, a, input, select, textarea, summary')].filter((one) => {
  const { width, left, right } = one.getBoundingClientRect();
  const scrolls = (box) => box && (/auto|scroll/.test(getComputedStyle(box).overflowX) && box.matches('pre, .table-scroll, .terminal') || scrolls(box.parentElement));
  return width > 1 && one.checkVisibility({ visibilityProperty: true }) && !one.closest('[inert]') && (left < -1 || right > innerWidth + 1) && !scrolls(one);
}).map((one) => one.outerHTML.slice(0, 120)));

/** Accessible and no wider than the screen, in both themes, on a desk and on a phone; pictures of it where RUNGPT_PICTURES says. */
export async function inspect(page, name, widths = [360, 1440]) {
  for (const width of widths) {
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      await still(page);
      if (process.env.RUNGPT_PICTURES) await page.screenshot({ path: `${process.env.RUNGPT_PICTURES}/${name}-${width}-${colorScheme}.png` });
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name}: no horizontal scrolling at ${width}`);
      assert.deepEqual(await beyond(page), [], `${name}: every control within the screen at ${width}`);
      assert.deepEqual(await audit(page), [], `${name}, ${colorScheme}, ${width} pixels wide`);
    }
  }
}
