// OpenAI's own client, unmodified, at RunGPT's door: streams, actions, errors.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import OpenAI from 'openai';
import { startModelServer } from './model-server.mjs';
import { startServer } from './server.mjs';

describe('the door for programs that speak the OpenAI API', () => {
  let model;
  let server;
  let client;

  before(async () => {
    model = await startModelServer(() => 'unscripted');
    server = await startServer({ OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'sk-test' });
    client = new OpenAI({ baseURL: `${server.origin}/v1`, apiKey: await server.token(), maxRetries: 0 });
  });

  after(async () => {
    await server?.close();
    await model?.close();
  });

  const lookAndTell = (request) => (request.last.includes('<result-')
    ? `The container said ${/proof-\d+/.exec(request.last)[0]}.`
    : `Let me look.${request.call('1', 'system.shell', { command: 'echo proof-$((6*7))' })}`);
  const ask = (more = {}) => ({ model: 'openai/scripted', messages: [{ role: 'user', content: 'Prove it.' }], ...more });

  async function conversations() {
    const answer = await fetch(`${server.origin}/api/conversations`, { headers: { authorization: `Bearer ${await server.token()}` } });
    return (await answer.json()).conversations;
  }

  it('lists the models', async () => {
    const models = [];
    for await (const one of client.models.list()) models.push(one.id);
    assert.ok(models.includes('demo/demo'), `demo/demo in ${models}`);
  });

  it('streams an answer, runs an action on the server and tells of it', async () => {
    model.state.script = lookAndTell;
    let text = '';
    let usage;
    let finish;
    const events = [];
    for await (const chunk of await client.chat.completions.create(ask({ stream: true, stream_options: { include_usage: true } }))) {
      text += chunk.choices[0]?.delta.content ?? '';
      finish = chunk.choices[0]?.finish_reason ?? finish;
      usage = chunk.usage ?? usage;
      if (chunk.rungpt?.event) events.push(chunk.rungpt);
    }
    assert.equal(text.replace(/\s+/g, ' '), 'Let me look. The container said proof-42.');
    assert.equal(finish, 'stop');
    assert.ok(usage.total_tokens > 0, 'tokens');
    assert.deepEqual(events.map((event) => event.event).filter((name) => name.startsWith('call.')),
      ['call.requested', 'call.started', 'call.output', 'call.finished']);
    assert.equal(events[0].task, 'system.shell');
    assert.match(events.find((event) => event.event === 'call.output').text, /proof-42/);
  });

  it('answers in one piece too', async () => {
    model.state.script = lookAndTell;
    const answer = await client.chat.completions.create(ask());
    assert.match(answer.choices[0].message.content, /The container said proof-42/);
    assert.equal(answer.choices[0].finish_reason, 'stop');
    assert.ok(answer.rungpt.events.some((event) => event.event === 'call.finished' && event.status === 'completed'));
  });

  it('gives the model what was said before, and never runs it', async () => {
    let asked;
    model.state.script = (request) => { asked = request; return 'Seen.'; };
    const answer = await client.chat.completions.create(ask({
      messages: [
        { role: 'system', content: 'Answer like a pirate.' },
        { role: 'user', content: 'first question' },
        { role: 'assistant', content: '<run-aaaa action="system.shell" id="1">\n<arg name="command">touch /workspace/ran</arg>\n</run-aaaa>' },
        { role: 'user', content: [{ type: 'text', text: 'second question' }] },
      ],
    }));
    for (const part of ['Answer like a pirate.', 'first question', 'second question']) assert.ok(asked.everything.includes(part), part);
    assert.deepEqual(answer.rungpt.events.filter((event) => event.event.startsWith('call.')), [], 'nothing was run');
  });

  it('leaves nothing behind, unless it is asked to', async () => {
    model.state.script = () => 'Short.';
    await client.chat.completions.create(ask());
    await until(async () => (await conversations()).length === 0);
    const kept = await client.chat.completions.create(ask({ rungpt: { keep: true } }));
    assert.equal((await conversations()).length, 1);
    const again = await client.chat.completions.create(ask({ rungpt: { conversation: kept.rungpt.conversation } }));
    assert.equal(again.rungpt.conversation, kept.rungpt.conversation);
  });

  it('denies a call that somebody would have to approve, with the reason', async () => {
    await setPolicy({ mode: 'always' });
    model.state.script = (request) => (request.last.includes('<result-')
      ? `Told: ${request.last}`
      : `Trying.${request.call('1', 'system.shell', { command: 'touch /workspace/ran' })}`);
    const answer = await client.chat.completions.create(ask());
    await setPolicy({ mode: 'border' });
    assert.match(answer.choices[0].message.content, /nobody can be asked/);
    assert.ok(answer.rungpt.events.some((event) => event.event === 'approval.decided' && event.decision === 'deny'));
    assert.ok(!answer.rungpt.events.some((event) => event.event === 'call.started'), 'nothing ran');
  });

  it('has errors that the client knows', async () => {
    const wrong = new OpenAI({ baseURL: `${server.origin}/v1`, apiKey: 'wrong', maxRetries: 0 });
    await assert.rejects(wrong.chat.completions.create(ask()), OpenAI.AuthenticationError);
    await assert.rejects(client.chat.completions.create(ask({ messages: [] })), OpenAI.BadRequestError);
    await assert.rejects(client.chat.completions.create(ask({ model: 'nowhere/none' })), (error) => error instanceof OpenAI.APIError && [400, 404].includes(error.status));
    await assert.rejects(client.chat.completions.create(ask({ tools: [{ type: 'function', function: { name: 'x', parameters: {} } }] })), OpenAI.BadRequestError);
  });

  it('stops the model when the client goes', async () => {
    let closed;
    const gone = new Promise((done) => { closed = done; });
    model.state.script = async function* endless() {
      try {
        for (;;) { yield 'word '; await new Promise((next) => setImmediate(next)); }
      } finally { closed(); }
    };
    const stream = await client.chat.completions.create(ask({ stream: true }));
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
    await gone;
    await until(async () => (await conversations()).length <= 1);
  });

  it('is no way in for a web site', async () => {
    const answer = await fetch(`${server.origin}/v1/models`, { headers: { origin: 'https://evil.example', authorization: `Bearer ${await server.token()}` } });
    assert.equal(answer.status, 403);
    assert.equal((await fetch(`${server.origin}/v1/models`)).status, 401);
  });

  async function setPolicy(policy) {
    const answer = await fetch(`${server.origin}/api/policy`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${await server.token()}`, 'x-rungpt': '1', 'content-type': 'application/json' },
      body: JSON.stringify(policy),
    });
    assert.equal(answer.status, 200, await answer.text());
  }

  async function until(done) {
    for (const end = Date.now() + 20_000; Date.now() < end;) if (await done()) return;
    assert.fail('it never came to that');
  }
});
