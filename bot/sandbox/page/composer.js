// The line people type into, on both platforms: Enter sends, Shift+Enter breaks the line, hints for commands, people and channels.

import { h, icon, put } from "./dom.js";

/**
 * `hints(beforeCaret)` → {from, eager, items: [{insert, label, detail}]} or null; `send(text)` → Promise, false keeps the text.
 * `before` is a node at the start of the line (the mention pill in Teams).
 */
export function composer({ testid, sendTestid, label, hints, send, before = null, onBackspaceAtStart = null, onEdit = null }) {
  const box = h("textarea", { class: "composer-text", rows: 1, data: { testid, control: testid }, "aria-label": label, role: "combobox", "aria-expanded": "false", "aria-autocomplete": "list", "aria-controls": `${testid}-hints`, autocomplete: "off", spellcheck: "true" });
  const button = h("button", { type: "button", class: "composer-send", "aria-label": "Send", title: "Send (Enter)", data: { testid: sendTestid } }, icon("send"));
  const list = h("div", { class: "hints", role: "listbox", id: `${testid}-hints`, "aria-label": "Suggestions", hidden: true });
  const root = h("div", { class: "composer" }, list, h("div", { class: "composer-line" }, before, box, button));
  const past = [];
  let back = -1;
  let open = null;
  let at = -1;
  let sending = false;
  let pressed = false; // Enter, while the line before was still on its way

  const grow = () => { box.style.setProperty("height", "auto"); if (box.scrollHeight) box.style.setProperty("height", `${Math.min(box.scrollHeight, 168)}px`); button.disabled = !box.value.trim(); };
  const shut = () => { open = null; at = -1; list.hidden = true; box.setAttribute("aria-expanded", "false"); box.removeAttribute("aria-activedescendant"); };
  const point = (to) => {
    at = to;
    [...list.children].forEach((el, i) => { el.setAttribute("aria-selected", String(i === at)); if (i === at) { box.setAttribute("aria-activedescendant", el.id); el.scrollIntoView({ block: "nearest" }); } });
    if (at < 0) box.removeAttribute("aria-activedescendant");
  };
  const take = (i) => {
    const item = open?.items[i];
    if (!item) return;
    const caret = box.selectionStart;
    box.value = box.value.slice(0, open.from) + item.insert + box.value.slice(caret);
    box.selectionStart = box.selectionEnd = open.from + item.insert.length;
    grow();
    suggest();
    onEdit?.(box.value);
  };
  function suggest() {
    const found = document.activeElement === box ? hints(box.value.slice(0, box.selectionStart), box.value) : null;
    if (!found?.items.length) return shut();
    open = found;
    list.replaceChildren(...found.items.map((item, i) => h("div", { class: "hint", role: "option", id: `${testid}-hint-${i}`, "aria-selected": "false", on: { mousedown: (event) => { event.preventDefault(); take(i); } } },
      item.lead, h("span", { class: "hint-label" }, item.label), item.detail && h("span", { class: "hint-detail" }, item.detail))));
    list.hidden = false;
    box.setAttribute("aria-expanded", "true");
    point(found.eager ? 0 : -1);
    return undefined;
  }
  async function go() {
    const text = box.value.replace(/\s+$/, "");
    if (!text.trim()) return;
    if (sending) { pressed = true; return; }
    sending = true;
    root.setAttribute("aria-busy", "true");
    shut();
    const kept = box.value;
    box.value = "";
    grow();
    try {
      if ((await send(text)) === false) { if (!box.value) box.value = kept; } else { past.unshift(text); past.length = Math.min(past.length, 50); }
    } finally {
      sending = false;
      back = -1;
      root.removeAttribute("aria-busy");
      grow();
    }
    if (pressed) { pressed = false; await go(); }
  }
  box.addEventListener("input", () => { grow(); suggest(); onEdit?.(box.value); });
  box.addEventListener("click", suggest);
  box.addEventListener("blur", shut);
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (open) {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); const n = open.items.length; point(event.key === "ArrowDown" ? (at + 1) % n : (at <= 0 ? n : at) - 1); return; }
      if (event.key === "Tab" && !event.shiftKey) { event.preventDefault(); take(Math.max(at, 0)); return; }
      if (event.key === "Enter" && !event.shiftKey && at >= 0) { event.preventDefault(); take(at); return; }
      if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); shut(); return; }
    }
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); go(); return; }
    if (event.key === "ArrowUp" && (box.value === "" || past[back] === box.value) && past[back + 1] !== undefined) { event.preventDefault(); back += 1; box.value = past[back]; grow(); return; }
    if (event.key === "ArrowDown" && back >= 0 && past[back] === box.value) { event.preventDefault(); back -= 1; box.value = past[back] ?? ""; grow(); return; }
    if (event.key === "Backspace" && box.selectionStart === 0 && box.selectionEnd === 0) onBackspaceAtStart?.();
  });
  button.addEventListener("click", () => { go(); box.focus(); });
  grow();
  return {
    root, box,
    get draft() { return box.value; },
    set draft(text) { box.value = text; grow(); shut(); },
    put(text) { box.value = text; grow(); box.focus(); box.selectionStart = box.selectionEnd = text.length; shut(); },
    name(placeholder) { box.placeholder = placeholder; box.setAttribute("aria-label", placeholder); },
    lock(reason) { box.disabled = Boolean(reason); if (reason) box.placeholder = reason; grow(); },
  };
}

/** `/incident se` → the verbs that begin so. `usages`: {verb, line, about} from the bot's own grammar. */
export function verbHints(before, usages, { commands = null } = {}) {
  let rest = before;
  let lead = "";
  if (commands) {
    const typed = /^\/[a-z]*$/i.exec(before);
    if (typed) {
      const items = commands.filter((c) => c.command.startsWith(typed[0].toLowerCase()) && c.command !== typed[0]).map((c) => ({ insert: `${c.command} `, label: c.command, detail: c.about }));
      return items.length ? { from: 0, eager: false, items } : null;
    }
    const slash = /^(\/[a-z]+)\s+/i.exec(before);
    if (!slash || !commands.some((c) => c.command === slash[1].toLowerCase())) return null;
    rest = before.slice(slash[0].length);
    lead = slash[1].toLowerCase() === "/apology" ? "apology " : "";
  }
  const wanted = (lead + rest).toLowerCase();
  if (wanted.includes("\n")) return null;
  const fits = usages.filter((u) => u.verb.startsWith(lead));
  const begun = fits.filter((u) => u.verb.startsWith(wanted) && u.verb !== wanted.trim());
  if (begun.length) return { from: before.length - rest.length, eager: false, items: begun.slice(0, 9).map((u) => ({ insert: `${u.verb.slice(lead.length)} `, label: u.line.slice(lead.length), detail: u.about })) };
  const inside = fits.filter((u) => wanted.startsWith(`${u.verb} `)).sort((a, b) => b.verb.length - a.verb.length)[0];
  return inside ? { from: before.length, eager: false, items: [{ insert: "", label: inside.line.slice(lead.length), detail: inside.about }] } : null;
}

/** `@An` → people, `#inc` → channels. */
export function nameHints(before, people, channels) {
  const who = /(?:^|[\s(])@([\p{L}\p{N}._-]*(?: [\p{L}\p{N}]*)?)$/u.exec(before);
  if (who) {
    const typed = who[1].toLowerCase();
    const found = people.filter((p) => !p.system && (p.name.toLowerCase().startsWith(typed) || (p.handle || "").toLowerCase().startsWith(typed)));
    if (!found.length || found.some((p) => p.name.toLowerCase() === typed || p.handle?.toLowerCase() === typed)) return null;
    return { from: before.length - who[1].length - 1, eager: true, items: found.slice(0, 7).map((p) => ({ insert: `@${p.name} `, label: `@${p.name}`, detail: p.title })) };
  }
  const where = /(?:^|\s)#([\p{L}\p{N}_-]*)$/u.exec(before);
  if (where && channels.length) {
    const found = channels.filter((c) => c.name.startsWith(where[1].toLowerCase()) && c.name !== where[1].toLowerCase());
    return found.length ? { from: before.length - where[1].length - 1, eager: true, items: found.slice(0, 7).map((c) => ({ insert: `#${c.name} `, label: `#${c.name}`, detail: c.topic })) } : null;
  }
  return null;
}

/** Names as typed → what the platform sends: longest first, whole words only. */
export function encodeNames(text, table) {
  const names = [...table.keys()].sort((a, b) => b.length - a.length);
  if (!names.length) return text;
  const escaped = names.map((n) => n.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return text.replace(new RegExp(`(?<![\\p{L}\\p{N}])(${escaped.join("|")})(?![\\p{L}\\p{N}_-])`, "giu"), (all) => table.get([...table.keys()].find((k) => k.toLowerCase() === all.toLowerCase())) ?? all);
}

export const pillNote = (text) => put(h("span", { class: "composer-note" }), text);
