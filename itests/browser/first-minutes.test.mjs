// What a newcomer sees who opens the printed link: no key, the demo model, a real container.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openPage, startBrowser, startServer } from './server.mjs';

describe('the first minutes', () => {
  let server;
  let browser;

  before(async () => {
    server = await startServer();
    browser = await startBrowser();
  });

  /** A server that runs already gives another link. */
  async function logIn(page) {
    const { stdout } = await server.rungpt('run', '--detach', '--no-browser', '--yes');
    await page.goto(/https?:\S+/.exec(stdout)[0]);
    await page.getByText('What shall we run?').waitFor();
  }

  after(async () => {
    await browser?.close();
    await server?.close();
  });

  it('shows a real action at work after one click on an example', async () => {
    const { page, problems } = await openPage(browser, server);
    await page.goto(server.loginUrl);
    await page.getByText('What shall we run?').waitFor();
    assert.equal(new URL(page.url()).hash, '', 'the code is gone from the address');

    await page.getByRole('button', { name: /What machine are you running on/ }).click();
    await page.getByText('ran in a container, no network').first().waitFor({ timeout: 60_000 });
    await page.getByText('Done', { exact: true }).first().waitFor({ timeout: 60_000 });
    const log = page.getByLabel('Conversation', { exact: true });
    await log.getByText(/not an AI/).last().waitFor({ timeout: 60_000 });

    const token = await server.token();
    const get = async (address) => (await fetch(server.origin + address, { headers: { authorization: `Bearer ${token}` } })).json();
    const { conversations } = await get('/api/conversations');
    const { events } = await get(`/api/conversations/${conversations[0].id}/events?limit=10000`);
    const output = events.filter((event) => event.type === 'call.output').map((event) => event.data.text).join('');
    const hostName = /host name: (\S+)/.exec(output)?.[1];
    assert.ok(hostName, `a container's host name in: ${output}`);
    assert.match(await log.innerText(), new RegExp(hostName), 'the answer quotes what no script could know');

    await page.reload();
    await page.getByText(/not an AI/).last().waitFor();
    assert.match(await log.innerText(), new RegExp(hostName), 'a reload shows the same');
    assert.deepEqual(problems, []);
  });

  it('writes a file and reads it back', async () => {
    const { page, problems } = await openPage(browser, server);
    await logIn(page);
    await page.getByRole('button', { name: /Make a random file/ }).click();
    await page.getByText(/not an AI/).last().waitFor({ timeout: 60_000 });
    assert.equal(await page.getByText('Done', { exact: true }).count(), 2, 'two calls');
    const images = process.env.RUNGPT_SCREENSHOTS; // the README's picture is made here
    if (images) {
      await mkdir(images, { recursive: true });
      await page.screenshot({ path: path.join(images, 'conversation.png') });
    }
    assert.deepEqual(problems, []);
  });

  it('takes a login code once', async () => {
    const { page } = await openPage(browser, server);
    await page.goto(server.loginUrl);
    await page.getByText(/code/i).first().waitFor();
    assert.match(page.url(), /\/login/);
    const answer = await page.request.get(`${server.origin}/api/conversations`);
    assert.equal(answer.status(), 401);
  });

  it('keeps the session out of reach of scripts', async () => {
    const { page, context } = await openPage(browser, server);
    await logIn(page);
    assert.equal(await page.evaluate(() => document.cookie), '');
    assert.ok(!(await page.evaluate(() => JSON.stringify(localStorage))).includes(await server.token()));
    const [cookie] = await context.cookies();
    assert.ok(cookie.httpOnly);
    assert.equal(cookie.sameSite, 'Strict');
    assert.match(cookie.name, /^rungpt_\d+$/);
  });
});
