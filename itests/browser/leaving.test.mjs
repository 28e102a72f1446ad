// What becomes of an answer when the reader stops it, closes the page, or loses the server.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { say, shown, startStage } from './stage.mjs';

describe('leaving an answer', () => {
  let stage;

  before(async () => { stage = await startStage(); });
  after(() => stage?.close());

  const events = async (id) => (await stage.api('GET', `/conversations/${id}/events?limit=10000`)).events;

  /** A model that says one word every 20 ms for ever; resolves with the time at which RunGPT closes the connection to it. */
  function endless() {
    return new Promise((closed) => {
      stage.model.state.raw = (_, response) => {
        response.setHeader('content-type', 'text/event-stream');
        let n = 0;
        const timer = setInterval(() => response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: `word${n++} ` } }] })}\n\n`), 20);
        response.on('close', () => { clearInterval(timer); stage.model.state.raw = undefined; closed(performance.now()); });
      };
    });
  }

  for (const [how, stop] of [
    ['its button', (page) => page.getByRole('button', { name: 'Stop' }).click()],
    ['Escape', async (page) => { await page.getByLabel('Message', { exact: true }).blur(); await page.keyboard.press('Escape'); }],
  ]) {
    it(`G.83 Stop by ${how} closes the connection to the model within a second and keeps what was said`, async () => {
      const closed = endless();
      const { page, problems } = await stage.open();
      await say(page, 'Never end.');
      await page.getByText(/word20 /).waitFor();
      const began = performance.now();
      await stop(page);
      const took = (await closed) - began;
      assert.ok(took < 1000, `closed after ${took} ms`);
      await page.getByText('You stopped this answer.').waitFor();
      const told = await events(await shown(page));
      assert.equal(told.at(-1).data.reason, 'stopped');
      const said = told.filter(({ type }) => type === 'message.text').map(({ data }) => data.text).join('');
      assert.match(said, /^word0 word1 .*word20 /);
      await page.reload();
      await page.getByText(said.trim(), { exact: true }).waitFor();
      assert.deepEqual(problems, []);
    });
  }

  it('G.83 an answer goes on when the page is closed, and is there when it is opened again', async () => {
    let goOn;
    const gone = new Promise((done) => { goOn = done; });
    stage.model.state.script = async function* () { yield 'The first half, '; await gone; yield 'and the second.'; };
    const first = await stage.open();
    await say(first.page, 'Speak.');
    await first.page.getByText('The first half,').waitFor();
    const id = await shown(first.page);
    await first.page.close();
    assert.equal((await events(id)).filter(({ type }) => type === 'turn.finished').length, 0);
    goOn();
    const { page, problems } = await stage.open();
    await page.goto(`${stage.server.origin}/c/${id}`);
    await page.getByText('The first half, and the second.').waitFor();
    await page.getByRole('button', { name: 'Copy answer' }).waitFor(); // the turn is over
    assert.equal((await events(id)).at(-1).data.reason, 'done');
    assert.deepEqual([...first.problems, ...problems], []);
  });

  it('G.85 pages that lose the server come back by themselves, each at its own time and none at once, to what became of the answer', async () => {
    stage.model.state.script = async function* () { yield 'Half an answer'; await new Promise(() => {}); };
    const windows = [await stage.open()];
    await say(windows[0].page, 'Speak.');
    await windows[0].page.getByText('Half an answer').waitFor();
    const id = await shown(windows[0].page);
    while (windows.length < 4) windows.push(await stage.open());
    for (const { page } of windows) {
      await page.goto(`${stage.server.origin}/c/${id}`);
      await page.getByText('Half an answer').waitFor();
    }
    const asked = windows.map(({ page }) => {
      const times = [];
      page.on('request', (request) => { if (request.url().endsWith('/events')) times.push(performance.now()); });
      return times;
    });
    const { pid } = JSON.parse(await readFile(path.join(stage.server.data, 'server.json'), 'utf8'));
    const lost = performance.now();
    process.kill(pid, 'SIGKILL');
    for (const { page } of windows) await page.getByText('You are offline to RunGPT.').waitFor();
    stage.model.state.script = () => 'And the other half.';
    await stage.server.rungpt('run', '--port', new URL(stage.server.origin).port, '--detach', '--no-browser', '--yes');
    const back = performance.now();
    await Promise.all(windows.map(({ page }) => page.getByText('RunGPT was restarted while it answered.').waitFor()));
    assert.ok(performance.now() - back < 10_000, `came back after ${performance.now() - back} ms`);
    const first = asked.map((times) => times.find((time) => time > lost) - lost);
    assert.ok(first.every((millis) => millis >= 1000), `asked again after ${first} ms`);
    assert.ok(new Set(first.map((millis) => Math.round(millis / 20))).size > 1, `all at once: after ${first} ms`);
    for (const { page } of windows) {
      await page.getByText('Half an answer').waitFor();
      await page.getByText('You are offline to RunGPT.').waitFor({ state: 'detached' });
    }
    await windows[0].page.getByRole('button', { name: 'Continue' }).click();
    await Promise.all(windows.map(({ page }) => page.getByText('And the other half.').waitFor()));
    for (const { problems } of windows) assert.deepEqual(problems, []);
  });
});
