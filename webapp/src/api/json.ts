/** A number as it was written, because JavaScript has no such number or writes it with other digits. */
export class ExactNumber {
  constructor(readonly source: string) {}
}

/** Begins the strings that stand for exact numbers on their way through `JSON`; nobody who writes JSON can know it. */
const MARK = `${crypto.getRandomValues(new Uint32Array(4)).join("-")}:`;
const MARKED = new RegExp(`"${MARK}([^"]*)"`, "g");

/** Every number of JSON, and what looks like one in a string. */
const NUMBERS = /(?<=^|[\s:,[])-?\d[\d.eE+-]*(?=[\s,\]}]|$)/g;

/** Reads JSON without changing a digit. Few texts have a number that needs it; all others are read as fast as JavaScript can. */
export function readJson(text: string): unknown {
  const plain: unknown = JSON.parse(text);
  const marked = withMarks(text);
  return marked === text
    ? plain
    : JSON.parse(marked, (_, value: unknown) =>
        typeof value === "string" && value.startsWith(MARK) ? new ExactNumber(value.slice(MARK.length)) : value,
      );
}

/** Writes what was read, digit for digit; nothing for what JSON has no word for. */
export function writeJson(value: unknown, indent?: number): string {
  let exact = false;
  const text = JSON.stringify(
    value,
    (_, one: unknown) => {
      exact ||= one instanceof ExactNumber;
      return one instanceof ExactNumber ? MARK + one.source : one;
    },
    indent,
  ) as string | undefined;
  return exact ? text!.replace(MARKED, "$1") : (text ?? "");
}

/** The same JSON, with strings in the place of numbers that JavaScript would change. */
function withMarks(text: string): string {
  let at = 0;
  let inString = false;
  return text.replace(NUMBERS, (number, from: number) => {
    if (String(Number(number)) === number) {
      return number;
    }
    for (; at < from; at++) {
      if (text[at] === "\\") {
        at++;
      } else if (text[at] === '"') {
        inString = !inString;
      }
    }
    return inString ? number : `"${MARK}${number}"`;
  });
}
