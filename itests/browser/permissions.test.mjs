// Who is asked, what is granted, and how it is taken back.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { inspect, say, shown, startStage } from './stage.mjs';

const manifest = {
  schema: 1, name: 'word', title: 'Word', version: '1.0.0', description: 'Says a word.',
  network: ['example.org:443'],
  secrets: [{ name: 'word_key', env: 'WORD_KEY', hosts: ['example.org'], help: 'From the settings of example.org.' }],
  shares: [{ name: 'notes', mode: 'ro', why: 'To read your notes.' }],
  tasks: [{ name: 'say', description: 'Says it.', effects: 'write',
    parameters: { type: 'object', properties: { to: { type: 'string' }, times: { type: 'integer', minimum: 1 } }, required: ['to'], additionalProperties: false } }],
};
/** A change shows at once; the server may hear of it a little later. */
const saved = (page) => page.locator('.permissions[aria-busy="false"]').waitFor();

const run = '#!/bin/sh\ncat; echo; cat /share/notes/today.txt; [ -n "$WORD_KEY" ] && echo "has a key"; exit 0\n';

describe('permissions', () => {
  let stage;
  let directory;

  before(async () => {
    directory = mkdtempSync(path.join(tmpdir(), 'rungpt-share-'));
    chmodSync(directory, 0o755);
    writeFileSync(path.join(directory, 'today.txt'), 'buy milk\n');
    stage = await startStage({ 'manifest.json': JSON.stringify(manifest), run });
  });

  after(async () => {
    await stage?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('an approval shows what a call asks for, and runs exactly what the user made of it', async () => {
    stage.model.state.script = (request) =>
      request.last.includes('<result-') ? 'Said.' : request.call('1', 'word.say', { to: 'mallory' });
    const { page, problems } = await stage.open();
    await say(page, 'Say the word.');
    const card = page.getByRole('region', { name: 'Allow word.say?' });
    await card.waitFor({ timeout: 60_000 });
    await card.getByText('comes from a third party').waitFor();
    for (const what of ['example.org:443', 'word_key', 'notes']) await card.getByText(what, { exact: true }).first().waitFor();
    await inspect(page, 'approval');

    await card.getByLabel('Network example.org:443').uncheck();
    await card.getByLabel('Value of word_key').fill('a-secret-value');
    await card.getByRole('button', { name: 'Set', exact: true }).click();
    await card.getByLabel('Directory of this machine for notes').fill('not/absolute');
    await card.getByRole('button', { name: 'Edit' }).click();
    await card.getByLabel('to', { exact: true }).fill('alice');
    await card.getByLabel('times').fill('no number');
    await card.getByText('times is not valid JSON.').waitFor();
    assert.ok(await card.getByRole('button', { name: 'Allow once' }).isDisabled());
    await card.getByLabel('times').fill('3');
    await inspect(page, 'approval-edit');
    await card.getByRole('button', { name: 'Allow once' }).click();
    await card.getByRole('alert').getByText(/absolute path/).waitFor();
    await card.getByLabel('Directory of this machine for notes').fill(directory);
    await card.getByRole('button', { name: 'Allow once' }).click();

    const output = page.getByRole('log', { name: 'Output' });
    await output.getByText('buy milk').waitFor({ timeout: 60_000 });
    assert.deepEqual(JSON.parse((await output.innerText()).split('\n')[0]), { to: 'alice', times: 3 });
    await output.getByText('has a key').waitFor();
    await page.getByText('Said.').waitFor();
    const { events } = await stage.api('GET', `/conversations/${await shown(page)}/events`);
    const decided = events.find((event) => event.type === 'approval.decided').data;
    assert.deepEqual(decided.arguments, { to: 'alice', times: 3 });
    assert.deepEqual(decided.grant.network, []);
    assert.deepEqual(decided.grant.shares, [{ name: 'notes', source: directory, writable: false, forced: false }]);
    assert.deepEqual(problems, []);
  });

  it('what is granted to a conversation stands in its panel and can be taken back there', async () => {
    stage.model.state.script = (request) =>
      request.last.includes('<result-') ? 'Said again.' : request.call('2', 'word.say', { to: 'bob' });
    const { page, problems } = await stage.open();
    await say(page, 'Say it.');
    await page.getByRole('button', { name: 'Allow for this conversation' }).click({ timeout: 60_000 });
    await page.getByText('Said again.').waitFor({ timeout: 40_000 });

    await page.getByRole('button', { name: 'Permissions' }).click();
    const panel = page.getByRole('dialog', { name: 'Permissions of this conversation' });
    await panel.getByText('acme/word.say').waitFor();
    await panel.getByLabel('Before every call').check();
    await panel.getByLabel('Package mirrors').check();
    await panel.getByLabel('Host and port').fill('nonsense');
    await panel.getByRole('button', { name: 'Add', exact: true }).click();
    await panel.getByRole('alert').getByText(/nonsense/).waitFor();
    await panel.getByLabel('Host and port').fill('api.example.org:443');
    await panel.getByRole('button', { name: 'Add', exact: true }).click();
    await panel.getByRole('button', { name: 'Take back api.example.org:443' }).waitFor();
    await panel.getByLabel('Directory', { exact: true }).fill(directory);
    await panel.getByRole('button', { name: 'Share', exact: true }).click();
    await panel.getByRole('button', { name: `Take back ${directory}` }).waitFor();
    for (const [effect, match] of [['Allow', 'rungpt/*'], ['Deny', 'acme/word.say']]) {
      await panel.getByLabel('Effect', { exact: true }).selectOption(effect);
      await panel.getByLabel('Actions and tasks').fill(match);
      await panel.getByRole('button', { name: 'Add rule' }).click();
      await panel.getByRole('button', { name: `Remove the rule on ${match}` }).waitFor();
    }
    await panel.getByRole('button', { name: 'Move acme/word.say up' }).click();
    await panel.getByRole('listitem').filter({ hasText: 'acme/word.say' }).filter({ hasText: 'Deny' }).first().waitFor();
    await inspect(page, 'permissions');

    const id = await shown(page);
    await saved(page);
    const grants = await stage.api('GET', `/conversations/${id}/grants`);
    assert.deepEqual(grants.workspace.network, ['package-mirrors', 'api.example.org:443']);
    assert.equal(grants.workspace.shares[0].source, directory);
    assert.equal(grants.workspace.shares[0].writable, false);
    assert.equal(grants.actions[0].action, 'acme/word');
    const policy = await stage.api('GET', `/conversations/${id}/policy`);
    assert.equal(policy.mode, 'always');
    assert.deepEqual(policy.rules.map((rule) => rule.match), ['acme/word.say', 'rungpt/*']);

    for (const what of ['api.example.org:443', directory, 'acme/word.say', 'example.org:443', 'secret word_key']) {
      await panel.getByRole('button', { name: `Take back ${what}`, exact: true }).click();
      await panel.getByRole('button', { name: `Take back ${what}`, exact: true }).waitFor({ state: 'detached' });
    }
    await panel.getByLabel('Package mirrors').uncheck();
    await panel.getByText('No action was given anything.').waitFor();
    await saved(page);
    const after = await stage.api('GET', `/conversations/${id}/grants`);
    assert.deepEqual([after.workspace.network, after.workspace.shares, after.actions], [[], [], []]);
    assert.deepEqual((await stage.api('GET', `/conversations/${id}/policy`)).approvals, []);
    assert.deepEqual(problems, []);
  });

  it('a budget that is set in the panel bounds the next turn, and an empty field shows what holds', async () => {
    let n = 0;
    stage.model.state.script = (request) => { n += 1; return n === 1 ? 'Hello.' : request.call(String(n), 'system.shell', { command: `echo ${n}` }); };
    const { page, problems } = await stage.open();
    await say(page, 'Hello?');
    await page.getByText('Hello.', { exact: true }).waitFor({ timeout: 40_000 });
    await page.getByRole('button', { name: 'Permissions' }).click();
    const steps = page.getByLabel('Requests to the model, A turn');
    assert.equal(await steps.getAttribute('placeholder'), '10');
    await steps.fill('many');
    await steps.press('Enter');
    assert.equal(await steps.getAttribute('aria-invalid'), 'true');
    const set = page.waitForResponse((answer) => answer.request().method() === 'PUT' && answer.url().endsWith('/budgets'));
    await steps.fill('2');
    await steps.press('Enter');
    assert.equal((await set).status(), 200);
    await inspect(page, 'budgets');
    await page.keyboard.press('Escape');
    await say(page, 'Go.');
    await page.getByText('The model was asked 2 times in this turn.').waitFor({ timeout: 60_000 });
    await page.getByRole('button', { name: 'Continue' }).waitFor();
    assert.equal(n, 3);
    assert.deepEqual((await stage.api('GET', `/conversations/${await shown(page)}/budgets`)).turn, { steps: 2 });
    assert.deepEqual(problems, []);
  });

  it('what holds in all conversations is set in the settings', async () => {
    const { page, problems } = await stage.open();
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByRole('button', { name: 'Permissions' }).click();
    await page.getByLabel('Before every call').check();
    await inspect(page, 'settings-permissions');
    await saved(page);
    assert.equal((await stage.api('GET', '/policy')).mode, 'always');
    await page.getByLabel('At the border').check();
    await page.getByRole('radio', { name: 'At the border', checked: true }).waitFor();
    assert.deepEqual(problems, []);
  });

  it('the settings say what an action asks for before it is ever used', async () => {
    const { page, problems } = await stage.open();
    await page.goto(`${stage.server.origin}/settings/actions`);
    const word = page.getByRole('listitem').filter({ hasText: 'Says a word.' });
    await word.getByText('Word', { exact: true }).click();
    await word.getByText('It asks for this, and has none of it before you allow it:').waitFor();
    const lines = (await word.locator('.asks li').allInnerTexts()).map((line) => line.trim());
    assert.deepEqual(lines, ['Network example.org:443', 'Secret word_key meant for example.org', 'Directory notes Read only · To read your notes.']);
    await inspect(page, 'settings-actions');
    assert.deepEqual(problems, []);
  });
});
