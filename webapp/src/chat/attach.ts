import { texts } from "../texts";

/** What a file is to a model: text is told to every one, the rest is given to those that take it. */
export type Kind = "picture" | "pdf" | "audio" | "text";

/** A file that goes with the next message. */
export interface Upload {
  readonly name: string;
  readonly size: number;
  readonly kind: Kind;
  /** As the browser has it. */
  readonly file: File;
  /** Its bytes in Base64. */
  readonly data: string;
  /** Where the page can show it; pictures only. */
  readonly url: string | undefined;
}

const MOST = 10;
const MAX_WHOLE = 5 << 20;
const MAX_TEXT = 256 << 10;
/** Of all files of a message together: in Base64 they are a third larger, and the server takes 24 MiB. */
const MAX_TOGETHER = 17 << 20;
const KINDS: ReadonlyMap<string, Kind> = new Map([
  ["image/png", "picture"],
  ["image/jpeg", "picture"],
  ["image/gif", "picture"],
  ["image/webp", "picture"],
  ["application/pdf", "pdf"],
  ["audio/wav", "audio"],
  ["audio/x-wav", "audio"],
  ["audio/wave", "audio"],
  ["audio/vnd.wave", "audio"],
  ["audio/mpeg", "audio"],
  ["audio/mp3", "audio"],
]);

function kindOf(mediaType: string): Kind {
  return KINDS.get(mediaType) ?? "text";
}

/** Reads files for a message; what cannot be sent is told in one line each. */
export async function readFiles(files: readonly File[], had: readonly Upload[]): Promise<{ uploads: Upload[]; problems: string[] }> {
  const uploads: Upload[] = [];
  const problems: string[] = [];
  for (const file of files) {
    const kind = kindOf(file.type);
    const whole = kind !== "text";
    const all = [...had, ...uploads];
    if (all.length >= MOST) {
      problems.push(texts.composer.tooMany(MOST));
      break;
    }
    if (file.size > (whole ? MAX_WHOLE : MAX_TEXT)) {
      problems.push(texts.composer.tooLarge(file.name, whole ? "5 MiB" : "256 KiB"));
      continue;
    }
    if (all.reduce((sum, one) => sum + one.size, file.size) > MAX_TOGETHER) {
      problems.push(texts.composer.tooMuch(file.name, "17 MiB"));
      continue;
    }
    const bytes = new Uint8Array(await file.arrayBuffer());
    if (!whole && !isText(bytes)) {
      problems.push(texts.composer.noText(file.name));
      continue;
    }
    uploads.push({
      name: file.name || (kind === "picture" ? "picture" : "file"),
      size: file.size,
      kind,
      file,
      data: base64(bytes),
      url: kind === "picture" ? URL.createObjectURL(file) : undefined,
    });
  }
  return { uploads, problems };
}

/** A file that was sent before as a whole, to be sent again. */
export async function fileAt(url: string, name: string): Promise<Upload> {
  const response = await fetch(url, { credentials: "same-origin" });
  if (!response.ok) {
    throw new Error(texts.composer.fileGone(name));
  }
  const blob = await response.blob();
  const kind = kindOf(blob.type);
  return {
    name,
    size: blob.size,
    kind,
    file: new File([blob], name, { type: blob.type }),
    data: base64(new Uint8Array(await blob.arrayBuffer())),
    url: kind === "picture" ? URL.createObjectURL(blob) : undefined,
  };
}

function isText(bytes: Uint8Array): boolean {
  try {
    return !new TextDecoder("utf-8", { fatal: true }).decode(bytes).includes("\0");
  } catch {
    return false;
  }
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return btoa(text);
}

/** A file that stands in a message as text. */
export interface AttachedFile {
  readonly name: string;
  readonly text: string;
}

const MARK = /(?:^|\n\n)\[Attached (picture|PDF|audio|file): ([^\n]*)\](?=\n|$)/g;

/** What the user wrote, and the files that the message holds behind it. */
export function splitAttached(message: string): {
  readonly said: string;
  readonly files: readonly AttachedFile[];
  /** The files as they stand in the message. */
  readonly rest: string;
} {
  const marks = [...message.matchAll(MARK)];
  const first = marks[0];
  if (!first) {
    return { said: message, files: [], rest: "" };
  }
  const files: AttachedFile[] = [];
  let rest = "";
  for (const [index, mark] of marks.entries()) {
    const body = message.slice(mark.index + mark[0].length, marks[index + 1]?.index ?? message.length);
    const fenced = /^\n(`{3,})\n([^]*)\n\1\s*$/.exec(body);
    if (mark[1] === "file") {
      // A mark inside a file's text is no mark: then the message is shown as it is.
      if (!fenced) {
        return { said: message, files: [], rest: "" };
      }
      files.push({ name: mark[2] ?? "", text: fenced[2] ?? "" });
      rest += `\n\n${mark[0].trimStart()}${body}`;
    } else if (body.trim() !== "") {
      return { said: message, files: [], rest: "" };
    }
  }
  return { said: message.slice(0, first.index), files, rest };
}

export function bytes(size: number): string {
  return size < 1024 ? `${size} B` : size < 1 << 20 ? `${(size / 1024).toFixed(size < 10_240 ? 1 : 0)} KiB` : `${(size / (1 << 20)).toFixed(1)} MiB`;
}
