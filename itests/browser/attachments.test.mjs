// PDF and audio that go with a message: given to a model that takes them, told of to others, shown and heard in the message.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { inspect, say, shown, startStage } from './stage.mjs';

// Near the 5 MiB that a file may have.
const pdf = Buffer.from(`%PDF-1.7\n%${'x'.repeat(5_000_000)}\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n`);
const wav = recording(1);
const pixel = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');

/** So many seconds of silence: 8000 samples a second, one channel, 8 bits. */
function recording(seconds) {
  const samples = 8000 * seconds;
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + samples, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8000, 24);
  head.writeUInt32LE(8000, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write('data', 36);
  head.writeUInt32LE(samples, 40);
  return Buffer.concat([head, Buffer.alloc(samples, 128)]);
}

describe('files of a message', () => {
  let stage;
  let directory;
  let files;

  before(async () => {
    directory = mkdtempSync(path.join(tmpdir(), 'rungpt-attachments-'));
    files = [path.join(directory, 'a.pdf'), path.join(directory, 'a.wav')];
    writeFileSync(files[0], pdf);
    writeFileSync(files[1], wav);
    stage = await startStage();
    const there = { kind: 'openai', baseUrl: stage.model.url, models: ['scripted'] };
    await stage.api('PUT', '/connections/reader', { ...there, files: true, audio: true });
    await stage.api('PUT', '/connections/plain', { ...there, files: false, audio: false });
  });

  after(async () => {
    await stage?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  /** A page on which a model is chosen and the files wait to be sent. */
  async function attached(model) {
    await stage.api('PATCH', '/settings', { defaultModel: model });
    const opened = await stage.open();
    await opened.page.locator('input[type=file]').setInputFiles(files);
    const waiting = opened.page.getByRole('list', { name: 'Files to send' });
    await waiting.getByText('a.pdf').waitFor();
    await waiting.getByText('a.wav').waitFor();
    return opened;
  }

  /** What the model was asked when the message was sent. */
  async function sent(page) {
    let asked;
    stage.model.state.script = (request) => { asked = request; return 'Received.'; };
    await say(page, 'What do they say?');
    await page.getByText('Received.').waitFor({ timeout: 60_000 });
    return asked.messages.findLast((message) => message.role === 'user').content;
  }

  it('are given to a model that takes them, and stand in the message, also after a reload', async () => {
    const { page, problems } = await attached('reader/scripted');
    assert.equal(await page.locator('.unseen').count(), 0, 'there is nothing to warn of');
    const parts = (await sent(page)).filter((part) => part.type !== 'text');
    assert.deepEqual(parts, [
      { type: 'file', file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${pdf.toString('base64')}` } },
      { type: 'input_audio', input_audio: { data: wav.toString('base64'), format: 'wav' } },
    ]);
    for (const look of ['live', 'again']) {
      if (look === 'again') await page.reload();
      const mine = page.getByRole('group', { name: 'You' });
      await mine.getByRole('link', { name: 'a.pdf' }).waitFor();
      assert.equal(await mine.locator('.bubble').textContent(), 'What do they say?', look);
      const seconds = await mine.locator('audio').evaluate((audio) => new Promise((done, fail) => {
        audio.onloadedmetadata = () => done(audio.duration);
        audio.onerror = () => fail(new Error(audio.error?.message));
        audio.preload = 'metadata';
        audio.load();
      }));
      assert.equal(seconds, 1, look);
    }
    await inspect(page, 'attached');
    assert.deepEqual(problems, []);
  });

  for (const [connection, hints] of [
    ['plain', ['scripted takes no PDF', 'scripted takes no audio']],
    ['openai', ['Whether scripted takes PDF is not known', 'Whether scripted takes audio is not known']],
  ]) {
    it(`are not given to a model of ${connection}, as the page says before and the model is told`, async () => {
      const { page, problems } = await attached(`${connection}/scripted`);
      for (const hint of hints) await page.getByRole('status').getByText(hint).waitFor();
      const content = await sent(page);
      assert.equal(typeof content, 'string', 'nothing but text');
      assert.match(content, /\[You do not see the file a\.pdf: it could not be sent: this model is not known to take files\.\]/);
      assert.match(content, /\[You do not hear the audio a\.wav: it could not be sent: this model is not known to take audio\.\]/);
      await page.getByRole('group', { name: 'You' }).getByRole('link', { name: 'a.pdf' }).waitFor();
      assert.deepEqual(problems, []);
    });
  }

  it('wait in the composer, also after a reload, until they are sent or taken away', async () => {
    const { page, problems } = await attached('reader/scripted');
    const waiting = page.getByRole('list', { name: 'Files to send' });
    const names = () => waiting.locator('li .upload-name').evaluateAll((all) => all.map((one) => one.firstChild.textContent));
    const picture = path.join(directory, 'dot.png');
    const markup = path.join(directory, 'page.html');
    writeFileSync(picture, pixel);
    writeFileSync(markup, '<script>document.title = "run"</script>');
    await page.locator('input[type=file]').setInputFiles([picture, markup]);
    await waiting.getByText('page.html').waitFor();
    await page.getByLabel('Message', { exact: true }).fill('What do they say?');
    await stored(page, 'new', 4);

    await page.reload();
    await waiting.getByText('page.html').waitFor();
    assert.deepEqual(await names(), ['a.pdf', 'a.wav', 'dot.png', 'page.html']);
    assert.equal(await page.getByLabel('Message', { exact: true }).inputValue(), 'What do they say?');
    await page.waitForFunction(() => document.querySelector('.uploads img')?.naturalWidth === 1);
    assert.notEqual(await page.title(), 'run');
    await page.getByRole('button', { name: 'Remove page.html' }).click();
    await stored(page, 'new', 3);

    await page.reload();
    await waiting.getByText('dot.png').waitFor();
    assert.deepEqual(await names(), ['a.pdf', 'a.wav', 'dot.png']);
    await page.getByRole('button', { name: 'Remove dot.png' }).click();
    const parts = (await sent(page)).filter((part) => part.type !== 'text');
    assert.equal(parts[0].file.file_data, `data:application/pdf;base64,${pdf.toString('base64')}`);
    assert.equal(parts[1].input_audio.data, wav.toString('base64'));
    await stored(page, 'new', 0);

    const id = await shown(page);
    await page.locator('input[type=file]').setInputFiles(picture);
    await stored(page, id, 1);
    await page.reload();
    await waiting.getByText('dot.png').waitFor();
    await stage.api('DELETE', `/conversations/${id}`);
    await page.getByRole('main').getByRole('button', { name: 'New chat' }).click();
    await waiting.getByText('dot.png').waitFor();
    await stored(page, 'new', 1);
    await stored(page, id, 0);
    await page.getByRole('button', { name: 'Remove dot.png' }).click();
    await stored(page, 'new', 0);
    assert.deepEqual(problems, []);
  });

  it('wait in eight composers at most, and those that were left longest ago give way', async () => {
    const { page, problems } = await stage.open();
    const note = path.join(directory, 'note.txt');
    writeFileSync(note, 'noted\n');
    const ids = [];
    for (let i = 0; i < 9; i++) ids.push((await stage.api('POST', '/conversations', {})).id);
    for (const id of ids) {
      await page.goto(`${stage.server.origin}/c/${id}`);
      await page.locator('input[type=file]').setInputFiles(note);
      await stored(page, id, 1);
    }
    await stored(page, ids[0], 0);
    await stored(page, ids[1], 1);
    assert.deepEqual(problems, []);
  });

  /** Until the browser keeps so many files of a draft. */
  function stored(page, draft, count) {
    return page.waitForFunction(([wanted, files]) => new Promise((done) => {
      const asked = indexedDB.open('rungpt');
      asked.onsuccess = () => {
        const got = asked.result.transaction('files').objectStore('files').get(wanted);
        got.onsuccess = () => {
          asked.result.close();
          done((got.result?.files.length ?? 0) === files);
        };
      };
    }), [draft, count], { polling: 50 });
  }
});
