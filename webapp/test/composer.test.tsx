import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ChatPage } from "../src/chat/ChatPage";
import { TagsDialog } from "../src/library/TagsDialog";
import { draft, router, setDraft } from "../src/state/app";
import { toasts } from "../src/state/toasts";

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

const info = { id: "c1", title: "", created: "2026-01-01T00:00:00Z", updated: "2026-01-01T00:00:00Z", state: "idle", model: "", protocol: "tags", lastSeq: 0 };

interface Asked {
  readonly what: string;
  readonly body: unknown;
  answer(response: Response): Promise<void>;
}

let root: Root;
let host: HTMLElement;
let asked: Asked[];

beforeEach(() => {
  asked = [];
  vi.stubGlobal("CSS", { supports: () => true, escape: (text: string) => text });
  vi.stubGlobal("ResizeObserver", class { observe() {} disconnect() {} });
  vi.stubGlobal(
    "fetch",
    (url: string, init: RequestInit) =>
      new Promise<Response>((resolve) => {
        asked.push({
          what: `${init.method} ${url.split("?")[0]}`,
          body: typeof init.body === "string" ? JSON.parse(init.body) : undefined,
          answer: (response) => act(async () => resolve(response)),
        });
      }),
  );
  HTMLDialogElement.prototype.showModal ??= () => undefined;
  HTMLDialogElement.prototype.close ??= () => undefined;
  router.go({ conversation: undefined });
  setDraft(undefined, "");
  host = document.body.appendChild(document.createElement("div"));
  root = createRoot(host);
});

afterEach(() => {
  act(() => root.unmount());
  host.remove();
  vi.unstubAllGlobals();
});

const field = () => host.querySelector("textarea")!;
const requests = (what: string) => asked.filter((one) => one.what === what);
const files = () => [...host.querySelectorAll(".uploads li")].map((one) => one.textContent);

function write(element: HTMLTextAreaElement | HTMLInputElement, text: string) {
  act(() => {
    const type = element instanceof HTMLInputElement ? HTMLInputElement : HTMLTextAreaElement;
    Object.getOwnPropertyDescriptor(type.prototype, "value")!.set!.call(element, text);
    element.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

const enter = () => act(() => field().dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true })));

async function attach(name: string, text: string) {
  const picker = host.querySelector<HTMLInputElement>("input[type=file]")!;
  const file = Object.assign(new File([text], name, { type: "text/plain" }), { arrayBuffer: async () => new TextEncoder().encode(text).buffer });
  Object.defineProperty(picker, "files", { value: [file], configurable: true });
  await act(async () => void picker.dispatchEvent(new Event("change", { bubbles: true })));
}

describe("the composer of a new conversation", () => {
  const CREATE = "POST /api/conversations";

  beforeEach(async () => {
    act(() => root.render(<ChatPage onSidebar={() => undefined} />));
    await attach("note.txt", "noted");
    write(field(), "Keep me. ");
    enter();
  });

  it("keeps text and files while the conversation is not there, and sends them once", async () => {
    expect(field().value).toBe("Keep me. ");
    write(field(), "Keep me. And me");
    enter();
    expect(requests(CREATE)).toHaveLength(1);
    expect(field().value).toBe("Keep me. And me");
    expect(draft(undefined)).toBe("Keep me. And me");
    expect(files()).toHaveLength(1);
    expect(document.activeElement).toBe(field());
  });

  it("keeps them when it cannot be made, for another attempt", async () => {
    await requests(CREATE)[0]!.answer(Response.json({ error: { code: "error", message: "Not now." } }, { status: 500 }));
    expect(toasts.get().at(-1)?.text).toBe("Not now.");
    expect(field().value).toBe("Keep me. ");
    expect(draft(undefined)).toBe("Keep me. ");
    expect(files()).toHaveLength(1);
    expect(document.activeElement).toBe(field());

    enter();
    await requests(CREATE)[1]!.answer(Response.json({ ...info, id: "again" }, { status: 201 }));
    expect(requests("POST /api/conversations/again/messages")[0]?.body).toMatchObject({
      text: "Keep me.",
      attachments: [{ name: "note.txt", data: btoa("noted") }],
    });
    expect(draft(undefined)).toBe("");
    expect(field().value).toBe("");
    expect(files()).toEqual([]);
  });

  it("takes what was written on meanwhile into the conversation", async () => {
    write(field(), "Keep me. And then");
    await requests(CREATE)[0]!.answer(Response.json({ ...info, id: "on" }, { status: 201 }));
    expect(requests("POST /api/conversations/on/messages")[0]?.body).toMatchObject({ text: "Keep me." });
    expect(field().value).toBe("And then");
    expect(draft("on")).toBe("And then");
    expect(draft(undefined)).toBe("");
  });
});

describe("the tags of a conversation", () => {
  const add = () => host.querySelector<HTMLButtonElement>("button[type=submit]")!;

  it("that were not told are read before one is added", async () => {
    act(() => root.render(<TagsDialog conversation={{ ...info, state: "idle" }} onClose={() => undefined} />));
    write(host.querySelector<HTMLInputElement>("input")!, "new");
    expect(add().disabled).toBe(true);
    await requests("GET /api/conversations/c1/branches")[0]!.answer(Response.json({ conversations: [{ ...info, tags: ["old"] }] }));
    expect(add().disabled).toBe(false);
    await act(async () => add().click());
    await requests("GET /api/conversations/c1/branches")[1]!.answer(Response.json({ conversations: [info] }));
    expect(requests("PUT /api/conversations/c1/labels")[0]?.body).toEqual({ tags: ["old", "new"] });
  });
});
