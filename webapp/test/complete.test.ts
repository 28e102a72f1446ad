import { describe, expect, it } from "vitest";
import type { ActionInfo } from "../src/api/types";
import { suggest } from "../src/chat/complete";

const task = (name: string, properties: Record<string, unknown> = {}, required: string[] = []) => ({
  name,
  description: `Does ${name}.`,
  effects: "none" as const,
  parameters: { type: "object", properties, required } as never,
});
const ACTIONS: readonly ActionInfo[] = [
  {
    id: "rungpt/filesystem",
    alias: "filesystem",
    title: "Files",
    version: "1",
    description: "",
    builtIn: true,
    asks: { workspace: false, network: [], secrets: [], shares: [], sidecars: [] },
    tasks: [task("read_file", { from: { type: "integer" }, path: { type: "string" } }, ["path"]), task("find")],
  },
];
const names = (message: string) => suggest(message, message.length, ACTIONS).list.map((one) => one.name);

describe("what can be written next", () => {
  it.each([
    ["/r", ["/run"]],
    ["/run ", ["filesystem.read_file", "filesystem.find"]],
    ["/run read", ["filesystem.read_file"]],
    ["/run filesystem.read_file ", ["path=", "from="]],
    ["/run filesystem.read_file path=a ", ["from="]],
    ["/run filesystem.read_file path=\"a ", []],
    ["Look at {{ filesystem.f", ["filesystem.find"]],
    ["Look at {{ filesystem.read_file(", ["path=", "from="]],
    ["Look at {{ filesystem.read_file(path=\"a\") }} and ", []],
    ["/run nothing.known ", []],
    ["plain text", []],
    ["a /run ", []],
  ])("behind %j", (message, expected) => expect(names(message)).toEqual(expected));

  it("replaces what was begun", () => {
    expect(suggest("/run fil", 8, ACTIONS)).toMatchObject({ from: 5, list: [{ insert: "filesystem.read_file " }, { insert: "filesystem.find " }] });
  });
});
