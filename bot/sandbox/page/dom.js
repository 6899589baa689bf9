// Building the page: every node is made here, from text, never from markup. Nothing that people or the bot wrote is ever parsed as HTML.

const SVG = "http://www.w3.org/2000/svg";

/** An element: `h("button", {class: "x", on: {click}}, "text", node)`. Strings become text nodes; null and false are left out. */
export function h(tag, props, ...kids) {
  const el = document.createElement(tag);
  for (const [name, value] of Object.entries(props || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) el.addEventListener(event, listener);
    else if (name === "data") for (const [key, item] of Object.entries(value)) { if (item !== undefined && item !== null) el.dataset[key] = item; }
    else if (name === "value" || name === "checked" || name === "selected" || name === "disabled" || name === "multiple") el[name] = value;
    else if (name.startsWith("on") || name === "style" || name === "srcdoc") throw new Error(`h() does not set ${name}`);
    else el.setAttribute(name, value === true ? "" : String(value));
  }
  put(el, kids);
  return el;
}

/** Append children: nodes, strings, numbers, nested arrays. */
export function put(el, ...kids) {
  for (const kid of kids.flat(Infinity)) {
    if (kid === undefined || kid === null || kid === false || kid === "") continue;
    el.append(kid instanceof Node ? kid : document.createTextNode(String(kid)));
  }
  return el;
}

export function clear(el) {
  el.replaceChildren();
  return el;
}

const ICONS = {
  hash: "M9.5 4 7.5 20M16.5 4l-2 16M4.5 9h16M3.5 15h16",
  lock: "M7 11V8a5 5 0 0 1 10 0v3M5.5 11h13v9h-13z",
  shared: "M9 7H5.5A2.5 2.5 0 0 0 3 9.5v9A2.5 2.5 0 0 0 5.5 21h9a2.5 2.5 0 0 0 2.5-2.5V15M9 3h9.5A2.5 2.5 0 0 1 21 5.5v9.5H9z",
  home: "M4 11 12 4l8 7M6 9.5V20h12V9.5M10 20v-5h4v5",
  send: "M4 12 3.5 4.5 21 12 3.5 19.5zM4 12h8",
  chevron: "m7 10 5 5 5-5",
  back: "M20 12H4m6-7-7 7 7 7",
  close: "m5 5 14 14M19 5 5 19",
  pin: "M9 4h6l-1 6 4 3.5v1.5H6v-1.5L10 10zM12 15v6",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.200a2.8 2.8 0 1 1 0 5.600 2.8 2.8 0 0 1 0-5.600z",
  thread: "M4 5h16v11H11l-5 4v-4H4zM8 9h8M8 12.5h5",
  smile: "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17zM8.5 14.5c1.8 2.300 5.200 2.300 7 0M9 9.5v.8M15 9.5v.8",
  bell: "M6 17V11a6 6 0 0 1 12 0v6l1.5 1.5h-15zM10 21h4",
  chat: "M4 5h16v12H9l-5 4z",
  team: "M8 11.5a3 3 0 1 1 0-6 3 3 0 0 1 0 6zM16.5 11.5a2.5 2.5 0 1 1 0-5M2.5 19.5c0-3.5 2.5-5.5 5.5-5.5s5.5 2 5.5 5.5M16 14c3 0 5.5 1.5 5.5 4.5",
  clock: "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17zM12 7.5V12l3.5 2.5",
  check: "m4.5 12.5 5 5L19.5 7",
  outbox: "M4 13v6h16v-6M4 13h4.5l1.5 2.5h4l1.5-2.5H20M12 10V3.5M8.5 6.5l3.5-3.200 3.5 3.200",
  ledger: "M5 3.5h14v17H5zM8.5 8h7M8.5 12h7M8.5 16h4",
  fault: "M13 3 5 14h6l-1 7 8-11h-6z",
  list: "M9 6h11M9 12h11M9 18h11M4.5 6h.01M4.5 12h.01M4.5 18h.01",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  reply: "M10 5 4 11l6 6M4 11h10a6 6 0 0 1 6 6v2",
  people: "M12 12a4 4 0 1 1 0-8 4 4 0 0 1 0 8zM4 21c0-4.5 3.5-7 8-7s8 2.5 8 7",
  expand: "M4 10V4h6M20 14v6h-6M4 4l7 7M20 20l-7-7",
  warn: "M12 4 2.5 20h19zM12 10v4.5M12 17.300v.01",
};

/** A line icon drawn for this page; decorative, so hidden from screen readers. */
export function icon(name, className = "icon") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", className);
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("focusable", "false");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name] || "");
  svg.append(path);
  return svg;
}

/** The bot's own mark: an A whose crossbar is a row of stitches. */
export function mark(className = "mark") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 32 32");
  svg.setAttribute("class", className);
  svg.setAttribute("aria-hidden", "true");
  const leg = document.createElementNS(SVG, "path");
  leg.setAttribute("d", "M7.5 24.5 16 7l8.5 17.5");
  leg.setAttribute("class", "mark-leg");
  const stitch = document.createElementNS(SVG, "path");
  stitch.setAttribute("d", "M9 19.5h14");
  stitch.setAttribute("class", "mark-stitch");
  svg.append(leg, stitch);
  return svg;
}

/** A link's address, or null when it is not one a browser should follow from here. */
export function safeHref(url) {
  try {
    const parsed = new URL(String(url)); // absolute only: a bare word is no link
    return ["http:", "https:", "mailto:"].includes(parsed.protocol) ? parsed.href : null;
  } catch {
    return null;
  }
}

export function link(url, ...kids) {
  const href = safeHref(url);
  const text = kids.length ? kids : [String(url)];
  if (!href) return h("span", { class: "dead-link", title: "This address is not one to follow" }, text);
  return h("a", { href, target: "_blank", rel: "noopener noreferrer nofollow" }, text);
}

/** "Dana Lee" → "DL". */
export function initials(name) {
  const words = String(name || "?").replace(/[^\p{L}\p{N}\s]/gu, " ").split(/\s+/).filter(Boolean);
  if (!words.length) return "?";
  const letters = words.length === 1 ? [...words[0]].slice(0, 1) : [[...words[0]][0], [...words[words.length - 1]][0]];
  return letters.join("").toUpperCase();
}

/** One of eight quiet avatar tints, the same for the same person every time. */
export function tint(id) {
  let sum = 7;
  for (const c of String(id)) sum = (sum * 31 + c.codePointAt(0)) >>> 0;
  return `tint-${sum % 8}`;
}

export function avatar(person, className = "") {
  if (person?.bot && !person.system) return h("span", { class: `avatar avatar-bot ${className}`, "aria-hidden": "true" }, mark());
  return h("span", { class: `avatar ${tint(person?.name || person?.id)} ${className}`, "aria-hidden": "true" }, initials(person?.name || person?.id));
}

/**
 * Make the children of `parent` match `items` ({key, sig, build}), touching only what changed: what somebody is typing into an
 * unchanged card stays, and focus returns to the same control of a redrawn one.
 */
export function reconcile(parent, items) {
  const old = new Map();
  for (const el of [...parent.children]) old.set(el.dataset.key, el);
  let cursor = parent.firstElementChild;
  for (const item of items) {
    let el = old.get(item.key);
    old.delete(item.key);
    if (!el || el.drawnFrom !== item.sig) {
      const fresh = item.build();
      fresh.dataset.key = item.key;
      fresh.drawnFrom = item.sig;
      if (el) {
        if (cursor === el) cursor = fresh;
        swap(el, fresh);
      }
      el = fresh;
    }
    if (el === cursor) cursor = cursor.nextElementSibling;
    else parent.insertBefore(el, cursor);
  }
  for (const el of old.values()) el.remove();
}

/** Replace one node, carrying over what was typed but not sent, and the focus. */
export function swap(before, after) {
  const focused = before.contains(document.activeElement) ? document.activeElement.closest("[data-control]")?.dataset.control : null;
  before.replaceWith(after);
  for (const el of before.querySelectorAll("[data-dirty][data-control]")) {
    const twin = after.querySelector(`[data-control="${CSS.escape(el.dataset.control)}"]`);
    if (twin && twin.type === el.type && "value" in twin) {
      if (el.type === "checkbox" || el.type === "radio") twin.checked = el.checked;
      else twin.value = el.value;
      twin.dataset.dirty = "1";
      twin.dispatchEvent(new Event("carried", { bubbles: true }));
    }
  }
  if (focused) after.querySelector(`[data-control="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

/** A menu under (or over) its button; arrow keys move, Escape closes and gives the focus back. Items: {label, detail, icon, danger, current, run}. */
export function menu(anchor, items, { label = "Menu", className = "" } = {}) {
  const box = h("div", { class: `menu ${className}`, role: "menu", "aria-label": label, popover: "auto" });
  for (const item of items) {
    if (item.heading) {
      put(box, h("div", { class: "menu-heading", role: "presentation" }, item.heading));
      continue;
    }
    put(box, h("button", {
      class: `menu-item${item.danger ? " danger" : ""}`, role: item.current === undefined ? "menuitem" : "menuitemradio", type: "button", tabindex: "-1",
      "aria-checked": item.current === undefined ? null : String(Boolean(item.current)), data: { testid: item.testid },
      on: { click: () => { box.hidePopover(); item.run(); } },
    }, item.lead, h("span", { class: "menu-text" }, h("span", { class: "menu-label" }, item.label), item.detail && h("span", { class: "menu-detail" }, item.detail)), item.current && icon("check", "icon menu-check")));
  }
  box.addEventListener("keydown", (event) => {
    const all = [...box.querySelectorAll("button")];
    const at = all.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) all[(at + step + all.length) % all.length]?.focus();
    else if (event.key === "Home") all[0]?.focus();
    else if (event.key === "End") all.at(-1)?.focus();
    else if (event.key === "Tab") box.hidePopover();
    else return;
    event.preventDefault();
  });
  box.addEventListener("toggle", (event) => {
    if (event.newState === "closed") {
      anchor.setAttribute("aria-expanded", "false");
      const inside = box.contains(document.activeElement) || document.activeElement === document.body;
      box.remove();
      if (inside && anchor.isConnected) anchor.focus({ preventScroll: true });
    }
  });
  document.body.append(box);
  anchor.setAttribute("aria-expanded", "true");
  box.showPopover();
  place(box, anchor);
  (box.querySelector('[aria-checked="true"]') || box.querySelector("button"))?.focus({ preventScroll: true });
  return box;
}

/** Put a floating box under its anchor, or over it where there is no room below. */
export function place(box, anchor, { above = false, wide = false } = {}) {
  const a = anchor.getBoundingClientRect();
  if (wide) box.style.setProperty("width", `${Math.round(a.width)}px`);
  const b = box.getBoundingClientRect();
  const left = Math.max(8, Math.min(a.left, innerWidth - b.width - 8));
  const over = above || a.bottom + b.height + 8 > innerHeight;
  const top = over && a.top - b.height - 6 > 0 ? a.top - b.height - 6 : Math.min(a.bottom + 6, innerHeight - b.height - 8);
  box.style.setProperty("left", `${Math.round(left)}px`);
  box.style.setProperty("top", `${Math.round(Math.max(8, top))}px`);
}

/** Ask before doing; resolves to true only on the confirming button. */
export function confirmBox({ title = "Are you sure?", body = "", ok = "Yes", cancel = "Cancel", danger = false }) {
  return new Promise((resolve) => {
    const yes = h("button", { class: `btn ${danger ? "btn-danger" : "btn-primary"}`, type: "button", data: { testid: "confirm-yes" }, on: { click: () => box.close("yes") } }, ok);
    const box = h("dialog", { class: "confirm", "aria-label": title, data: { testid: "confirm" } },
      h("h2", {}, title), h("div", { class: "confirm-body" }, body),
      h("div", { class: "confirm-foot" }, h("button", { class: "btn", type: "button", data: { testid: "confirm-no" }, on: { click: () => box.close("") } }, cancel), yes));
    const back = document.activeElement;
    box.addEventListener("close", () => { const answer = box.returnValue === "yes"; box.remove(); back?.focus?.({ preventScroll: true }); resolve(answer); });
    document.body.append(box);
    box.showModal();
    yes.focus();
  });
}

/** Hold the rest of a pane still while a form is over it, and keep Tab inside the form. */
export function trap(box, onEscape) {
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) { event.preventDefault(); event.stopPropagation(); onEscape(); return; }
    if (event.key !== "Tab") return;
    const all = [...box.querySelectorAll("a[href],button:not([disabled]),input:not([disabled]),select:not([disabled]),textarea:not([disabled]),[tabindex='0']")].filter((el) => el.offsetParent !== null);
    if (!all.length) return;
    if (event.shiftKey && document.activeElement === all[0]) { event.preventDefault(); all.at(-1).focus(); }
    else if (!event.shiftKey && document.activeElement === all.at(-1)) { event.preventDefault(); all[0].focus(); }
  });
}

// ---- time -----------------------------------------------------------------------------------------------------------------------

let zone = "UTC";
export const houseZone = () => zone;
export function setHouseZone(name) {
  try { new Intl.DateTimeFormat("en-GB", { timeZone: name }); zone = name; } catch { zone = "UTC"; }
}

const formats = new Map();
/** A moment in words, in a zone (the house's unless told otherwise). */
export function when(at, options, timeZone = zone) {
  const key = JSON.stringify([options, timeZone]);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("en-GB", { timeZone, ...options }));
  const date = at instanceof Date ? at : new Date(at);
  return Number.isNaN(date.getTime()) ? "" : formats.get(key).format(date);
}
export const clockTime = (at) => when(at, { hour: "2-digit", minute: "2-digit" });
export const dayName = (at) => when(at, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
export const fullTime = (at) => `${when(at, { dateStyle: "full", timeStyle: "medium" })} (${zone})`;
export const dayKey = (at) => when(at, { year: "numeric", month: "2-digit", day: "2-digit" });
