// A conversation of ten thousand messages.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startStage } from './stage.mjs';

const MESSAGES = 10_000;

describe('a long conversation', () => {
  let stage;

  before(async () => { stage = await startStage(); });
  after(() => stage?.close());

  it('opens at its end, holds little of itself in the page, and scrolls to its beginning and back', async () => {
    const { id } = await stage.api('POST', '/conversations', {});
    const file = await stage.api('GET', `/conversations/${id}/export?format=json`);
    file.events = Array.from({ length: MESSAGES }, (_, index) => ({
      seq: index + 1,
      at: '2026-01-01T00:00:00Z',
      type: 'message.imported',
      data: {
        message: `m_long${index}`,
        role: index % 2 === 0 ? 'user' : 'assistant',
        text: index % 2 === 0 ? `Question number ${index}` : `Answer number ${index} with **bold** text, \`code\` and a list:\n\n- one\n- two`,
      },
    }));
    const { conversations } = await stage.api('POST', '/import', file);
    const { page, problems } = await stage.open();
    await page.goto(`${stage.server.origin}/c/${conversations[0]}`);
    await page.getByText(`Answer number ${MESSAGES - 1}`).waitFor();
    const entries = () => page.locator('.entry').count();
    assert.ok(await entries() <= 400, `${await entries()} entries at the end`);

    const scroller = page.getByRole('log', { name: 'Conversation' });
    await scroller.evaluate((element) => { element.scrollTop = 0; });
    await page.getByText('Question number 0', { exact: true }).waitFor();
    assert.ok(await entries() <= 400, `${await entries()} entries at the beginning`);
    await scroller.evaluate((element) => { element.scrollTop = element.scrollHeight / 2; });
    await page.waitForFunction(() => [...document.querySelectorAll('.bubble')].some((one) => {
      const { top, bottom } = one.getBoundingClientRect();
      return top >= 0 && bottom <= innerHeight;
    }));
    await page.getByRole('button', { name: 'Jump to the latest' }).click();
    await page.getByText(`Answer number ${MESSAGES - 1}`).waitFor();
    // What is typed does not wait for what is shown: one picture after a key, as the browser itself measures it.
    const slowest = await page.evaluate(() => new Promise((done) => {
      const field = document.querySelector('.composer textarea');
      const set = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set;
      const times = [];
      const type = () => {
        const began = performance.now();
        set.call(field, `${field.value}x`);
        field.dispatchEvent(new Event('input', { bubbles: true }));
        times.push(performance.now() - began);
        if (times.length < 20) requestAnimationFrame(type);
        else done(times.sort((a, b) => a - b)[10]);
      };
      type();
    }));
    assert.ok(slowest < 50, `half of the keys took more than ${slowest} ms`);
    assert.deepEqual(problems, []);
  });
});
