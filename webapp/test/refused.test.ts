import { describe, expect, it } from "vitest";
import type { Chunk, StreamName } from "../src/chat/output";
import { isNotGranted, refusedPlaces } from "../src/chat/refused";

const said = (stream: StreamName, text: string): Chunk => ({ stream, offset: 0, end: text.length, text, stored: true });
const refused = (reason: string) => ({ host: "x", port: 1, allowed: false, reason, sent: 0, received: 0 });
const sentence = (place: string) => `network: ${place} is not granted to this conversation; ask the user to grant it`;

describe("hosts that were refused because nobody granted them", () => {
  it("are told by the way out, or by a line among the errors, each once", () => {
    const output = [said("stderr", `curl: (56) CONNECT tunnel failed\n${sentence("example.org:443")}\n${sentence("a.example:80")}\n`)];
    expect(refusedPlaces(output, [refused(sentence("example.org:443")), refused(sentence("[2001:db8::1]:443"))])).toEqual([
      "example.org:443",
      "a.example:80",
      "[2001:db8::1]:443",
    ]);
  });

  it("are none of what the program says itself, or of what no grant would help", () => {
    expect(refusedPlaces([said("stdout", sentence("example.org:443")), said("stderr", `x ${sentence("example.org:443")}`)], [])).toEqual([]);
    expect(isNotGranted(refused("network: a.example:443 is at 10.0.0.1, which is no public address; sandboxes reach public addresses only"))).toBe(false);
    expect(isNotGranted(refused(sentence("a.example:443")))).toBe(true);
  });
});
