// What hostile models and programs say: nothing of it runs, nothing is fetched, nothing pretends to be something else.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { say, shown, startStage } from './stage.mjs';

const TITLE = '<img src=x onerror=alert(1)>';
const manifest = {
  schema: 1, name: 'word', title: TITLE, version: '1.0.0', description: '<script>alert(1)</script> says nothing.',
  tasks: [{ name: 'say', description: '<svg onload=alert(1)> says it.', effects: 'none', parameters: { type: 'object', properties: {}, additionalProperties: false } }],
};
const ESC = '\u001b';

/** The vectors of the page's own tests, and every hostile scheme in every way to write a link. */
async function vectors() {
  const source = await readFile(path.resolve(import.meta.dirname, '../../webapp/test/vectors.ts'), 'utf8');
  const module = await import('data:text/javascript,' + encodeURIComponent(source.replace(': readonly string[]', '')));
  return [...module.VECTORS, ...links()];
}

function links() {
  const urls = [
    'javascript:alert(1)', 'JaVaScRiPt:alert(1)', 'java\tscript:alert(1)', 'java\nscript:alert(1)', '&#106;avascript:alert(1)', 'javascript&colon;alert(1)',
    ' javascript:alert(1)', 'vbscript:alert(1)', 'data:text/html,<script>alert(1)</script>', 'file:///etc/passwd', 'blob:null/x', '//evil.example/a',
  ];
  const ways = [
    (url) => `[x](<${url}>)`, (url) => `[x](${url})`, (url) => `[x][r]\n\n[r]: ${url}`, (url) => `<${url}>`, (url) => `![x](${url})`,
    (url) => `<a href="${url}">x</a>`, (url) => `<form action="${url}"><button>x</button></form>`, (url) => `<svg><a href="${url}"><text>x</text></a></svg>`,
  ];
  return urls.flatMap((url) => ways.map((way) => way(url)));
}

describe('a hostile answer', () => {
  let stage;
  let canary;
  const heard = [];

  before(async () => {
    canary = createServer((request, response) => {
      heard.push(request.url);
      response.end('x');
    });
    await new Promise((done) => canary.listen(0, '127.0.0.1', done));
    stage = await startStage({ 'manifest.json': JSON.stringify(manifest), run: '#!/bin/sh\n' });
  });

  after(async () => {
    canary?.close();
    await stage?.close();
  });

  const listener = () => `http://127.0.0.1:${canary.address().port}`;

  /** Conversations of ten answers each, made over the API. */
  async function conversations(answers) {
    const made = [];
    for (let begin = 0; begin < answers.length; begin += 10) {
      const { id } = await stage.api('POST', '/conversations', {});
      made.push(id);
      for (const answer of answers.slice(begin, begin + 10)) {
        stage.model.state.script = () => answer;
        await stage.api('POST', `/conversations/${id}/messages`, { text: 'Go on.' });
        await idle(id);
      }
    }
    return made;
  }

  async function idle(id) {
    for (let tries = 0; tries < 30_000; tries++) {
      const { conversation = {}, ...rest } = await stage.api('GET', `/conversations/${id}`);
      if ((conversation.state ?? rest.state) === 'idle') return;
      await new Promise((next) => setImmediate(next));
    }
    assert.fail('the turn does not end');
  }

  it('D.47 D.50 runs no script and asks nobody for anything, whatever it is written with', async () => {
    const all = (await vectors()).map((vector) => vector.replaceAll('https://evil.example', listener()).replaceAll('//evil.example', listener().slice(5)));
    assert.ok(all.length >= 200, `${all.length} vectors`);
    const { page, problems } = await stage.open();
    page.on('dialog', (dialog) => {
      problems.push(`a script ran: ${dialog.message()}`);
      void dialog.dismiss();
    });
    for (const id of await conversations(all)) {
      await page.goto(`${stage.server.origin}/c/${id}`);
      await page.getByText('Go on.').last().waitFor();
      const found = await page.evaluate(() => {
        const wrong = [];
        for (const element of document.querySelectorAll('main *')) {
          for (const { name, value } of element.attributes) {
            if (/^on/i.test(name)) wrong.push(`<${element.localName} ${name}>`);
            if (/^(href|src|action|formaction|xlink:href|srcset|background|poster|data)$/i.test(name) && /^[\s\u0000-\u0020]*(javascript|vbscript|data:text|file):/i.test(value)) wrong.push(`${name}=${value}`);
          }
          if (/^(script|iframe|object|embed|foreignobject|base|meta|link|style|form|frame|frameset|applet|portal)$/i.test(element.localName) && !element.closest('[data-own], .composer, form.composer')) wrong.push(`<${element.localName}> ${element.outerHTML.slice(0, 120)}`);
        }
        return wrong;
      });
      assert.deepEqual(found, []);
    }
    assert.deepEqual(problems, []);
    assert.deepEqual(heard, []);
  });

  it('D.47 whatever got into the page could reach nobody: the browser stops it at the border of the page', async () => {
    const { page } = await stage.open();
    const directives = ['connect-src', 'font-src', 'media-src', 'img-src', 'frame-src', 'style-src-elem'];
    const blocked = await page.evaluate(async ([canary, directives]) => {
      const blocked = [];
      const told = new Promise((done) => {
        setTimeout(done, 20_000);
        document.addEventListener('securitypolicyviolation', (event) => {
          blocked.push(event.effectiveDirective);
          if (directives.every((directive) => blocked.includes(directive))) done();
        });
      });
      const put = (thing) => document.body.append(thing);
      const element = (name, values) => Object.assign(document.createElement(name), values);
      await fetch(`${canary}/fetch`).catch(() => undefined);
      await fetch(`${canary}/beacon`, { method: 'POST', mode: 'no-cors', keepalive: true, body: 'x' }).catch(() => undefined);
      navigator.sendBeacon(`${canary}/beacon`, 'x');
      new EventSource(`${canary}/events`);
      new WebSocket(`${canary.replace('http', 'ws')}/socket`);
      await new FontFace('probe', `url(${canary}/font.woff2)`).load().catch(() => undefined);
      put(new Audio(`${canary}/sound.mp3`));
      put(element('video', { src: `${canary}/film.mp4` }));
      put(element('img', { src: `${canary}/picture.png` }));
      put(element('iframe', { src: `${canary}/frame` }));
      put(element('link', { rel: 'stylesheet', href: `${canary}/style.css` }));
      document.head.append(element('link', { rel: 'prefetch', href: `${canary}/prefetch` }), element('link', { rel: 'preconnect', href: canary }), element('link', { rel: 'dns-prefetch', href: canary }));
      // What runs or holds code is not even made: only the sanitizer's own HTML is trusted.
      const code = [
        () => element('script', { src: `${canary}/script.js` }), () => element('script', { textContent: 'window.hacked = 1' }), () => element('object', { data: `${canary}/object` }),
        () => element('embed', { src: `${canary}/embed` }), () => element('iframe', { srcdoc: '<script>parent.hacked = 1</script>' }), () => element('div', { innerHTML: '<b>x</b>' }),
        () => document.write('<b>x</b>'), () => new Worker(`${canary}/worker.js`),
      ];
      for (const make of code) {
        try {
          make();
          blocked.push(`not stopped: ${make}`);
        } catch (error) {
          if (!(error instanceof TypeError)) throw error;
        }
      }
      // The browser tells of what it stopped a little later.
      await told;
      return blocked;
    }, [listener(), directives]);
    for (const directive of directives) {
      assert.ok(blocked.includes(directive), `${directive} stops it; stopped were ${[...new Set(blocked)]}`);
    }
    assert.deepEqual(blocked.filter((one) => one.startsWith('not stopped')), []);
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    assert.deepEqual(heard, []);
  });

  it('D.50 names are text wherever they stand: of files, conversations, tags and actions, also in a passing note', async () => {
    const names = [
      '<img src=x onerror=alert(1)>', '"><svg onload=alert(1)>', "'-alert(1)-'", '<script>alert(1)</script>', '<iframe srcdoc="<script>parent.alert(1)</script>">',
      '${alert(1)}', 'javascript:alert(1)',
    ];
    const { page, problems } = await stage.open();
    page.on('dialog', (dialog) => {
      problems.push(`a script ran: ${dialog.message()}`);
      void dialog.dismiss();
    });
    const main = page.getByRole('main');
    const choose = async (what) => {
      await main.getByRole('button', { name: 'More for this conversation' }).click();
      await page.getByRole('menuitem', { name: what, exact: true }).click();
    };
    stage.model.state.script = () => 'Seen.';
    for (const name of names) {
      const { id } = await stage.api('POST', '/conversations', { model: 'openai/scripted' });
      await stage.api('POST', `/conversations/${id}/messages`, {
        text: `Look at ${name}`,
        attachments: [{ name: `${name.replaceAll('/', '')}.txt`, data: Buffer.from(name).toString('base64') }],
      });
      await idle(id);
      await stage.api('PATCH', `/conversations/${id}`, { title: name });
      await stage.api('PUT', `/conversations/${id}/labels`, { tags: [name.slice(0, 40)] });
      await page.goto(`${stage.server.origin}/c/${id}`);
      await main.getByText('Seen.').waitFor();
      assert.equal(await main.locator('h1.chat-title').innerText(), name);
      await page.waitForFunction((title) => document.title === title, `${name} · RunGPT`);
      await main.getByRole('group', { name: 'You' }).getByRole('button').filter({ hasText: '.txt' }).click();
      await page.getByRole('dialog').getByText(name, { exact: true }).waitFor();
      await page.keyboard.press('Escape');
      await choose('Tags…');
      await page.getByRole('button', { name: `Remove the tag ${name.slice(0, 40)}` }).waitFor();
      await page.keyboard.press('Escape');
      await choose('Archive');
      await page.getByRole('region', { name: 'Notifications' }).getByText(`“${name}” is archived.`).waitFor();
      assert.equal(await page.locator('img[src="x"], svg[onload], iframe, script:not([src])').count(), 0, name);
    }
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByRole('button', { name: 'Actions', exact: true }).click();
    await page.getByRole('dialog').getByText(TITLE).first().waitFor();
    await page.getByRole('button', { name: 'Conversations', exact: true }).click();
    await page.getByRole('dialog').getByRole('link', { name: names[0], exact: true }).waitFor();
    assert.equal(await page.locator('img[src="x"], svg[onload], iframe, script:not([src])').count(), 0);
    assert.deepEqual(problems, []);
    assert.deepEqual(heard, []);
  });

  it('D.48 links lead to web addresses only, on a click, and tell where', async () => {
    const [id] = await conversations([
      `[good](${listener()}/good) ${listener()}/bare [bad](javascript:alert(1)) [html](data:text/html,x) [file](file:///etc/passwd) [long](${listener()}/?q=${'a'.repeat(5000)})`,
    ]);
    const { page } = await stage.open();
    await page.goto(`${stage.server.origin}/c/${id}`);
    const good = page.getByRole('link', { name: 'good' });
    await good.waitFor();
    const links = await page.locator('main a[href]').evaluateAll((all) => all.map((a) => ({ href: a.getAttribute('href'), rel: a.rel, target: a.target, title: a.title, shown: a.innerText })));
    const outside = links.filter(({ href }) => !href.startsWith('/'));
    assert.ok(outside.length >= 3, JSON.stringify(outside));
    for (const { href, rel, target, title, shown: text } of outside) {
      assert.match(href, /^https?:\/\//);
      assert.ok(rel.includes('noopener') && rel.includes('noreferrer'), rel);
      assert.equal(target, '_blank');
      assert.ok(title.includes(new URL(href).host), title);
      assert.ok(text.includes(new URL(href).host), `the host is to be read, not only in a hint: ${text}`);
    }
    assert.deepEqual(heard, []);
    const [opened] = await Promise.all([page.context().waitForEvent('page'), good.click()]);
    await opened.waitForLoadState();
    assert.deepEqual(heard.filter((url) => url !== '/favicon.ico'), ['/good']);
    assert.equal(await opened.evaluate(() => [window.opener, document.referrer].join()), ',');
    await opened.close();
  });

  it('D.51 control sequences and turned text are shown as what they are, in the page, the shell and the log', async () => {
    const nasty = `${ESC}[31mred${ESC}[0m ${ESC}]8;;http://evil.example${ESC}\\link${ESC}]8;;${ESC}\\ ${ESC}]52;c;cm0gLXJm\u0007 \u202egpj.exe\u2066 end`;
    const { page } = await stage.open();
    await say(page, `/run system.shell command="printf '\\\\033[31mred\\\\033]52;c;eA==\\\\007 \\\\342\\\\200\\\\256gpj.exe end'"`);
    const id = await shown(page);
    await page.getByText('gpj.exe').nth(1).waitFor({ timeout: 120_000 }); // the first is what was sent
    assert.doesNotMatch(await page.locator('main').innerText(), /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);

    await stage.api('PATCH', `/conversations/${id}`, { title: `${ESC}[31m\u202egpj.exe` });
    const listed = await stage.server.rungpt('shell', 'rungpt:conversations');
    assert.match(listed.stdout, /gpj\.exe/);
    assert.doesNotMatch(listed.stdout, /[\u001b\u0007\u009b\u202a-\u202e\u2066-\u2069]/);

    stage.model.state.raw = (_, response) => {
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { message: `${nasty}\n2026-01-01T00:00:00,000 ERROR FORGED everything is lost\rFORGED` } }));
    };
    await stage.api('POST', `/conversations/${id}/messages`, { text: 'Fail.' });
    await idle(id);
    const log = await readFile(path.join(stage.server.data, 'logs/rungpt.log'), 'utf8');
    assert.doesNotMatch(log, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
    assert.doesNotMatch(log, /^(2026-01-01.*)?FORGED/m);
  });
});
