/** Where output comes from; `log` and `error` are of actions whose output are events. Each counts its bytes from 0. */
export const STREAMS = ["stdout", "stderr", "log", "error"] as const;

export type StreamName = (typeof STREAMS)[number];

/** A stretch of a call's output; offsets count bytes in its stream. */
export interface Chunk {
  readonly stream: StreamName;
  readonly offset: number;
  readonly end: number;
  readonly text: string;
  readonly stored: boolean;
}

/** Chunks in the order in which they are shown: that in which they arrived. */
export type Output = readonly Chunk[];

const encoder = new TextEncoder();

export function byteLength(text: string): number {
  return encoder.encode(text).length;
}

/** Adds a piece that a stored one will repeat. */
export function addTransient(output: Output, stream: StreamName, offset: number, text: string): Output {
  const end = offset + byteLength(text);
  const known = output.some(
    (chunk) =>
      chunk.stream === stream &&
      (chunk.stored ? chunk.offset <= offset && chunk.end > offset : chunk.offset === offset),
  );
  if (known || text === "") {
    return output;
  }
  return [...output, { stream, offset, end, text, stored: false }];
}

/** Adds a stored piece in the place of the transient ones that said the same. */
export function addStored(output: Output, stream: StreamName, offset: number, bytes: number, text: string): Output {
  const end = offset + bytes;
  const overlaps = (chunk: Chunk) => chunk.stream === stream && chunk.offset < end && chunk.end > offset;
  if (bytes <= 0 || output.some((chunk) => chunk.stored && overlaps(chunk))) {
    return output;
  }
  const stored: Chunk = { stream, offset, end, text, stored: true };
  const replaced = output.findIndex(overlaps);
  const result: Chunk[] = [];
  output.forEach((chunk, index) => {
    if (index === replaced) {
      append(result, stored);
    }
    if (overlaps(chunk)) {
      const tail = after(chunk, end);
      if (tail) {
        result.push(tail);
      }
    } else {
      append(result, chunk);
    }
  });
  if (replaced < 0) {
    append(result, stored);
  }
  return result;
}

/** Neighbours that were stored become one, so that long outputs stay few chunks. */
function append(chunks: Chunk[], chunk: Chunk): void {
  const last = chunks.at(-1);
  if (last?.stored && chunk.stored && last.stream === chunk.stream && last.end === chunk.offset) {
    chunks[chunks.length - 1] = { ...last, end: chunk.end, text: last.text + chunk.text };
  } else {
    chunks.push(chunk);
  }
}

/** The part of a transient chunk behind a byte offset; unknown where replaced bytes hide how many they were. */
function after(chunk: Chunk, offset: number): Chunk | undefined {
  if (chunk.end <= offset || chunk.text.includes("\uFFFD")) {
    return undefined;
  }
  const text = new TextDecoder().decode(encoder.encode(chunk.text).subarray(offset - chunk.offset));
  return { ...chunk, offset, text };
}

/** Neighbours of the same stream as one, so that sequences that were cut are whole again. */
export function runsOf(output: Output): { stream: StreamName; text: string }[] {
  const runs: { stream: StreamName; text: string }[] = [];
  for (const chunk of output) {
    const last = runs.at(-1);
    if (last?.stream === chunk.stream) {
      last.text += chunk.text;
    } else {
      runs.push({ stream: chunk.stream, text: chunk.text });
    }
  }
  return runs;
}

/** Without the errors that stand above it already. */
export function withoutSaid(output: Output, said: string | undefined): Output {
  return said === undefined ? output : output.filter((chunk) => chunk.stream !== "error" || !said.includes(chunk.text.trim()));
}
