// What a conversation shows of its calls and of its model: every stream, every piece in time, how calls are written, what is not seen.
import assert from 'node:assert/strict';
import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { audit, inspect, say, shown, startStage } from './stage.mjs';

const pixel = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
const nothing = { type: 'object', properties: {}, additionalProperties: false };
const manifest = {
  schema: 1, name: 'word', title: 'Word', version: '1.0.0', description: 'Tells and reaches.',
  tasks: [
    { name: 'tell', description: 'Tells.', effects: 'none', output: 'events', parameters: nothing },
    { name: 'reach', description: 'Reaches.', effects: 'none', parameters: nothing },
  ],
};
const run = `#!/bin/sh
case "$1" in
  reach) curl -sS --max-time 20 https://third.example.org/; exit 0;;
esac
cat <<'EVENTS'
{"type":"log","text":"It begins."}
{"type":"text","text":"The first half,\\n"}
{"type":"log","text":"Half way."}
{"type":"result","text":"and the second."}
{"type":"error","message":"It broke at last."}
EVENTS
`;

describe('a conversation', () => {
  let stage;
  let directory;

  before(async () => {
    directory = mkdtempSync(path.join(tmpdir(), 'rungpt-conversation-'));
    stage = await startStage({ 'manifest.json': JSON.stringify(manifest), run });
  });

  after(async () => {
    await stage?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('shows what an action logs, says and complains of, each whole, while it runs and after a reload', async () => {
    stage.model.state.script = (request) => (request.last.includes('<result-') ? 'Told.' : request.call('1', 'word.tell', {}));
    const { page, problems } = await stage.open();
    await say(page, 'Tell me.');
    await page.getByRole('button', { name: 'Allow once' }).click({ timeout: 60_000 });
    await page.getByText('Told.').waitFor({ timeout: 60_000 });
    const lines = () => page.getByRole('log', { name: 'Output' }).locator('.terminal-line').evaluateAll((all) => all.map((line) => [line.classList[1] ?? 'stdout', line.textContent]));
    const texts = async (stream) => (await lines()).filter(([of]) => of === stream).map(([, text]) => text);
    for (const look of ['live', 'again']) {
      if (look === 'again') {
        await page.reload();
        await page.getByText('Told.').waitFor();
      }
      assert.deepEqual(await texts('log'), ['It begins.', 'Half way.'], look);
      assert.deepEqual(await texts('stdout'), ['The first half,', 'and the second.'], look);
      assert.equal(await page.getByText('It broke at last.').count(), 1, look);
    }
    await inspect(page, 'events');
    assert.deepEqual(problems, []);
  });

  it('G.82 draws a flood of deltas twenty times a second at most, and can be written in meanwhile', async () => {
    const words = 12_000;
    let written = false;
    stage.model.state.script = async function* () {
      // It comes until something was written meanwhile, however long that takes.
      for (let i = 0; i < words || !written; i++) {
        yield i % 60 === 59 ? `word${i}\n\n` : `word${i} `;
        if (i % 20 === 19) await new Promise((next) => setTimeout(next, 5));
      }
      yield '\n\nThe last of it.';
    };
    const { page, problems } = await stage.open();
    await page.evaluate(() => {
      window.changes = [];
      new MutationObserver((records) => {
        if (records.some(({ target }) => (target.parentElement ?? target).closest?.('.answer'))) window.changes.push(performance.now());
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    await say(page, 'Flood.');
    await page.getByText(/word100 /).first().waitFor({ timeout: 30_000 });
    const field = page.getByLabel('Message', { exact: true });
    await field.pressSequentially('while it comes');
    assert.equal(await field.inputValue(), 'while it comes');
    assert.equal(await page.getByText('The last of it.').count(), 0, 'it still comes');
    written = true;
    await page.getByText('The last of it.').waitFor({ timeout: 60_000 });
    const changes = await page.evaluate(() => window.changes);
    assert.ok(changes.length > 10, `${changes.length} changes`);
    const most = Math.max(...changes.map((from) => changes.filter((at) => at >= from && at < from + 1000).length));
    assert.ok(most <= 21, `${most} changes in a second`);
    assert.deepEqual(problems, []);
  });

  it('lets the user choose how its calls are written, and shows what holds', async () => {
    stage.model.state.script = () => 'Hello.';
    const { page, problems } = await stage.open();
    await say(page, 'Hello?');
    await page.getByText('Hello.', { exact: true }).waitFor({ timeout: 40_000 });
    assert.equal(stage.model.state.requests.at(-1).tools, undefined);
    await page.getByRole('button', { name: 'More for this conversation' }).click();
    const choice = page.getByRole('group', { name: 'How calls are written' });
    await choice.getByRole('menuitemradio', { name: /As tags in the text/, checked: true }).waitFor();
    assert.deepEqual(await audit(page), []);
    if (process.env.RUNGPT_PICTURES) await page.screenshot({ path: `${process.env.RUNGPT_PICTURES}/protocols.png` });
    const changed = page.waitForResponse((answer) => answer.request().method() === 'PATCH');
    await choice.getByRole('menuitemradio', { name: /As tool calls of the API/ }).press('Enter');
    assert.equal((await changed).status(), 200);
    await say(page, 'And now?');
    await page.getByText('Hello.', { exact: true }).nth(1).waitFor({ timeout: 40_000 });
    assert.ok(stage.model.state.requests.at(-1).tools.some((tool) => tool.function.name === 'system__shell'));
    await page.getByRole('button', { name: 'More for this conversation' }).click();
    await choice.getByRole('menuitemradio', { name: /As tool calls of the API/, checked: true }).waitFor();
    assert.equal((await stage.api('GET', `/conversations/${await shown(page)}`)).protocol, 'native');
    assert.deepEqual(problems, []);
  });

  it('is begun in the shell with the protocol that is asked for', async () => {
    stage.model.state.script = () => 'Hello, shell.';
    const { stdout } = await stage.server.rungpt('shell', 'rungpt:ask --protocol native Hello');
    assert.match(stdout, /Hello, shell\./);
    assert.ok(stage.model.state.requests.at(-1).tools.length > 0);
    await assert.rejects(stage.server.rungpt('shell', 'rungpt:ask --protocol telepathy Hello'), (error) => /there is no protocol telepathy: write/.test(error.stdout + error.stderr));
  });

  it('keeps what is said first, with its files, until there is a conversation that takes it', async () => {
    const note = path.join(directory, 'kept.txt');
    writeFileSync(note, 'kept\n');
    stage.model.state.script = () => 'Taken.';
    const { page, problems } = await stage.open();
    const field = page.getByLabel('Message', { exact: true });
    const waiting = page.getByRole('list', { name: 'Files to send' }).getByText('kept.txt');
    let answer = () => undefined;
    let attempts = 0;
    const asked = () => new Promise((next) => { answer = next; });
    let reached = asked();
    await page.route('**/api/conversations', (route) => {
      if (route.request().method() !== 'POST') return route.fallback();
      attempts++;
      return answer(route);
    });
    const again = async () => { const route = await reached; reached = asked(); return route; };
    await page.locator('input[type=file]').setInputFiles(note);
    await waiting.waitFor();
    const kept = async (text, look) => {
      assert.equal(await field.inputValue(), text, look);
      assert.equal(await page.evaluate(() => localStorage.getItem('rungpt.draft.new')), text, look);
      assert.equal(await waiting.count(), 1, look);
      assert.ok(await field.evaluate((one) => one === document.activeElement), `${look}: the focus`);
    };

    await say(page, 'Keep this.');
    const first = await again();
    await field.press('Enter');
    await kept('Keep this.', 'while it is asked for');
    await first.abort();
    await page.getByText('RunGPT does not answer.').first().waitFor();
    await kept('Keep this.', 'when nobody answered');
    assert.equal(attempts, 1, 'the second Enter asked for none');

    const unavailable = { status: 503, headers: { 'retry-after': '0' }, json: { error: { code: 'unavailable', message: 'It is being replaced.' } } };
    await field.press('Enter');
    for (let attempt = 1; attempt <= 6; attempt++) await (await again()).fulfill(unavailable);
    await page.getByText('It is being replaced.').first().waitFor();
    await kept('Keep this.', 'when it was refused');
    assert.deepEqual(await audit(page), []);

    await field.press('Enter');
    const last = await again();
    await field.pressSequentially(' And then');
    await last.continue();
    await page.getByText('Taken.', { exact: true }).waitFor({ timeout: 40_000 });
    const mine = page.getByRole('group', { name: 'You' });
    assert.equal(await mine.locator('.bubble').textContent(), 'Keep this.');
    await mine.getByRole('button', { name: /kept\.txt/ }).waitFor();
    assert.equal(await field.inputValue(), 'And then', 'what was written on');
    assert.equal(await waiting.count(), 0);
    assert.equal(await page.evaluate(() => localStorage.getItem('rungpt.draft.new')), null);
    assert.deepEqual(problems, []);
  });

  it('says before a picture is sent that the model is not shown it', async () => {
    const picture = path.join(directory, 'dot.png');
    const note = path.join(directory, 'note.txt');
    writeFileSync(picture, pixel);
    writeFileSync(note, 'no picture\n');
    const { page, problems } = await stage.open();
    const picker = page.locator('input[type=file]');
    const hint = page.getByRole('status').filter({ hasText: 'pictures' });
    await picker.setInputFiles(note);
    await page.getByRole('list', { name: 'Files to send' }).getByText('note.txt').waitFor();
    assert.equal(await hint.count(), 0, 'text is for every model');
    await picker.setInputFiles(picture);
    await hint.getByText('Whether scripted sees pictures is not known').waitFor();
    await hint.getByRole('button', { name: 'Say so in its connection' }).waitFor();
    await inspect(page, 'unseen');
    await page.getByRole('button', { name: /^Model: / }).click();
    await page.getByRole('menuitemradio', { name: /Demo/ }).click();
    await hint.getByText(/Demo \(no AI\) sees no pictures/).waitFor();
    await page.getByRole('button', { name: 'Remove dot.png' }).click();
    await hint.waitFor({ state: 'detached' });
    assert.deepEqual(problems, []);
  });

  it('offers to allow a host that a call was refused, for the files that asked', async () => {
    stage.model.state.script = (request) => (request.last.includes('<result-') ? 'It was refused.' : request.call('1', 'word.reach', {}));
    const { page, problems } = await stage.open();
    await say(page, '/run system.shell command="curl -sS --max-time 20 https://first.example.org/"');
    const offer = page.getByRole('listitem').filter({ hasText: 'first.example.org:443 was refused' });
    const allow = offer.getByRole('button', { name: 'Allow this host for this conversation' });
    await allow.waitFor({ timeout: 60_000 });
    await inspect(page, 'refused-host');
    await allow.focus();
    await page.keyboard.press('Enter');
    await page.getByText('first.example.org:443 may be reached in this conversation now. The call has to be made again').waitFor();
    await inspect(page, 'granted-host');
    await say(page, 'Reach.');
    await page.getByRole('button', { name: 'Allow once' }).click({ timeout: 60_000 });
    await page.getByText('It was refused.').waitFor({ timeout: 60_000 });
    await page.getByRole('listitem').filter({ hasText: 'third.example.org:443 was refused' }).getByRole('button').click();
    await page.getByText('third.example.org:443 may be reached in this conversation now').waitFor();
    const grants = await stage.api('GET', `/conversations/${await shown(page)}/grants`);
    assert.deepEqual(grants.workspace.network, ['first.example.org:443']);
    assert.deepEqual(grants.actions.map(({ action, network }) => [action, network]), [['acme/word', ['third.example.org:443']]]);
    await page.reload();
    await page.getByText('first.example.org:443 may be reached in this conversation now').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Allow this host for this conversation' }).count(), 0);
    assert.deepEqual(problems, []);
  });
});
