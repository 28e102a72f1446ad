import { describe, expect, it } from "vitest";
import { terminalLines, terminalText } from "../src/text/terminal";
import { reveal, revealed } from "../src/text/visible";

describe("hidden characters", () => {
  it.each([
    ["bidirectional override", "a\u202Eb", "a⟨U+202E⟩b"],
    ["isolate", "\u2066x\u2069", "⟨U+2066⟩x⟨U+2069⟩"],
    ["marks", "\u200E\u200F\u061C", "⟨U+200E⟩⟨U+200F⟩⟨U+061C⟩"],
    ["zero width", "pass\u200Bword\uFEFF", "pass⟨U+200B⟩word⟨U+FEFF⟩"],
    ["soft hyphen", "rm\u00AD -rf", "rm⟨U+00AD⟩ -rf"],
    ["controls", "a\u0000b\u001B[31m\u007F", "a⟨U+0000⟩b⟨U+001B⟩[31m⟨U+007F⟩"],
    ["C1 controls", "\u009B31m", "⟨U+009B⟩31m"],
    ["carriage return", "safe\rrm", "safe⟨U+000D⟩rm"],
    ["line separators", "a\u2028b\u2029", "a⟨U+2028⟩b⟨U+2029⟩"],
    ["tags", "\u{E0041}x", "⟨U+E0041⟩x"],
    ["Hangul fillers", "a\u3164\uFFA0", "a⟨U+3164⟩⟨U+FFA0⟩"],
    ["variation selector alone", "a\uFE0F", "a⟨U+FE0F⟩"],
    ["joiner alone", "a\u200Db", "a⟨U+200D⟩b"],
    ["lone surrogate", "a\uD800b", "a⟨U+D800⟩b"],
    ["narrow no-break space", "rm\u202F-rf", "rm⟨U+202F⟩-rf"],
  ])("shows %s", (_, text, shown) => expect(revealed(text)).toBe(shown));

  it.each(["plain", "tab\tand\nline", "naïve Größe", "日本語", "שלום", "مرحبا", "👩‍💻 ❤️ 👍🏽 1️⃣", "a\u00A0b"])(
    "leaves ordinary text as it is: %s",
    (text) => expect(reveal(text)).toEqual([{ text }]),
  );

  it("loses nothing", () => {
    const text = "a\u202Eb\u200B\u0000👩‍💻c";
    expect(reveal(text).map((part) => part.text).join("")).toBe(text);
  });
});

describe("terminal output", () => {
  it("keeps colours and weights", () => {
    expect(terminalLines("\u001B[1;31mred\u001B[0m plain")).toEqual([
      [
        { text: "red", style: { bold: true, color: 1 } },
        { text: " plain", style: {} },
      ],
    ]);
    expect(terminalLines("\u001B[92mx\u001B[39my")[0]?.map((span) => span.style)).toEqual([{ color: 10 }, {}]);
    expect(terminalLines("\u001B[38;5;4mx\u001B[38;2;1;2;3my\u001B[48;5;3mz")[0]?.map((span) => span.style)).toEqual([
      { color: 4 },
      { color: 4 },
      { color: 4, background: 3 },
    ]);
  });

  it.each([
    ["window title", "\u001B]0;evil\u0007x", "x"],
    ["link", "\u001B]8;;https://evil.example\u001B\\click\u001B]8;;\u001B\\", "click"],
    ["clipboard", "\u001B]52;c;ZXZpbA==\u0007x", "x"],
    ["unfinished string", "x\u001B]52;c;ZXZp", "x"],
    ["unfinished sequence", "x\u001B[3", "x"],
    ["cursor movement", "\u001B[2J\u001B[H\u001B[10Ax\u001B[K", "x"],
    ["device control", "\u001BP1$r0m\u001B\\x", "x"],
    ["application command", "\u001B_evil\u001B\\x", "x"],
    ["privacy message", "\u001B^evil\u001B\\x", "x"],
    ["C1 CSI", "\u009B31mx", "x"],
    ["C1 string", "\u009D0;evil\u009Cx", "x"],
    ["other screen", "\u001B[?1049hx\u001B[?1049l", "x"],
    ["charset", "\u001B(0x\u001B(B", "x"],
    ["reset", "\u001Bcx", "x"],
    ["bell", "x\u0007", "x"],
    ["progress", "10%\r50%\r100%\ndone", "100%\ndone"],
    ["Windows lines", "a\r\nb\r\n", "a\nb"],
    ["backspace", "ab\bc", "ac"],
    ["bidirectional", "\u202Egnp.exe", "⟨U+202E⟩gnp.exe"],
    ["null", "a\u0000b", "a⟨U+0000⟩b"],
    ["HTML", "<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"],
  ])("obeys no %s", (_, output, shown) => expect(terminalText(output)).toBe(shown));

  it("keeps empty lines, and the rest of the text when a string is not closed before another sequence", () => {
    expect(terminalText("a\n\nb")).toBe("a\n\nb");
    expect(terminalText("\u001B]0;evil\u001B[31mred")).toBe("red");
  });

  it("takes time in proportion to the length", () => {
    const hostile = "\u001B[".repeat(100_000) + "\u001B]".repeat(100_000);
    const start = performance.now();
    terminalLines(hostile);
    expect(performance.now() - start).toBeLessThan(3000);
  });
});
