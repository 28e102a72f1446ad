import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiClient, Unavailable } from "../src/api/client";
import { LiveStream } from "../src/api/stream";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** When each of the pages asks for the stream, in milliseconds from the loss of the server. */
async function asks(pages: number, error: () => Error, until: number): Promise<number[][]> {
  const began = Date.now();
  return Promise.all(
    Array.from({ length: pages }, async () => {
      const times: number[] = [];
      const client = {
        stream: () => {
          times.push(Date.now() - began);
          return Promise.reject(error());
        },
      } as unknown as ApiClient;
      const stream = new LiveStream(client, "/events", { event: () => undefined, link: () => undefined, failed: () => undefined });
      stream.open();
      await vi.advanceTimersByTimeAsync(0);
      return times;
    }),
  ).then(async (all) => {
    await vi.advanceTimersByTimeAsync(until);
    return all;
  });
}

test("G.85 pages that lost their server come back spread, none within a second, none later than ten seconds after the one before", async () => {
  const all = await asks(50, () => new TypeError("no connection"), 60_000);
  for (const times of all) {
    const gaps = times.slice(1).map((time, i) => time - times[i]!);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1000);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(10_000);
  }
  expect(new Set(all.map((times) => Math.round(times[1]! / 50))).size, "different moments of the first return").toBeGreaterThan(8);
});

test("a server that says when to come back is not asked before", async () => {
  const all = await asks(10, () => new Unavailable(3000, "starting"), 10_000);
  for (const times of all) {
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(3000);
  }
});

test("G.85 pages whose stream the server ends come back spread too, none within a second", async () => {
  const began = Date.now();
  const all = Array.from({ length: 50 }, () => {
    const times: number[] = [];
    const client = {
      stream: () => {
        times.push(Date.now() - began);
        return Promise.resolve(new Response("data: {}\n\n"));
      },
    } as unknown as ApiClient;
    new LiveStream(client, "/events", { event: () => undefined, link: () => undefined, failed: () => undefined }).open();
    return times;
  });
  await vi.advanceTimersByTimeAsync(10_000);
  for (const times of all) {
    const gaps = times.slice(1).map((time, i) => time - times[i]!);
    expect(gaps.length).toBeGreaterThanOrEqual(3);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1000);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(10_000);
  }
  expect(new Set(all.map((times) => Math.round(times[1]! / 50))).size, "different moments of the first return").toBeGreaterThan(8);
});
