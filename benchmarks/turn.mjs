#!/usr/bin/env node
// How long RunGPT takes between a model's answer that holds a call and the next request that holds its result, and how much later than
// from the model itself the first text arrives. Both are seen by a model server of this program, on the loopback interface.
//
//   ./rungpt run --port 8123 --data /tmp/bench &     node benchmarks/turn.mjs --url http://127.0.0.1:8123 --data /tmp/bench
//
// Options: --calls 200 (turnaround), --think 0 (milliseconds that the model takes before it answers), --streams 1,500 (first text of so many
// that begin at once), --live 500 (first text of one while so many others stream), --command 'echo hi', --door (first text by the door too).
import { createServer, request as send } from 'node:http';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:8080' },
    data: { type: 'string', default: join(process.env.HOME ?? '.', '.rungpt') },
    token: { type: 'string' },
    calls: { type: 'string', default: '200' },
    think: { type: 'string', default: '0' },
    streams: { type: 'string', default: '1,500' },
    live: { type: 'string', default: '500' },
    command: { type: 'string', default: 'echo hi' },
    door: { type: 'boolean', default: false },
  },
});
const token = values.token ?? readFileSync(join(values.data, 'secret', 'token'), 'utf8').trim();
const now = () => Number(process.hrtime.bigint()) / 1e6;
const sorted = (list) => [...list].sort((a, b) => a - b);
const at = (list, share) => sorted(list)[Math.min(list.length - 1, Math.floor(list.length * share))];
const figures = (list) => `median ${at(list, 0.5).toFixed(2)} ms, p95 ${at(list, 0.95).toFixed(2)} ms, n ${list.length}`;

const turnarounds = [];
const waiting = new Map();
const live = new Set();
const read = new Map(); // how far each conversation's events were read
let ended = 0;
let asked = 0;

const chunk = (text) => `data: ${JSON.stringify({ id: 'b', object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content: text }, finish_reason: null }] })}\n\n`;
const stop = `data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\ndata: [DONE]\n\n`;

const models = createServer((request, response) => {
  if (request.method === 'GET') {
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ object: 'list', data: [{ id: 'bench', object: 'model' }] }));
    return;
  }
  let body = '';
  request.on('data', (piece) => (body += piece));
  request.on('end', async () => {
    const arrived = now();
    const messages = JSON.parse(body).messages;
    const said = messages.filter((message) => message.role === 'user').map((message) => message.content).join('\n');
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    if (said.includes('LOOP')) {
      if (ended) turnarounds.push(arrived - ended);
      asked++;
      if (Number(values.think)) await sleep(Number(values.think));
      const nonce = /<(run-[a-z0-9]+)/.exec(messages[0].content)?.[1];
      response.write(chunk(
        asked % 20 === 0
          ? 'Done.'
          : `<${nonce} action="system.shell" id="${asked}">\n<arg name="command">${values.command} # ${asked}</arg>\n</${nonce}>\n`));
      response.end(stop, () => { ended = asked % 20 === 0 ? 0 : now(); });
    } else if (said.includes('LIVE')) {
      // As fast as a large model writes: a piece every second, at a moment of its own.
      const writing = setInterval(() => response.write(chunk('and so on ')), 1000);
      live.add(response.on('close', () => { clearInterval(writing); live.delete(response); }));
      response.write(chunk('It begins '));
    } else {
      const name = /FIRST-(\w+)/g;
      const marks = [...said.matchAll(name)];
      waiting.get(marks.at(-1)?.[1])?.(now());
      response.write(chunk('Hello'));
      response.end(stop);
    }
  });
});
await new Promise((done) => models.listen(0, '127.0.0.1', done));
const base = `http://127.0.0.1:${models.address().port}/v1`;

function api(method, path, body, headers = {}) {
  return new Promise((done, failed) => {
    const sending = send(values.url + path, { method, headers: { Authorization: `Bearer ${token}`, 'X-RunGPT': '1', 'Content-Type': 'application/json', ...headers } }, (response) => {
      let text = '';
      response.on('data', (piece) => (text += piece));
      response.on('end', () => (response.statusCode < 300 ? done(text ? JSON.parse(text) : null) : failed(new Error(`${method} ${path}: ${response.statusCode} ${text}`))));
    });
    sending.on('error', failed);
    sending.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Reads a conversation's events until `fits` says so; on from where it was read last, as the page does. */
function follow(id, fits) {
  return new Promise((done, failed) => {
    const reading = send(`${values.url}/api/conversations/${id}/events?after=${read.get(id) ?? 0}`, { headers: { Authorization: `Bearer ${token}`, Accept: 'text/event-stream' } }, (response) => {
      let text = '';
      response.on('data', (piece) => {
        text += piece;
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
          const event = text.slice(0, end);
          const data = /^data: (.*)$/m.exec(event)?.[1];
          const seq = /^id: (\d+)$/m.exec(event)?.[1];
          if (seq) read.set(id, seq);
          text = text.slice(end + 2);
          if (data && fits(JSON.parse(data))) {
            reading.destroy();
            done(now());
          }
        }
      });
    });
    reading.on('error', (error) => (error.code === 'ECONNRESET' ? undefined : failed(error)));
    reading.end();
  });
}

const conversation = async () => (await api('POST', '/api/conversations', { model: 'bench/bench' })).id;

/** A conversation whose turns may make the 19 calls that the model makes here: more than a turn makes unasked. */
async function patient() {
  const id = await conversation();
  await api('PUT', `/api/conversations/${id}/budgets`, { turn: { steps: 20 } });
  return id;
}

async function turnaround(calls) {
  let id = await patient();
  for (let turns = 1; turnarounds.length < calls; turns++) {
    if (turns % 10 === 0) {
      await api('DELETE', `/api/conversations/${id}`);
      id = await patient(); // a conversation has a budget
    }
    let message;
    const over = follow(id, (event) => event.type === 'turn.finished' && event.data && message !== undefined);
    message = (await api('POST', `/api/conversations/${id}/messages`, { text: `LOOP ${turnarounds.length}` })).message;
    await over;
    ended = 0;
    if (turnarounds.length === 0) throw new Error('the model was told of no call: does system.shell run? see rungpt doctor');
  }
  await api('DELETE', `/api/conversations/${id}`);
  return turnarounds.slice(5);
}

/** From a request of the OpenAI API to the first text of its answer. */
function completion(url, model, text) {
  return new Promise((done, failed) => {
    const began = now();
    const asking = send(`${url}/chat/completions`, { method: 'POST', headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' } }, (response) => {
      let came = '';
      response.on('data', (piece) => {
        came += piece;
        if (came.includes('"content":"Hello"')) done(now() - began);
      });
      response.on('close', () => failed(new Error(`${url}: ${response.statusCode} ${came}`))); // no more than an end if it has come
    });
    asking.on('error', failed);
    asking.end(JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: text }] }));
  });
}

const many = (streams, one) => Promise.all(Array.from({ length: streams }, (_, number) => one(number)));

/** The same by the door, whose conversations are its own, and by its plain pass-through. */
async function door(streams) {
  const direct = await many(streams, () => completion(base, 'bench', 'hello'));
  const through = await many(streams, () => completion(`${values.url}/v1`, 'bench/bench', 'hello'));
  const plain = await many(streams, () => completion(`${values.url}/v1`, 'plain:bench/bench', 'hello'));
  return { direct, through, plain };
}

/** From the post to the first text, over RunGPT and from the model server itself. */
async function first(streams) {
  const direct = await many(streams, () => completion(base, 'bench', 'hello'));
  const ids = await Promise.all(Array.from({ length: streams }, conversation));
  const through = await Promise.all(ids.map(async (id, number) => {
    const heard = follow(id, (event) => event.type === 'message.delta' || event.type === 'message.text');
    const began = now();
    await api('POST', `/api/conversations/${id}/messages`, { text: `FIRST-${number}` });
    return (await heard) - began;
  }));
  await Promise.all(ids.map((id) => api('DELETE', `/api/conversations/${id}`)));
  return { direct, through };
}

/** The first text of one conversation after the other, while others stream to somebody who reads. */
async function beside(others) {
  const ids = [];
  const reading = [];
  for (let number = 0; number < others; number++) {
    const id = await conversation();
    ids.push(id);
    reading.push(follow(id, (event) => event.type === 'turn.finished'));
    await api('POST', `/api/conversations/${id}/messages`, { text: 'LIVE' });
  }
  while (live.size < others) await sleep(50);
  const seen = { direct: [], through: [] };
  for (let round = 0; round < 100; round++) {
    const { direct, through } = await first(1);
    seen.direct.push(...direct);
    seen.through.push(...through);
  }
  for (const response of live) response.end(stop);
  await Promise.all(reading);
  for (const id of ids) await api('DELETE', `/api/conversations/${id}`);
  return seen;
}

const compared = ({ direct, through }) => `RunGPT ${figures(through)}; the model server itself ${figures(direct)}; `
  + `added ${(at(through, 0.5) - at(direct, 0.5)).toFixed(2)} ms at the median`;

await api('PUT', '/api/connections/bench', { kind: 'openai', baseUrl: base });
await api('POST', '/api/connections/bench/refresh');
try {
  console.log(`tool-loop turnaround, ${values.command}: ${figures(await turnaround(Number(values.calls)))}`);
  for (const streams of values.streams.split(',').map(Number)) {
    await first(Math.min(streams, 20));
    const rounds = streams === 1 ? 50 : 1;
    const direct = [];
    const through = [];
    for (let round = 0; round < rounds; round++) {
      const seen = await first(streams);
      direct.push(...seen.direct);
      through.push(...seen.through);
    }
    console.log(`first text, ${streams} at once: ${compared({ direct, through })}`);
  }
  if (Number(values.live)) console.log(`first text beside ${values.live} others that stream: ${compared(await beside(Number(values.live)))}`);
  if (values.door) {
    for (const streams of values.streams.split(',').map(Number)) {
      const seen = { direct: [], through: [], plain: [] };
      for (let round = 0; round < (streams === 1 ? 50 : 3); round++) {
        for (const [way, times] of Object.entries(await door(streams))) seen[way].push(...times);
      }
      console.log(`first text by the door, ${streams} at once: ${compared(seen)}; plain: ${compared({ ...seen, through: seen.plain })}`);
    }
  }
} finally {
  await api('DELETE', '/api/connections/bench');
  models.close();
  models.closeAllConnections();
}
