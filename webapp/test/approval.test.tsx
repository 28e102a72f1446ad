import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiClient } from "../src/api/client";
import { writeJson } from "../src/api/json";
import { LiveStream } from "../src/api/stream";
import type { ActionInfo, LogEvent } from "../src/api/types";
import { ApprovalCard } from "../src/chat/approval/ApprovalCard";
import { applyEvents } from "../src/chat/reduce";
import { type Call, NOTHING } from "../src/chat/view";
import { actions } from "../src/state/app";
import type { Decision } from "../src/state/conversation";

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

const CALL: Call = {
  id: "c1",
  message: "m1",
  ref: "1",
  task: "web.fetch",
  title: undefined,
  action: "acme/web",
  version: "2.1.0",
  effects: "write",
  thirdParty: true,
  contentHash: "0123",
  by: "model",
  edited: false,
  seq: 1,
  background: false,
  artifacts: [],
  connections: [],
  arguments: { url: "https://example.org/", body: `${"x".repeat(10_000)} rm -rf \u202E/` },
  raw: "",
  offset: 0,
  problem: undefined,
  state: "input_required",
  approval: { id: "a1", reasons: ["It uses the network."], scopes: [], needs: undefined, untrusted: [], decision: undefined },
  startedAt: undefined,
  progress: [],
  output: [],
  end: undefined,
  result: undefined,
};

let root: Root;
let host: HTMLElement;
let decided: Decision[];

beforeEach(() => {
  vi.useFakeTimers();
  host = document.body.appendChild(document.createElement("div"));
  root = createRoot(host);
  decided = [];
  act(() =>
    root.render(
      <ApprovalCard
        call={CALL}
        onDecide={async (_, decision) => {
          decided.push(decision);
        }}
      />,
    ),
  );
});

afterEach(() => {
  act(() => root.unmount());
  host.remove();
  vi.useRealTimers();
});

const buttons = () => [...host.querySelectorAll<HTMLButtonElement>("button")];
const allowOnce = () => buttons().find((button) => button.textContent === "Allow once");
const deciding = () => buttons().filter((button) => /Allow|allow|Deny/.test(button.textContent ?? ""));
const arm = () => act(() => vi.advanceTimersByTime(1000));

describe("the approval card", () => {
  it("shows everything that will run, with hidden characters by their names", () => {
    expect(host.textContent).toContain("acme/web 2.1.0");
    expect(host.textContent).toContain("x".repeat(10_000));
    expect(host.textContent).toContain("U+202E");
    expect(host.textContent).toContain("characters");
    expect(host.textContent).toContain("It uses the network.");
  });

  it("leaves out the reasons that its form tells, and no other", () => {
    const needs = { reasons: ["It asks to see files."], network: [], shares: [], secrets: [], workspace: true, sidecars: [] };
    const approval = { id: "a1", reasons: ["It asks a third party.", ...needs.reasons], scopes: [], needs, untrusted: [], decision: undefined };
    act(() => root.render(<ApprovalCard key="asking" call={{ ...CALL, approval }} onDecide={async () => undefined} />));
    expect(host.textContent).toContain("It asks a third party.");
    expect(host.textContent).not.toContain("It asks to see files.");
  });

  it("takes the focus from nobody, and takes no answer at first", () => {
    expect(document.activeElement).toBe(document.body);
    expect(deciding().every((button) => button.disabled)).toBe(true);
    arm();
    expect(deciding().some((button) => button.disabled)).toBe(false);
  });

  it("is decided by people only", () => {
    arm();
    act(() => allowOnce()?.click());
    expect(decided).toEqual([]);
  });

  it("has no form that Enter could send", () => {
    expect(host.querySelector("form, [type=submit]")).toBeNull();
  });

  it("lets a key that is held down press nothing", () => {
    arm();
    const held = new KeyboardEvent("keydown", { key: "Enter", repeat: true, bubbles: true, cancelable: true });
    act(() => void allowOnce()?.dispatchEvent(held));
    expect(held.defaultPrevented).toBe(true);
  });

  /** The call as the page has it from the stream. */
  async function streamed(given: string): Promise<Call> {
    const events = [
      '{"seq":1,"at":"2026-01-01T00:00:00Z","type":"message.started","data":{"message":"m1"}}',
      `{"seq":2,"at":"2026-01-01T00:00:00Z","type":"call.requested","data":{"call":"c1","message":"m1","task":"shop.buy","arguments":${given}}}`,
      '{"seq":3,"at":"2026-01-01T00:00:00Z","type":"approval.requested","data":{"call":"c1","approval":"a1"}}',
    ];
    const client = { stream: async () => new Response(events.map((event) => `data: ${event}\n\n`).join("")) } as unknown as ApiClient;
    const read: LogEvent[] = [];
    const stream = new LiveStream(client, "/events", {
      event: (event) => read.push(event as LogEvent),
      link: () => undefined,
      failed: () => undefined,
    });
    stream.open();
    // However slow the machine is.
    await vi.waitFor(() => expect(read).toHaveLength(3), { timeout: 50_000 });
    stream.close();
    return applyEvents(NOTHING, read).calls.get("c1")!;
  }

  const press = (name: string) => act(() => buttons().find((button) => button.textContent === name)!.click());
  const field = (name: string) => [...host.querySelectorAll("label")].find((label) => label.textContent?.startsWith(name))!.control as HTMLTextAreaElement;
  const write = (name: string, text: string) =>
    act(() => {
      Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value")!.set!.call(field(name), text);
      field(name).dispatchEvent(new Event("input", { bubbles: true }));
    });
  /** Allows it as a person does: a test's own click does not count. */
  const allow = () => {
    const button = allowOnce()!;
    const props = Object.entries(button).find(([name]) => name.startsWith("__reactProps"))![1] as { onClick(event: object): void };
    act(() => props.onClick({ nativeEvent: { isTrusted: true } }));
  };

  describe("whose numbers JavaScript does not have", () => {
    const NUMBERS = ["9007199254740993", "1e400", "1.00", "0.12345678901234567890"];
    const ARGUMENTS = `{"id":${NUMBERS[0]},"far":${NUMBERS[1]},"price":${NUMBERS[2]},"list":[${NUMBERS[3]}],"note":"old"}`;

    beforeEach(async () => {
      const call = await streamed(ARGUMENTS);
      act(() => root.render(<ApprovalCard key="numbers" call={call} onDecide={async (_, decision) => void decided.push(decision)} />));
      arm();
    });

    it("shows every digit, in the editor too", () => {
      NUMBERS.forEach((number) => expect(host.querySelector(".arguments")?.textContent).toContain(number));
      press("Edit");
      expect(["id", "far", "price", "list"].map((name) => field(name).value.replace(/\s/g, ""))).toEqual([...NUMBERS.slice(0, 3), `[${NUMBERS[3]}]`]);
    });

    it("sends every digit of what was not changed", () => {
      press("Edit");
      write("note", "new");
      press("Done");
      allow();
      NUMBERS.forEach((number) => expect(host.querySelector(".arguments")?.textContent).toContain(number));
      expect(writeJson(decided[0]?.arguments)).toBe(ARGUMENTS.replace("old", "new"));
    });

    it("notices that another number was written, and that it is the model's again", () => {
      press("Edit");
      write("id", "9007199254740992");
      expect(host.textContent).toContain("as you changed it");
      write("id", NUMBERS[0]!);
      press("Done");
      allow();
      expect(decided).toEqual([{ decision: "allow", scope: "once", approval: "a1" }]);
    });
  });

  describe("whose arguments have names that every object of JavaScript knows", () => {
    const ARGUMENTS = '{"__proto__":{"admin":true},"constructor":"a","note":"old"}';

    beforeEach(async () => {
      const text = { type: "string" };
      const parameters = { type: "object", properties: { note: text, toString: text, valueOf: text }, required: ["note", "valueOf"] };
      const shop = { alias: "shop", tasks: [{ name: "buy", parameters }] } as unknown as ActionInfo;
      act(() => actions.update((before) => ({ ...before, data: { ...before.data, actions: [shop] } as never })));
      const call = await streamed(ARGUMENTS);
      act(() => root.render(<ApprovalCard key="names" call={call} onDecide={async (_, decision) => void decided.push(decision)} />));
      arm();
      press("Edit");
    });

    it("sends exactly what it shows", () => {
      write("note", "new");
      press("Done");
      expect([...host.querySelectorAll(".arguments dt")].map((name) => name.textContent)).toEqual(["__proto__", "constructor", "note"]);
      allow();
      expect(writeJson(decided[0]?.arguments)).toBe('{"__proto__":{"admin":true},"constructor":"a","note":"new"}');
    });

    it("lets each be changed, and left out what may be", () => {
      write("__proto__", '{"admin":false}');
      write("constructor", "b");
      write("valueOf", "c");
      expect(field("toString").value).toBe("");
      press("Done");
      allow();
      expect(writeJson(decided[0]?.arguments)).toBe('{"__proto__":{"admin":false},"constructor":"b","note":"old","valueOf":"c"}');
    });

    it("gives the directory that was chosen for a share of such a name", () => {
      const needs = { reasons: [], network: [], shares: [{ name: "constructor", writable: false, why: undefined }], secrets: [], workspace: false, sidecars: [] };
      const approval = { id: "a1", reasons: [], scopes: [], needs, untrusted: [], decision: undefined };
      act(() => root.render(<ApprovalCard key="share" call={{ ...CALL, approval }} onDecide={async (_, decision) => void decided.push(decision)} />));
      arm();
      allow();
      expect(decided[0]?.grant?.shares).toEqual([]);

      act(() => root.render(<ApprovalCard key="given" call={{ ...CALL, approval }} onDecide={async (_, decision) => void decided.push(decision)} />));
      arm();
      const source = host.querySelector<HTMLInputElement>(".need-share input")!;
      act(() => {
        Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")!.set!.call(source, "/srv/data");
        source.dispatchEvent(new Event("input", { bubbles: true }));
      });
      allow();
      expect(decided[1]?.grant?.shares).toEqual([{ name: "constructor", source: "/srv/data", writable: false, forced: false }]);
    });
  });
});
