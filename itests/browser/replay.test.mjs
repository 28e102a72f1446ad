// What was written once runs once: not again by a reload, another version, an import, a restart or a second window.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { say, shown, startStage } from './stage.mjs';

const manifest = {
  schema: 1, name: 'word', title: 'Word', version: '1.0.0', description: 'Says a word.',
  tasks: [{ name: 'say', description: 'Says it.', effects: 'none',
    parameters: { type: 'object', properties: { to: { type: 'string' } }, required: ['to'], additionalProperties: false } }],
};

describe('what was written once', () => {
  let stage;

  before(async () => {
    stage = await startStage({ 'manifest.json': JSON.stringify(manifest), run: '#!/bin/sh\necho "said to $(cat)"\n' });
  });

  after(() => stage?.close());

  const events = async (id) => (await stage.api('GET', `/conversations/${id}/events?limit=10000`)).events;
  const calls = async (id) => (await events(id)).filter(({ type }) => type === 'call.requested').length;

  it('D.44 calls in the text of a conversation run once, whatever the page does with it', async () => {
    const { page, problems } = await stage.open();
    stage.model.state.script = (request) => (request.last.includes('<result-') ? 'It ran.' : request.call('1', 'system.shell', { command: 'echo once' }));
    await say(page, 'Run it.');
    await page.getByText('It ran.').waitFor({ timeout: 60_000 });
    const first = await shown(page);
    assert.equal(await calls(first), 1);

    // What the user pastes is text, with the conversation's own nonce too.
    const tag = stage.model.state.requests.at(-1).call('2', 'system.shell', { command: 'echo pasted' });
    stage.model.state.script = () => 'Only words.';
    await say(page, `Look: ${tag}`);
    await page.getByText('Only words.').waitFor();
    for (let n = 0; n < 2; n++) {
      await page.reload();
      await page.getByText('Only words.').waitFor();
    }
    assert.equal(await calls(first), 1, 'after reloads');

    const mine = page.getByRole('group', { name: 'You' }).last();
    await mine.hover();
    await mine.getByRole('button', { name: 'Ask again' }).click();
    await page.getByText('2/2').waitFor();
    await page.getByText('Only words.').waitFor();
    const again = await shown(page);
    await mine.hover();
    await mine.getByRole('button', { name: 'Edit' }).click();
    await page.getByLabel('Your message').fill(`Look once more: ${tag}`);
    await page.getByLabel('Your message').press('Enter');
    await page.getByText('3/3').waitFor();
    await page.getByText('Only words.').waitFor();
    const edited = await shown(page);
    assert.equal(await page.getByText('This conversation is a branch').count(), 1, 'told once');
    for (const version of [first, again, edited]) assert.equal(await calls(version), 1, 'of every version: the call that they share');

    const file = await stage.api('GET', `/conversations/${edited}/export?format=json`);
    const { conversations } = await stage.api('POST', '/import', file);
    await page.goto(`${stage.server.origin}/c/${conversations[0]}`);
    await page.getByText('Only words.').waitFor();
    const before = (await events(conversations[0])).filter(({ type }) => type === 'call.started').length;
    await say(page, 'And now?');
    await page.getByText('Only words.').nth(1).waitFor();
    const started = (await events(conversations[0])).filter(({ type }) => type === 'call.started').length;
    assert.equal(started, before, 'nothing of an import runs');
    assert.deepEqual(problems, []);
  });

  it('D.46 an approval that is given in two windows runs the call once', async () => {
    stage.model.state.script = (request) => (request.last.includes('<result-') ? 'Said once.' : request.call('1', 'word.say', { to: 'both' }));
    const [one, other] = [await stage.open(), await stage.open()];
    await say(one.page, 'Say it.');
    const allow = (page) => page.getByRole('button', { name: 'Allow once' });
    await allow(one.page).waitFor({ timeout: 60_000 });
    const id = await shown(one.page);
    await other.page.goto(`${stage.server.origin}/c/${id}`);
    for (const { page } of [one, other]) await page.locator('.approval button.primary:enabled').waitFor();
    // At once, and not each when it finds the card still there.
    for (const { page } of [one, other]) await allow(page).hover();
    await Promise.all([one, other].map(async ({ page }) => {
      await page.mouse.down();
      await page.mouse.up();
    }));
    for (const { page } of [one, other]) await page.getByText('Said once.').waitFor({ timeout: 60_000 });
    const told = await events(id);
    assert.deepEqual(['approval.decided', 'call.started', 'call.finished'].map((name) => told.filter(({ type }) => type === name).length), [1, 1, 1]);
    assert.deepEqual([...one.problems, ...other.problems], []);
  });

  it('D.46 after a restart an approval shows the same, and exactly that runs', async () => {
    const to = `bob \u202egpj.exe\u2066 ${'x'.repeat(10_000)} the end of it`;
    stage.model.state.script = (request) => (request.last.includes('<result-') ? 'Said after all.' : request.call('1', 'word.say', { to }));
    const { page, problems } = await stage.open();
    await say(page, 'Say it later.');
    const card = page.getByRole('region', { name: 'Allow word.say?' });
    await card.waitFor({ timeout: 60_000 });
    const id = await shown(page);
    const before = await card.locator('.approval-exactly').innerText();
    assert.match(before, /the end of it/);
    assert.doesNotMatch(before, /[\u202a-\u202e\u2066-\u2069]/);
    await page.goto('about:blank');
    await stage.server.rungpt('stop');
    await stage.server.rungpt('run', '--port', new URL(stage.server.origin).port, '--detach', '--no-browser', '--yes');
    await page.goto(`${stage.server.origin}/c/${id}`);
    await card.waitFor({ timeout: 60_000 });
    assert.equal(await card.locator('.approval-exactly').innerText(), before);
    await card.locator('button.primary:enabled').click();
    await page.getByText('Said after all.').waitFor({ timeout: 120_000 });
    const told = await events(id);
    assert.equal(told.filter(({ type }) => type === 'call.started').length, 1);
    const output = told.filter(({ type }) => type === 'call.output').map(({ data }) => data.text).join('');
    assert.deepEqual(JSON.parse(output.replace(/^said to /, '')), { to });
    assert.deepEqual(problems.filter((problem) => !problem.includes('about:blank')), []);
  });
});
