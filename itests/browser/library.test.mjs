// Conversations in their number: versions of a message, search, labels, files in and out.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { inspect, say, shown, startStage } from './stage.mjs';

const pixel = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');

describe('the library', () => {
  let stage;
  let directory;

  before(async () => {
    directory = mkdtempSync(path.join(tmpdir(), 'rungpt-library-'));
    stage = await startStage();
    stage.model.state.script = (request) => `You said: ${request.last.split('\n')[0]}`;
  });

  after(async () => {
    await stage?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('a message is edited and sent again, and every version stays', async () => {
    const { page, problems } = await stage.open();
    await say(page, 'Tell me of apples');
    await page.getByText('You said: Tell me of apples').waitFor();
    await say(page, 'And more');
    await page.getByText('You said: And more').waitFor();
    const first = await shown(page);

    const mine = page.getByRole('group', { name: 'You' }).first();
    await mine.hover();
    await mine.getByRole('button', { name: 'Edit' }).click();
    await page.getByLabel('Your message').fill('Tell me of pears');
    await inspect(page, 'edit');
    await page.getByLabel('Your message').press('Enter');
    await page.getByText('You said: Tell me of pears').waitFor();
    assert.notEqual(await shown(page), first);
    assert.equal(await page.getByText('And more').count(), 0);

    await page.getByText('2/2').waitFor();
    await page.getByRole('button', { name: 'Previous version' }).click();
    await page.getByText('You said: And more').waitFor();
    assert.equal(await shown(page), first);
    await page.getByText('1/2').waitFor();
    await page.getByRole('button', { name: 'Next version' }).click();
    await page.getByText('You said: Tell me of pears').waitFor();
    await page.getByRole('button', { name: 'Ask again' }).click();
    await page.getByText('3/3').waitFor();
    await inspect(page, 'versions');
    assert.equal(await page.getByRole('navigation').getByRole('link', { name: /Tell me of/ }).count(), 1, 'one entry for all versions');
    assert.deepEqual(problems, []);
  });

  it('search finds what was said and goes there', async () => {
    const { page, problems } = await stage.open();
    await say(page, 'The password of the week is xylophone.');
    await page.getByText('You said: The password').waitFor();
    const id = await shown(page);
    await page.keyboard.press('Control+Shift+O');
    await page.getByText('What shall we run?').waitFor();
    await page.locator('.composer textarea:focus').waitFor();
    await page.keyboard.press('Control+K');
    await page.locator('.search input:focus').waitFor();
    await page.keyboard.type('xylopho');
    const hit = page.getByRole('listitem').filter({ has: page.locator('.snippet') }).first();
    await hit.waitFor();
    assert.equal(await hit.locator('mark').first().innerText(), 'xylophone');
    await page.getByText(/places? found/).waitFor();
    await inspect(page, 'search', [1440]);
    await hit.getByRole('link').click();
    await page.locator('.entry.sought').waitFor();
    assert.equal(await shown(page), id);
    await page.getByLabel('Search conversations').fill('nowhere-to-be-found');
    await page.getByText('Nothing found.').waitFor();
    assert.deepEqual(problems, []);
  });

  it('conversations are pinned, renamed, tagged, archived, brought back and deleted', async () => {
    const { page, problems } = await stage.open();
    await say(page, 'To be labelled');
    await page.getByText('You said: To be labelled').waitFor();
    const id = await shown(page);
    const list = page.getByRole('navigation', { name: 'Conversations' });
    const choose = async (what) => {
      await page.getByRole('main').getByRole('button', { name: 'More for this conversation' }).click();
      await page.getByRole('menuitem', { name: what, exact: true }).click();
    };
    await choose('Pin');
    await list.getByRole('region', { name: 'Pinned' }).getByRole('link', { name: 'To be labelled' }).waitFor();
    await choose('Rename');
    await page.getByLabel('New title').fill('Labelled');
    await page.getByLabel('New title').press('Enter');
    await list.getByRole('link', { name: 'Labelled' }).waitFor();
    await choose('Tags…');
    await page.getByLabel('New tag').fill('fruit');
    await page.getByLabel('New tag').press('Enter');
    await page.getByRole('button', { name: 'Remove the tag fruit' }).waitFor();
    await inspect(page, 'tags');
    await page.keyboard.press('Escape');
    await list.getByRole('button', { name: 'fruit' }).click();
    await list.getByRole('link').nth(1).waitFor({ state: 'detached' });
    assert.equal(await list.getByRole('link').count(), 1);
    await list.getByRole('button', { name: 'All' }).click();
    const told = (await stage.api('GET', `/conversations/${id}`));
    assert.deepEqual([told.title, told.pinned, told.tags], ['Labelled', true, ['fruit']]);

    await choose('Archive');
    await list.getByRole('link', { name: 'Labelled' }).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByRole('button', { name: 'Conversations', exact: true }).click();
    await page.getByRole('dialog').getByRole('link', { name: 'Labelled' }).waitFor();
    await inspect(page, 'settings-library');
    await page.getByRole('button', { name: 'Bring back' }).click();
    await page.getByText('Nothing is archived.').waitFor();
    await page.keyboard.press('Escape');
    await list.getByRole('link', { name: 'Labelled' }).waitFor();
    await choose('Delete');
    await list.getByRole('link', { name: 'Labelled' }).waitFor({ state: 'detached' });
    await page.getByRole('region', { name: 'Notifications' }).getByRole('button', { name: 'Undo' }).last().click();
    await list.getByRole('link', { name: 'Labelled' }).waitFor();
    assert.deepEqual(problems, []);
  });

  it('a conversation goes out as a file and comes in again', async () => {
    const { page, problems } = await stage.open();
    await say(page, 'Keep this for ever');
    await page.getByText('You said: Keep this').waitFor();
    await page.getByRole('button', { name: 'Copy answer' }).waitFor(); // the answer is whole
    const files = {};
    for (const format of ['Markdown', 'HTML', 'JSON']) {
      await page.getByRole('button', { name: 'More for this conversation' }).click();
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: `Export as ${format}` }).click()]);
      files[format] = path.join(directory, format);
      await download.saveAs(files[format]);
      assert.match(readFileSync(files[format], 'utf8'), /Keep this for ever/);
    }
    const before = (await stage.api('GET', '/conversations')).conversations.length;
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByRole('button', { name: 'Conversations', exact: true }).click();
    await page.getByLabel('Import conversations', { exact: true }).last().setInputFiles(files.Markdown);
    await page.getByRole('dialog').getByRole('alert').waitFor();
    await page.getByLabel('Import conversations', { exact: true }).last().setInputFiles(files.JSON);
    await page.getByText('1 conversation was imported.').waitFor();
    assert.equal((await stage.api('GET', '/conversations')).conversations.length, before + 1);
    await page.getByRole('button', { name: 'Show' }).click();
    await page.getByText('You said: Keep this').waitFor();
    assert.deepEqual(problems, []);
  });

  it('pictures and files go with a message, also when it is sent again', async () => {
    const { page, problems } = await stage.open();
    const note = path.join(directory, 'note.txt');
    const picture = path.join(directory, 'dot.png');
    writeFileSync(note, 'remember the milk\n');
    writeFileSync(picture, pixel);
    writeFileSync(path.join(directory, 'odd.bin'), Buffer.from([0xff, 0xfe, 0x00, 0x01]));
    const picker = page.locator('input[type=file]');
    await picker.setInputFiles(path.join(directory, 'odd.bin'));
    await page.getByText('odd.bin is neither a picture').waitFor();
    await picker.setInputFiles([note, picture]);
    await page.getByRole('list', { name: 'Files to send' }).getByText('dot.png').waitFor();
    await inspect(page, 'attach');
    await say(page, 'Look at these');
    await page.getByText('You said: Look at these').waitFor();
    assert.match(stage.model.state.requests.at(-1).last, /remember the milk/);
    const sent = page.getByRole('group', { name: 'You' });
    await sent.getByRole('img', { name: 'dot.png' }).waitFor();
    await sent.getByRole('button', { name: /note\.txt/ }).click();
    await page.getByRole('dialog').getByText('remember the milk').waitFor();
    await page.keyboard.press('Escape');
    await sent.hover();
    await sent.getByRole('button', { name: 'Ask again' }).click();
    await page.getByText('2/2').waitFor();
    await page.getByText('You said: Look at these').waitFor();
    await page.getByRole('img', { name: 'dot.png' }).waitFor();
    assert.match(stage.model.state.requests.at(-1).last, /remember the milk/);
    assert.deepEqual(problems, []);
  });

  it('what is done to a conversation is done to all its versions, listed or not, also if the page is closed at once', async () => {
    const { id } = await stage.api('POST', '/conversations', { model: 'openai/scripted' });
    await stage.api('POST', `/conversations/${id}/messages`, { text: 'The oldest of all', id: 'm_oldest' });
    const { page, problems } = await stage.open();
    await page.goto(`${stage.server.origin}/c/${id}`);
    await page.getByText('You said: The oldest of all').waitFor();
    const { id: version } = await stage.api('POST', `/conversations/${id}/branches`, { message: 'm_oldest' });
    for (let n = 0; n < 205; n++) await stage.api('POST', '/conversations', { model: 'openai/scripted' });
    await page.reload();
    await page.getByText('You said: The oldest of all').waitFor();
    await page.getByRole('navigation').getByRole('link').nth(50).waitFor();
    assert.equal(await page.locator(`nav a[href="/c/${id}"], nav a[href="/c/${version}"]`).count(), 0, 'the list shows neither');

    const choose = async (what) => {
      await page.getByRole('main').getByRole('button', { name: 'More for this conversation' }).click();
      await page.getByRole('menuitem', { name: what, exact: true }).click();
    };
    const pinned = [id, version].map((one) => page.waitForResponse((answer) => answer.url().endsWith(`/${one}/labels`)));
    await choose('Pin');
    await Promise.all(pinned);
    for (const one of [id, version]) assert.equal((await stage.api('GET', `/conversations/${one}`)).pinned, true);

    await choose('Delete');
    await page.getByText('will be deleted with its 2 versions').waitFor();
    const all = async () => (await stage.api('GET', '/conversations?show=all&limit=1000')).conversations.map((one) => one.id);
    assert.ok((await all()).includes(version), 'it can be taken back still');
    await page.close({ runBeforeUnload: false });
    for (const end = Date.now() + 60_000; Date.now() < end; ) {
      if (!(await all()).some((one) => one === id || one === version)) break;
    }
    const left = await all();
    assert.ok(!left.includes(id) && !left.includes(version), 'both are deleted');
    assert.deepEqual(problems, []);
  });
});
