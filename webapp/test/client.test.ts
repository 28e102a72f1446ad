import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiClient, ApiError } from "../src/api/client";
import { SseParser } from "../src/api/sse";
import { type Link, LiveStream } from "../src/api/stream";

interface Asked {
  readonly url: string;
  readonly init: RequestInit;
}

function surroundings(...answers: (() => Response | Promise<Response>)[]) {
  const asked: Asked[] = [];
  const waits: number[] = [];
  let logins = 0;
  const client = new ApiClient({
    fetch: async (url, init) => {
      asked.push({ url, init });
      const answer = answers.shift();
      if (!answer) {
        throw new TypeError("nothing more was expected");
      }
      return answer();
    },
    wait: async (millis) => {
      waits.push(millis);
    },
    toLogin: () => {
      logins++;
    },
  });
  return { client, asked, waits, logins: () => logins };
}

const json = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json", ...headers } });

describe("the client", () => {
  it("reads without the mark of a change", async () => {
    const { client, asked } = surroundings(() => json({ conversations: [] }));
    await client.call("get", "/api/conversations", { query: { limit: 5 } });
    expect(asked[0]?.url).toBe("/api/conversations?limit=5");
    expect(asked[0]?.init).toMatchObject({ method: "GET", credentials: "same-origin", headers: { Accept: "application/json" } });
    expect(asked[0]?.init.body).toBeUndefined();
  });

  it("marks every change, and says that a body is JSON", async () => {
    const { client, asked } = surroundings(
      () => json({ message: "m1" }, 202),
      () => new Response(null, { status: 204 }),
    );
    await client.call("post", "/api/conversations/{id}/messages", { path: { id: "a/b" }, body: { text: "hi", id: "m1" } });
    expect(asked[0]?.url).toBe("/api/conversations/a%2Fb/messages");
    expect(asked[0]?.init.headers).toMatchObject({ "X-RunGPT": "1", "Content-Type": "application/json" });
    expect(asked[0]?.init.body).toBe('{"text":"hi","id":"m1"}');
    await client.call("delete", "/api/conversations/{id}", { path: { id: "c1" } });
    expect(asked[1]?.init).toMatchObject({ method: "DELETE", headers: { "X-RunGPT": "1" } });
  });

  it("tells what the server says", async () => {
    const { client } = surroundings(() => json({ error: { code: "conflict", message: "Decided already.", remedy: "Reload." } }, 409));
    await expect(client.call("get", "/api/status", {})).rejects.toMatchObject({
      status: 409,
      code: "conflict",
      message: "Decided already.",
      remedy: "Reload.",
    });
  });

  it("has words for an answer that is no JSON, and for none", async () => {
    const { client } = surroundings(
      () => new Response("<html>", { status: 500 }),
      () => Promise.reject(new TypeError("refused")),
    );
    await expect(client.call("get", "/api/status", {})).rejects.toMatchObject({ status: 500, message: "RunGPT answered with HTTP 500." });
    await expect(client.call("get", "/api/status", {})).rejects.toMatchObject({ status: 0, code: "offline" });
  });

  it("goes to the login page when the session is over", async () => {
    const { client, logins } = surroundings(() => json({ error: { code: "unauthenticated", message: "…" } }, 401));
    await expect(client.call("get", "/api/status", {})).rejects.toBeInstanceOf(ApiError);
    expect(logins()).toBe(1);
  });

  it("waits as long as it is told while something is being replaced", async () => {
    const { client, waits, asked } = surroundings(
      () => json({}, 503, { "Retry-After": "2" }),
      () => json({}, 503),
      () => json({ version: "1", ready: true, parts: [] }),
    );
    await expect(client.call("get", "/api/status", {})).resolves.toMatchObject({ version: "1" });
    expect(waits).toEqual([2000, 1000]);
    expect(asked).toHaveLength(3);
  });

  it("waits also when the server answers and RunGPT does not stand behind it yet", async () => {
    const { client, waits } = surroundings(
      () => new Response("<html><title>Error 404 Not Found</title></html>", { status: 404 }),
      () => json({ version: "1", ready: true, parts: [] }),
    );
    await expect(client.call("get", "/api/status", {})).resolves.toMatchObject({ version: "1" });
    expect(waits).toEqual([1000]);
  });

  it("gives up in the end", async () => {
    const { client, asked } = surroundings(...Array.from({ length: 9 }, () => () => json({}, 503)));
    await expect(client.call("get", "/api/status", {})).rejects.toMatchObject({ status: 503 });
    expect(asked).toHaveLength(6);
  });
});

describe("server-sent events", () => {
  const text = ': hello\n\nid: 1\ndata: {"a":1}\n\ndata: x\r\ndata: y\r\n\r\nid\ndata:z\n\nevent: execute\ndata: e\n\n';
  const events = [{ id: "1", data: '{"a":1}' }, { data: "x\ny" }, { id: "", data: "z" }, { data: "e" }];

  it("are found however the stream is cut", () => {
    for (let size = 1; size <= text.length; size++) {
      const parser = new SseParser();
      const found = [];
      for (let at = 0; at < text.length; at += size) {
        found.push(...parser.push(text.slice(at, at + size)));
      }
      expect(found).toEqual(events);
    }
  });

  it("that are unfinished are not told", () => expect(new SseParser().push("data: x\n")).toEqual([]));
});

describe("a live stream", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const body = (...events: string[]) =>
    new Response(
      new ReadableStream({
        start(controller) {
          events.forEach((event) => controller.enqueue(new TextEncoder().encode(event)));
          controller.close();
        },
      }),
    );

  it("goes on after the last event that was seen when the connection is lost", async () => {
    let seen = 0;
    const links: Link[] = [];
    const { client, asked } = surroundings(
      () => body('id: 1\ndata: {"seq":1}\n\n', 'id: 2\ndata: {"seq":2}\n\n', "data: broken\n\n"),
      () => json({}, 503, { "Retry-After": "0" }),
      () => body('id: 3\ndata: {"seq":3}\n\n'),
      () => json({ error: { code: "not_found", message: "Gone." } }, 404),
    );
    const failing = new Promise<ApiError>((resolve) => {
      new LiveStream(client, "/api/conversations/c1/events", {
        event: (event) => {
          seen = (event as { seq: number }).seq;
        },
        link: (link) => links.push(link),
        failed: resolve,
        after: () => seen,
      }).open();
    });
    // It pauses for four and a half seconds at most in all.
    await vi.advanceTimersByTimeAsync(10_000);
    const failed = await failing;
    expect(seen).toBe(3);
    expect(failed.message).toBe("Gone.");
    expect(asked.map(({ init }) => (init.headers as Record<string, string>)["Last-Event-ID"])).toEqual([undefined, "2", "2", "3"]);
    expect(links).toEqual(["connecting", "live", "reconnecting", "reconnecting", "live", "reconnecting"]);
  });

  it("that was closed asks no more", async () => {
    const { client, asked } = surroundings(() => body("data: {}\n\n"));
    const link = await new Promise<Link>((resolve) => {
      const stream = new LiveStream(client, "/api/events", {
        event: () => stream.close("paused"),
        link: (state) => state === "paused" && resolve(state),
        failed: () => undefined,
      });
      stream.open();
    });
    expect(link).toBe("paused");
    expect(asked).toHaveLength(1);
  });
});
