// Block Kit, drawn from the JSON that was really sent: messages, modals and the Home tab. https://docs.slack.dev/reference/block-kit

import { confirmBox, h, icon, menu, place, put, safeHref, link } from "./dom.js";
import { mrkdwn, richText, textObject } from "./mrkdwn.js";
import { markdown } from "./markdown.js";

const REQUIRED = "Please complete this required field.";

/**
 * Blocks as a node. `ctx`: {names, people, channels, surface: "message"|"modal"|"home", press({action_id, block_id, action, state})}.
 * What was chosen is read back with `readState`.
 */
export function drawBlocks(blocks, ctx) {
  const root = h("div", { class: `blocks blocks-${ctx.surface}` });
  (blocks || []).forEach((block, i) => {
    const node = drawBlock({ block_id: `block-${i}`, ...block }, { ...ctx, root });
    if (node) root.append(node);
  });
  return root;
}

/** `state.values` as Slack sends them: block id → action id → value. */
export function readState(root) {
  const values = {};
  for (const el of root.querySelectorAll("[data-read]")) {
    (values[el.dataset.block] ||= {})[el.dataset.action] = el.readValue();
  }
  return values;
}

/** What Slack's own client refuses before it asks the app: block id → sentence. */
export function missing(root) {
  const errors = {};
  for (const el of root.querySelectorAll("[data-read][data-input]")) {
    const sentence = el.checkValue?.();
    if (sentence) errors[el.dataset.block] = sentence;
  }
  return errors;
}

/** Show sentences at their blocks and put the cursor into the first; blocks not on screen are named on top. */
export function showErrors(root, errors) {
  for (const el of root.querySelectorAll(".field-error")) el.remove();
  for (const el of root.querySelectorAll("[aria-invalid]")) el.removeAttribute("aria-invalid");
  let first = null;
  for (const [block, sentence] of Object.entries(errors || {})) {
    const field = root.querySelector(`[data-block-id="${CSS.escape(block)}"]`);
    const note = h("div", { class: "field-error", role: "alert", id: `error-${block}`, data: { testid: `error-${block}` } }, icon("warn"), h("span", {}, sentence));
    if (!field) { root.prepend(note); continue; }
    field.append(note);
    const control = field.querySelector("input,select,textarea,button");
    control?.setAttribute("aria-invalid", "true");
    control?.setAttribute("aria-describedby", `error-${block}`);
    first ||= control;
  }
  first?.focus();
}

function drawBlock(block, ctx) {
  switch (block.type) {
    case "header":
      return h("h3", { class: "bk-header" }, textObject(block.text, ctx.names));
    case "section":
      return section(block, ctx);
    case "context":
      return h("div", { class: "bk-context" }, (block.elements || []).map((el) => (el.type === "image" ? imageNote(el) : h("span", {}, textObject(el, ctx.names)))));
    case "divider":
      return h("hr", { class: "bk-divider" });
    case "actions":
      return h("div", { class: "bk-actions", role: "group" }, (block.elements || []).map((el) => drawElement(el, block, ctx)));
    case "input":
      return input(block, ctx);
    case "rich_text":
      return richText(block, ctx.names);
    case "markdown":
      return h("div", { class: "bk-section" }, markdown(block.text || ""));
    case "image":
      return imageNote(block);
    case "table":
      return table(block, ctx);
    default:
      return h("div", { class: "bk-unknown" }, `This page does not draw “${block.type}” blocks.`);
  }
}

const imageNote = (block) => h("span", { class: "bk-image" }, `Image: ${block.alt_text || block.title?.text || "no description"}`);

function table(block, ctx) {
  return h("div", { class: "bk-table-wrap" }, h("table", { class: "bk-table" }, (block.rows || []).map((row, i) => h("tr", {}, row.map((cell) => h(i ? "td" : "th", {}, cell.type === "raw_text" ? cell.text : richText(cell, ctx.names)))))));
}

function section(block, ctx) {
  const body = h("div", { class: "bk-section-body" });
  if (block.text) put(body, h("div", { class: "bk-text" }, textObject(block.text, ctx.names)));
  if (block.fields) put(body, h("div", { class: "bk-fields" }, block.fields.map((field) => h("div", { class: "bk-field" }, textObject(field, ctx.names)))));
  return h("div", { class: "bk-section", "data-block-id": block.block_id }, body, block.accessory && h("div", { class: "bk-accessory" }, drawElement(block.accessory, block, ctx)));
}

function input(block, ctx) {
  const control = drawElement(block.element || {}, block, ctx, { input: true, optional: Boolean(block.optional), dispatch: Boolean(block.dispatch_action), label: block.label?.text });
  const grouped = ["checkboxes", "radio_buttons"].includes(block.element?.type);
  const label = [h("span", {}, textObject(block.label, ctx.names)), block.optional && h("span", { class: "optional" }, " (optional)")];
  return h(grouped ? "fieldset" : "div", { class: "bk-input", "data-block-id": block.block_id },
    grouped ? h("legend", { class: "bk-label" }, label) : h("label", { class: "bk-label", for: idOf(block, block.element || {}) }, label),
    control,
    block.hint && h("div", { class: "bk-hint" }, textObject(block.hint, ctx.names)));
}

let serial = 0;
const ids = new WeakMap();
function idOf(block, element) {
  const owner = element && typeof element === "object" ? element : block;
  if (!ids.has(owner)) ids.set(owner, `bk-${(serial += 1)}`);
  return ids.get(owner);
}

const optionText = (option) => option?.text?.text || "";
const allOptions = (element) => (element.option_groups ? element.option_groups.flatMap((g) => g.options || []) : element.options || []);

/** Mark a control as readable and give it its tests' names. */
function readable(el, element, block, flags, read, check) {
  el.dataset.read = "1";
  el.dataset.block = block.block_id;
  el.dataset.action = element.action_id || "";
  if (flags.input) el.dataset.input = "1";
  el.readValue = read;
  el.checkValue = () => (flags.optional ? (check ? check(true) : "") : check ? check(false) : "");
  return el;
}

function drawElement(element, block, ctx, flags = {}) {
  const control = `${block.block_id}/${element.action_id || ""}`;
  const testid = `${flags.input ? "input" : "action"}-${element.action_id || ""}`;
  const base = { id: idOf(block, element), data: { control, testid }, "aria-label": flags.label ? null : element.placeholder?.text || element.accessibility_label || null };
  const fire = async (action, anchor) => {
    if (element.confirm && !(await confirmBox(confirmOf(element.confirm, ctx)))) return false;
    const state = readState(ctx.root);
    await ctx.press({ block_id: block.block_id, action_id: element.action_id, action: { type: element.type, action_id: element.action_id, block_id: block.block_id, ...action }, state, root: ctx.root, anchor });
    return true;
  };
  const live = !flags.input || flags.dispatch;
  switch (element.type) {
    case "button": return button(element, block, ctx, base, fire);
    case "overflow": return overflow(element, ctx, base, fire);
    case "static_select": case "external_select": return select(element, block, flags, base, allOptions(element), live && fire);
    case "users_select": return select(element, block, flags, base, peopleOptions(ctx), live && fire, { kind: "selected_user", initial: element.initial_user });
    case "channels_select": case "conversations_select": {
      const kind = element.type === "channels_select" ? "selected_channel" : "selected_conversation";
      return select(element, block, flags, base, channelOptions(ctx), live && fire, { kind, initial: element.initial_channel || element.initial_conversation });
    }
    case "multi_static_select": case "multi_external_select": return multi(element, block, flags, base, allOptions(element), live && fire);
    case "multi_users_select": return multi(element, block, flags, base, peopleOptions(ctx), live && fire, { kind: "selected_users", initial: element.initial_users });
    case "multi_channels_select": case "multi_conversations_select": {
      const kind = element.type === "multi_channels_select" ? "selected_channels" : "selected_conversations";
      return multi(element, block, flags, base, channelOptions(ctx), live && fire, { kind, initial: element.initial_channels || element.initial_conversations });
    }
    case "checkboxes": return boxes(element, block, ctx, flags, base, "checkbox", live && fire);
    case "radio_buttons": return boxes(element, block, ctx, flags, base, "radio", live && fire);
    case "datepicker": return native(element, block, flags, base, "date", "selected_date", element.initial_date, live && fire);
    case "timepicker": return native(element, block, flags, base, "time", "selected_time", element.initial_time, live && fire);
    case "datetimepicker": return moment(element, block, flags, base, live && fire);
    case "plain_text_input": case "number_input": case "email_text_input": case "url_text_input": return textInput(element, block, flags, base, flags.dispatch && fire);
    case "image": return imageNote(element);
    default: return h("span", { class: "bk-unknown" }, `This page does not draw “${element.type}”.`);
  }
}

const confirmOf = (confirm, ctx) => ({ title: confirm.title?.text, body: h("div", {}, textObject(confirm.text, ctx.names)), ok: confirm.confirm?.text || "Yes", cancel: confirm.deny?.text || "No", danger: confirm.style === "danger" });
const option = (text, value) => ({ text: { type: "plain_text", text }, value });
const peopleOptions = (ctx) => (ctx.people || []).filter((p) => !p.bot).map((p) => option(p.name, p.id));
const channelOptions = (ctx) => (ctx.channels || []).filter((c) => c.kind !== "im").map((c) => option(`#${c.name}`, c.id));

async function busy(el, work) {
  if (el.getAttribute("aria-busy") === "true") return;
  el.setAttribute("aria-busy", "true");
  try { await work(); } finally { el.removeAttribute("aria-busy"); }
}

function button(element, block, ctx, base, fire) {
  const style = element.style === "primary" ? " btn-primary" : element.style === "danger" ? " btn-danger" : "";
  const el = h("button", { ...base, type: "button", class: `btn${style}`, data: { ...base.data, value: element.value }, on: { click: () => busy(el, async () => {
    if (element.url && safeHref(element.url)) open(safeHref(element.url), "_blank", "noopener,noreferrer");
    await fire({ text: element.text, ...(element.value === undefined ? {} : { value: element.value }), ...(element.style ? { style: element.style } : {}) });
  }) } }, textObject(element.text, ctx.names));
  return el;
}

function overflow(element, ctx, base, fire) {
  const el = h("button", { ...base, type: "button", class: "btn btn-icon", "aria-haspopup": "menu", "aria-label": element.accessibility_label || "More actions", on: { click: () => menu(el, (element.options || []).map((o) => ({
    label: optionText(o), detail: o.description?.text, testid: `option-${o.value}`, run: () => { if (o.url && safeHref(o.url)) open(safeHref(o.url), "_blank", "noopener,noreferrer"); busy(el, () => fire({ selected_option: o })); },
  })), { label: "More actions" }) } }, icon("more"));
  return el;
}

function select(element, block, flags, base, options, fire, shape = null) {
  const initial = shape ? shape.initial : element.initial_option?.value;
  const el = h("select", { ...base, class: "field field-select" });
  put(el, h("option", { value: "" }, element.placeholder?.text || "Choose…"));
  const addTo = (parent, list) => { for (const o of list) put(parent, h("option", { value: o.value }, optionText(o) + (o.description ? ` — ${o.description.text}` : ""))); };
  if (element.option_groups) for (const group of element.option_groups) { const g = h("optgroup", { label: group.label?.text || "" }); addTo(g, group.options || []); put(el, g); } else addTo(el, options);
  el.value = initial ?? "";
  const chosen = () => options.find((o) => o.value === el.value);
  const value = () => (shape ? { [shape.kind]: el.value || null } : { selected_option: chosen() ? strip(chosen()) : null });
  let last = el.value;
  el.addEventListener("change", async () => {
    el.dataset.dirty = "1";
    if (!fire || !el.value) return;
    if (await fire(value())) last = el.value; else el.value = last;
  });
  return readable(el, element, block, flags, () => ({ type: element.type, ...value() }), (optional) => (!optional && !el.value ? REQUIRED : ""));
}

const strip = (o) => ({ text: o.text, value: o.value, ...(o.description ? { description: o.description } : {}) });

function multi(element, block, flags, base, options, fire, shape = null) {
  const initial = new Set(shape ? shape.initial || [] : (element.initial_options || []).map((o) => o.value));
  const limit = element.max_selected_items || Infinity;
  const list = h("div", { class: "multi-list", role: "group", "aria-label": flags.label || element.placeholder?.text || "Choices" });
  const filter = h("input", { class: "field multi-filter", type: "search", placeholder: "Filter", "aria-label": "Filter the choices", autocomplete: "off" });
  const pop = h("div", { class: "menu multi-pop", popover: "auto" }, options.length > 7 && filter, list);
  const shown = h("span", { class: "multi-shown" });
  const el = h("button", { ...base, type: "button", class: "field field-multi", "aria-haspopup": "true", "aria-expanded": "false" }, shown, icon("chevron"));
  const wrap = h("div", { class: "multi" }, el, pop);
  for (const o of options) {
    const box = h("input", { type: "checkbox", value: o.value, checked: initial.has(o.value), data: { control: `${base.data.control}/${o.value}`, testid: `option-${o.value}` } });
    put(list, h("label", { class: "multi-option" }, box, h("span", {}, optionText(o), o.description && h("span", { class: "menu-detail" }, o.description.text))));
  }
  const ticked = () => [...list.querySelectorAll("input:checked")].map((box) => box.value);
  const value = () => { const have = new Set(ticked()); const chosen = options.filter((o) => have.has(o.value)); return shape ? { [shape.kind]: chosen.map((o) => o.value) } : { selected_options: chosen.map(strip) }; };
  const draw = () => {
    const chosen = new Set(ticked());
    shown.replaceChildren(...(chosen.size ? options.filter((o) => chosen.has(o.value)).map((o) => h("span", { class: "chip" }, optionText(o))) : [h("span", { class: "placeholder" }, element.placeholder?.text || "Choose…")]));
    for (const box of list.querySelectorAll("input")) box.disabled = !box.checked && chosen.size >= limit;
  };
  let before = "";
  list.addEventListener("change", (event) => { event.target.dataset.dirty = "1"; draw(); });
  filter.addEventListener("input", () => { for (const label of list.children) label.hidden = !label.textContent.toLowerCase().includes(filter.value.toLowerCase()); });
  el.addEventListener("click", () => { before = ticked().join(); pop.showPopover(); place(pop, el, { wide: true }); (options.length > 7 ? filter : list.querySelector("input"))?.focus({ preventScroll: true }); });
  pop.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.target.type === "checkbox") { event.preventDefault(); event.target.click(); } if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); pop.hidePopover(); } });
  pop.addEventListener("toggle", (event) => { el.setAttribute("aria-expanded", String(event.newState === "open")); if (event.newState === "closed") { if (pop.contains(document.activeElement) || document.activeElement === document.body) el.focus({ preventScroll: true }); if (fire && ticked().join() !== before) fire(value()); } });
  wrap.addEventListener("carried", draw);
  draw();
  return readable(wrap, element, block, flags, () => ({ type: element.type, ...value() }), (optional) => (!optional && !ticked().length ? REQUIRED : ""));
}

function boxes(element, block, ctx, flags, base, type, fire) {
  const initial = new Set((element.initial_options || (element.initial_option ? [element.initial_option] : [])).map((o) => o.value));
  const wrap = h("div", { class: "boxes", id: base.id, role: type === "radio" ? "radiogroup" : "group", data: base.data, "aria-label": flags.label });
  for (const o of element.options || []) {
    put(wrap, h("label", { class: "box" }, h("input", { type, name: base.id, value: o.value, checked: initial.has(o.value), data: { control: `${base.data.control}/${o.value}`, testid: `option-${o.value}` } }),
      h("span", {}, h("span", {}, textObject(o.text, ctx.names)), o.description && h("span", { class: "menu-detail" }, textObject(o.description, ctx.names)))));
  }
  const chosen = () => { const have = new Set([...wrap.querySelectorAll("input:checked")].map((i) => i.value)); return (element.options || []).filter((o) => have.has(o.value)); };
  const value = () => (type === "radio" ? { selected_option: chosen()[0] || null } : { selected_options: chosen() });
  wrap.addEventListener("change", (event) => { event.target.dataset.dirty = "1"; if (fire) fire(value()); });
  return readable(wrap, element, block, flags, () => ({ type: element.type, ...value() }), (optional) => (!optional && !chosen().length ? REQUIRED : ""));
}

function native(element, block, flags, base, type, key, initial, fire) {
  const el = h("input", { ...base, type, class: "field", value: initial || "" });
  el.addEventListener("input", () => { el.dataset.dirty = "1"; });
  if (fire) el.addEventListener("change", () => fire({ [key]: el.value || null }));
  return readable(el, element, block, flags, () => ({ type: element.type, [key]: el.value || null }), (optional) => (!optional && !el.value ? REQUIRED : ""));
}

function moment(element, block, flags, base, fire) {
  const el = h("input", { ...base, type: "datetime-local", class: "field", value: element.initial_date_time ? new Date(element.initial_date_time * 1000).toISOString().slice(0, 16) : "" });
  const value = () => (el.value ? Math.floor(Date.parse(`${el.value}Z`) / 1000) : null);
  el.addEventListener("input", () => { el.dataset.dirty = "1"; });
  if (fire) el.addEventListener("change", () => fire({ selected_date_time: value() }));
  const node = h("span", { class: "field-suffix" }, el, h("span", { class: "suffix" }, "UTC"));
  return readable(node, element, block, flags, () => ({ type: element.type, selected_date_time: value() }), (optional) => (!optional && !el.value ? REQUIRED : ""));
}

function textInput(element, block, flags, base, fire) {
  const type = { number_input: "text", email_text_input: "email", url_text_input: "url" }[element.type] || "text";
  const el = element.multiline
    ? h("textarea", { ...base, class: "field", rows: 4, placeholder: element.placeholder?.text, value: element.initial_value || "" })
    : h("input", { ...base, class: "field", type, placeholder: element.placeholder?.text, autocomplete: "off", inputmode: element.type === "number_input" ? "decimal" : null, value: element.initial_value || "" });
  if (element.focus_on_load) el.dataset.autofocus = "1";
  el.addEventListener("input", () => { el.dataset.dirty = "1"; });
  const when = element.dispatch_action_config?.trigger_actions_on || ["on_enter_pressed"];
  if (fire && when.includes("on_character_entered")) el.addEventListener("input", () => fire({ value: el.value }));
  if (fire && when.includes("on_enter_pressed")) el.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); fire({ value: el.value }); } });
  return readable(el, element, block, flags, () => ({ type: element.type, value: el.value === "" ? null : el.value }), (optional) => {
    const text = el.value.trim();
    if (!text) return optional ? "" : REQUIRED;
    if (element.min_length && el.value.length < element.min_length) return `Please write at least ${element.min_length} characters.`;
    const max = element.max_length || 3000;
    if (el.value.length > max) return `Please keep it under ${max} characters (now ${el.value.length}).`;
    if (element.type === "number_input" && !(element.is_decimal_allowed ? /^-?\d+([.,]\d+)?$/ : /^-?\d+$/).test(text)) return "Please write a number.";
    if (element.type === "email_text_input" && !/^\S+@\S+$/.test(text)) return "Please write an e-mail address.";
    if (element.type === "url_text_input" && !/^https?:\/\/\S+$/.test(text)) return "Please write a web address.";
    return "";
  });
}

/** A message's text and blocks as one node: blocks where there are any, else the text as mrkdwn. */
export function drawMessage(message, ctx) {
  const body = h("div", { class: "msg-body" });
  if (message.blocks?.length) put(body, drawBlocks(message.blocks, ctx));
  else if (message.text) put(body, h("div", { class: "msg-text" }, message.mrkdwn === false ? textObject({ type: "plain_text", text: message.text }, ctx.names) : mrkdwn(message.text, ctx.names)));
  for (const attachment of message.attachments || []) {
    put(body, h("div", { class: "attachment" }, attachment.title && h("strong", {}, attachment.title_link ? link(attachment.title_link, attachment.title) : attachment.title),
      attachment.blocks ? drawBlocks(attachment.blocks, ctx) : h("div", {}, mrkdwn(attachment.text || attachment.fallback || "", ctx.names))));
  }
  return body;
}
