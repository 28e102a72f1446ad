#!/usr/bin/env node
// What many readers cost: 1,000 event streams on 50 conversations whose answers stream at 20 pieces a second each. Tells how late the pieces
// come, and how large the server grows. The model server is this program's own, on the loopback interface.
//
//   ./rungpt run --port 8123 --data /tmp/bench --detach     node benchmarks/streams.mjs --url http://127.0.0.1:8123 --data /tmp/bench
//
// Options: --readers 1000, --answers 50, --rate 20 (pieces a second), --seconds 20.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measure } from './readers.mjs';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:8080' },
    data: { type: 'string', default: join(process.env.HOME ?? '.', '.rungpt') },
    readers: { type: 'string', default: '1000' },
    answers: { type: 'string', default: '50' },
    rate: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '20' },
  },
});
const [readers, answers, rate, seconds] = [values.readers, values.answers, values.rate, values.seconds].map(Number);
const token = readFileSync(join(values.data, 'secret', 'token'), 'utf8').trim();
const { pid } = JSON.parse(readFileSync(join(values.data, 'server.json'), 'utf8'));
try {
  const found = await measure({ url: values.url, token, pid, readers, answers, rate, seconds });
  console.log(`${readers} readers of ${answers} answers, ${found.pieces} pieces sent, ${found.deliveries} deliveries in ${found.took.toFixed(1)} s; readers with a gap, a repeat or another text: ${found.wrong}`);
  console.log(`delay: median ${found.median.toFixed(1)} ms, p95 ${found.p95.toFixed(1)} ms, slowest ${found.slowest.toFixed(1)} ms`);
  console.log(`server: resident at most ${found.resident.toFixed(0)} MiB, threads at most ${found.threads}, processors in use ${found.processors.toFixed(2)}`);
  if (found.wrong) process.exitCode = 1;
} catch (error) {
  console.error(error);
  process.exit(1);
}
