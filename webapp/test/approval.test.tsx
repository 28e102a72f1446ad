import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApprovalCard } from "../src/chat/approval/ApprovalCard";
import type { Call } from "../src/chat/view";
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
});
