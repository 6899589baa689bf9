// Slack's text: mrkdwn, plain text, rich text; and the emoji names that turn up in incident rooms.

import { clockTime, dayName, h, icon, link, put, when } from "./dom.js";

const EMOJI = {
  white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", warning: "⚠️", rotating_light: "🚨", fire: "🔥", eyes: "👀", mega: "📣", loudspeaker: "📢", bell: "🔔",
  no_bell: "🔕", pushpin: "📌", lock: "🔒", unlock: "🔓", hourglass: "⌛", hourglass_flowing_sand: "⏳", stopwatch: "⏱️", alarm_clock: "⏰", clock1: "🕐",
  red_circle: "🔴", large_orange_circle: "🟠", large_yellow_circle: "🟡", large_green_circle: "🟢", large_blue_circle: "🔵", large_purple_circle: "🟣", white_circle: "⚪", black_circle: "⚫",
  thumbsup: "👍", "+1": "👍", thumbsdown: "👎", "-1": "👎", tada: "🎉", heart: "❤️", pray: "🙏", wave: "👋", raised_hands: "🙌", bulb: "💡", memo: "📝", pencil: "📝", pencil2: "✏️",
  link: "🔗", calendar: "📅", date: "📅", email: "📧", envelope: "✉️", incoming_envelope: "📨", outbox_tray: "📤", inbox_tray: "📥", bust_in_silhouette: "👤", busts_in_silhouette: "👥",
  arrow_right: "➡️", arrow_left: "⬅️", arrow_up: "⬆️", arrow_down: "⬇️", question: "❓", grey_question: "❔", exclamation: "❗", information_source: "ℹ️", speech_balloon: "💬", phone: "☎️", telephone_receiver: "📞",
  mag: "🔍", wrench: "🔧", hammer_and_wrench: "🛠️", gear: "⚙️", ambulance: "🚑", shield: "🛡️", scroll: "📜", page_facing_up: "📄", clipboard: "📋", bar_chart: "📊", chart_with_upwards_trend: "📈",
  checkered_flag: "🏁", triangular_flag_on_post: "🚩", construction: "🚧", test_tube: "🧪", thinking_face: "🤔", slightly_smiling_face: "🙂", smile: "😄", sob: "😭", rocket: "🚀", zzz: "💤", ballot_box_with_check: "☑️",
  speaking_head_in_silhouette: "🗣️", handshake: "🤝", scales: "⚖️", package: "📦", globe_with_meridians: "🌐", raising_hand: "🙋", hand: "✋", stop_sign: "🛑", octagonal_sign: "🛑", no_entry: "⛔", new: "🆕", repeat: "🔁", back: "🔙",
};
const DOTS = { red_circle: "red", large_orange_circle: "orange", large_yellow_circle: "yellow", large_green_circle: "green", large_blue_circle: "blue", large_purple_circle: "purple", white_circle: "white", black_circle: "black" };
// For machines without an emoji font (bare Linux, most test machines): this page's own line icons instead of empty boxes.
const DRAWN = {
  white_check_mark: "check", heavy_check_mark: "check", ballot_box_with_check: "check", x: "close", warning: "warn", rotating_light: "warn", exclamation: "warn", fire: "fault", eyes: "eye", pushpin: "pin", lock: "lock", unlock: "lock",
  alarm_clock: "clock", hourglass: "clock", hourglass_flowing_sand: "clock", stopwatch: "clock", clock1: "clock", bell: "bell", mega: "bell", loudspeaker: "bell", speech_balloon: "chat", thread: "thread", busts_in_silhouette: "people", bust_in_silhouette: "people",
  outbox_tray: "outbox", inbox_tray: "outbox", scroll: "ledger", memo: "ledger", pencil: "ledger", clipboard: "ledger", page_facing_up: "ledger", "+1": "check", thumbsup: "check", slightly_smiling_face: "smile", smile: "smile", tada: "smile", repeat: "reply",
};
let hasEmoji;
function emojiFont() {
  if (hasEmoji === undefined) {
    const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const sum = (text) => { pen.clearRect(0, 0, 64, 64); pen.fillText(text, 4, 40); return pen.getImageData(0, 0, 64, 64).data.reduce((a, v, i) => (a * 31 + v * (i + 1)) % 1000003, 7); };
    pen.canvas.width = pen.canvas.height = 64;
    pen.font = "32px sans-serif";
    hasEmoji = new Set(["👀", "🔥", "📌"].map(sum)).size === 3 && sum("👀") !== sum("\u{10FFFD}");
  }
  return hasEmoji;
}

/** An emoji by its Slack name, as a node. */
export function emoji(name) {
  const label = name.replaceAll("_", " ");
  if (DOTS[name]) return h("span", { class: `emoji-dot ${DOTS[name]}`, role: "img", "aria-label": label });
  if (!EMOJI[name]) return `:${name}:`;
  if (!emojiFont()) return DRAWN[name] ? h("span", { class: "emoji", role: "img", "aria-label": label }, icon(DRAWN[name])) : h("span", { class: "emoji emoji-name" }, `:${name}:`);
  return h("span", { class: "emoji", role: "img", "aria-label": label }, EMOJI[name]);
}
export const REACTIONS = ["white_check_mark", "eyes", "+1", "pray", "tada"];

const unescape = (text) => text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");

/** What mentions and dates look like to the reader: who knows the names. */
export class Names {
  constructor({ people = [], channels = [], open = null, now = null } = {}) {
    this.people = new Map(people.map((p) => [p.id, p]));
    this.channels = new Map(channels.map((c) => [c.id, c]));
    this.open = open;
    this.now = now;
  }
  person(id) { return this.people.get(id)?.name || id; }
  channel(id) { return this.channels.get(id)?.name || id; }
}

/** A `text` object of Block Kit, or a bare string. */
export function textObject(object, names) {
  if (!object) return [];
  if (typeof object === "string") return plain(object);
  return object.type === "mrkdwn" ? mrkdwn(object.text || "", names, { verbatim: object.verbatim }) : plain(object.text || "", object.emoji !== false);
}

/** plain_text: no markup, emoji names only. Slack keeps it escaped too and shows it decoded: github.com/slackapi/bolt-python/issues/513 */
export function plain(text, withEmoji = true) {
  const out = [];
  const lines = unescape(String(text)).split("\n");
  lines.forEach((line, i) => {
    if (i) out.push(h("br"));
    if (!withEmoji) out.push(line);
    else line.split(/(:[a-z0-9_+-]+:)/).forEach((part) => { if (part) out.push(/^:.+:$/.test(part) ? emoji(part.slice(1, -1)) : part); });
  });
  return out;
}

/** mrkdwn as nodes: fences, quotes, list lines, then what stands inside a line. */
export function mrkdwn(text, names = new Names(), options = {}) {
  const out = [];
  String(text).split(/```/).forEach((part, i, all) => {
    if (i % 2 === 1 && i < all.length - 1) out.push(h("pre", { class: "mk-pre" }, unescape(stripEntities(part.replace(/^\n/, "").replace(/\n$/, ""), names))));
    else out.push(...lines(i % 2 === 1 ? "```" + part : i ? part.replace(/^\n/, "") : part.replace(/\n$/, all.length > 2 ? "" : "\n"), names, options));
  });
  return out;
}

const stripEntities = (text, names) => text.replace(/<([^<>\n]+)>/g, (_, inside) => entity(inside, names).textContent);

function lines(text, names, options) {
  const out = [];
  const rows = text.split("\n");
  let quote = null;
  let fresh = true;
  rows.forEach((row, i) => {
    const quoted = /^(?:&gt;|>)(?!>) ?/.exec(row);
    if (quoted) {
      if (!quote) { quote = h("blockquote", { class: "mk-quote" }); out.push(quote); } else put(quote, h("br"));
      put(quote, inline(row.slice(quoted[0].length), names, options));
      fresh = true;
      return;
    }
    quote = null;
    const item = /^(\s*)(•|◦|▪|-|\d{1,3}\.)\s+(.*)$/.exec(row);
    if (item) {
      out.push(h("div", { class: item[1].length > 1 || item[2] === "◦" ? "mk-item deeper" : "mk-item" }, h("span", { class: "mk-bullet" }, item[2] === "-" ? "–" : item[2]), h("span", {}, inline(item[3], names, options))));
      fresh = true;
      return;
    }
    if (!fresh && i) out.push(h("br"));
    if (fresh && i && row === "" && i < rows.length - 1) out.push(h("span", { class: "mk-gap" }));
    out.push(...inline(row, names, options));
    fresh = false;
  });
  return out;
}

const MARKS = { "*": "strong", _: "em", "~": "s" };

function inline(text, names, options) {
  const out = [];
  let buffer = "";
  const flush = () => { if (buffer) out.push(unescape(buffer)); buffer = ""; };
  for (let i = 0; i < text.length;) {
    const c = text[i];
    const rest = text.slice(i);
    if (c === "`") {
      const end = text.indexOf("`", i + 1);
      if (end > i + 1) {
        flush();
        out.push(h("code", { class: "mk-code" }, unescape(stripEntities(text.slice(i + 1, end), names))));
        i = end + 1;
        continue;
      }
    } else if (c === "<") {
      const found = /^<([^<>\n]+)>/.exec(rest);
      if (found) {
        flush();
        out.push(entity(found[1], names));
        i += found[0].length;
        continue;
      }
    } else if (MARKS[c] && (i === 0 || /[\s\p{P}\p{S}]/u.test(text[i - 1])) && /\S/.test(text[i + 1] || "") && text[i + 1] !== c) {
      const end = closing(text, i, c);
      if (end > 0) {
        flush();
        out.push(h(MARKS[c], {}, inline(text.slice(i + 1, end), names, options)));
        i = end + 1;
        continue;
      }
    } else if (c === ":") {
      const found = /^:([a-z0-9_+-]+):/.exec(rest);
      if (found && EMOJI[found[1]]) {
        flush();
        out.push(emoji(found[1]));
        i += found[0].length;
        continue;
      }
    }
    buffer += c;
    i += 1;
  }
  flush();
  return out;
}

function closing(text, start, c) {
  for (let j = start + 2; j < text.length; j += 1) {
    if (text[j] === c && /\S/.test(text[j - 1]) && (j + 1 === text.length || /[\s\p{P}\p{S}]/u.test(text[j + 1]))) return j;
  }
  return -1;
}

function entity(inside, names) {
  const [target, label] = split(inside);
  if (target.startsWith("@")) return h("span", { class: "mention", title: target.slice(1) }, `@${names.people.has(target.slice(1)) ? names.person(target.slice(1)) : label || target.slice(1)}`);
  if (target.startsWith("#")) return channelLink(target.slice(1), label, names);
  if (target.startsWith("!date^")) return dateToken(target, label);
  if (target.startsWith("!subteam^")) return h("span", { class: "mention" }, label || "@group");
  if (target.startsWith("!")) return h("span", { class: "mention loud" }, `@${label || target.slice(1)}`);
  if (!/^(https?:|mailto:|tel:)/i.test(target)) return h("span", {}, `<${unescape(inside)}>`);
  return link(unescape(target), unescape(label || target.replace(/^(mailto|tel):/, "")));
}

function split(inside) {
  const bar = inside.indexOf("|");
  return bar < 0 ? [inside, ""] : [inside.slice(0, bar), inside.slice(bar + 1)];
}

function channelLink(id, label, names) {
  const known = names.channels.get(id);
  const text = `#${known?.name || label || id}`;
  if (!known || !names.open) return h("span", { class: "mention" }, text);
  return h("button", { type: "button", class: "mention mention-channel", on: { click: () => names.open(id) } }, text);
}

const DATE_FORMATS = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date: { day: "numeric", month: "long", year: "numeric" },
  date_short: { day: "numeric", month: "short", year: "numeric" },
  date_long: { weekday: "long", day: "numeric", month: "long", year: "numeric" },
  time: { hour: "2-digit", minute: "2-digit" },
  time_secs: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
};

/** `<!date^1392734382^{date} at {time}^link|fallback>` in the house's zone. */
function dateToken(target, fallback) {
  const [, stamp, format, href] = target.split("^");
  const at = new Date(Number(stamp) * 1000);
  if (Number.isNaN(at.getTime()) || !format) return h("time", {}, unescape(fallback || ""));
  const text = format.replace(/\{([a-z_]+)\}/g, (all, name) => {
    const base = name.replace("_pretty", "");
    if (name === "ago") return clockTime(at);
    return DATE_FORMATS[base] ? when(at, DATE_FORMATS[base]) : all;
  });
  const node = h("time", { class: "mk-date", datetime: at.toISOString(), title: `${dayName(at)}, ${when(at, { timeStyle: "medium" }, "UTC")} UTC` }, unescape(text));
  return href ? link(href, node) : node;
}

/** A rich_text block. */
export function richText(block, names) {
  const box = h("div", { class: "rich" });
  for (const part of block.elements || []) {
    if (part.type === "rich_text_section") put(box, h("div", { class: "rich-section" }, richInline(part.elements, names)));
    else if (part.type === "rich_text_preformatted") put(box, h("pre", { class: "mk-pre" }, richInline(part.elements, names)));
    else if (part.type === "rich_text_quote") put(box, h("blockquote", { class: "mk-quote" }, richInline(part.elements, names)));
    else if (part.type === "rich_text_list") {
      const list = h(part.style === "ordered" ? "ol" : "ul", { class: `rich-list indent-${Math.min(4, part.indent || 0)}`, start: part.style === "ordered" && part.offset ? part.offset + 1 : null });
      for (const item of part.elements || []) put(list, h("li", {}, richInline(item.elements, names)));
      put(box, list);
    }
  }
  return box;
}

function richInline(elements, names) {
  return (elements || []).map((el) => {
    let node;
    if (el.type === "text") node = h("span", {}, String(el.text).split("\n").flatMap((line, i) => (i ? [h("br"), line] : [line])));
    else if (el.type === "link") node = link(el.url, el.text || el.url);
    else if (el.type === "user") node = entity(`@${el.user_id}`, names);
    else if (el.type === "channel") node = channelLink(el.channel_id, "", names);
    else if (el.type === "emoji") node = h("span", {}, emoji(el.name));
    else if (el.type === "broadcast") node = h("span", { class: "mention loud" }, `@${el.range}`);
    else if (el.type === "usergroup") node = h("span", { class: "mention" }, "@group");
    else if (el.type === "date") node = dateToken(`!date^${el.timestamp}^${el.format}${el.url ? `^${el.url}` : ""}`, el.fallback);
    else node = h("span", {}, el.text || "");
    const style = el.style || {};
    if (style.code) node = h("code", { class: "mk-code" }, node);
    if (style.bold) node = h("strong", {}, node);
    if (style.italic) node = h("em", {}, node);
    if (style.strike) node = h("s", {}, node);
    return node;
  });
}
