import { beforeAll, describe, expect, it } from "vitest";
import { load } from "../src/markdown/languages";
import { blocks, type Cut, recut, renderBlock } from "../src/markdown/render";
import { trusted } from "../src/markdown/sanitize";
import { VECTORS } from "./vectors";

beforeAll(() => Promise.all(["xml", "javascript", "python", "bash"].map(load)));

function render(source: string): DocumentFragment {
  const cut = blocks(source);
  return parse(cut.blocks.map((block) => renderBlock(block.source, cut.references)).join(""));
}

function parse(html: string): DocumentFragment {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

const ALLOWED = new Set(
  "a blockquote br button code del div em h1 h2 h3 h4 h5 h6 hr img input li ol p pre s span strong table tbody td th thead tr ul".split(" "),
);
const ATTRIBUTES = new Set("alt aria-label checked class disabled href rel src start tabindex target title type".split(" "));

/** Everything in a fragment that could act by itself or ask another server for something. */
function harms(fragment: DocumentFragment): string[] {
  const found: string[] = [];
  for (const element of fragment.querySelectorAll("*")) {
    const name = element.tagName.toLowerCase();
    if (!ALLOWED.has(name)) {
      found.push(`<${name}>`);
    }
    for (const { name: attribute, value } of element.attributes) {
      if (!ATTRIBUTES.has(attribute)) {
        found.push(`${name} ${attribute}`);
      }
      if (attribute === "src" && !(name === "img" && /^data:image\/(png|jpeg|gif|webp);base64,/.test(value))) {
        found.push(`${name} src=${value}`);
      }
      if (attribute === "href") {
        const ok = name === "a" && /^https?:\/\//.test(value) && element.getAttribute("rel") === "noopener noreferrer" && element.getAttribute("target") === "_blank";
        if (!ok) {
          found.push(`${name} href=${value}`);
        }
      }
      if (attribute === "tabindex" && !(value === "0" && (name === "pre" || name === "div"))) {
        found.push(`${name} tabindex=${value}`);
      }
      if (attribute === "type" && value !== "checkbox" && value !== "button") {
        found.push(`${name} type=${value}`);
      }
    }
  }
  return found;
}

describe("hostile text", () => {
  it("is plenty", () => expect(VECTORS.length).toBeGreaterThanOrEqual(100));

  it.each(VECTORS)("does no harm as Markdown: %s", (vector) => {
    expect(harms(render(`Text before\n\n${vector}\n\nand after`))).toEqual([]);
  });

  it.each(VECTORS)("does no harm as HTML: %s", (vector) => {
    expect(harms(parse(trusted(vector)))).toEqual([]);
  });

  it("does no harm where it was cut while it streamed", () => {
    for (const [index, vector] of VECTORS.entries()) {
      expect(harms(render(vector.slice(0, 1 + ((index * 7) % vector.length))))).toEqual([]);
    }
  });
});

describe("Markdown", () => {
  const html = (source: string) => {
    const div = document.createElement("div");
    div.append(render(source));
    return div;
  };

  it("shows raw HTML as text", () => {
    expect(html("a <b>x</b>").textContent).toContain("a <b>x</b>");
  });

  it("shows where a link leads, and says so behind a text that hides it", () => {
    expect(html("[news](https://evil.example/a?b=c)").querySelector(".host")?.textContent).toBe("evil.example");
    expect(html("[https://good.example/](https://evil.example/)").querySelector(".host")?.textContent).toBe("evil.example");
    expect(html("[good.example](https://evil.example/)").querySelector(".host")?.textContent).toBe("evil.example");
    expect(html("<https://xn--pple-43d.com/>").querySelector(".host")?.textContent).toBe("xn--pple-43d.com");
    expect(html("<https://good.example/>").querySelector(".host")).toBeNull();
    expect(html("[https://good.example.evil.example/](https://good.example/)").querySelector(".host")?.textContent).toBe("good.example");
    expect(html("[https://good.example@evil.example/](https://good.example/)").querySelector(".host")?.textContent).toBe("good.example");
  });

  it("lets keys reach what is scrolled sideways, and nothing else", () => {
    const focusable = (source: string) => [...html(source).querySelectorAll("[tabindex]")].map((one) => `${one.tagName} ${one.className}`.trim());
    expect(focusable("```js\nlong\n```")).toEqual(["PRE"]);
    expect(focusable("| a |\n|---|\n| b |")).toEqual(["DIV table-scroll"]);
    expect(parse(trusted('<p tabindex="0">a</p><pre tabindex="1">b</pre>')).querySelector("[tabindex]")).toBeNull();
  });

  it("names pictures from elsewhere without loading them", () => {
    const picture = html("![a cat](https://pictures.example/cat.png)").querySelector(".picture");
    expect(picture?.textContent).toContain("a cat");
    expect(picture?.querySelector("a")?.href).toBe("https://pictures.example/cat.png");
    expect(picture?.querySelector("img")).toBeNull();
  });

  it("shows small pictures that are part of the text", () => {
    expect(html("![dot](data:image/png;base64,iVBORw0KGgo=)").querySelector("img")?.alt).toBe("dot");
  });

  it("makes tables, tasks and code", () => {
    expect(html("| a | b |\n|---|--:|\n| 1 | 2 |").querySelector("td.align-right")?.textContent).toBe("2");
    expect(html("- [x] done\n- [ ] open").querySelectorAll("input[type=checkbox][disabled]")).toHaveLength(2);
    expect(html("```python\ndef f(): pass\n```").querySelector(".hljs-keyword")?.textContent).toBe("def");
    expect(html("```unknown\n<x>\n```").querySelector("code")?.textContent).toBe("<x>");
  });

  it("shows hidden characters in code", () => {
    expect(html("`a\u202Eb`").querySelector("code")?.textContent).toBe("a⟨U+202E⟩b");
    expect(html("```js\nlet a\u200B = 1\n```").querySelector("code")?.textContent).toContain("⟨U+200B⟩");
  });

  it("knows reference links in every block", () => {
    expect(html("[a][1]\n\nmore\n\n[1]: https://ok.example/").querySelector("a")?.href).toBe("https://ok.example/");
  });

  it("keeps blocks that are complete when more text comes", () => {
    const source = "# One\n\nTwo\n\n```js\nlet a = 1;\n```\n\nThree is growi";
    const before = blocks(source).blocks.map((block) => block.source);
    const after = blocks(`${source}ng\n\nFour`).blocks.map((block) => block.source);
    expect(after.slice(0, before.length - 1)).toEqual(before.slice(0, -1));
    expect(before.join("\n")).toBe(source);
  });

  it("is cut as it grows just as it is cut as a whole", () => {
    const parts = [
      "para", "go\non", "- a\n- b", "- a\n\n  b", "1. one\n2) two", "> q\nlazy", "    code", "```js\nx\n\ny\n```", "~~~", "---", "===", "# h", "#", "| a |\n|---|\n| b |",
      "<div>", "[1]: https://ok.example/", "[1]", "* * *", "+", "\\", "\t", "a  ", "- ", "\r", "2. x", "***", "  > - `c`",
    ];
    let state = 7;
    const random = (below: number) => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) % below;
    for (let text = 0; text < 60; text++) {
      let source = "";
      for (let part = 0; part < 14; part++) {
        source += (parts[random(parts.length)] ?? "") + "\n".repeat(random(3));
      }
      let cut: Cut | undefined;
      for (let end = 0; end < source.length; end += 1 + random(6)) {
        cut = recut(cut, source.slice(0, end));
        expect(cut).toEqual(blocks(source.slice(0, end)));
      }
    }
  });

  it("loses nothing when it is cut into blocks", () => {
    const source = "\n\npara\n\n- a\n- b\n\n  c\n\n> q\n\n    code\n\n---\n\n| a |\n|---|\n| b |\n\n[1]: https://ok.example/\n\nend";
    expect(blocks(source).blocks.map((block) => block.source).join("\n")).toBe(source);
  });
});
