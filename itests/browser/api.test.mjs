// What a program can do over the HTTP API, as a stranger who has read docs/api/openapi.yaml would.
import assert from 'node:assert/strict';
import { rm, stat, truncate } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { startModelServer } from './model-server.mjs';
import { startServer } from './server.mjs';

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

describe('the API', () => {
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

  async function ask(method, path, body) {
    const answer = await fetch(`${server.origin}/api/${path}`, {
      method, headers: { authorization: `Bearer ${token}`, 'x-rungpt': '1', 'content-type': 'application/json' }, body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    const json = /json/.test(answer.headers.get('content-type') ?? '') && text ? JSON.parse(text) : undefined;
    return { status: answer.status, text, json };
  }
  async function api(method, path, body) {
    const answer = await ask(method, path, body);
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.json ?? answer.text;
  }
  const conversation = async (more = { model: 'openai/scripted' }) => (await api('POST', 'conversations', more)).id;
  const log = async (id) => (await api('GET', `conversations/${id}/events?limit=10000`)).events;
  const of = (events, type) => events.filter((event) => event.type === type).map((event) => event.data);
  async function turns(id, count) {
    for (const end = Date.now() + 60_000; Date.now() < end;) {
      const events = await log(id);
      if (of(events, 'turn.finished').length >= count) return events;
    }
    return assert.fail(`no ${count} turns in ${JSON.stringify((await log(id)).map((event) => event.type))}`);
  }
  async function say(id, text, more = {}) {
    const before = of(await log(id), 'turn.finished').length;
    const { message } = await api('POST', `conversations/${id}/messages`, { text, ...more });
    return { message, events: await turns(id, before + 1) };
  }

  it('/run calls a task without any model', async () => {
    model.state.requests.length = 0;
    const id = await conversation();
    const { events } = await say(id, '/run system.shell command="echo direct-$((6*7))"');
    assert.match(of(events, 'call.output').map((one) => one.text).join(''), /direct-42/);
    assert.equal(model.state.requests.length, 0);
    const wrong = await ask('POST', `conversations/${id}/messages`, { text: '/run no.such x=1' });
    assert.equal(wrong.status, 400);
    assert.match(wrong.text, /no action/);
  });

  it('{{ }} is replaced by the output before the model sees it', async () => {
    let asked;
    model.state.script = (request) => { asked = request; return 'Seen.'; };
    await say(await conversation(), 'It says {{ system.shell("echo placed-$((6*7))") }}!');
    assert.match(asked.last, /^It says placed-42\s*!$/);
  });

  it('D.52 a model that always calls is stopped at the default bound with a reason, and continues when told to', async () => {
    let n = 0;
    model.state.script = (request) => { n += 1; return `Again.${request.call(String(n), 'system.shell', { command: `echo ${n}` })}`; };
    const id = await conversation();
    const { events } = await say(id, 'Go.');
    const end = of(events, 'turn.finished').at(-1);
    assert.equal(end.reason, 'limit');
    assert.match(end.detail, /\d+ times/);
    assert.equal(end.canContinue, true);
    assert.equal(n, 10);
    model.state.script = () => 'Done.';
    await api('POST', `conversations/${id}/continue`);
    assert.equal(of(await turns(id, 2), 'turn.finished').at(-1).reason, 'done');
  });

  it('D.54 budgets are set for a conversation or for all, and what cannot be one is refused with the reason', async () => {
    const id = await conversation();
    for (const [body, reason] of [
      [{ turn: { steps: -1 } }, /steps must be 0/],
      [{ turn: { calls: 1.5 } }, /"turn\.calls" must be a whole number/],
      [{ turn: { tokens: 1e30 } }, /"turn\.tokens"/],
      [{ turn: { dollars: '5' } }, /"turn\.dollars" must be a number/],
      [{ conversation: { steps: 3 } }, /unknown field in "conversation"/],
      [{ turn: [] }, /"turn" must be an object/],
      [{ turns: {} }, /Unknown field "turns"/],
    ]) {
      const refused = await ask('PUT', `conversations/${id}/budgets`, body);
      assert.equal(refused.status, 400, JSON.stringify(body));
      assert.match(refused.json.error.message, reason);
    }
    const usual = await api('GET', 'budgets');
    assert.deepEqual([usual.turn, usual.conversation], [{}, {}]);
    assert.equal(usual.effective.turn.steps, 10);
    const set = await api('PUT', `conversations/${id}/budgets`, { turn: { steps: 2, tokens: null }, conversation: { dollars: 0.5 } });
    assert.deepEqual(set.turn, { steps: 2 });
    assert.equal(set.effective.turn.calls, 50);
    assert.equal(set.effective.conversation.dollars, 0.5);
    let n = 0;
    model.state.script = (request) => { n += 1; return request.call(String(n), 'system.shell', { command: `echo ${n}` }); };
    const { events } = await say(id, 'Go.');
    assert.equal(of(events, 'turn.finished').at(-1).reason, 'limit');
    assert.equal(n, 2);
  });

  it('D.53 the same call three times stops the turn, visibly', async () => {
    let n = 0;
    model.state.script = (request) => { n += 1; return request.call(String(n), 'system.shell', { command: 'echo same' }); };
    const { events } = await say(await conversation(), 'Go.');
    const end = of(events, 'turn.finished').at(-1);
    assert.equal(end.reason, 'repeated');
    assert.ok(end.detail);
    assert.equal(of(events, 'call.started').length, 2);
  });

  it('old outputs are shortened first, then the beginning is summed up, and both are shown', async () => {
    await api('PUT', 'connections/small', { kind: 'openai', baseUrl: model.url, contextTokens: 14_000, models: ['scripted'] });
    let n = 0;
    model.state.script = (request) => {
      if (!/<run-[a-z0-9]+ /.test(request.messages[0].content)) return 'They looked at numbers.';
      if (request.last.includes('<result-')) return `Looked. ${'So it is, all of it. '.repeat(40)}`;
      n += 1;
      return `Look.${request.call(`c${n}`, 'system.shell', { command: `seq ${n}000 ${n}900` })}`;
    };
    const id = await conversation({ model: 'small/scripted' });
    let events = [];
    for (let i = 1; i < 30 && of(events, 'context.summarised').length === 0; i += 1) ({ events } = await say(id, `Question ${i}: ${'why '.repeat(300)}`));
    const shortened = events.findIndex((event) => event.type === 'context.shortened');
    const summed = events.findIndex((event) => event.type === 'context.summarised');
    assert.ok(shortened >= 0 && summed > shortened, `${shortened} ${summed}`);
    assert.ok(events[shortened].data.calls.length > 0);
    assert.ok(events[summed].data.messages > 0);
    const last = model.state.requests.at(-1);
    assert.equal(last.messages[0].role, 'system');
    assert.ok(last.everything.includes('They looked at numbers.'));
    assert.ok(!last.everything.includes('Question 1:'));
    assert.ok(of(events, 'message.user').some((one) => one.text.startsWith('Question 1:')), 'users still see all');
  });

  it('a receipt says what stands behind an answer, to be taken along', async () => {
    model.state.script = (request) => (request.last.includes('<result-') ? 'Written.'
      : `I write.${request.call('1', 'filesystem.write_file', { path: 'a.txt', content: 'words' })}`);
    const id = await conversation();
    const { events } = await say(id, 'Write.');
    const answer = of(events, 'message.finished').at(-1).message;
    const receipt = await api('GET', `conversations/${id}/messages/${answer}/receipt`);
    const [call] = receipt.calls;
    assert.equal(call.task, 'filesystem.write_file');
    assert.deepEqual(call.arguments, { path: 'a.txt', content: 'words' });
    assert.match(JSON.stringify(call), /a\.txt/);
    assert.ok(JSON.stringify(receipt).includes('"tokens"') || JSON.stringify(receipt).includes('"input"'), JSON.stringify(receipt));
    const text = await api('GET', `conversations/${id}/messages/${answer}/receipt?format=markdown`);
    assert.match(text, /filesystem\.write_file/);
    assert.equal((await ask('GET', `conversations/${id}/messages/m_none/receipt`)).status, 404);
  });

  it('files go with messages: text to every model, pictures to one that sees', async () => {
    await api('PUT', 'connections/sees', { kind: 'openai', baseUrl: model.url, images: true, models: ['scripted'] });
    let asked;
    model.state.script = (request) => { asked = request; return 'Seen.'; };
    const id = await conversation({ model: 'sees/scripted' });
    const attachments = [
      { name: 'notes {{ system.shell("x") }}.txt', data: Buffer.from('{{ system.shell("touch /workspace/ran") }}\n').toString('base64') },
      { name: 'dot.png', data: PNG },
    ];
    const { events } = await say(id, 'Look.', { attachments });
    assert.equal(of(events, 'call.requested').length, 0, 'nothing in a file is a call');
    assert.match(asked.last, /Attached file: notes/);
    assert.match(asked.last, /touch \/workspace\/ran/);
    const parts = asked.messages.at(-1).content;
    assert.ok(parts.some((part) => part.image_url?.url === `data:image/png;base64,${PNG}`));
    for (const [bad, status] of [
      [[{ name: 'x', data: '%%%' }], 400],
      [[{ name: 'x.bin', data: Buffer.from([0, 255, 254, 1]).toString('base64') }], 400],
      [[{ artifact: 'f_none' }], 404],
      ['x', 400],
      [Array.from({ length: 11 }, () => attachments[1]), 400],
    ]) assert.equal((await ask('POST', `conversations/${id}/messages`, { text: 'x', attachments: bad })).status, status, JSON.stringify(bad).slice(0, 60));
  });

  it('the protocol changes midway and the history is told in the new one', async () => {
    model.state.script = (request) => (request.last.includes('<result-') ? 'Looked.' : `Look.${request.call('1', 'system.shell', { command: 'echo before' })}`);
    const id = await conversation();
    await say(id, 'Look.');
    await api('PATCH', `conversations/${id}`, { protocol: 'native' });
    let body;
    model.state.raw = (request, response) => {
      body = JSON.parse(request.body);
      response.setHeader('content-type', 'text/event-stream');
      const send = (delta, reason = null) => response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`);
      if (body.messages.at(-1).role === 'tool') {
        send({ content: `Told: ${body.messages.at(-1).content}` });
        send({}, 'stop');
      } else {
        send({ tool_calls: [{ index: 0, id: 't1', type: 'function', function: { name: 'system__shell', arguments: '{"command":"echo ' } }] });
        send({ tool_calls: [{ index: 0, function: { arguments: 'native-$((6*7))"}' } }] });
        send({}, 'tool_calls');
      }
      response.end('data: [DONE]\n\n');
    };
    const { events } = await say(id, 'Again.');
    model.state.raw = undefined;
    assert.ok(body.tools.some((tool) => tool.function.name === 'system__shell'));
    assert.ok(body.messages.some((message) => message.tool_calls), 'the earlier call is told as a native one');
    assert.match(of(events, 'message.text').map((one) => one.text).join(''), /Told: [^]*native-42/);
    await api('PATCH', `conversations/${id}`, { protocol: 'tags' });
    model.state.script = (request) => (request.everything.includes('native-42') ? 'I know both.' : 'Lost.');
    assert.match(of((await say(id, 'And?')).events, 'message.text').at(-1).text, /I know both/);
    assert.equal((await ask('PATCH', `conversations/${id}`, { protocol: 'smoke' })).status, 400);
  });

  it('a branch has the files of what it shares, an edited message goes its own way, all branches stay', async () => {
    model.state.script = (request) => (request.last.includes('<result-') ? 'Drawn.'
      : `Draw.${request.call('1', 'system.shell', { command: `echo ${PNG} | base64 -d > "$RUNGPT_OUT/dot.png"` })}`);
    const id = await conversation();
    await say(id, 'Draw.');
    model.state.script = () => 'First way.';
    const { message } = await say(id, 'first');
    let asked;
    model.state.script = (request) => { asked = request; return 'Second way.'; };
    const made = await api('POST', `conversations/${id}/branches`, { message, text: 'second' });
    const branch = made.id ?? made.conversation?.id ?? made.conversation;
    const events = await turns(branch, 2);
    assert.ok(!of(events, 'message.user').some((one) => one.text === 'first'));
    assert.match(of(events, 'message.notice').at(-1).text, /workspace is new and empty/);
    assert.match(asked.everything, /workspace is new and empty/);
    assert.equal(asked.last.split('\n').at(-1), 'second');
    const { artifact } = of(events, 'call.artifact')[0];
    await api('DELETE', `conversations/${id}`);
    const file = await fetch(`${server.origin}/api/conversations/${branch}/artifacts/${artifact}`, { headers: { authorization: `Bearer ${token}` } });
    assert.equal(file.status, 200);
    assert.equal(Buffer.from(await file.arrayBuffer()).toString('base64'), PNG);
  });

  it('labels, search, export and import', async () => {
    model.state.script = () => 'A heron stands in the reeds.';
    const id = await conversation();
    await say(id, 'Tell of a kingfisher.');
    await api('PUT', `conversations/${id}/labels`, { pinned: true, tags: ['birds'] });
    const tagged = await api('GET', 'conversations?tag=birds');
    assert.deepEqual(tagged.conversations.map((one) => one.id), [id]);
    for (const word of ['kingfisher', 'heron', 'her', '"heron stands"']) {
      const { hits } = await api('GET', `search?q=${encodeURIComponent(word)}`);
      assert.ok(hits.some((hit) => hit.conversation?.id === id || hit.conversation === id || hit.id === id), `${word}: ${JSON.stringify(hits)}`);
    }
    const exported = await ask('GET', `conversations/${id}/export?format=json`);
    assert.equal(exported.status, 200);
    assert.ok(!exported.text.includes(server.data) && !exported.text.includes(token));
    const imported = await api('POST', 'import', JSON.parse(exported.text));
    assert.equal(imported.conversations.length, 1);
    const copy = imported.conversations[0].id ?? imported.conversations[0];
    const markdown = async (one) => (await ask('GET', `conversations/${one}/export?format=markdown`)).text;
    assert.equal(await markdown(copy), await markdown(id));
    assert.match((await ask('GET', `conversations/${id}/export?format=html`)).text, /<!doctype html>/);
    assert.equal((await ask('POST', 'import', { no: 'thing' })).status, 400);
  });

  it('a probe says with figures which protocol a model handles better', async () => {
    model.state.script = () => 'I cannot call anything.';
    await api('POST', 'connections/openai/probe', { model: 'scripted' });
    let report;
    for (const end = Date.now() + 60_000; Date.now() < end;) {
      report = await api('GET', 'connections/openai/probe?model=scripted');
      if (report.state === 'done' || report.state === 'finished') break;
    }
    assert.equal(report.done, report.total, JSON.stringify(report));
    assert.deepEqual(report.scores.map((score) => score.protocol).sort(), ['native', 'tags']);
  });

  it('F.71 a backup is made while the server runs, and restored', async () => {
    model.state.script = () => 'A wren.';
    const id = await conversation();
    await say(id, 'Kept words.');
    const copy = `${server.data}-backup`;
    try {
      await server.rungpt('shell', `rungpt:backup ${copy}`);
      assert.equal((await stat(copy)).mode & 0o077, 0);
      await api('DELETE', `conversations/${id}`);
      await server.rungpt('stop');
      await server.rungpt('restore', copy);
      await server.rungpt('run', '--port', new URL(server.origin).port, '--detach', '--no-browser', '--yes');
      assert.ok(of(await log(id), 'message.user').some((one) => one.text === 'Kept words.'));
      await truncate(`${copy}/conversations.db`, 8192);
      await server.rungpt('stop');
      await assert.rejects(server.rungpt('restore', copy), (error) => error.code !== 0 && /damaged/.test(error.stderr));
      await server.rungpt('run', '--port', new URL(server.origin).port, '--detach', '--no-browser', '--yes');
      assert.ok((await log(id)).length > 0, 'what was there stays');
    } finally {
      await rm(copy, { recursive: true, force: true });
    }
  });
});
