/** A stretch of plain text, or one character that would be invisible or change how others are read. */
export interface Visible {
  readonly text: string;
  /** The name to show instead of the character, for example `U+202E`. */
  readonly hidden?: string;
}

/**
 * Controls (except tab and new line), bidirectional controls, zero-width and other blank characters, tags, private use,
 * non-characters and lone surrogates. The joiners and the selectors that make up emoji are spared where they do that.
 */
const SUSPECT =
  /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u2028-\u202F\u2060-\u206F\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFB\uFFFE\uFFFF]|[\u{E0000}-\u{E0FFF}]|[\uD800-\uDFFF]/gu;
const BLANK_JOINER = /\p{Extended_Pictographic}[\uFE0F\u{1F3FB}-\u{1F3FF}]?$/u;

/** Cuts a text so that what the eye cannot see can be shown. */
export function reveal(text: string): Visible[] {
  const parts: Visible[] = [];
  let from = 0;
  for (const match of text.matchAll(SUSPECT)) {
    const at = match.index;
    const character = match[0];
    if (partOfEmoji(text, at, character)) {
      continue;
    }
    if (at > from) {
      parts.push({ text: text.slice(from, at) });
    }
    parts.push({ text: character, hidden: codePoint(character) });
    from = at + character.length;
  }
  if (from < text.length) {
    parts.push({ text: text.slice(from) });
  }
  return parts;
}

/** The same in one text, each such character as ⟨U+202E⟩. */
export function revealed(text: string): string {
  return reveal(text)
    .map((part) => (part.hidden === undefined ? part.text : `⟨${part.hidden}⟩`))
    .join("");
}

function partOfEmoji(text: string, at: number, character: string): boolean {
  if (character !== "\u200D" && character !== "\uFE0F") {
    return false;
  }
  const before = text.slice(Math.max(0, at - 6), at);
  if (character === "\uFE0F") {
    return /[\p{Extended_Pictographic}#*0-9]$/u.test(before);
  }
  return BLANK_JOINER.test(before) && /^\p{Extended_Pictographic}/u.test(text.slice(at + 1, at + 5));
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}
