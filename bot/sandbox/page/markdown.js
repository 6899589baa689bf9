// The Markdown that Teams draws: a small subset in cards, a little more in messages; and the few tags of its XML text format.

import { h, link, put, when } from "./dom.js";

const ESCAPABLE = /[\\`*_{}[\]()#+\-.!~>|<&"']/;
const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0", "#39": "'" };
const DATE_STYLES = { COMPACT: { day: "numeric", month: "numeric", year: "numeric" }, SHORT: { weekday: "short", day: "numeric", month: "short", year: "numeric" }, LONG: { weekday: "long", day: "numeric", month: "long", year: "numeric" } };

/** `{{DATE(2017-02-14T06:08:00Z, SHORT)}}` and `{{TIME(…)}}`, in the house's zone. https://learn.microsoft.com/adaptive-cards/authoring-cards/text-features */
export function cardDates(text) {
  return String(text).replace(/\{\{(DATE|TIME)\(\s*([^),]+?)\s*(?:,\s*(COMPACT|SHORT|LONG)\s*)?\)\}\}/g, (all, kind, at, style) => {
    if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})$/.test(at)) return all;
    return (kind === "TIME" ? when(at, { hour: "2-digit", minute: "2-digit" }) : when(at, DATE_STYLES[style || "COMPACT"])) || all;
  });
}

/** Text as nodes. `card`: the smaller subset of a TextBlock (bold, italic, lists, links), else messages' too (headings, quotes, code, strike). */
export function markdown(text, { card = false, mention = null } = {}) {
  const out = [];
  const rows = String(text).replace(/\r\n?/g, "\n").split("\n");
  let list = null;
  let quote = null;
  let para = null;
  const close = () => { list = null; quote = null; para = null; };
  for (let i = 0; i < rows.length; i += 1) {
    const row = rows[i];
    if (!card && /^\s*```/.test(row)) {
      const code = [];
      for (i += 1; i < rows.length && !/^\s*```/.test(rows[i]); i += 1) code.push(rows[i]);
      out.push(h("pre", { class: "mk-pre" }, code.join("\n")));
      close();
      continue;
    }
    if (!row.trim()) { close(); continue; }
    const item = /^\s*(?:([-*+])|(\d{1,9})[.)])\s+(.*)$/.exec(row);
    if (item) {
      const tag = item[1] ? "ul" : "ol";
      if (!list || list.tagName.toLowerCase() !== tag) { close(); list = h(tag, { class: "md-list", start: item[2] && item[2] !== "1" ? item[2] : null }); out.push(list); }
      put(list, h("li", {}, spans(item[3], card, mention)));
      continue;
    }
    const heading = !card && /^(#{1,6})\s+(.*)$/.exec(row);
    if (heading) { close(); out.push(h("p", { class: `md-h md-h${heading[1].length}` }, spans(heading[2], card, mention))); continue; }
    const quoted = !card && /^>\s?(.*)$/.exec(row);
    if (quoted) {
      if (!quote) { close(); quote = h("blockquote", { class: "mk-quote" }); out.push(quote); } else put(quote, h("br"));
      put(quote, spans(quoted[1], card, mention));
      continue;
    }
    if (!card && /^\s*(-{3,}|\*{3,})\s*$/.test(row)) { close(); out.push(h("hr", { class: "bk-divider" })); continue; }
    list = null;
    quote = null;
    if (!para) { para = h("p", { class: "md-p" }); out.push(para); } else put(para, h("br"));
    put(para, spans(row, card, mention));
  }
  return out;
}

function spans(text, card, mention) {
  const out = [];
  let buffer = "";
  const flush = () => { if (buffer) out.push(buffer); buffer = ""; };
  const wrap = (node) => { flush(); out.push(node); };
  for (let i = 0; i < text.length;) {
    const c = text[i];
    const rest = text.slice(i);
    let found;
    if (c === "\\" && ESCAPABLE.test(text[i + 1] || "")) { buffer += text[i + 1]; i += 2; continue; }
    if (c === "&" && (found = /^&(#39|[a-z]+);/.exec(rest)) && ENTITIES[found[1]]) { buffer += ENTITIES[found[1]]; i += found[0].length; continue; }
    if (c === "<" && (found = /^<at[^>]*>(.*?)<\/at>/.exec(rest))) { wrap(h("span", { class: "mention" }, mention ? mention(found[1]) : found[1])); i += found[0].length; continue; }
    if (c === "<" && (found = /^<br\s*\/?>/.exec(rest))) { wrap(h("br")); i += found[0].length; continue; }
    if (c === "`" && !card && (found = /^`([^`]+)`/.exec(rest))) { wrap(h("code", { class: "mk-code" }, found[1])); i += found[0].length; continue; }
    if (c === "[" && (found = /^\[((?:\\.|[^\]\\])*)\]\(((?:\\.|[^()\s\\])+(?:\([^()\s]*\))?(?:\\.|[^()\s\\])*)\)/.exec(rest))) { wrap(link(found[2].replace(/\\(.)/g, "$1"), spans(found[1], card, mention))); i += found[0].length; continue; }
    if ((found = /^(\*\*|__)(?=\S)((?:\\.|[^\\])*?\S)\1/.exec(rest)) && bounded(text, i, found[0].length, c)) { wrap(h("strong", {}, spans(found[2], card, mention))); i += found[0].length; continue; }
    if (!card && (found = /^~~(?=\S)((?:\\.|[^\\])*?\S)~~/.exec(rest))) { wrap(h("s", {}, spans(found[1], card, mention))); i += found[0].length; continue; }
    if ((c === "*" || c === "_") && (found = /^([*_])(?=[^\s*_])((?:\\.|(?!\1)[^\\])*?[^\s\\])\1(?!\1)/.exec(rest)) && bounded(text, i, found[0].length, c)) { wrap(h("em", {}, spans(found[2], card, mention))); i += found[0].length; continue; }
    if (!card && c === "h" && (i === 0 || /\s|\(/.test(text[i - 1])) && (found = /^https?:\/\/[^\s<>)]+[^\s<>).,;:!?]/.exec(rest))) { wrap(link(found[0])); i += found[0].length; continue; }
    buffer += c;
    i += 1;
  }
  flush();
  return out;
}

/** Underscores inside a word (`edge_blu_07`) are no markup. */
function bounded(text, start, length, c) {
  if (c !== "_") return true;
  return !/\w/.test(text[start - 1] || " ") && !/\w/.test(text[start + length] || " ");
}

const TAGS = { B: "strong", STRONG: "strong", I: "em", EM: "em", S: "s", STRIKE: "s", U: "u", P: "p", DIV: "div", BR: "br", CODE: "code", PRE: "pre", BLOCKQUOTE: "blockquote", UL: "ul", OL: "ol", LI: "li", H1: "strong", H2: "strong", H3: "strong", SPAN: "span" };

/** Teams' XML text format: parsed aside into an inert document, then rebuilt from a short list of tags; anything else is its text. */
export function xmlText(text, { mention = null } = {}) {
  const inert = new DOMParser().parseFromString(String(text).replaceAll("\n", "<br>"), "text/html");
  const walk = (node) => [...node.childNodes].map((child) => {
    if (child.nodeType === Node.TEXT_NODE) return child.data;
    if (child.nodeType !== Node.ELEMENT_NODE) return null;
    if (child.tagName === "AT") return h("span", { class: "mention" }, mention ? mention(child.textContent) : child.textContent);
    if (child.tagName === "A") return link(child.getAttribute("href") || "", walk(child));
    if (["SCRIPT", "STYLE", "TEMPLATE"].includes(child.tagName)) return null;
    return TAGS[child.tagName] ? h(TAGS[child.tagName], {}, walk(child)) : walk(child);
  });
  return walk(inert.body);
}
