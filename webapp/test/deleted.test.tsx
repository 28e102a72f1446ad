import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ChatPage } from "../src/chat/ChatPage";
import { conversations, router } from "../src/state/app";

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

const GONE = { error: { code: "not_found", message: "There is no such conversation." } };

let root: Root;
let host: HTMLElement;
/** The streams that are open, by their addresses. */
let streams: Map<string, ReadableStreamDefaultController<Uint8Array>>;
/** What the server answers to all but the list, if it is not what it should. */
let refused: (() => Response) | undefined;
let opened = 0;
let id: string;

beforeEach(async () => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0);
  streams = new Map();
  refused = undefined;
  id = `gone${++opened}`;
  localStorage.clear();
  vi.stubGlobal("CSS", { supports: () => true, escape: (text: string) => text });
  vi.stubGlobal("ResizeObserver", class { observe() {} disconnect() {} });
  vi.stubGlobal("fetch", async (url: string) => {
    if (refused && url.includes(id)) {
      return refused();
    }
    if (!url.endsWith("/events")) {
      return Response.json({ conversations: [], events: [] });
    }
    return new Response(new ReadableStream<Uint8Array>({ start: (stream) => void streams.set(url, stream) }));
  });
  router.go({ conversation: id });
  host = document.body.appendChild(document.createElement("div"));
  root = createRoot(host);
  await act(async () => root.render(<ChatPage onSidebar={() => undefined} />));
  await pass(0);
  write("Not sent yet");
});

afterEach(() => {
  act(() => root.unmount());
  conversations.pause();
  host.remove();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const pass = (millis: number) => act(() => vi.advanceTimersByTimeAsync(millis));
const field = () => host.querySelector("textarea");
const button = (name: string) => [...host.querySelectorAll("button")].find((one) => one.textContent === name);
const write = (text: string) =>
  act(() => {
    Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value")!.set!.call(field(), text);
    field()!.dispatchEvent(new Event("input", { bubbles: true }));
  });
const lose = async () => {
  streams.get(`/api/conversations/${id}/events`)!.close();
  await pass(100);
};

async function isGone() {
  expect(host.querySelector("[role=alert]")?.textContent).toContain("This conversation was deleted.");
  expect(host.textContent).not.toContain("Reconnecting");
  expect(field()).toBeNull();
  await act(async () => button("New chat")!.click());
  expect(field()?.value, "what was written in it is not lost").toBe("Not sent yet");
}

it("a conversation that was deleted while it is shown is told to be, when its stream cannot be had again", async () => {
  await lose();
  expect(host.textContent).toContain("Reconnecting");
  refused = () => Response.json(GONE, { status: 404 });
  await pass(5000);
  await isGone();
});

it("a conversation that was deleted while it is shown is told to be, when the list says so", async () => {
  await act(async () => conversations.open());
  await pass(10);
  const tell = async (gone: string) => {
    streams.get("/api/events")!.enqueue(new TextEncoder().encode(`data: {"type":"deleted","data":{"id":"${gone}"}}\n\n`));
    await pass(10);
  };
  await tell("another");
  expect(field()?.value).toBe("Not sent yet");
  await tell(id);
  await isGone();
});

it("a stream that is refused for another reason says which, until it can be had", async () => {
  await lose();
  refused = () => Response.json({ error: { code: "forbidden", message: "Not from here." } }, { status: 403 });
  await pass(5000);
  expect(host.querySelector(".link-banner")?.textContent).toContain("Not from here.");
  expect(field()?.value).toBe("Not sent yet");
  refused = undefined;
  await act(async () => button("Reconnect now")!.click());
  await pass(100);
  expect(host.querySelector(".link-banner")).toBeNull();
});
