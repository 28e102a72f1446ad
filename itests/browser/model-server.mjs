// A model server on loopback that answers by a script: (request) => text, or an async iterator of pieces.
import { createServer } from 'node:http';

export async function startModelServer(script) {
  /** With `raw` set, `(request, response) => void` answers instead of the script. */
  const state = { script, raw: undefined, requests: [], models: [{ id: 'scripted', object: 'model' }] };
  const server = createServer(async (request, response) => {
    if (request.url.endsWith('/models')) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ data: state.models }));
      return;
    }
    let body = '';
    for await (const piece of request) body += piece;
    if (state.raw) {
      await state.raw({ body, headers: request.headers }, response);
      return;
    }
    const asked = toRequest(JSON.parse(body));
    state.requests.push(asked);
    response.setHeader('content-type', 'text/event-stream');
    const send = (choice) => response.write(`data: ${JSON.stringify({ choices: [{ index: 0, ...choice }] })}\n\n`);
    const answer = state.script(asked);
    for await (const piece of typeof answer === 'string' ? answer.match(/[^]{1,9}/g) ?? [] : answer) {
      if (response.destroyed) return;
      send({ delta: { content: piece } });
    }
    send({ delta: {}, finish_reason: 'stop' });
    response.end('data: [DONE]\n\n');
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${server.address().port}/v1`,
    state,
    close: () => new Promise((done) => { server.close(done); server.closeAllConnections(); }),
  };
}

function toRequest(body) {
  const text = (message) => (typeof message.content === 'string' ? message.content : (message.content ?? []).map((part) => part.text ?? '').join(''));
  const texts = body.messages.map(text);
  return {
    last: texts.at(-1),
    messages: body.messages,
    /** What the API's own tool calls may name; undefined while calls are written as tags. */
    tools: body.tools,
    everything: texts.join('\n'),
    /** A tag that calls a task; the nonce is read from the system message as a model does. */
    call(id, task, args) {
      const tag = `run-${/<run-([a-z0-9]+) /.exec(texts[0])[1]}`;
      const lines = Object.entries(args).map(([name, value]) => `<arg name="${name}">${value}</arg>`);
      return `\n<${tag} action="${task}" id="${id}">\n${lines.join('\n')}\n</${tag}>\n`;
    },
  };
}
