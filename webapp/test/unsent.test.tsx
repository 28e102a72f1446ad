import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

const MESSAGES = "POST /api/conversations/c1/messages";

let root: Root | undefined;
let host: HTMLElement;
let app: typeof import("../src/state/app");
/** What the server answers to messages; it may take its time. */
let answer: (body: { id: string; text: string }) => Response | Promise<Response>;
let log: object[];
let asked: string[];

beforeEach(async () => {
  localStorage.clear();
  log = [];
  asked = [];
  vi.stubGlobal("CSS", { supports: () => true, escape: (text: string) => text });
  vi.stubGlobal("ResizeObserver", class { observe() {} disconnect() {} });
  vi.stubGlobal("IntersectionObserver", class { observe() {} disconnect() {} });
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    const what = `${init.method} ${url.split("?")[0]}`;
    asked.push(what);
    if (what.endsWith("/messages")) {
      return answer(JSON.parse(init.body as string));
    }
    if (what === "POST /api/conversations") {
      return Response.json({ id: "c1", title: "", updated: "2026-01-01T00:00:00Z" }, { status: 201 });
    }
    if (what.endsWith("/branches")) {
      return Response.json({ conversations: [] });
    }
    return url.includes("?") ? Response.json({ events: log, conversations: [] }) : new Promise<Response>(() => undefined);
  });
  answer = () => Promise.reject(new TypeError("no connection"));
  await openPage();
});

afterEach(() => {
  closePage();
  vi.unstubAllGlobals();
});

/** A page that begins anew, with nothing but what the browser kept. */
async function openPage(conversation: string | undefined = "c1") {
  closePage();
  vi.resetModules();
  app = await import("../src/state/app");
  const { ChatPage } = await import("../src/chat/ChatPage");
  app.router.go({ conversation });
  host = document.body.appendChild(document.createElement("div"));
  root = createRoot(host);
  await act(async () => root?.render(<ChatPage onSidebar={() => undefined} />));
}

function closePage() {
  act(() => root?.unmount());
  root = undefined;
  document.body.replaceChildren();
}

const show = (conversation: string) => act(async () => app.router.go({ conversation }));
const field = () => host.querySelector<HTMLTextAreaElement>("textarea")!;
const write = (text: string) =>
  act(() => {
    Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value")!.set!.call(field(), text);
    field().dispatchEvent(new Event("input", { bubbles: true }));
  });
const say = async (text: string) => {
  write(text);
  await act(async () => void field().dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true })));
};

describe("what was said and not taken by the server", () => {
  it("is in the composer of the next page, and only of the first that follows", async () => {
    await say("Keep me.");
    expect(field().value).toBe("");
    expect(host.textContent).toContain("Keep me.");
    expect(host.textContent).toContain("Send again");
    await openPage();
    expect(field().value).toBe("Keep me.");
    write("");
    await openPage();
    expect(field().value).toBe("");
  });

  it("is there when the page ended before any answer, before what was written meanwhile", async () => {
    answer = () => new Promise(() => undefined);
    await say("First.");
    await say("Second.");
    write("And then");
    await openPage();
    expect(field().value).toBe("First.\n\nSecond.\n\nAnd then");
    expect(app.draft("c1")).toBe("First.\n\nSecond.\n\nAnd then");
  });

  it("is kept of a conversation that has just begun, too", async () => {
    await openPage(undefined);
    await say("Begin.");
    expect(asked).toContain(MESSAGES);
    await openPage();
    expect(field().value).toBe("Begin.");
  });

  it("stays in its conversation while others are shown, to be sent again", async () => {
    await say("Keep me.");
    for (let other = 2; other < 12; other++) {
      await show(`c${other}`);
    }
    await show("c1");
    expect(host.textContent).toContain("Keep me.");
    expect(host.textContent).toContain("Send again");
    expect(field().value).toBe("");
  });
});

describe("what the server took", () => {
  it("is written nowhere again, and what was written meanwhile stays", async () => {
    answer = ({ id }) => Response.json({ message: id }, { status: 202 });
    await say("Sent.");
    write("Next");
    await openPage();
    expect(field().value).toBe("Next");
  });

  it("is known by the log if its answer came to no page", async () => {
    answer = ({ id, text }) => {
      log = [{ seq: 1, at: "2026-01-01T00:00:00Z", type: "message.user", data: { message: id, text } }];
      return new Promise(() => undefined);
    };
    await say("Sent.");
    await openPage();
    expect(host.textContent).toContain("Sent.");
    expect(field().value).toBe("");
    expect(localStorage).toHaveLength(0);
  });

  it("is forgotten when it was sent again", async () => {
    await say("Again.");
    answer = ({ id }) => Response.json({ message: id }, { status: 202 });
    await act(async () => [...host.querySelectorAll("button")].find((button) => button.textContent === "Send again")!.click());
    await openPage();
    expect(field().value).toBe("");
  });
});
