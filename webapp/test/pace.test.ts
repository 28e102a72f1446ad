import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ApiClient } from "../src/api/client";
import { Conversation } from "../src/state/conversation";
import { paced } from "../src/state/pace";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A server that sends what the test pushes. */
function server() {
  const pieces = new TransformStream<Uint8Array, Uint8Array>();
  const writer = pieces.writable.getWriter();
  const client = {
    call: (_: string, path: string) => Promise.resolve(path.endsWith("/branches") ? { conversations: [] } : { events: [] }),
    stream: () => Promise.resolve(new Response(pieces.readable)),
  } as unknown as ApiClient;
  const send = (...events: readonly object[]) => void writer.write(new TextEncoder().encode(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("")));
  return { client, send };
}

test("G.82 a flood of deltas changes the page twenty times a second at most, the first time at once, and nothing is lost", async () => {
  const { client, send } = server();
  const conversation = new Conversation(client, "c1", paced(50));
  void conversation.open();
  await vi.advanceTimersByTimeAsync(0);
  const changes: number[] = [];
  let shown = 0;
  conversation.subscribe(() => {
    const answer = conversation.get().view.messages.get("m1");
    const length = answer?.kind === "answer" ? answer.answer.text.length : 0;
    if (length !== shown) {
      shown = length;
      changes.push(performance.now());
    }
  });
  const began = performance.now();
  send(
    { seq: 1, at: "2026-01-01T00:00:00Z", type: "message.started", data: { turn: "t1", message: "m1", model: "m", step: 1 } },
    { type: "message.delta", data: { message: "m1", offset: 0, text: "x", channel: "answer" } },
  );
  await vi.advanceTimersByTimeAsync(1);
  expect(shown, "the first at once").toBe(1);
  for (let offset = 1; offset < 2000; offset++) {
    send({ type: "message.delta", data: { message: "m1", offset, text: "x", channel: "answer" } });
    await vi.advanceTimersByTimeAsync(1);
  }
  await vi.advanceTimersByTimeAsync(50);
  expect(shown).toBe(2000);
  expect(Math.min(...changes.slice(1).map((time, i) => time - changes[i]!))).toBeGreaterThanOrEqual(50);
  expect(changes.length).toBeLessThanOrEqual(20 * ((performance.now() - began) / 1000) + 1);
  conversation.close();
});

test("what comes within a part of a millisecond comes late, not early", async () => {
  const soon = paced(50);
  soon(() => undefined);
  await vi.advanceTimersByTimeAsync(0);
  const began = performance.now();
  vi.spyOn(performance, "now").mockReturnValueOnce(began + 0.3);
  let ran = false;
  soon(() => (ran = true));
  await vi.advanceTimersByTimeAsync(49);
  expect(ran).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(ran).toBe(true);
});

test("what comes after a pause is shown at once again", async () => {
  const soon = paced(50);
  const times: number[] = [];
  const run = () => void times.push(performance.now());
  for (const wait of [0, 10, 90, 500]) {
    await vi.advanceTimersByTimeAsync(wait);
    soon(run);
    await vi.advanceTimersByTimeAsync(0);
  }
  const first = times[0]!;
  expect(times.map((time) => Math.round(time - first))).toEqual([0, 50, 100, 600]);
});
