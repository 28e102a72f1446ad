// What many readers cost: event streams on conversations whose answers stream. Measured by streams.mjs, and held to bounds by a test.
import { Agent, createServer, request as send } from 'node:http';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const now = () => Number(process.hrtime.bigint()) / 1e6;
const chunk = (text, reason = null) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: text ? { content: text } : {}, finish_reason: reason }] })}\n\n`;

/** What Linux tells of a process. */
function size(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
  return {
    resident: Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024,
    threads: Number(/Threads:\s+(\d+)/.exec(status)[1]),
    processor: (Number(fields[11]) + Number(fields[12])) / 100,
  };
}

/** Lets as many readers read as many answers from a server that runs as `pid`; the model server is this program's own. */
export async function measure({ url, token, pid, readers = 1000, answers = 50, rate = 20, seconds = 20 }) {
  let begin;
  const started = new Promise((done) => { begin = done; });
  let pieces = 0;
  const models = createServer(async (request, response) => {
    if (request.method === 'GET') {
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ object: 'list', data: [{ id: 'bench', object: 'model' }] }));
      return;
    }
    for await (const piece of request) void piece;
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    await started;
    for (let piece = 0; piece < seconds * rate; piece++) {
      response.write(chunk(`<${now().toFixed(1)}> `));
      pieces++;
      await sleep(1000 / rate);
    }
    response.end(`${chunk('', 'stop')}data: [DONE]\n\n`);
  });
  await new Promise((done) => models.listen(0, '127.0.0.1', done));

  const agent = new Agent({ maxSockets: Infinity });
  const headers = { Authorization: `Bearer ${token}`, 'X-RunGPT': '1', 'Content-Type': 'application/json' };

  function api(method, path, body) {
    return new Promise((done, failed) => {
      const sending = send(url + path, { method, headers }, (response) => {
        let text = '';
        response.on('data', (piece) => (text += piece));
        response.on('end', () => (response.statusCode < 300 ? done(text ? JSON.parse(text) : null) : failed(new Error(`${method} ${path}: ${response.statusCode} ${text}`))));
      });
      sending.on('error', failed);
      sending.end(body && JSON.stringify(body));
    });
  }

  const delays = [];
  /** Reads to the end of the turn; gives the ids in the order in which they came, and the text. */
  function read(id) {
    return new Promise((done, failed) => {
      const asking = send(`${url}/api/conversations/${id}/events`, { agent, headers: { ...headers, Accept: 'text/event-stream' } }, (response) => {
        let rest = '';
        const seen = { ids: [], text: '' };
        response.setEncoding('utf8');
        response.on('data', (part) => {
          rest += part;
          for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
            const block = rest.slice(0, end);
            rest = rest.slice(end + 2);
            const number = /^id: (\d+)$/m.exec(block);
            if (number) seen.ids.push(Number(number[1]));
            if (block.includes('"message.delta"')) {
              const arrived = now();
              for (const [, sent] of block.matchAll(/<([\d.]+)> /g)) delays.push(arrived - Number(sent));
            } else if (block.includes('"message.text"')) {
              seen.text += JSON.parse(/^data: (.*)$/m.exec(block)[1]).data.text;
            } else if (block.includes('"turn.finished"')) {
              asking.destroy();
              done(seen);
            }
          }
        });
        response.on('error', () => {});
        response.on('end', () => failed(new Error(`a reader was cut off: ${response.statusCode} ${rest.slice(0, 300)}`)));
      });
      asking.on('error', (error) => (error.code === 'ECONNRESET' ? undefined : failed(error)));
      asking.end();
    });
  }

  await api('PUT', '/api/connections/streams', { kind: 'openai', baseUrl: `http://127.0.0.1:${models.address().port}/v1` });
  await api('POST', '/api/connections/streams/refresh');
  const ids = [];
  for (let number = 0; number < answers; number++) ids.push((await api('POST', '/api/conversations', { model: 'streams/bench' })).id);
  let watching;
  try {
    const reading = Array.from({ length: readers }, (_, number) => read(ids[number % answers]));
    for (const id of ids) await api('POST', `/api/conversations/${id}/messages`, { text: 'Speak.' });
    const before = size(pid);
    const began = now();
    begin();
    const most = { resident: 0, threads: 0 };
    watching = setInterval(() => {
      const { resident, threads } = size(pid);
      most.resident = Math.max(most.resident, resident);
      most.threads = Math.max(most.threads, threads);
    }, 250);
    const all = await Promise.all(reading);
    const took = (now() - began) / 1000;
    const processors = (size(pid).processor - before.processor) / took;
    const wrong = all.filter(({ ids: order, text }, number) => !order.every((seq, index) => seq === index + 1)
      || text !== all[number % answers].text || text.split('<').length - 1 !== seconds * rate).length;
    delays.sort((a, b) => a - b);
    const at = (share) => delays[Math.min(delays.length - 1, Math.floor(delays.length * share))];
    return { pieces, deliveries: delays.length, took, wrong, median: at(0.5), p95: at(0.95), slowest: at(1), ...most, processors };
  } finally {
    clearInterval(watching);
    for (const id of ids) await api('DELETE', `/api/conversations/${id}`);
    await api('DELETE', '/api/connections/streams');
    models.close();
    models.closeAllConnections();
    agent.destroy();
  }
}
