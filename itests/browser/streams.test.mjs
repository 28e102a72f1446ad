// Event streams as a reader sees them who is cut, comes back, asks for nonsense, or never reads.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';
import { measure } from '../../benchmarks/readers.mjs';
import { startModelServer } from './model-server.mjs';
import { startServer } from './server.mjs';

describe('event streams', () => {
  let model;
  let server;
  let token;

  before(async () => {
    model = await startModelServer(() => 'unscripted');
    server = await startServer({ OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'sk-test' });
    token = await server.token();
  });

  after(async () => {
    await server?.close();
    await model?.close();
  });

  const api = async (method, path, body) => {
    const answer = await fetch(`${server.origin}/api/${path}`, {
      method, headers: { authorization: `Bearer ${token}`, 'x-rungpt': '1', 'content-type': 'application/json' }, body: body && JSON.stringify(body),
    });
    assert.ok(answer.ok, `${path}: ${answer.status}`);
    return answer.json();
  };
  const conversation = async () => (await api('POST', 'conversations', { model: 'openai/scripted' })).id;
  const say = (id, text) => api('POST', `conversations/${id}/messages`, { text });
  const log = async (id) => (await api('GET', `conversations/${id}/events?limit=10000`)).events;

  /** Reads until `done` or the end, and nothing before `begin`; gives what came, each event with its id. Fails when nothing comes for `idle` ms. */
  function read(id, { lastEventId, done = (event) => event.type === 'turn.finished', idle = 20_000, begin } = {}) {
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream' };
      if (lastEventId !== undefined) headers['last-event-id'] = lastEventId;
      const request = http.get(`${server.origin}/api/conversations/${id}/events`, { headers }, (response) => {
        const result = { status: response.statusCode, headers: response.headers, events: [] };
        let rest = '';
        let timer;
        const end = () => { clearTimeout(timer); request.destroy(); resolve(result); };
        response.setEncoding('utf8');
        const take = (piece) => {
          timer.refresh();
          rest += piece;
          for (let at = rest.indexOf('\n\n'); at >= 0; at = rest.indexOf('\n\n')) {
            const block = rest.slice(0, at);
            rest = rest.slice(at + 2);
            const data = /^data: ?(.*)$/m.exec(block);
            if (!data) continue;
            const event = { id: /^id: ?(.*)$/m.exec(block)?.[1], ...JSON.parse(data[1]) };
            result.events.push(event);
            if (done(event, result.events)) { end(); return; }
          }
        };
        const start = () => {
          timer = setTimeout(() => { request.destroy(); reject(new Error(`nothing more of ${id} came`)); }, idle);
          response.on('data', take);
        };
        if (begin) begin.then(start);
        else start();
        response.on('end', end);
        response.on('close', end);
        response.on('error', () => {});
      });
      request.on('error', (error) => { if (error.code !== 'ECONNRESET') reject(error); });
    });
  }

  /** The complete frames of stored events that come until so many bytes came and the reader cuts, or it is live. */
  function frames(id, lastEventId, bytes) {
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream', ...(lastEventId && { 'last-event-id': lastEventId }) };
      const request = http.get(`${server.origin}/api/conversations/${id}/events`, { headers }, (response) => {
        let all = '';
        let left = bytes;
        response.setEncoding('utf8');
        response.on('data', (piece) => {
          all += piece.slice(0, left);
          left -= piece.length;
          if (left > 0 && !/"type":"turn\.finished".*\n\n/.test(all.slice(-2000))) return;
          request.destroy();
          resolve(all.slice(0, all.lastIndexOf('\n\n') + 2).split(/(?<=\n\n)/).filter((frame) => frame.startsWith('id: ')));
        });
        response.on('error', () => {});
      });
      request.on('error', (error) => { if (error.code !== 'ECONNRESET') reject(error); });
    });
  }

  const stored = (events) => events.filter((event) => event.id);
  const text = (events) => stored(events).filter((event) => event.type === 'message.text').map((event) => event.data.text).join('');

  it('G.84 resumes after a cut at every event: no gap, no repeat, the same text', async () => {
    const words = 'The quick brown föx 🦊 jumps. '.repeat(40);
    model.state.script = async function* slowly() {
      for (const piece of words.match(/[^]{1,40}/gu)) { yield piece; await new Promise((next) => setTimeout(next, 10)); }
    };
    const id = await conversation();
    await say(id, 'Speak.');
    let seen = [];
    for (let last; !seen.some((event) => event.type === 'turn.finished'); last = stored(seen).at(-1)?.id) {
      const before = stored(seen).length;
      const some = await read(id, { lastEventId: last, done: (event, events) => event.type === 'turn.finished' || stored(events).length === 1 });
      seen = [...seen, ...stored(some.events)];
      assert.ok(stored(seen).length > before);
    }
    assert.deepEqual(seen.map((event) => Number(event.id)), seen.map((_, index) => index + 1));
    assert.deepEqual(seen.map(({ type, data }) => ({ type, data })), (await log(id)).map(({ type, data }) => ({ type, data })));
    assert.equal(text(seen), words);
  });

  it('G.84 a thousand cuts at any byte: what was read is the log, byte for byte', async () => {
    model.state.script = async function* flood() { for (let i = 0; i < 6000; i++) yield `${i} föx 🦊 `.padEnd(100, '.'); };
    const id = await conversation();
    await say(id, 'Speak.');
    await read(id, { idle: 60_000 });
    const whole = (await frames(id, undefined, Infinity)).join('');
    assert.ok(whole.length > 500_000, `a log of ${whole.length} bytes`);
    // No seed that fails is lost: it is in the message.
    let seed = Number(process.env.RUNGPT_SEED ?? Date.now() % 2 ** 31);
    const first = seed;
    const random = (below) => { seed = (seed * 48_271) % 2_147_483_647; return seed % below; };
    for (let cuts = 0; cuts < 1000;) {
      let seen = '';
      for (let last; seen.length < whole.length; cuts++) {
        const some = await frames(id, last, random(12_000));
        seen += some.join('');
        last = /^id: (\d+)$/m.exec(some.at(-1) ?? '')?.[1] ?? last;
      }
      assert.ok(seen === whole, `what was read is not the log; RUNGPT_SEED=${first}`);
    }
  });

  it('G.84 an id that is none gives the whole log, and nothing of another conversation', async () => {
    model.state.script = () => 'secret-canary';
    const other = await conversation();
    for (let i = 0; i < 3; i++) { await say(other, 'more'); await read(other, { done: (event, events) => events.filter((one) => one.type === 'turn.finished').length > i }); }
    model.state.script = () => 'plain words';
    const id = await conversation();
    await say(id, 'Speak.');
    const whole = stored((await read(id)).events);
    const foreign = (await log(other)).at(-1).seq;
    assert.ok(foreign > whole.length);
    for (const lastEventId of ['-1', 'x', '999999999', String(foreign), '9'.repeat(40), '1e3', '0x1', 'A'.repeat(10_000), '']) {
      const again = await read(id, { lastEventId });
      assert.equal(again.status, 200, lastEventId);
      assert.ok(!JSON.stringify(again.events).includes('secret-canary'));
      assert.deepEqual(stored(again.events).map((event) => event.id), whole.map((event) => event.id), lastEventId.slice(0, 20));
    }
  });

  it('G.83 the answer goes on when the reader goes', async () => {
    let goOn;
    const wait = new Promise((done) => { goOn = done; });
    model.state.script = async function* twoParts() { yield 'first '; await wait; yield 'second'; };
    const id = await conversation();
    await say(id, 'Speak.');
    await read(id, { done: (event) => JSON.stringify(event).includes('first') });
    goOn();
    assert.equal(text((await read(id)).events), 'first second');
  });

  it('G.86 many readers get everything in order, buffers are told to stay away, and who never reads stops nobody', async () => {
    model.state.script = async function* long() { for (let i = 0; i < 50; i++) { yield `word${i} `; await new Promise((next) => setTimeout(next, 5)); } };
    const id = await conversation();
    const lazy = http.get(`${server.origin}/api/conversations/${id}/events`, { headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' } }, (response) => response.pause());
    lazy.on('error', () => {});
    const readers = Array.from({ length: 100 }, () => read(id));
    await say(id, 'Speak.');
    const all = await Promise.all(readers);
    lazy.destroy();
    for (const one of all) {
      assert.deepEqual(stored(one.events).map((event) => Number(event.id)), stored(one.events).map((_, index) => index + 1));
      assert.equal(text(one.events), text(all[0].events));
    }
    const { headers } = all[0];
    assert.match(headers['content-type'], /^text\/event-stream/);
    assert.equal(headers['x-accel-buffering'], 'no');
    assert.match(headers['cache-control'], /no-cache.*no-transform/);
  });

  it('G.86 the first byte comes at once, and a sign of life every 15 s', async () => {
    const id = await conversation();
    await read(id, { done: (event, events) => events.length > 0, idle: 1000 }).catch(() => {});
    // Of a conversation, and of the list of all.
    const addresses = [`conversations/${id}/events`, 'events'];
    for (const address of addresses) {
      const firsts = [];
      for (let tries = 0; tries < 5; tries++) firsts.push(await firstByte(address));
      assert.ok(Math.max(...firsts) < 100, `${address}: the first byte after ${firsts} ms`);
    }
    await Promise.all(addresses.map(async (address) => {
      const asked = performance.now();
      const times = await new Promise((resolve, reject) => {
        const came = [];
        const request = http.get(`${server.origin}/api/${address}`, { headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' } }, (response) => {
          assert.equal(response.headers['x-accel-buffering'], 'no');
          assert.match(response.headers['cache-control'], /no-cache.*no-transform/);
          response.on('data', (bytes) => {
            if (bytes.includes(':\n\n')) came.push(performance.now() - asked);
            if (came.length === 3) { request.destroy(); resolve(came); }
          });
        });
        request.on('error', (error) => { if (error.code !== 'ECONNRESET') reject(error); });
      });
      assert.ok(Math.abs(times[2] - times[1] - 15_000) < 2000, `${address}: comments at ${times}`);
    }));
  });

  /** How long the first byte of a stream takes, in milliseconds. */
  function firstByte(address) {
    const asked = performance.now();
    return new Promise((resolve, reject) => {
      const request = http.get(`${server.origin}/api/${address}`, { headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' } }, (response) => {
        response.once('data', () => { request.destroy(); resolve(performance.now() - asked); });
        response.on('error', () => {});
      });
      request.on('error', (error) => { if (error.code !== 'ECONNRESET') reject(error); });
    });
  }

  it('G.86 a thousand readers of fifty answers: everything in order, soon, and the server stays small', async () => {
    const { pid } = JSON.parse(await (await import('node:fs/promises')).readFile(`${server.data}/server.json`, 'utf8'));
    const found = await measure({ url: server.origin, token, pid, seconds: process.env.RUNGPT_SOAK ? 60 : 10 });
    assert.equal(found.wrong, 0, 'readers with a gap, a repeat or another text');
    assert.ok(found.p95 < 500, `p95 ${found.p95} ms`);
    assert.ok(found.resident < 1024, `${found.resident} MiB`);
    assert.ok(found.threads < 300, `${found.threads} threads`);
  });

  it('G.86 a reader that does not read is cut when much waits for it, and goes on where it was', async () => {
    // Several times what the buffers of the two sockets take.
    model.state.script = async function* flood() { for (let i = 0; i < 25_000; i++) yield `${i} `.padEnd(120, '.'); };
    const id = await conversation();
    let begin;
    const slow = read(id, { begin: new Promise((done) => { begin = done; }), done: () => false, idle: 120_000 });
    let last;
    for (let turn = 0; turn < 4; turn++) {
      await say(id, 'Speak.');
      last = (await read(id, { lastEventId: last, idle: 60_000 })).events.at(-1).id;
    }
    begin();
    const before = stored((await slow).events);
    assert.ok(before.length > 0 && Number(before.at(-1).id) < Number(last), `cut at ${before.at(-1)?.id} of ${last}`);
    const after = stored((await read(id, { lastEventId: before.at(-1).id, done: (event) => event.id === last, idle: 60_000 })).events);
    const all = [...before, ...after];
    assert.deepEqual(all.map((event) => Number(event.id)), all.map((_, index) => index + 1));
    assert.equal(text(all), text((await log(id)).map((event) => ({ ...event, id: event.seq }))));
  });

  it('G.85 after a crash fifty readers go on where they were, to a state that says interrupted', async () => {
    model.state.script = async function* never() { yield 'half an answer '; await new Promise(() => {}); };
    const ids = await Promise.all(Array.from({ length: 10 }, conversation));
    await Promise.all(ids.map((id) => say(id, 'Speak.')));
    await Promise.all(ids.map((id) => read(id, { done: (event) => event.type === 'message.text' })));
    const readers = Array.from({ length: 50 }, (_, number) => ({ id: ids[number % 10] }));
    let reading = 0;
    let allRead;
    const begun = new Promise((done) => { allRead = done; });
    for (const reader of readers) {
      reader.first = read(reader.id, {
        done: (event) => { if (event.type === 'message.text' && ++reading === readers.length) allRead(); return false; },
      });
    }
    await begun;
    const { pid } = JSON.parse(await (await import('node:fs/promises')).readFile(`${server.data}/server.json`, 'utf8'));
    process.kill(pid, 'SIGKILL');
    await Promise.all(readers.map(({ first }) => first));
    model.state.script = () => 'unscripted';
    const port = new URL(server.origin).port;
    await server.rungpt('run', '--port', port, '--detach', '--no-browser', '--yes');
    await Promise.all(readers.map(async ({ id, first }) => {
      const before = stored((await first).events);
      const all = [...before, ...stored((await read(id, { lastEventId: before.at(-1).id })).events)];
      assert.deepEqual(all.map((event) => Number(event.id)), all.map((_, index) => index + 1));
      assert.equal(text(all), 'half an answer ');
      assert.equal(all.find((event) => event.type === 'message.finished').data.reason, 'interrupted');
      assert.equal(all.at(-1).data.canContinue, true);
    }));
  });
});
