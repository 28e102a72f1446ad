// What calls leave behind, what stands behind an answer, what runs in the background, and calls that users write.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { inspect, say, startStage } from './stage.mjs';

const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const manifest = {
  schema: 1, name: 'word', title: 'Word', version: '1.0.0', description: 'Waits.',
  tasks: [{ name: 'wait', description: 'Waits for long.', effects: 'none', background: true, parameters: { type: 'object', properties: {}, additionalProperties: false } }],
};

describe('the work of actions', () => {
  let stage;

  before(async () => {
    stage = await startStage({ 'manifest.json': JSON.stringify(manifest), run: '#!/bin/sh\necho waiting\nexec sleep 600\n' });
  });

  after(() => stage?.close());

  it('shows files that a call left and changed, takes changes back and brings them again', async () => {
    let step = 0;
    const commands = [
      `echo one > a.txt; echo ${pixel} | base64 -d > $RUNGPT_OUT/dot.png; echo '<b>no page</b>' > $RUNGPT_OUT/page.html`,
      'echo two > a.txt; echo new > b.txt',
    ];
    stage.model.state.script = (request) => (step < commands.length ? request.call(String(step), 'system.shell', { command: commands[step++] }) : 'All done.');
    const { page, problems } = await stage.open();
    await say(page, 'Write files.');
    await page.getByText('All done.').waitFor({ timeout: 60_000 });
    const [first, second] = [page.getByRole('article').nth(0), page.getByRole('article').nth(1)];
    const picture = first.getByRole('img', { name: 'dot.png' });
    await picture.waitFor();
    assert.equal(await picture.evaluate((image) => image.decode().then(() => image.naturalWidth)), 1);
    const [download] = await Promise.all([page.waitForEvent('download'), first.getByRole('link', { name: 'Download page.html' }).click()]);
    assert.match(readFileSync(await download.path(), 'utf8'), /no page/);

    await second.getByRole('button', { name: '2 files changed' }).click();
    await second.getByText('-one').waitFor();
    await second.getByText('+two').waitFor();
    await inspect(page, 'changes');
    await second.getByRole('button', { name: 'Revert' }).click();
    await page.getByText(/You took back the changes/).waitFor();
    stage.model.state.script = (request) => (request.last.includes('<result-') ? 'Read.' : request.call('9', 'system.shell', { command: 'cat a.txt; ls' }));
    await say(page, 'What is in it?');
    await page.getByText('Read.').waitFor();
    const output = page.getByRole('log', { name: 'Output' }).last();
    assert.equal((await output.innerText()).replace(/\s+/g, ' ').trim(), 'one a.txt');
    await page.getByRole('button', { name: 'Undo this' }).click();
    await page.getByText(/You took back the changes/).nth(1).waitFor();

    await page.getByRole('button', { name: 'What stands behind this answer' }).first().click();
    const receipt = page.getByRole('dialog', { name: 'Receipt' });
    await receipt.getByText('system.shell').first().waitFor();
    await receipt.getByText('echo two > a.txt; echo new > b.txt').waitFor();
    await receipt.getByText('b.txt (added)').waitFor();
    await receipt.getByText(/dot\.png \(/).waitFor();
    await inspect(page, 'receipt');
    const [kept] = await Promise.all([page.waitForEvent('download'), receipt.getByRole('link', { name: 'As Markdown' }).click()]);
    assert.match(readFileSync(await kept.path(), 'utf8'), /# Receipt/);
    assert.deepEqual(problems, []);
  });

  it('shows what runs in the background, and stops it', async () => {
    stage.model.state.script = (request) =>
      request.last.includes('status="working"') ? 'It goes on.' : request.last.includes('<result-') ? 'Now it has ended.' : request.call('1', 'word.wait', {});
    const { page, problems } = await stage.open();
    await say(page, 'Wait for me.');
    await page.getByRole('button', { name: 'Allow once' }).click({ timeout: 60_000 });
    await page.getByText('It goes on.').waitFor({ timeout: 60_000 });
    await page.getByText('In the background').first().waitFor();
    await page.getByRole('status').filter({ hasText: '1 call runs in the background' }).waitFor();
    await inspect(page, 'background');
    await page.getByRole('button', { name: 'Cancel word.wait' }).click();
    await page.getByText('Now it has ended.').waitFor({ timeout: 30_000 });
    await page.getByText('A call in the background has ended').waitFor();
    await page.getByText('Cancelled', { exact: true }).waitFor();
    assert.deepEqual(problems, []);
  });

  it('says why an answer stopped, and goes on', async () => {
    let id = 0;
    stage.model.state.script = (request) => request.call(String(++id), 'system.now', {});
    const { page, problems } = await stage.open();
    await say(page, 'Again and again.');
    await page.getByText('The model repeated the same call').waitFor({ timeout: 60_000 });
    stage.model.state.script = () => 'Another way, then.';
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('Another way, then.').waitFor();
    assert.deepEqual(problems, []);
  });

  it('completes the actions and arguments of a call that the user writes, and runs it without a model', async () => {
    const { page, problems } = await stage.open();
    const asked = stage.model.state.requests.length;
    const field = page.getByLabel('Message', { exact: true });
    await field.pressSequentially('/r');
    await field.press('Tab');
    await field.pressSequentially('she');
    await page.getByRole('option', { name: /system\.shell/ }).waitFor();
    await inspect(page, 'completion');
    await field.press('Enter');
    await field.press('Tab');
    assert.equal(await field.inputValue(), '/run system.shell command=');
    await field.pressSequentially('"echo by-hand-$((6*7))"');
    await field.press('Enter');
    await page.getByRole('log', { name: 'Output' }).getByText('by-hand-42').waitFor({ timeout: 60_000 });
    await page.getByText('written by you').waitFor();
    assert.equal(stage.model.state.requests.length, asked, 'no model was asked');
    assert.deepEqual(problems, []);
  });
});
