import { act, type ReactNode } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { ApiError } from "../src/api/client";
import { Network } from "../src/permissions/Network";
import { PermissionsEditor } from "../src/permissions/PermissionsEditor";
import { Rules } from "../src/permissions/Rules";
import { Shares } from "../src/permissions/Shares";

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

let root: Root;
let host: HTMLElement;

beforeEach(() => {
  host = document.body.appendChild(document.createElement("div"));
  root = createRoot(host);
});

afterEach(() => {
  act(() => root.unmount());
  host.remove();
  vi.unstubAllGlobals();
});

const field = (label: string) => host.querySelector<HTMLInputElement>(`input[aria-label="${label}"]`)!;
const write = (label: string, text: string) =>
  act(() => {
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")!.set!.call(field(label), text);
    field(label).dispatchEvent(new Event("input", { bubbles: true }));
  });
const send = (label: string) => act(async () => void field(label).form!.requestSubmit());

let saved: (failed?: ApiError) => void;
const save = () => new Promise<ApiError | undefined>((resolve) => (saved = resolve));

it.each<[string, string, () => ReactNode]>([
  ["rule", "Actions and tasks", () => <Rules policy={{ rules: [] }} save={save} />],
  ["host", "Host and port", () => <Network grants={{}} save={save} />],
  ["directory", "Directory", () => <Shares grants={{}} save={save} />],
])("a %s that is written while the one before is saved stays", async (_, label, section) => {
  act(() => root.render(section()));
  write(label, "first");
  await send(label);
  write(label, "second");
  await act(async () => saved());
  expect(field(label).value).toBe("second");
  await send(label);
  await act(async () => saved());
  expect(field(label).value, "what was saved goes").toBe("");
});

it("what was asked before a change is not shown after it", async () => {
  const policy = (mode: string) => ({ mode, rules: [], approvals: [] });
  const budgets = (steps: number | null) => ({ turn: { steps }, conversation: {}, effective: { turn: { steps: steps ?? 10 }, conversation: {} } });
  let mode = "border";
  let steps: number | null = null;
  const late: (() => void)[] = [];
  let hold = false;
  vi.stubGlobal("fetch", (url: string, { method, body }: RequestInit) => {
    if (method === "PUT") {
      const put = JSON.parse(body as string) as { mode?: string; turn?: { steps?: number } };
      mode = put.mode ?? mode;
      steps = put.turn?.steps ?? steps;
    }
    const told = url.endsWith("/policy") ? policy(mode) : url.endsWith("/budgets") ? budgets(steps) : {};
    const answer = Response.json(told);
    return hold && method === "GET" ? new Promise<Response>((resolve) => late.push(() => resolve(answer))) : Promise.resolve(answer);
  });
  const show = (version: number) => act(async () => root.render(<PermissionsEditor conversation="c1" version={version} />));
  const chosen = () => host.querySelector<HTMLInputElement>("input[type=radio]:checked")!.closest("label")!.textContent;
  await show(1);
  hold = true;
  await show(2);
  hold = false;
  await act(async () => [...host.querySelectorAll("label")].find((one) => one.textContent?.includes("Before every call"))!.querySelector("input")!.click());
  write("Requests to the model, A turn", "3");
  await act(async () => void field("Requests to the model, A turn").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true })));
  expect(field("Requests to the model, A turn").value).toBe("3");
  await act(async () => late.forEach((answer) => answer()));
  expect(late).toHaveLength(3);
  expect(chosen()).toContain("Before every call");
  expect(field("Requests to the model, A turn").value).toBe("3");
});
