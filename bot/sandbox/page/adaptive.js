// Adaptive Cards 1.5 as Teams draws them, from the JSON that was really sent. https://adaptivecards.io/explorer/

import { h, icon, link, menu, put, safeHref } from "./dom.js";
import { cardDates, markdown } from "./markdown.js";

const PRIMARY_ACTIONS = 6; // Teams folds the rest behind "…": learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-reference
let serial = 0;

/**
 * A card as a node. `ctx`: {people, mention(name), run(action, inputs, button) → Promise}. Inputs come back as Teams sends them: id → string.
 */
export function drawCard(card, ctx) {
  const root = h("div", { class: `ac${card.msteams?.width === "Full" ? " ac-full" : ""}`, role: "group", "aria-label": card.speak || firstText(card) || "Card" });
  const inner = { ...ctx, root };
  if (card.minHeight) root.style.setProperty("min-height", pixels(card.minHeight));
  items(root, card.body, inner);
  if (card.actions?.length) put(root, actionSet(card.actions, inner, {}));
  if (card.selectAction) selectable(root, card.selectAction, inner);
  return root;
}

const firstText = (card) => (card.body || []).map((el) => el.text).find((text) => typeof text === "string");
const pixels = (value) => (/^\d+(px)?$/.test(String(value)) ? `${parseInt(value, 10)}px` : "auto");

function items(parent, list, ctx) {
  for (const element of list || []) {
    const node = draw(element, ctx);
    if (!node) continue;
    const separated = element.separator ? " ac-separator" : "";
    node.className += `${separated} ac-gap-${String(element.spacing || "default").toLowerCase()}`;
    if (element.horizontalAlignment) node.classList.add(`ac-align-${String(element.horizontalAlignment).toLowerCase()}`);
    if (element.id) node.dataset.acId = element.id;
    if (element.isVisible === false) node.hidden = true;
    parent.append(node);
  }
}

function draw(element, ctx) {
  switch (element.type) {
    case "TextBlock": return textBlock(element, ctx);
    case "RichTextBlock": return h("p", { class: "ac-text" }, (element.inlines || []).map((run) => textRun(run, ctx)));
    case "FactSet": return h("dl", { class: "ac-facts" }, (element.facts || []).map((fact) => [h("dt", {}, inlineText(fact.title, ctx)), h("dd", {}, inlineText(fact.value, ctx))]));
    case "Container": return container(element, ctx, "ac-container", element.items);
    case "ColumnSet": return columns(element, ctx);
    case "ActionSet": return actionSet(element.actions || [], ctx, element);
    case "Image": return h("span", { class: "bk-image" }, `Image: ${element.altText || "no description"}`);
    case "ImageSet": return h("div", {}, (element.images || []).map((image) => draw({ type: "Image", ...image }, ctx)));
    case "Table": return table(element, ctx);
    case "Input.Text": case "Input.Number": case "Input.Date": case "Input.Time": case "Input.Toggle": case "Input.ChoiceSet": return input(element, ctx);
    default:
      if (element.fallback === "drop") return null;
      if (element.fallback && typeof element.fallback === "object") return draw(element.fallback, ctx);
      return h("div", { class: "bk-unknown" }, `This page does not draw “${element.type}”.`);
  }
}

const lower = (value) => String(value || "default").toLowerCase();

function look(element) {
  return ["ac-text", `ac-size-${lower(element.size)}`, `ac-weight-${lower(element.weight)}`, `ac-color-${lower(element.color)}`, element.isSubtle ? "ac-subtle" : "", lower(element.fontType) === "monospace" ? "ac-mono" : ""].filter(Boolean).join(" ");
}

function textBlock(element, ctx) {
  const heading = element.style === "heading";
  const node = h("div", { class: `${look(element)}${heading && !element.size ? " ac-heading" : ""}${element.wrap ? "" : " ac-nowrap"}`, role: heading ? "heading" : null, "aria-level": heading ? "3" : null },
    markdown(cardDates(element.text ?? ""), { card: true, mention: ctx.mention }));
  if (element.maxLines) { node.classList.add("ac-clamp"); node.style.setProperty("-webkit-line-clamp", String(Number(element.maxLines))); }
  return node;
}

function inlineText(text, ctx) {
  return h("div", { class: "ac-inline" }, markdown(cardDates(text ?? ""), { card: true, mention: ctx.mention }));
}

function textRun(run, ctx) {
  if (typeof run === "string") return run;
  const style = [look(run).replace("ac-text", "ac-run"), run.italic ? "ac-italic" : "", run.strikethrough ? "ac-strike" : "", run.underline ? "ac-underline" : "", run.highlight ? "ac-highlight" : ""].join(" ");
  const text = String(run.text ?? "").split("\n").flatMap((line, i) => (i ? [h("br"), line] : [line]));
  if (!run.selectAction) return h("span", { class: style }, text);
  const el = h("button", { type: "button", class: `${style} ac-link`, on: { click: () => perform(run.selectAction, el, ctx) } }, text);
  return el;
}

function container(element, ctx, className, list) {
  const node = h("div", { class: `${className} ac-style-${lower(element.style)}${element.bleed ? " ac-bleed" : ""}` });
  if (element.minHeight) node.style.setProperty("min-height", pixels(element.minHeight));
  if (element.verticalContentAlignment) node.classList.add(`ac-valign-${lower(element.verticalContentAlignment)}`);
  items(node, list, ctx);
  if (element.selectAction) selectable(node, element.selectAction, ctx);
  return node;
}

function columns(element, ctx) {
  const node = h("div", { class: `ac-columns ac-style-${lower(element.style)}` });
  for (const column of element.columns || []) {
    const col = container(column, ctx, "ac-column", column.items);
    const width = column.width ?? "stretch";
    if (width === "auto") col.style.setProperty("flex", "0 1 auto");
    else if (width === "stretch") col.style.setProperty("flex", "1 1 0");
    else if (/^\d+px$/.test(width)) col.style.setProperty("flex", `0 0 ${width}`);
    else col.style.setProperty("flex", `${Number(width) || 1} 1 0`);
    if (column.id) col.dataset.acId = column.id;
    if (column.isVisible === false) col.hidden = true;
    if (column.separator) col.classList.add("ac-column-separator");
    node.append(col);
  }
  if (element.selectAction) selectable(node, element.selectAction, ctx);
  return node;
}

function table(element, ctx) {
  const head = element.firstRowAsHeaders !== false && element.firstRowAsHeader !== false;
  const rows = (element.rows || []).map((row, i) => h("tr", {}, (row.cells || []).map((cell) => { const el = h(head && i === 0 ? "th" : "td", {}); items(el, cell.items, ctx); return el; })));
  return h("div", { class: "bk-table-wrap" }, h("table", { class: `bk-table${element.showGridLines === false ? " plain" : ""}` }, rows));
}

function selectable(node, action, ctx) {
  node.classList.add("ac-selectable");
  node.tabIndex = 0;
  node.setAttribute("role", "button");
  if (action.title || action.tooltip) node.setAttribute("aria-label", action.title || action.tooltip);
  const go = (event) => { if (event.target.closest("button,a,input,select,textarea,label") && event.target !== node) return; event.preventDefault(); event.stopPropagation(); perform(action, node, ctx); };
  node.addEventListener("click", go);
  node.addEventListener("keydown", (event) => { if (event.target === node && (event.key === "Enter" || event.key === " ")) go(event); });
}

/** Everything on a card that can be pressed, in the order bot/sandbox/teams_cards.py counts it: an action's index is its name. */
export function pressables(card) {
  const found = [];
  const walk = (one) => {
    const parts = [];
    const into = (list) => { for (const el of list || []) if (el && typeof el === "object") { parts.push(el); for (const name of ["items", "columns", "rows", "cells", "images"]) if (Array.isArray(el[name])) into(el[name]); } };
    into(one.body);
    const actions = [];
    for (const part of parts) {
      if (part.selectAction) actions.push(part.selectAction);
      if (part.type === "ActionSet") actions.push(...(part.actions || []));
    }
    for (const action of [...actions, ...(one.actions || [])]) { found.push(action); if (action.type === "Action.ShowCard") walk(action.card || {}); }
  };
  walk(card || {});
  return found;
}

// ---- actions --------------------------------------------------------------------------------------------------------------------

function actionSet(actions, ctx, element) {
  const shown = h("div", { class: `ac-actions ac-align-${lower(element.horizontalAlignment)}`, role: "group" });
  const wrap = h("div", { class: "ac-actionset" }, shown);
  const primary = actions.filter((a) => a.mode !== "secondary");
  const visible = primary.slice(0, PRIMARY_ACTIONS);
  const folded = [...primary.slice(PRIMARY_ACTIONS), ...actions.filter((a) => a.mode === "secondary")];
  for (const action of visible) put(shown, actionButton(action, ctx, wrap));
  if (folded.length) {
    const more = h("button", { type: "button", class: "btn btn-icon", "aria-label": "More actions", "aria-haspopup": "menu", on: { click: () => menu(more, folded.map((action) => ({ label: action.title || action.type, testid: `action-${action.id || action.title}`, run: () => perform(action, more, ctx, wrap) })), { label: "More actions" }) } }, icon("more"));
    put(shown, more);
  }
  return wrap;
}

function actionButton(action, ctx, wrap) {
  const style = action.style === "positive" ? " btn-primary" : action.style === "destructive" ? " btn-danger" : "";
  const el = h("button", { type: "button", class: `btn${style}`, title: action.tooltip, disabled: action.isEnabled === false, data: { control: `action/${action.id || action.title}`, testid: `action-${action.id || action.title}` },
    "aria-expanded": action.type === "Action.ShowCard" ? "false" : null, on: { click: () => perform(action, el, ctx, wrap) } }, action.title || action.type, action.type === "Action.ShowCard" && icon("chevron"));
  return el;
}

async function perform(action, el, ctx, wrap = null) {
  switch (action.type) {
    case "Action.OpenUrl":
      if (safeHref(action.url)) open(safeHref(action.url), "_blank", "noopener,noreferrer");
      return;
    case "Action.ToggleVisibility":
      for (const target of action.targetElements || []) {
        const id = typeof target === "string" ? target : target.elementId;
        const node = ctx.root.querySelector(`[data-ac-id="${CSS.escape(id)}"]`);
        if (node) node.hidden = typeof target === "object" && target.isVisible !== undefined ? !target.isVisible : !node.hidden;
      }
      return;
    case "Action.ShowCard": {
      const host = wrap || el.closest(".ac-actionset") || ctx.root;
      const open_ = host.querySelector(":scope > .ac-show");
      const mine = open_?.shownBy === action;
      open_?.remove();
      for (const other of host.querySelectorAll(":scope > .ac-actions [aria-expanded]")) other.setAttribute("aria-expanded", "false");
      if (mine) return;
      const shown = h("div", { class: "ac-show" });
      shown.shownBy = action;
      items(shown, action.card?.body, ctx);
      if (action.card?.actions?.length) put(shown, actionSet(action.card.actions, ctx, {}));
      host.append(shown);
      el.setAttribute("aria-expanded", "true");
      shown.scrollIntoView({ block: "nearest" });
      shown.querySelector("input,select,textarea,button")?.focus({ preventScroll: true });
      return;
    }
    default: {
      if (el.getAttribute("aria-busy") === "true") return;
      const gathered = String(action.associatedInputs || "auto").toLowerCase() === "none" ? {} : collect(ctx.root, el);
      if (gathered === null) return;
      el.setAttribute("aria-busy", "true");
      try { await ctx.run(action, gathered, el); } finally { el.removeAttribute("aria-busy"); }
    }
  }
}

/** The inputs of this card and the cards around it; null (and sentences at the fields) when one is missing or wrong. */
function collect(root, from) {
  const out = {};
  let bad = null;
  for (const field of root.querySelectorAll("[data-ac-input]")) {
    let show = field.closest(".ac-show");
    let apart = false;
    for (; show && root.contains(show); show = show.parentElement.closest(".ac-show")) if (!show.contains(from)) apart = true;
    if (apart) continue;
    const sentence = field.hidden ? "" : field.checkInput();
    fieldError(field, sentence);
    if (sentence) bad ||= field;
    out[field.dataset.acInput] = field.readInput();
  }
  if (bad) { bad.querySelector("input,select,textarea")?.focus(); return null; }
  return out;
}

export function fieldError(field, sentence) {
  field.querySelector(":scope > .field-error")?.remove();
  for (const control of field.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
  if (!sentence) return;
  const id = `ac-error-${(serial += 1)}`;
  put(field, h("div", { class: "field-error", role: "alert", id, data: { testid: `error-${field.dataset.acInput}` } }, icon("warn"), h("span", {}, sentence)));
  const control = field.querySelector("input,select,textarea");
  control?.setAttribute("aria-invalid", "true");
  control?.setAttribute("aria-describedby", id);
}

// ---- inputs ---------------------------------------------------------------------------------------------------------------------

function input(element, ctx) {
  const id = `ac-${(serial += 1)}`;
  const control = `input/${element.id}`;
  const base = { id, data: { control, testid: `input-${element.id}` }, "aria-required": element.isRequired ? "true" : null };
  const made = { "Input.Text": textField, "Input.Number": numberField, "Input.Date": plainField, "Input.Time": plainField, "Input.Toggle": toggle, "Input.ChoiceSet": choices }[element.type](element, base, ctx);
  const grouped = made.grouped;
  const label = element.label && [h("span", {}, element.label), element.isRequired && h("span", { class: "required", "aria-hidden": "true" }, " *")];
  const field = h(grouped ? "fieldset" : "div", { class: "ac-input", data: { acInput: element.id } }, label && (grouped ? h("legend", { class: "bk-label" }, label) : h("label", { class: "bk-label", for: id }, label)), made.node);
  if (!element.label) field.querySelector("input,select,textarea")?.setAttribute("aria-label", element.placeholder || element.title || element.id);
  if (element.inlineAction) field.querySelector(".ac-inline-row")?.append(actionButton(element.inlineAction, ctx, field));
  field.readInput = made.read;
  field.checkInput = () => {
    const value = made.read();
    if (element.isRequired && (value === "" || (element.type === "Input.Toggle" && value !== (element.valueOn ?? "true")))) return element.errorMessage || "This field is needed.";
    return value === "" ? "" : made.check?.(value) ? element.errorMessage || made.check(value) : "";
  };
  field.addEventListener("input", (event) => { event.target.dataset.dirty = "1"; fieldError(field, ""); });
  return field;
}

function textField(element, base) {
  const el = element.isMultiline
    ? h("textarea", { ...base, class: "field", rows: 4, placeholder: element.placeholder, maxlength: element.maxLength, value: element.value ?? "" })
    : h("input", { ...base, class: "field", type: { email: "email", url: "url", tel: "tel", password: "password" }[lower(element.style)] || "text", placeholder: element.placeholder, maxlength: element.maxLength, autocomplete: "off", value: element.value ?? "" });
  const node = element.inlineAction ? h("div", { class: "ac-inline-row" }, el) : el;
  return { node, read: () => el.value, check: (value) => { if (!element.regex) return ""; try { return new RegExp(element.regex, "u").test(value) ? "" : "This does not look right."; } catch { return ""; } } };
}

function numberField(element, base) {
  const el = h("input", { ...base, class: "field", type: "text", inputmode: "decimal", placeholder: element.placeholder, autocomplete: "off", value: element.value ?? "" });
  return { node: el, read: () => el.value.trim(), check: (value) => { const n = Number(value); return Number.isNaN(n) || (element.min !== undefined && n < element.min) || (element.max !== undefined && n > element.max) ? "Please write a number in range." : ""; } };
}

function plainField(element, base) {
  const el = h("input", { ...base, class: "field", type: element.type === "Input.Date" ? "date" : "time", min: element.min, max: element.max, value: element.value ?? "" });
  return { node: el, read: () => el.value };
}

function toggle(element, base) {
  const on = element.valueOn ?? "true";
  const el = h("input", { ...base, type: "checkbox", checked: (element.value ?? element.valueOff ?? "false") === on });
  return { node: h("label", { class: "box" }, el, h("span", {}, element.title || "")), read: () => (el.checked ? on : element.valueOff ?? "false") };
}

function choices(element, base, ctx) {
  const people = element["choices.data"]?.dataset?.startsWith("graph.microsoft.com/users") ? (ctx.people || []).filter((p) => !p.bot).map((p) => ({ title: p.name, value: p.aad || p.id })) : [];
  const list = [...(element.choices || []), ...people];
  const chosen = new Set(String(element.value ?? "").split(",").map((v) => v.trim()).filter(Boolean));
  if (lower(element.style) !== "expanded" && !element.isMultiSelect) {
    const el = h("select", { ...base, class: "field field-select" }, h("option", { value: "" }, element.placeholder || "Choose…"), list.map((c) => h("option", { value: c.value }, c.title)));
    el.value = element.value ?? "";
    if (el.selectedIndex < 0) el.value = "";
    return { node: el, read: () => el.value };
  }
  const type = element.isMultiSelect ? "checkbox" : "radio";
  const box = h("div", { class: `boxes${list.length > 8 ? " boxes-scroll" : ""}`, id: base.id, data: base.data, role: type === "radio" ? "radiogroup" : "group" },
    list.map((c) => h("label", { class: "box" }, h("input", { type, name: base.id, value: c.value, checked: chosen.has(c.value), data: { control: `${base.data.control}/${c.value}`, testid: `option-${c.value}` } }), h("span", {}, c.title))));
  return { node: box, grouped: true, read: () => [...box.querySelectorAll("input:checked")].map((i) => i.value).join(",") };
}

/** A hero or thumbnail card and other attachments Teams knows; Adaptive Cards first. */
export function drawAttachment(attachment, ctx) {
  if (attachment.contentType === "application/vnd.microsoft.card.adaptive") return drawCard(attachment.content || {}, ctx);
  const content = attachment.content || {};
  if (/card\.(hero|thumbnail)$/.test(attachment.contentType || "")) {
    return h("div", { class: "ac" }, content.title && h("div", { class: "ac-text ac-weight-bolder ac-size-medium" }, content.title), content.subtitle && h("div", { class: "ac-text ac-subtle" }, content.subtitle), content.text && h("div", { class: "ac-text" }, content.text));
  }
  return h("div", { class: "bk-unknown" }, attachment.contentUrl ? link(attachment.contentUrl, attachment.name || attachment.contentUrl) : `An attachment of kind ${attachment.contentType}.`);
}
