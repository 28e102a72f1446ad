// The image of an action as it is made when the action is used first: what one sees of it, how it is ended, and what is said when it fails.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { inspect, say, startStage } from './stage.mjs';

const manifest = {
  schema: 1, name: 'word', title: 'Word', version: '1.0.0', description: 'Says a word.',
  tasks: [{ name: 'say', description: 'Says it.', effects: 'none', parameters: { type: 'object', properties: {}, additionalProperties: false } }],
};
const run = '#!/bin/sh\necho the word\n';

/** A server with an action whose setup is this, unlike any before it, and a page that has asked for a call of it and allowed it. */
async function asked(setup) {
  const stage = await startStage({ 'manifest.json': JSON.stringify(manifest), run, setup: `${setup}# ${randomUUID()}\n` });
  try {
    stage.model.state.script = (request) => (request.last.includes('<result-') ? 'That was it.' : request.call('1', 'word.say', {}));
    const { page, problems } = await stage.open();
    await say(page, 'Say the word.');
    await page.getByRole('button', { name: 'Allow once' }).click({ timeout: 60_000 });
    return { stage, page, problems, call: page.getByRole('article', { name: /word\.say/ }) };
  } catch (error) {
    await stage.close();
    throw error;
  }
}

describe('the image of an action', () => {
  it('shows the lines of its setup as they come, and the call runs when it is made', async () => {
    // The last line stands for long enough to be looked at, also on a machine that halts for a while.
    const { stage, page, problems, call } = await asked('#!/bin/sh\nfor n in 1 2 3 4 5 6 7 8 9 10; do echo "laying brick $n"; sleep 1; done\nsleep 6\n');
    try {
      const steps = call.getByRole('log', { name: 'Progress' });
      await steps.getByText('laying brick 1', { exact: true }).waitFor({ timeout: 60_000 });
      await call.getByText('laying brick 10').waitFor();
      assert.match(await steps.innerText(), /setup[^]*(laying brick \d\n){8}laying brick 9/, 'in their order, below what they are for');
      await call.getByRole('log', { name: 'Output' }).getByText('the word').waitFor({ timeout: 60_000 });
      assert.equal(await steps.count(), 0, 'of a call that speaks, what it says is shown');
      await page.getByText('That was it.').waitFor();
      assert.deepEqual(problems, []);
    } finally {
      await stage.close();
    }
  });

  it('is given up when the call is cancelled, and made again for the next call', async () => {
    const { stage, page, problems, call } = await asked('#!/bin/sh\nfor n in 1 2 3; do echo "laying brick $n"; sleep 1; done\nsleep 600\n');
    const begun = (one) => one.getByRole('log', { name: 'Progress' }).getByText('laying brick 1', { exact: true }).waitFor({ timeout: 60_000 });
    const cancel = async (one) => {
      await one.getByRole('button', { name: 'Cancel word.say' }).click();
      await one.getByText('Cancelled', { exact: true }).waitFor();
    };
    try {
      await begun(call);
      await inspect(page, 'build');
      const began = performance.now();
      await cancel(call);
      assert.ok(performance.now() - began < 3000, `cancelled after ${performance.now() - began} ms`);
      await page.getByText('That was it.').waitFor();

      stage.model.state.script = (request) => (request.last.includes('<result-') ? 'Not today.' : request.call('2', 'word.say', {}));
      await say(page, 'Once more.');
      await page.getByRole('button', { name: 'Allow once' }).click({ timeout: 60_000 });
      await begun(call.nth(1));
      await cancel(call.nth(1));
      await page.getByText('Not today.').waitFor();
      assert.deepEqual(problems, []);
    } finally {
      await stage.close();
    }
  });

  it('that cannot be made says what went wrong, why, and what helps', async () => {
    const { stage, page, problems, call } = await asked(
      '#!/bin/sh\nfor n in 1 2 3 4 5 6 7 8; do echo "laying brick $n"; done\necho "no mortar left" >&2\nexit 3\n');
    try {
      await call.getByText('Failed', { exact: true }).waitFor({ timeout: 60_000 });
      await page.getByText('That was it.').waitFor();
      await page.reload();
      const said = await call.locator('.call-trouble').innerText();
      assert.match(said, /^the image of acme\/word could not be built: setup failed with exit code 3/);
      assert.match(said, /laying brick 8[^]*no mortar left/, 'with the last that it wrote');
      assert.match(said, /rungpt:update acme\/word/, 'and what helps');
      await inspect(page, 'build-failed');
      assert.deepEqual(problems, []);
    } finally {
      await stage.close();
    }
  });
});
