import DOMPurify from "dompurify";

/* Everything that Markdown can make here, and nothing else. */
const TAGS = [
  "a",
  "blockquote",
  "br",
  "button",
  "code",
  "del",
  "div",
  "em",
  "h1",
  "h2",
  "h3",
  "h4",
  "h5",
  "h6",
  "hr",
  "img",
  "input",
  "li",
  "ol",
  "p",
  "pre",
  "s",
  "span",
  "strong",
  "table",
  "tbody",
  "td",
  "th",
  "thead",
  "tr",
  "ul",
];
const ATTRIBUTES = [
  "alt",
  "aria-label",
  "checked",
  "class",
  "disabled",
  "href",
  "rel",
  "src",
  "start",
  "tabindex",
  "target",
  "title",
  "type",
];

const WEB_LINK = /^https?:\/\//i;
const INLINE_PICTURE = /^data:image\/(?:png|jpeg|gif|webp);base64,[a-z0-9+/=]+$/i;

let hooked = false;

/** The last word on HTML: whatever made it, only harmless tags pass, links open apart, nothing is fetched. */
function sanitize(html: string): string {
  if (!hooked) {
    hooked = true;
    DOMPurify.addHook("afterSanitizeAttributes", harmless);
  }
  return DOMPurify.sanitize(html, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ATTRIBUTES,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    ALLOWED_URI_REGEXP: /^(?:https?:\/\/|data:image\/(?:png|jpeg|gif|webp);base64,)/i,
    ADD_URI_SAFE_ATTR: ["aria-label", "checked", "class", "disabled", "rel", "start", "tabindex", "target", "type"],
    RETURN_TRUSTED_TYPE: false,
  });
}

function harmless(element: Element): void {
  if (element.hasAttribute("src")) {
    const source = element.getAttribute("src") ?? "";
    if (element.tagName !== "IMG" || !INLINE_PICTURE.test(source)) {
      element.removeAttribute("src");
    }
  }
  if (element.hasAttribute("href")) {
    if (element.tagName !== "A" || !WEB_LINK.test(element.getAttribute("href") ?? "")) {
      element.removeAttribute("href");
    }
  }
  if (element.getAttribute("tabindex") !== "0" || !["DIV", "PRE"].includes(element.tagName)) {
    element.removeAttribute("tabindex");
  }
  if (element.tagName === "A") {
    element.setAttribute("target", "_blank");
    element.setAttribute("rel", "noopener noreferrer");
  } else {
    element.removeAttribute("target");
  }
  if (element.tagName === "INPUT") {
    element.setAttribute("type", "checkbox");
    element.setAttribute("disabled", "");
  }
  if (element.tagName === "BUTTON") {
    element.setAttribute("type", "button");
  }
}

interface HtmlPolicy {
  createHTML(html: string): TrustedHtml;
}

/** HTML that the browser lets into the page: where it has Trusted Types, an object that only the policy makes. */
export type TrustedHtml = string & { readonly trusted?: never };

interface PolicyFactory {
  createPolicy(name: string, rules: { createHTML(html: string): string }): HtmlPolicy;
}

const factory = (globalThis as { trustedTypes?: PolicyFactory }).trustedTypes;
const policy: HtmlPolicy = factory
  ? factory.createPolicy("rungpt", { createHTML: sanitize })
  : { createHTML: (html) => sanitize(html) as TrustedHtml };

/** The only way of HTML into the page. */
export function trusted(html: string): TrustedHtml {
  return policy.createHTML(html);
}
