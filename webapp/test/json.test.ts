import { expect, test } from "vitest";
import { ApiClient } from "../src/api/client";
import { ExactNumber, readJson, writeJson } from "../src/api/json";
import { number, record } from "../src/chat/fields";
import { Conversation } from "../src/state/conversation";

const ODD = ["9007199254740993", "-9007199254740993", "1e400", "1E+400", "-0", "1.00", "0.12345678901234567890", "1e2", "5E-324", "0.0"];
const USUAL = ["0", "-1", "15", "0.1", "9007199254740991", "1e+21", "5e-324"];

test.each(ODD)("%s keeps its digits, wherever it stands", (odd) => {
  for (const text of [odd, `[${odd}]`, `[1,${odd},"${odd}"]`, `{"a":${odd}}`, `{"${odd}":{"b":[[${odd}],${odd}]}}`]) {
    expect(writeJson(readJson(text))).toBe(text);
  }
  expect(writeJson(readJson(` { "a" :\n ${odd} } `))).toBe(`{"a":${odd}}`);
  expect(writeJson(readJson(`{"a":[${odd}]}`), 2)).toBe(`{\n  "a": [\n    ${odd}\n  ]\n}`);
});

test.each(USUAL)("%s is a number like any other", (usual) => expect(readJson(`[${usual}]`)).toEqual([Number(usual)]));

test("what looks like a number in a string stays a string", () => {
  for (const value of ["1.00", "a 1.00", '" : 1.00 ,', "\\", '\\":1.00,\\"', "[9007199254740993]", '{"source":"1.00"}']) {
    expect(readJson(JSON.stringify({ [value]: value }))).toEqual({ [value]: value });
    expect(readJson(`{"text":${JSON.stringify(value)},"n":1.00}`)).toEqual({ text: value, n: new ExactNumber("1.00") });
  }
});

test("what is no JSON stays none", () => {
  for (const text of ["", "01", "1.", "{1.00: 2}", "[1.00 2.00]", "1.00.00", "1e400-0", "[1.00", '"1.00', "NaN"]) {
    expect(() => readJson(text), text).toThrow(SyntaxError);
  }
});

test("an object with the name that another prototype has is read and written as it is", () => {
  const text = '{"__proto__":{"a":1.00}}';
  expect(writeJson(readJson(text))).toBe(text);
});

test("the readers of event data know exact numbers as numbers, and as nothing else", () => {
  const data = readJson('{"cost":0.00150,"count":3,"much":1e400}') as Record<string, unknown>;
  expect(number(data, "cost")).toBe(0.0015);
  expect(number(data, "count")).toBe(3);
  expect(number(data, "much")).toBeUndefined();
  expect(record(data, "cost")).toBeUndefined();
});

test("the client reads exactly where it is told to, and always writes exactly", async () => {
  const sent: unknown[] = [];
  const client = new ApiClient({
    fetch: async (_, init) => {
      sent.push(init.body);
      return new Response('{"conversations":[],"events":[{"a":1.00}]}');
    },
    wait: async () => undefined,
    toLogin: () => undefined,
  });
  const path = { id: "c1", call: "k1" };
  expect(await client.call("get", "/api/conversations/{id}/events", { path, exact: true })).toMatchObject({ events: [{ a: new ExactNumber("1.00") }] });
  expect(await client.call("get", "/api/conversations/{id}/events", { path })).toMatchObject({ events: [{ a: 1 }] });
  const changed = readJson('{"id":9007199254740993,"much":1e400}') as Record<string, unknown>;
  await client.call("post", "/api/conversations/{id}/calls/{call}/approval", { path, body: { decision: "allow", scope: "once", arguments: changed } });
  expect(sent.at(-1)).toBe('{"decision":"allow","scope":"once","arguments":{"id":9007199254740993,"much":1e400}}');
});

test("what is read of the log keeps every digit too, as the stream does", async () => {
  const events = [
    '{"seq":1,"at":"2026-01-01T00:00:00Z","type":"message.started","data":{"message":"m1"}}',
    '{"seq":2,"at":"2026-01-01T00:00:00Z","type":"call.requested","data":{"call":"k1","message":"m1","arguments":{"id":9007199254740993}}}',
    '{"seq":3,"at":"2026-01-01T00:00:00Z","type":"approval.decided","data":{"call":"k1","decision":"allow","arguments":{"id":1.00}}}',
  ];
  const read = async (count: number) => {
    const client = new ApiClient({
      fetch: (url) =>
        url.endsWith("/branches")
          ? Promise.resolve(Response.json({ conversations: [] }))
          : url.includes("?")
            ? Promise.resolve(new Response(`{"events":[${events.slice(0, count).join()}]}`))
            : new Promise(() => undefined),
      wait: async () => undefined,
      toLogin: () => undefined,
    });
    const conversation = new Conversation(client, "c1", (task) => task());
    await conversation.open();
    conversation.close();
    return writeJson(conversation.get().view.calls.get("k1")?.arguments);
  };
  expect(await read(2)).toBe('{"id":9007199254740993}');
  expect(await read(3)).toBe('{"id":1.00}');
});
