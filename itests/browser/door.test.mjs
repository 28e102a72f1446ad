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

  it('takes what looks like a call of the user as text', async () => {
    for (const content of ['/run system.shell command="touch /workspace/ran"', 'See {{ system.shell("touch /workspace/ran") }}.']) {
      let asked;
      model.state.script = (request) => { asked = request; return 'Seen.'; };
      const answer = await client.chat.completions.create(ask({ messages: [{ role: 'user', content }] }));
      assert.equal(asked.last, content, 'the model sees it as it is');
      assert.deepEqual(answer.rungpt.events.filter((event) => event.event.startsWith('call.')), [], 'nothing was run');
    }
  });

  it('shows pictures to a model that sees, and says so if it is not known to', async () => {
    const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
    const shown = (url) => [{ type: 'text', text: 'What is it?' }, { type: 'image_url', image_url: { url } }];
    const look = (connection, url = `data:image/png;base64,${png}`) => client.chat.completions.create({
      model: `${connection}/scripted`,
      messages: [{ role: 'user', content: shown(url) }, { role: 'assistant', content: 'A dot.' }, { role: 'user', content: shown(url) }],
    });
    await setConnection('blind', { images: false });
    await assert.rejects(look('blind'), (error) => error instanceof OpenAI.BadRequestError && /not known to take pictures/.test(error.message));
    await setConnection('sees', { images: true });
    let asked;
    model.state.script = (request) => { asked = request; return 'A dot.'; };
    await look('sees');
    const pictures = asked.messages.flatMap((message) => (Array.isArray(message.content) ? message.content : []))
      .filter((part) => part.type === 'image_url').map((part) => part.image_url.url);
    assert.deepEqual(pictures, [`data:image/png;base64,${png}`, `data:image/png;base64,${png}`]);
    await assert.rejects(look('sees', 'https://example.org/a.png'), (error) => error instanceof OpenAI.BadRequestError && /data URL/.test(error.message));
    await assert.rejects(look('sees', 'data:image/png;base64,%%%'), OpenAI.BadRequestError);
  });

  it('gives PDF to a model that takes files, and says so if it is not known to', async () => {
    const reader = await startModelServer((request) => { asked = request; return 'Read.'; });
    reader.state.models = [{ id: 'scripted', object: 'model', architecture: { input_modalities: ['text', 'file'] } }];
    let asked;
    const part = { type: 'file', file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${Buffer.from('%PDF-1.7\n%%EOF\n').toString('base64')}` } };
    const messages = [{ role: 'user', content: [{ type: 'text', text: 'Read it.' }, part] }];
    await setConnection('reader', { baseUrl: reader.url });
    await client.chat.completions.create(ask({ model: 'reader/scripted', messages }));
    assert.deepEqual(asked.messages.at(-1).content.filter((one) => one.type === 'file'), [part]);
    await assert.rejects(client.chat.completions.create(ask({ messages })),
      (error) => error instanceof OpenAI.BadRequestError && /not known to take files/.test(error.message));
    await remove('connections/reader');
    await reader.close();
  });

  it('gives audio to a model that hears, and says so if it is not known to', async () => {
    const part = { type: 'input_audio', input_audio: { data: Buffer.from('RIFF\x24\0\0\0WAVEfmt ').toString('base64'), format: 'wav' } };
    const listen = (connection) => client.chat.completions.create(
      ask({ model: `${connection}/scripted`, messages: [{ role: 'user', content: [{ type: 'text', text: 'Listen.' }, part] }] }));
    await setConnection('deaf', { audio: false });
    await assert.rejects(listen('deaf'), (error) => error instanceof OpenAI.BadRequestError && /not known to take audio/.test(error.message));
    await setConnection('hears', { audio: true });
    let asked;
    model.state.script = (request) => { asked = request; return 'Heard.'; };
    await listen('hears');
    assert.deepEqual(asked.messages.at(-1).content.filter((one) => one.type === 'input_audio'), [part]);
    for (const name of ['deaf', 'hears']) await remove(`connections/${name}`);
  });

  describe('as a plain pass-through', () => {
    const tools = [{ type: 'function', function: { name: 'client_tool', parameters: { type: 'object', properties: { x: { type: 'number' } } } } }];
    const plain = (more = {}) => ({ model: 'plain:openai/scripted', temperature: 0.25, tools, messages: [{ role: 'user', content: 'Use your tool.' }], ...more });
    after(() => { model.state.raw = undefined; });

    it('lists the models that can be had so', async () => {
      const models = [];
      for await (const one of client.models.list()) models.push(one.id);
      assert.ok(models.includes('plain:openai/scripted'));
      assert.ok(!models.includes('plain:demo/demo'));
    });

    it('brings the request to the server as it is, and its answer back', async () => {
      let got;
      model.state.raw = (request, response) => {
        got = request;
        response.setHeader('content-type', 'application/json');
        response.setHeader('x-request-id', 'r-7');
        response.end(JSON.stringify({ id: 'c', object: 'chat.completion', choices: [{ index: 0, finish_reason: 'tool_calls',
          message: { role: 'assistant', content: null, tool_calls: [{ id: 't1', type: 'function', function: { name: 'client_tool', arguments: '{"x":1}' } }] } }] }));
      };
      const { data, request_id: id } = await client.chat.completions.create(plain()).withResponse();
      assert.deepEqual(JSON.parse(got.body), { ...plain(), model: 'scripted' });
      assert.equal(got.headers.authorization, 'Bearer sk-test');
      assert.equal(data.choices[0].message.tool_calls[0].function.name, 'client_tool');
      assert.equal(data.rungpt, undefined);
      assert.equal(id, 'r-7');
    });

    it('streams, with calls of the client\'s own tools, while the server still speaks', async () => {
      let goOn;
      const wait = new Promise((done) => { goOn = done; });
      model.state.raw = async (request, response) => {
        response.setHeader('content-type', 'text/event-stream');
        const send = (delta, finish = null) => response.write(`data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`);
        send({ role: 'assistant', content: 'One ' });
        await wait;
        send({ tool_calls: [{ index: 0, id: 't1', type: 'function', function: { name: 'client_tool', arguments: '{"x":' } }] });
        send({ tool_calls: [{ index: 0, function: { arguments: '2}' } }] });
        send({}, 'tool_calls');
        response.end('data: [DONE]\n\n');
      };
      let args = '';
      let finish;
      for await (const chunk of await client.chat.completions.create(plain({ stream: true }))) {
        if (chunk.choices[0].delta.content === 'One ') goOn();
        args += chunk.choices[0].delta.tool_calls?.[0].function.arguments ?? '';
        finish = chunk.choices[0].finish_reason ?? finish;
      }
      assert.equal(args, '{"x":2}');
      assert.equal(finish, 'tool_calls');
    });

    it('leaves errors of the server as they are, but keeps its own key to itself', async () => {
      const say = (status, body) => { model.state.raw = (request, response) => { response.writeHead(status, { 'content-type': 'application/json', 'retry-after': '7' }); response.end(JSON.stringify(body)); }; };
      say(429, { error: { message: 'slow down', code: 'rate_limit_exceeded' } });
      await assert.rejects(client.chat.completions.create(plain()), (error) => error instanceof OpenAI.RateLimitError && error.headers.get('retry-after') === '7');
      say(401, { error: { message: 'Incorrect API key provided: sk-test' } });
      await assert.rejects(client.chat.completions.create(plain()), (error) => error.status === 502 && !error.message.includes('sk-test'));
      await assert.rejects(client.chat.completions.create(plain({ model: 'plain:nowhere/x' })), OpenAI.NotFoundError);
      await assert.rejects(client.chat.completions.create(plain({ model: 'plain:demo/demo' })), OpenAI.BadRequestError);
    });

    it('makes no page of what a server sends', async () => {
      model.state.raw = (request, response) => { response.writeHead(200, { 'content-type': 'text/html', 'set-cookie': 'a=b' }); response.end('<script>1</script>'); };
      const answer = await fetch(`${server.origin}/v1/chat/completions`, {
        method: 'POST', headers: { authorization: `Bearer ${await server.token()}`, 'content-type': 'application/json' }, body: JSON.stringify(plain()),
      });
      assert.match(answer.headers.get('content-type'), /^text\/plain/);
      assert.equal(answer.headers.get('set-cookie'), null);
    });

    it('closes the connection to the server when the client goes', async () => {
      let closed;
      const gone = new Promise((done) => { closed = done; });
      model.state.raw = async (request, response) => {
        response.on('close', closed);
        response.setHeader('content-type', 'text/event-stream');
        while (!response.destroyed) { response.write('data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\n'); await new Promise((next) => setTimeout(next, 5)); }
      };
      for await (const chunk of await client.chat.completions.create(plain({ stream: true }))) if (chunk.choices[0].delta.content) break;
      await gone;
    });
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
    await assert.rejects(wrong.chat.completions.create(ask()), (error) => error instanceof OpenAI.AuthenticationError && error.code === 'invalid_api_key');
    const isNoModel = (error) => error instanceof OpenAI.NotFoundError && error.code === 'model_not_found' && error.param === 'model';
    await assert.rejects(client.chat.completions.create(ask({ messages: [] })), OpenAI.BadRequestError);
    await assert.rejects(client.chat.completions.create(ask({ model: 'nowhere/none' })), isNoModel);
    await assert.rejects(client.chat.completions.create(ask({ model: 'gpt-4o' })), isNoModel);
    await assert.rejects(client.chat.completions.create(ask({ model: 'openai/nope' })), isNoModel);
    await assert.rejects(client.chat.completions.create(ask({ rungpt: { conversation: 'none' } })), (error) => error instanceof OpenAI.NotFoundError && error.code === 'not_found');
    await assert.rejects(client.chat.completions.create(ask({ tools: [{ type: 'function', function: { name: 'x', parameters: {} } }] })), OpenAI.BadRequestError);
  });

  describe('when the model cannot be asked', () => {
    const faults = [
      { status: 400, code: 'invalid_value', is: OpenAI.BadRequestError, as: 400 },
      { status: 400, code: 'context_length_exceeded', is: OpenAI.BadRequestError, as: 400, told: 'context_length_exceeded' },
      // The key is RunGPT's, not the caller's.
      { status: 401, code: 'invalid_api_key', is: OpenAI.InternalServerError, as: 502, told: 'model_server_authentication' },
      { status: 404, code: 'model_not_found', is: OpenAI.NotFoundError, as: 404, told: 'model_not_found' },
      { status: 429, code: 'insufficient_quota', is: OpenAI.RateLimitError, as: 429, told: 'insufficient_quota' },
      { status: 429, code: 'rate_limit_exceeded', is: OpenAI.RateLimitError, as: 429, told: 'rate_limit_exceeded' },
      { status: 500, code: 'server_error', is: OpenAI.InternalServerError, as: 502 },
    ];
    after(() => { model.state.raw = undefined; });

    for (const stream of [false, true]) {
      for (const fault of faults) {
        it(`says ${fault.as} for its server's ${fault.status} ${fault.code}, ${stream ? 'streamed' : 'whole'}`, async () => {
          model.state.raw = (request, response) => {
            response.writeHead(fault.status, { 'content-type': 'application/json' });
            response.end(JSON.stringify({ error: { message: 'canary of the server', type: 'error', code: fault.code } }));
          };
          await assert.rejects(client.chat.completions.create(ask({ stream })), (error) => {
            assert.ok(error instanceof fault.is, `${error.constructor.name}: ${error.message}`);
            assert.equal(error.status, fault.as);
            if (fault.told) assert.equal(error.code, fault.told);
            return true;
          });
        });
      }

      it(`says 502 when nobody answers there, ${stream ? 'streamed' : 'whole'}`, async () => {
        const gone = await startModelServer(() => 'never');
        await setConnection('gone', { baseUrl: gone.url });
        await gone.close();
        await assert.rejects(client.chat.completions.create(ask({ stream, model: 'gone/scripted' })),
          (error) => error instanceof OpenAI.InternalServerError && error.status === 502);
        await remove('connections/gone');
      });
    }

    it('has an error in the stream when the answer has begun', async () => {
      model.state.raw = (request, response) => {
        response.setHeader('content-type', 'text/event-stream');
        response.write('data: {"choices":[{"index":0,"delta":{"content":"Half"}}]}\n\n');
        setImmediate(() => response.destroy());
      };
      let text = '';
      await assert.rejects(async () => {
        for await (const chunk of await client.chat.completions.create(ask({ stream: true }))) text += chunk.choices[0]?.delta.content ?? '';
      }, OpenAI.APIError);
      assert.equal(text, 'Half');
    });
  });

  it('lets the caller say how words are chosen, and refuses by its name what it cannot keep', async () => {
    const bodies = [];
    model.state.raw = (request, response) => {
      bodies.push(JSON.parse(request.body));
      const text = bodies.length > 1 ? 'Seen.' : lookAndTell({ last: '', call: callOf(bodies[0]) });
      response.setHeader('content-type', 'text/event-stream');
      response.end(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: text }, finish_reason: 'stop' }] })}\n\ndata: [DONE]\n\n`);
    };
    const chosen = { temperature: 0.25, top_p: 0.5, presence_penalty: -1, frequency_penalty: 1, seed: 7, stop: ['END'], reasoning_effort: 'low' };
    await client.chat.completions.create(ask({ ...chosen, max_completion_tokens: 500 }));
    model.state.raw = undefined;
    assert.equal(bodies.length, 2, 'the call, and what it said');
    for (const { temperature, top_p, presence_penalty, frequency_penalty, seed, stop, reasoning_effort, max_tokens } of bodies) {
      assert.deepEqual({ temperature, top_p, presence_penalty, frequency_penalty, seed, stop, reasoning_effort }, chosen);
      assert.equal(max_tokens, 500);
    }
    for (const wrong of [{ response_format: { type: 'json_object' } }, { n: 2 }, { logprobs: true }, { temperature: 3 }, { stop: [''] }]) {
      await assert.rejects(client.chat.completions.create(ask(wrong)),
        (error) => error instanceof OpenAI.BadRequestError && error.param === Object.keys(wrong)[0]);
    }
  });

  it('takes calls of the caller\'s own tools in what was said before', async () => {
    let asked;
    model.state.script = (request) => { asked = request; return 'Seen.'; };
    await client.chat.completions.create(ask({
      messages: [
        { role: 'user', content: 'weather?' },
        { role: 'assistant', content: null, tool_calls: [{ id: 't1', type: 'function', function: { name: 'weather', arguments: '{"at":"Bonn"}' } }] },
        { role: 'tool', tool_call_id: 't1', content: 'rain-canary' },
        { role: 'user', content: 'And now?' },
      ],
    }));
    for (const part of ['weather of another program with {"at":"Bonn"}', 'rain-canary', 'And now?']) assert.ok(asked.everything.includes(part), part);
  });

  it('tells a burst of output to a client that is slow, and the answer after it', async () => {
    model.state.script = (request) => (request.last.includes('<result-')
      ? 'All told.'
      : `Much.${request.call('1', 'system.shell', { command: `yes '"\\'  | head -c 480000; yes '"\\' | head -c 480000 >&2` })}`);
    let text = '';
    let output = 0;
    let events = 0;
    for await (const chunk of await client.chat.completions.create(ask({ stream: true }))) {
      if (events++ < 40) await new Promise((next) => setTimeout(next, 25));
      text += chunk.choices[0]?.delta.content ?? '';
      if (chunk.rungpt?.event === 'call.output') output += chunk.rungpt.bytes;
    }
    assert.match(text, /Much\.\s+All told\./);
    assert.equal(output, 960_000);
  });

  describe('with an action that takes long', () => {
    const sleep = (seconds) => (request) => {
      if (!request.last.includes('<result-')) return `Wait.${request.call('1', 'system.shell', { command: `sleep ${seconds}; echo late-$((6*7))` })}`;
      return request.last.includes('late-42') ? 'It said late-42.' : 'It still works.';
    };

    /** Until calls are waited for as long as was set. Who asks meanwhile may be told to come again, as clients do. */
    async function takesEffect(background) {
      model.state.script = sleep(1);
      await until(async () => {
        const { rungpt: { events } } = await client.chat.completions.create(ask(), { maxRetries: 5 });
        return events.some((event) => event.event === 'call.background') === background;
      });
    }

    before(async () => {
      await server.rungpt('shell', 'config:property-set -p org.rungpt.chat foregroundMillis 300');
      await takesEffect(true);
    });

    it('answers when that has ended, whole and streamed', async () => {
      model.state.script = sleep(4);
      const answer = await client.chat.completions.create(ask());
      assert.match(answer.choices[0].message.content, /It still works\.\s+It said late-42\./);
      assert.deepEqual(answer.rungpt.events.filter((event) => event.event === 'call.finished').map((event) => event.status), ['completed']);
      let text = '';
      for await (const chunk of await client.chat.completions.create(ask({ stream: true }))) text += chunk.choices[0]?.delta.content ?? '';
      assert.match(text, /It still works\.\s+It said late-42\./);
      await until(async () => (await conversations()).length <= 1);
    });

    after(async () => {
      await server.rungpt('shell', 'config:property-delete -p org.rungpt.chat foregroundMillis');
      await takesEffect(false);
    });
  });

  it('goes on with a kept conversation at once, and refuses a second turn meanwhile', async () => {
    model.state.script = () => 'Short.';
    const { rungpt: { conversation } } = await client.chat.completions.create(ask({ rungpt: { keep: true } }));
    for (let turn = 0; turn < 5; turn++) {
      const answer = await client.chat.completions.create(ask({ rungpt: { conversation } }));
      assert.equal(answer.choices[0].message.content, 'Short.');
    }
    let goOn;
    const wait = new Promise((done) => { goOn = done; });
    model.state.script = async function* slow() { yield 'First '; await wait; yield 'last.'; };
    const stream = await client.chat.completions.create(ask({ stream: true, rungpt: { conversation } }));
    let text = '';
    for await (const chunk of stream) {
      const piece = chunk.choices[0]?.delta.content ?? '';
      text += piece;
      if (piece.includes('First')) {
        await assert.rejects(client.chat.completions.create(ask({ rungpt: { conversation } })), OpenAI.ConflictError);
        goOn();
      }
    }
    assert.equal(text, 'First last.');
    await remove(`conversations/${conversation}`);
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

  it('begins a whole answer that takes its time with blanks, and stops the model when the client goes', async () => {
    const long = Date.now() + 35_000;
    let closed;
    let begun;
    const gone = new Promise((done) => { closed = done; });
    const speaks = new Promise((done) => { begun = done; });
    model.state.script = async function* slow(request) {
      const endless = request.last.includes('for ever');
      if (endless) begun();
      try {
        while (endless || Date.now() < long) { yield 'word '; await new Promise((next) => setTimeout(next, 50)); }
        yield 'end';
      } finally { if (endless) closed(); }
    };
    const asked = (text) => ({ ...ask(), messages: [{ role: 'user', content: text }] });
    const whole = client.chat.completions.create(asked('for long'));
    const leaving = new AbortController();
    const left = client.chat.completions.create(asked('for ever'), { signal: leaving.signal });
    await speaks;
    leaving.abort();
    await assert.rejects(left, OpenAI.APIUserAbortError);
    await gone;
    assert.match((await whole).choices[0].message.content, /^word .* end$/);
    await until(async () => (await conversations()).length <= 1);
  });

  it('is no way in for a web site', async () => {
    const answer = await fetch(`${server.origin}/v1/models`, { headers: { origin: 'https://evil.example', authorization: `Bearer ${await server.token()}` } });
    assert.equal(answer.status, 403);
    assert.equal((await fetch(`${server.origin}/v1/models`)).status, 401);
  });

  async function put(path, body) {
    const answer = await fetch(`${server.origin}/api/${path}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${await server.token()}`, 'x-rungpt': '1', 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    assert.ok(answer.ok, await answer.text());
  }

  async function remove(path) {
    const answer = await fetch(`${server.origin}/api/${path}`, { method: 'DELETE', headers: { authorization: `Bearer ${await server.token()}`, 'x-rungpt': '1' } });
    assert.ok(answer.ok, await answer.text());
  }

  /** Writes calls as a script's request does. */
  const callOf = (body) => (id, task, args) => {
    const tag = `run-${/<run-([a-z0-9]+) /.exec(body.messages[0].content)[1]}`;
    return `\n<${tag} action="${task}" id="${id}">\n${Object.entries(args).map(([name, value]) => `<arg name="${name}">${value}</arg>`).join('\n')}\n</${tag}>\n`;
  };

  const setPolicy = (policy) => put('policy', policy);

  /** A further connection to the same server. */
  async function setConnection(name, facts) {
    await put(`connections/${name}`, { kind: 'openai', baseUrl: model.url, ...facts });
    await until(async () => {
      const answer = await fetch(`${server.origin}/v1/models`, { headers: { authorization: `Bearer ${await server.token()}` } });
      return (await answer.json()).data.some((one) => one.id === `${name}/scripted`);
    });
  }

  async function until(done) {
    for (const end = Date.now() + 60_000; Date.now() < end;) if (await done()) return;
    assert.fail('it never came to that');
  }
});
