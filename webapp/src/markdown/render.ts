import MarkdownIt from "markdown-it";
import { texts } from "../texts";
import { revealed } from "../text/visible";
import { highlight } from "./languages";
import { type TrustedHtml, trusted } from "./sanitize";

type Token = ReturnType<(typeof markdown)["parse"]>[number];

const markdown = new MarkdownIt({ html: false, linkify: true, typographer: false, breaks: false });
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });
markdown.validateLink = (url) => /^https?:\/\//i.test(url) || /^data:image\/(?:png|jpeg|gif|webp);base64,/i.test(url);

const { escapeHtml } = markdown.utils;
const rules = markdown.renderer.rules;

rules["fence"] = (tokens, index, _, env) => {
  const token = tokens[index];
  return token ? codeBlock(token.content, token.info.trim().split(/\s+/)[0] ?? "", env?.["colours"] === true) : "";
};
rules["code_block"] = (tokens, index) => codeBlock(tokens[index]?.content ?? "", "", false);
rules["code_inline"] = (tokens, index) =>
  `<code>${escapeHtml(revealed(tokens[index]?.content ?? ""))}</code>`;
/* What is wider than the page is scrolled by keys too. */
rules["table_open"] = () => '<div class="table-scroll" tabindex="0"><table>';
rules["table_close"] = () => "</table></div>";
rules["th_open"] = (tokens, index) => cell("th", attribute(tokens[index], "style"));
rules["td_open"] = (tokens, index) => cell("td", attribute(tokens[index], "style"));

/* Pictures from elsewhere are never fetched: a request for one could carry away what the model has read. */
rules["image"] = (tokens, index) => {
  const token = tokens[index];
  const source = attribute(token, "src");
  const described = token?.content ?? "";
  if (/^data:/i.test(source)) {
    return `<img src="${escapeHtml(source)}" alt="${escapeHtml(described)}">`;
  }
  const label = described === "" ? texts.markdown.picture : described;
  return `<span class="picture"><span class="picture-label">${escapeHtml(texts.markdown.pictureNotLoaded(label))}</span> ${link(source, host(source))}</span>`;
};

/* A link shows where it leads: the host stands behind it unless its text says so already. */
rules["link_open"] = (tokens, index) => {
  const href = attribute(tokens[index], "href");
  return `<a href="${escapeHtml(href)}" title="${escapeHtml(revealed(href))}" rel="noopener noreferrer" target="_blank">`;
};
rules["link_close"] = (tokens, index) => {
  let open = index - 1;
  let shown = "";
  while (open >= 0 && tokens[open]?.type !== "link_open") {
    shown = (tokens[open]?.content ?? "") + shown;
    open--;
  }
  const where = host(attribute(tokens[open], "href"));
  // Written out in these very letters: not as a look-alike, and not as the user name of another host.
  const said = host(shown) === where && shown.includes(where);
  return said ? "</a>" : `<span class="host">${escapeHtml(where)}</span></a>`;
};

/** `- [ ]` and `- [x]` at the beginning of a list item. */
markdown.core.ruler.after("inline", "task-list", (state) => {
  state.tokens.forEach((token, index) => {
    const first = token.children?.[0];
    const box = /^\[([ xX])\] /.exec(token.content);
    if (token.type === "inline" && state.tokens[index - 2]?.type === "list_item_open" && box && first?.type === "text") {
      state.tokens[index - 2]?.attrJoin("class", "task");
      first.content = first.content.slice(4);
      const checkbox = new state.Token("task_box", "", 0);
      checkbox.meta = { checked: box[1] !== " " };
      token.children?.unshift(checkbox);
    }
  });
});
rules["task_box"] = (tokens, index) => {
  const done = tokens[index]?.meta?.["checked"] === true;
  const label = escapeHtml(done ? texts.markdown.done : texts.markdown.open);
  return `<input type="checkbox" aria-label="${label}" disabled${done ? " checked" : ""}> `;
};

function attribute(token: Token | undefined, name: string): string {
  return String(token?.attrGet(name) ?? "");
}

function cell(tag: string, style: string): string {
  const align = /text-align:(\w+)/.exec(style)?.[1];
  return align === undefined ? `<${tag}>` : `<${tag} class="align-${align}">`;
}

function link(url: string, shown: string): string {
  return `<a href="${escapeHtml(url)}" title="${escapeHtml(revealed(url))}" rel="noopener noreferrer" target="_blank">${escapeHtml(shown)}</a>`;
}

function host(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return "";
  }
}

function codeBlock(code: string, language: string, colours: boolean): string {
  const shown = code.replace(/\n$/, "");
  const body = colours ? highlight(shown, language) : undefined;
  const name = language === "" ? texts.markdown.code : language;
  return (
    `<div class="code"><div class="code-head"><span class="code-language">${escapeHtml(name)}</span>` +
    `<button type="button" class="code-copy" aria-label="${escapeHtml(texts.markdown.copyCode)}">${escapeHtml(texts.markdown.copy)}</button></div>` +
    `<pre tabindex="0"><code class="hljs">${body === undefined ? escapeHtml(revealed(shown)) : revealed(body)}</code></pre></div>`
  );
}

/** Finds the blocks and reads no further. */
const cutter = new MarkdownIt({ html: false });
cutter.core.ruler.enableOnly(["normalize", "block"]);

/** Where reference links lead. */
export type References = Record<string, { title: string; href: string }>;

/** A piece of Markdown that is rendered by itself, so that a growing answer renders its last piece only. */
export interface Block {
  readonly source: string;
}

/** An answer in pieces. Definitions of reference links are known to every block. */
export interface Cut {
  readonly source: string;
  readonly blocks: readonly Block[];
  readonly references: References;
}

/** So many blocks at the end of a text may become others when it grows: its last line, and what that then goes on. */
const OPEN = 2;

/**
 * The cut of a text, given that of what it was before. What begins a block stays one while its end grows, so only the last blocks
 * are read anew; with definitions of links, which may stand anywhere, all of it.
 */
export function recut(before: Cut | undefined, text: string): Cut {
  const source = normal(text);
  if (before && before.blocks.length > OPEN && Object.keys(before.references).length === 0 && source.startsWith(before.source)) {
    const kept = before.blocks.slice(0, -OPEN);
    const tail = blocks(source.slice(kept.reduce((length, block) => length + block.source.length + 1, 0)));
    if (Object.keys(tail.references).length === 0) {
      return { source, blocks: [...kept, ...tail.blocks], references: tail.references };
    }
  }
  return blocks(source);
}

/** With line ends as the parser counts them. */
function normal(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}

/** Cuts an answer at its top-level blocks. */
export function blocks(text: string): Cut {
  const source = normal(text);
  const env: { references?: References } = {};
  const lines = source.split("\n");
  const cuts: number[] = [];
  for (const token of cutter.parse(source, env)) {
    if (token.level === 0 && token.map && token.nesting !== -1 && token.map[0] < lines.length) {
      cuts.push(token.map[0]);
    }
  }
  if (cuts.length === 0) {
    return { source, blocks: source.trim() === "" ? [] : [{ source }], references: env.references ?? {} };
  }
  const pieces = cuts.map((cut, index) => ({
    source: lines.slice(index === 0 ? 0 : cut, cuts[index + 1] ?? lines.length).join("\n"),
  }));
  return { source, blocks: pieces, references: env.references ?? {} };
}

/** Renders one block, its code with colours or without. */
export function renderBlock(source: string, references: References, colours = true): TrustedHtml {
  return trusted(markdown.render(source, { references: { ...references }, colours }));
}
