// Connections to model servers: every field is kept and can be changed, protocols are compared.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { inspect, startStage } from './stage.mjs';

describe('connections', () => {
  let stage;

  before(async () => {
    stage = await startStage();
    await stage.api('PUT', '/connections/mine', {
      kind: 'openai', baseUrl: stage.model.url, key: 'sk-mine-1234', headers: { 'X-Team': 'blue' }, models: ['scripted'],
      contextTokens: 32000, images: false, prices: { input: 1.5, output: 6, cachedInput: 0.5 }, protocol: 'tags',
    });
  });

  after(() => stage?.close());

  const mine = async () => (await stage.api('GET', '/connections')).connections.find((one) => one.name === 'mine');

  it('keep all that the form does not change, and take what it does', async () => {
    const { page, problems } = await stage.open();
    await page.getByRole('button', { name: 'Settings' }).click();
    const row = page.getByRole('listitem').filter({ hasText: 'mine' });
    await row.getByRole('button', { name: 'Edit' }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await row.getByRole('button', { name: 'Edit' }).waitFor();
    const kept = await mine();
    assert.deepEqual([kept.headers, kept.models, kept.contextTokens, kept.images, kept.prices, kept.protocol],
      [{ 'X-Team': 'blue' }, ['scripted'], 32000, false, { input: 1.5, output: 6, cachedInput: 0.5 }, 'tags']);

    await row.getByRole('button', { name: 'Edit' }).click();
    await page.getByText('More settings').click();
    await page.getByLabel('How calls are written').selectOption('native');
    await page.getByLabel('Context size in tokens').fill('64000');
    await page.getByLabel('Output', { exact: true }).fill('');
    await page.getByLabel('Value of X-Team').fill('green');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Give both the price of input and of output').waitFor();
    await page.getByLabel('Output', { exact: true }).fill('8');
    await inspect(page, 'connection');
    await page.getByRole('button', { name: 'Save' }).click();
    await row.getByRole('button', { name: 'Edit' }).waitFor();
    const changed = await mine();
    assert.deepEqual([changed.headers, changed.contextTokens, changed.prices.output, changed.protocol, changed.keyHint],
      [{ 'X-Team': 'green' }, 64000, 8, 'native', kept.keyHint]);
    assert.deepEqual(problems, []);
  });

  it('look for servers on this machine, and compare the protocols of a model', async () => {
    stage.model.state.script = () => 'I call nothing.';
    const { page, problems } = await stage.open();
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByRole('button', { name: 'Look on this machine' }).click();
    const told = page.getByRole('dialog').getByRole('region', { name: 'Notifications' });
    await told.getByText(/found on this machine/).waitFor();
    await told.getByRole('button', { name: 'Close' }).click();
    await told.getByText(/found on this machine/).waitFor({ state: 'detached' });
    const row = page.getByRole('listitem').filter({ hasText: 'mine' });
    await row.getByRole('button', { name: 'Compare protocols' }).click();
    await row.getByRole('button', { name: 'Start' }).click();
    await row.getByRole('table').waitFor();
    await row.getByText('Neither is clearly better.').or(row.getByText(/It handles/)).waitFor({ timeout: 60_000 });
    await inspect(page, 'probe');
    assert.deepEqual(problems, []);
  });
});
