import { describe, expect, it } from "vitest";
import type { ConversationInfo } from "../src/api/types";
import { splitAttached } from "../src/chat/attach";
import { forks } from "../src/library/family";

function made(id: string, conversation?: string, seq?: number): ConversationInfo {
  const info = { id, title: "", created: "", updated: "", state: "idle", model: "", protocol: "tags", lastSeq: 1 } as const;
  return conversation === undefined || seq === undefined ? info : { ...info, origin: { conversation, seq } };
}

describe("versions of a conversation", () => {
  it("are those that leave at the same place, the one that is shown among them", () => {
    const family = [made("a"), made("b", "a", 10)];
    expect(forks(family, "a")).toEqual([{ seq: 10, versions: ["a", "b"], at: 0 }]);
    expect(forks(family, "b")).toEqual([{ seq: 10, versions: ["a", "b"], at: 1 }]);
  });

  it("of a version that leaves where it began itself belong to what it came from", () => {
    const family = [made("a"), made("b", "a", 10), made("c", "b", 10)];
    expect(forks(family, "c")).toEqual([{ seq: 10, versions: ["a", "b", "c"], at: 2 }]);
  });

  it("are known in a version of a version, at both places", () => {
    const family = [made("a"), made("b", "a", 10), made("c", "b", 20), made("d", "a", 5)];
    expect(forks(family, "c")).toEqual([
      { seq: 5, versions: ["a", "d"], at: 0 },
      { seq: 10, versions: ["a", "b"], at: 1 },
      { seq: 20, versions: ["b", "c"], at: 1 },
    ]);
  });

  it("end with those that are deleted", () => {
    expect(forks([made("b", "gone", 10), made("c", "gone", 10)], "c")).toEqual([{ seq: 10, versions: ["b", "c"], at: 1 }]);
    expect(forks([made("b", "gone", 10)], "b")).toEqual([]);
  });
});

describe("the files of a message", () => {
  it("stand behind what was said", () => {
    const message = "Look\n\n[Attached picture: dot.png]\n\n[Attached file: a.md]\n````\n```\ncode\n```\n````";
    expect(splitAttached(message)).toEqual({
      said: "Look",
      files: [{ name: "a.md", text: "```\ncode\n```" }],
      rest: "\n\n[Attached file: a.md]\n````\n```\ncode\n```\n````",
    });
  });

  it("are none where somebody only writes of them", () => {
    const message = "It says [Attached file: a.md] somewhere";
    expect(splitAttached(message)).toEqual({ said: message, files: [], rest: "" });
  });
});
