// @vitest-environment node
import { describe, expect, it } from "vitest";
import { readFiles, splitAttached } from "../src/chat/attach";

const file = (name: string, type: string, content: BlobPart) => new File([content], name, { type });

describe("files that go with a message", () => {
  it("are pictures, PDF and audio as they are, and text", async () => {
    const read = await readFiles(
      [
        file("a.png", "image/png", "x"),
        file("a.pdf", "application/pdf", "%PDF-"),
        file("a.wav", "audio/x-wav", "RIFF"),
        file("a.mp3", "audio/mpeg", "ID3"),
        file("a.txt", "text/plain", "hello"),
        file("a.ogg", "audio/ogg", new Uint8Array([79, 255, 0])),
      ],
      [],
    );
    expect(read.uploads.map(({ name, kind }) => [name, kind])).toEqual([
      ["a.png", "picture"],
      ["a.pdf", "pdf"],
      ["a.wav", "audio"],
      ["a.mp3", "audio"],
      ["a.txt", "text"],
    ]);
    expect(read.problems).toEqual(["a.ogg is neither a picture (PNG, JPEG, GIF, WebP) nor PDF nor audio (WAV, MP3) nor text."]);
  });

  it("are no larger together than the server takes", async () => {
    const five = new Uint8Array(5 << 20);
    const read = await readFiles(
      ["a", "b", "c", "d"].map((name) => file(`${name}.pdf`, "application/pdf", five)),
      [],
    );
    expect(read.uploads.map(({ name }) => name)).toEqual(["a.pdf", "b.pdf", "c.pdf"]);
    expect(read.problems).toEqual(["d.pdf is too much: the files of a message hold 17 MiB at most together."]);
    expect((await readFiles([file("e.pdf", "application/pdf", five)], read.uploads)).uploads).toEqual([]);
  });

  it("are told apart from what the user wrote", () => {
    const text = "[Attached file: b.txt]\n```\nhi\n```";
    expect(splitAttached(`listen\n\n[Attached audio: a.wav]\n\n[Attached PDF: a.pdf]\n\n${text}`)).toEqual({
      said: "listen",
      files: [{ name: "b.txt", text: "hi" }],
      rest: `\n\n${text}`,
    });
  });
});
