import { describe, expect, it } from "vitest";
import { type Chunk, withoutSaid } from "../src/chat/output";

const error = (text: string): Chunk => ({ stream: "error", offset: 0, end: text.length, text, stored: true });

describe("errors of a call", () => {
  it("stand once: not among the output what its end says", () => {
    const both = [error("no such city\nno such country\n")];
    expect(withoutSaid(both, "no such city\nno such country exit code 3")).toEqual([]);
    expect(withoutSaid([error("no such country\n")], "no such city\nno such country")).toEqual([]);
    expect(withoutSaid(both, "it took too long")).toEqual(both);
    expect(withoutSaid(both, undefined)).toEqual(both);
  });
});
