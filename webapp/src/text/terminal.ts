import { reveal } from "./visible";

/** How a stretch of terminal output looks; colours are numbers of the sixteen, everything else is left out. */
export interface Style {
  readonly color?: number;
  readonly background?: number;
  readonly bold?: boolean;
  readonly dim?: boolean;
  readonly italic?: boolean;
  readonly underline?: boolean;
}

export interface Span {
  readonly text: string;
  readonly style: Style;
  /** The name of a character that is shown by its name, because it cannot be seen. */
  readonly hidden?: string;
}

export type Line = readonly Span[];

const PLAIN: Style = {};

/**
 * ESC or C1 sequences: CSI, strings (OSC, DCS, SOS, PM, APC) up to their terminator or the end, charset choices, and all others
 * of two characters. An unfinished sequence at the end is taken too: its rest has not arrived yet.
 */
const SEQUENCE =
  /(?:\u001B\[|\u009B)([0-?]*)([ -/]*)([@-~]|$)|(?:\u001B[\]PX^_]|[\u0090\u0098\u009D\u009E\u009F])[^\u0007\u001B\u009C]*(?:\u0007|\u009C|\u001B\\|$|(?=\u001B))|\u001B[ -/]+[0-~]?|\u001B[0-~]?/y;

/**
 * What a terminal would show, as lines of styled text. Only colours and weights are obeyed; cursor movements, titles, links,
 * clipboard writes and whatever else sequences can do is dropped. A carriage return begins the line anew, a backspace takes one
 * character back.
 */
export function terminalLines(output: string): Line[] {
  const lines: Span[][] = [];
  let line: Span[] = [];
  let style = PLAIN;
  let from = 0;
  let at = 0;
  const flush = (to: number) => {
    if (to > from) {
      for (const part of reveal(output.slice(from, to))) {
        line.push(part.hidden === undefined ? { text: part.text, style } : { ...part, style });
      }
    }
  };
  while (at < output.length) {
    const code = output.charCodeAt(at);
    if (code === 0x0a) {
      flush(at);
      lines.push(line);
      line = [];
      from = ++at;
    } else if (code === 0x0d) {
      flush(at);
      at++;
      if (at < output.length && output.charCodeAt(at) !== 0x0a && output.charCodeAt(at) !== 0x0d) {
        line = [];
      }
      from = at;
    } else if (code === 0x08) {
      flush(at);
      takeBack(line);
      from = ++at;
    } else if (code === 0x07) {
      flush(at);
      from = ++at;
    } else if (code === 0x1b || (code >= 0x90 && code <= 0x9f)) {
      SEQUENCE.lastIndex = at;
      const match = SEQUENCE.exec(output);
      if (match) {
        flush(at);
        if (match[3] === "m" && match[2] === "") {
          style = select(style, match[1] ?? "");
        }
        at += Math.max(match[0].length, 1);
        from = at;
      } else {
        at++;
      }
    } else {
      at++;
    }
  }
  flush(output.length);
  if (line.length > 0) {
    lines.push(line);
  }
  return lines;
}

/** The text alone, for copying. */
export function terminalText(output: string): string {
  return terminalLines(output)
    .map((line) => line.map((span) => (span.hidden === undefined ? span.text : `⟨${span.hidden}⟩`)).join(""))
    .join("\n");
}

function takeBack(line: Span[]): void {
  const last = line.pop();
  if (last && last.hidden === undefined && last.text.length > 1) {
    line.push({ ...last, text: last.text.slice(0, -1) });
  }
}

/** Select graphic rendition. */
function select(style: Style, parameters: string): Style {
  const codes = parameters.split(/[;:]/).map((code) => (code === "" ? 0 : Number(code)));
  let next: Style = style;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? 0;
    if (code === 38 || code === 48) {
      // 256 colours and RGB: the first sixteen are kept, the others would not suit both themes.
      if (codes[i + 1] === 5) {
        const index = codes[i + 2] ?? 0;
        next = index < 16 ? { ...next, [code === 38 ? "color" : "background"]: index } : next;
        i += 2;
      } else if (codes[i + 1] === 2) {
        i += 4;
      }
    } else {
      next = simple(next, code);
    }
  }
  return next;
}

function simple(style: Style, code: number): Style {
  switch (true) {
    case code === 0:
      return PLAIN;
    case code === 1:
      return { ...style, bold: true };
    case code === 2:
      return { ...style, dim: true };
    case code === 3:
      return { ...style, italic: true };
    case code === 4:
      return { ...style, underline: true };
    case code === 22:
      return without(style, "bold", "dim");
    case code === 23:
      return without(style, "italic");
    case code === 24:
      return without(style, "underline");
    case code === 39:
      return without(style, "color");
    case code === 49:
      return without(style, "background");
    case code >= 30 && code <= 37:
      return { ...style, color: code - 30 };
    case code >= 90 && code <= 97:
      return { ...style, color: code - 90 + 8 };
    case code >= 40 && code <= 47:
      return { ...style, background: code - 40 };
    case code >= 100 && code <= 107:
      return { ...style, background: code - 100 + 8 };
    default:
      return style;
  }
}

function without(style: Style, ...names: readonly (keyof Style)[]): Style {
  return Object.fromEntries(Object.entries(style).filter(([name]) => !names.includes(name as keyof Style)));
}
