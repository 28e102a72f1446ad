// Connections to model servers: every field is kept and can be changed, protocols are compared.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { inspect, say, startStage } from './stage.mjs';

describe('connections', () => {
  let stage;

  before(async () => {
    stage = await startStage();
    await stage.api('PUT', '/connections/mine', {
      kind: 'openai', baseUrl: stage.model.url, key: 'sk-mine-1234', headers: { 'X-Team': 'blue' }, models: ['scripted'],
      contextTokens: 32000, images: false, files: true, audio: true, prices: { input: 1.5, output: 6, cachedInput: 0.5 }, protocol: 'tags',
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
    assert.deepEqual([kept.headers, kept.models, kept.contextTokens, kept.images, kept.files, kept.audio, kept.prices, kept.protocol],
      [{ 'X-Team': 'blue' }, ['scripted'], 32000, false, true, true, { input: 1.5, output: 6, cachedInput: 0.5 }, 'tags']);

    await row.getByRole('button', { name: 'Edit' }).click();
    await page.getByText('More settings').click();
    await page.getByLabel('How calls are written').selectOption('native');
    await page.getByLabel('Context size in tokens').fill('64000');
    await page.getByLabel('PDF').selectOption('no');
    await page.getByLabel('Output', { exact: true }).fill('');
    await page.getByLabel('Value of X-Team').fill('green');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Give both the price of input and of output').waitFor();
    await page.getByLabel('Output', { exact: true }).fill('8');
    await inspect(page, 'connection');
    await page.getByRole('button', { name: 'Save' }).click();
    await row.getByRole('button', { name: 'Edit' }).waitFor();
    const changed = await mine();
    assert.deepEqual([changed.headers, changed.contextTokens, changed.files, changed.audio, changed.prices.output, changed.protocol, changed.keyHint],
      [{ 'X-Team': 'green' }, 64000, false, true, 8, 'native', kept.keyHint]);
    assert.deepEqual(problems, []);
  });

  it('to servers that were found know what those say of their models, and keep what the user says of them', async () => {
    const answers = {
      '/api/version': { version: '0.12.0' },
      '/v1/models': { object: 'list', data: [{ id: 'small:latest', object: 'model', owned_by: 'library' }] },
      '/api/ps': { models: [{ name: 'small:latest', context_length: 8192 }] },
      '/api/show': { capabilities: ['completion', 'vision'], model_info: { 'x.context_length': 131072 } },
    };
    const ollama = createServer((request, response) => {
      response.writeHead(answers[request.url] ? 200 : 404, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answers[request.url] ?? {}));
    });
    await new Promise((done) => ollama.listen(0, '127.0.0.1', done));
    const { port } = ollama.address();
    await stage.server.rungpt('shell', `config:property-set -p org.rungpt.model.openai.local ollamaPort ${port}`);
    const small = async () => (await stage.api('GET', '/models')).models.find((one) => one.id === 'ollama/small:latest');
    const until = async (done) => {
      for (const end = Date.now() + 30_000; Date.now() < end;) { if (await done()) return; await stage.api('POST', '/connections/look', {}); }
      assert.fail('it never came to that');
    };
    await until(async () => (await small())?.contextTokens === 8192);
    assert.equal((await small()).images, true);

    const found = { kind: 'local', baseUrl: `http://127.0.0.1:${port}/v1` };
    await stage.api('PUT', '/connections/ollama', { ...found, contextTokens: 16_000, images: false, prices: { input: 0, output: 0 } });
    await until(async () => (await small())?.contextTokens === 16_000);
    const { images, prices } = await small();
    assert.deepEqual([images, prices.output], [false, 0]);
    const kept = (await stage.api('GET', '/connections')).connections.find((one) => one.name === 'ollama');
    assert.deepEqual([kept.kind, kept.contextTokens, kept.images], ['local', 16_000, false]);
    await assert.rejects(stage.api('PUT', '/connections/ollama', { ...found, baseUrl: 'http://127.0.0.1:1/v1' }), /was found at/);

    await stage.api('DELETE', '/connections/ollama');
    await until(async () => (await small())?.contextTokens === 8192);
    await new Promise((done) => { ollama.close(done); ollama.closeAllConnections(); });
    await until(async () => !(await small()));
  });

  it('are one click away from an answer that failed for a key', async () => {
    stage.model.state.raw = (request, response) => {
      response.writeHead(401, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { message: 'Incorrect API key provided.' } }));
    };
    try {
      const { page, problems } = await stage.open();
      await say(page, 'Hello');
      const banner = page.getByRole('alert').filter({ hasText: 'key' });
      await banner.waitFor();
      await inspect(page, 'refused-key');
      await banner.getByRole('button', { name: 'Check the connection' }).click();
      await page.getByRole('dialog').getByRole('listitem').filter({ hasText: 'mine' }).waitFor();
      assert.deepEqual(problems, []);
    } finally {
      stage.model.state.raw = undefined;
    }
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
