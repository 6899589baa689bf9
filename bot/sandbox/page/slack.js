// The Slack pane: channels, messages, threads, modals and the Home tab, as one chosen person sees them.

import { avatar, clear, clockTime, dayKey, dayName, fullTime, h, icon, menu, put, reconcile, swap, trap } from "./dom.js";
import { drawBlocks, drawMessage, missing, readState, showErrors } from "./blockkit.js";
import { emoji, Names, REACTIONS, textObject } from "./mrkdwn.js";
import { composer, encodeNames, nameHints, verbHints } from "./composer.js";
import { actors, slackModel } from "./model.js";

const GROUPED_WITHIN = 300; // seconds: further messages of the same person need no second name
const COMMANDS = [
  { command: "/incident", about: "declare and run an incident" },
  { command: "/inc", about: "the same, shorter" },
  { command: "/apology", about: "draft, approve and publish an apology" },
];
const HOME = "home";

/** What was picked, as `FakeSlack.press` takes it: an option's value, a list of them, a date, a person. */
function chosen(action) {
  for (const [key, value] of Object.entries(action)) {
    if (key === "selected_option") return value?.value ?? null;
    if (key === "selected_options") return value.map((o) => o.value);
    if (key.startsWith("selected_")) return value;
  }
  return action.type.endsWith("_input") ? action.value ?? null : null;
}

export class SlackPane {
  constructor(root, app) {
    this.app = app;
    this.root = root;
    this.at = "";
    this.thread = "";
    this.seen = new Map(); // person → Map(channel → ts)
    this.drafts = new Map(); // channel → what was begun there
    this.model = null;
    this.viewSig = "";
    this.build();
  }

  build() {
    this.who = h("button", { type: "button", class: "who", "aria-haspopup": "menu", "aria-expanded": "false", data: { testid: "slack-person" }, on: { click: () => this.choosePerson() } });
    this.title = h("span", { class: "pane-name" }, "Slack");
    this.side = h("nav", { class: "side", "aria-label": "Slack channels" });
    this.head = h("header", { class: "place-head" });
    this.stream = h("div", { class: "stream", role: "log", "aria-label": "Messages", tabindex: "0", data: { testid: "slack-messages" }, on: { scroll: () => this.scrolled() } });
    this.jump = h("button", { type: "button", class: "jump", hidden: true, on: { click: () => this.toBottom() } }, "New messages", icon("chevron"));
    this.composer = composer({ testid: "slack-composer", sendTestid: "slack-send", label: "Message", hints: (text) => this.hints(text), send: (text) => this.send(text) });
    this.threadStream = h("div", { class: "stream", role: "log", "aria-label": "Thread", tabindex: "0" });
    this.threadComposer = composer({ testid: "slack-thread-composer", sendTestid: "slack-thread-send", label: "Reply in thread", hints: (text) => nameHints(text, this.model?.people || [], this.rooms()), send: (text) => this.reply(text) });
    this.threadBox = h("aside", { class: "thread", "aria-label": "Thread", hidden: true, data: { testid: "slack-thread" } },
      h("header", { class: "place-head" }, h("h2", {}, "Thread"), h("button", { type: "button", class: "btn-quiet", "aria-label": "Close thread", on: { click: () => this.openThread("") } }, icon("close"))),
      this.threadStream, this.threadComposer.root);
    this.joinBar = h("div", { class: "join-bar", hidden: true });
    this.place = h("div", { class: "place" }, this.head, h("div", { class: "stream-wrap" }, this.stream, this.jump), this.joinBar, this.composer.root);
    this.body = h("div", { class: "pane-body" }, this.side, this.place, this.threadBox);
    this.over = h("div", { class: "pane-over", hidden: true });
    this.notes = h("div", { class: "pane-notes", "aria-live": "polite" });
    put(this.root, h("div", { class: "pane-bar" }, h("span", { class: "pane-sign slack-sign", "aria-hidden": "true" }, "S"), this.title, h("span", { class: "acting" }, "acting as"), this.who), h("div", { class: "pane-main" }, this.body, this.over, this.notes));
    new ResizeObserver(() => { if (this.stuck !== false) this.stream.scrollTop = this.stream.scrollHeight; }).observe(this.stream);
  }

  // -- state ------------------------------------------------------------------------------------------------------------------

  update(state) {
    this.model = slackModel(state);
    const { me, channels } = this.model;
    if (!this.seen.has(me.id)) this.seen.set(me.id, new Map(channels.map((c) => [c.id, this.latest(c)])));
    if (this.at !== HOME && !channels.some((c) => c.id === this.at)) {
      this.at = (channels.find((c) => c.name === "incidents") || channels.find((c) => c.member) || channels[0])?.id || HOME;
      this.thread = "";
    }
    this.names = new Names({ people: this.model.people, channels, open: (id) => this.open(id) });
    this.draw();
  }

  latest(channel) { return channel.messages.reduce((max, m) => { const last = m.replies?.at(-1)?.ts; return [max, m.ts, last || ""].sort().at(-1); }, ""); }
  unread(channel) { return this.latest(channel) > (this.seen.get(this.model.me.id)?.get(channel.id) || "") && !(channel.id === this.at && this.atBottom()); }
  current() { return this.model?.channels.find((c) => c.id === this.at) || null; }
  rooms() { return (this.model?.channels || []).filter((c) => c.kind !== "im" && c.kind !== "mpim"); }
  ctx(surface, press) { return { names: this.names, people: this.model.people, channels: this.model.channels, surface, press }; }

  draw() {
    const { me } = this.model;
    const sig = JSON.stringify([me, this.model.workspace]);
    if (this.who.drawnFrom !== sig) {
      this.who.drawnFrom = sig;
      put(clear(this.who), avatar(me, "small"), h("span", { class: "who-name" }, me.name), icon("chevron"));
      this.who.setAttribute("aria-label", `Acting in Slack as ${me.name}. Change person`);
    }
    this.drawSide();
    this.drawPlace();
    this.drawThread();
    this.drawView();
  }

  drawSide() {
    const { channels } = this.model;
    const groups = [
      ["Channels", channels.filter((c) => ["channel", "private"].includes(c.kind) && !c.room)],
      ["Incident rooms", channels.filter((c) => c.room && c.kind !== "im" && c.kind !== "mpim").reverse()],
      ["With customers", channels.filter((c) => c.kind === "shared" && !c.room)],
      ["Direct messages", channels.filter((c) => c.kind === "mpim" || (c.kind === "im" && c.with !== this.model.bot.id))],
    ];
    const dm = this.botChat();
    const rows = [{ heading: this.model.workspace, workspace: true }];
    for (const [title, list] of groups) {
      if (!list.length) continue;
      rows.push({ heading: title }, ...list.map((c) => ({ channel: c })));
    }
    rows.push({ heading: "Apps" }, { home: true }, ...(dm ? [{ channel: dm, label: "Amends" }] : []));
    reconcile(this.side, rows.map((row) => {
      if (row.heading) return { key: `h:${row.heading}`, sig: row.heading, build: () => h("div", { class: row.workspace ? "side-workspace" : "side-heading" }, row.heading) };
      const here = row.home ? this.at === HOME : row.channel.id === this.at;
      const unread = row.channel && this.unread(row.channel);
      return {
        key: row.home ? "home" : row.channel.id,
        sig: JSON.stringify([here, unread, row.channel?.name, row.channel?.kind, row.channel?.archived]),
        build: () => this.sideRow(row, here, unread),
      };
    }));
  }

  sideRow({ channel, home, label }, here, unread) {
    const symbol = home ? icon("home") : { shared: icon("shared"), private: icon("lock"), im: icon("chat"), mpim: icon("people") }[channel.kind] || icon("hash");
    const name = home ? "Amends home" : label || channel.name;
    const id = home ? HOME : channel.id;
    return h("button", { type: "button", class: `side-row${here ? " here" : ""}${unread ? " unread" : ""}${channel?.archived ? " archived" : ""}`, "aria-current": here ? "page" : null, "aria-label": `${name}${unread ? ", unread" : ""}${channel?.archived ? ", archived" : ""}`, title: name, data: { testid: home ? "slack-home" : `slack-channel-${id}`, control: `side-${id}`, name: channel?.name },
      on: { click: () => this.open(id) } }, symbol, h("span", { class: "side-name" }, name), unread && h("span", { class: "dot", "aria-hidden": "true" }));
  }

  botChat() { return this.model.channels.find((c) => c.kind === "im" && c.with === this.model.bot.id) || null; }

  open(id) {
    if (id !== this.at) {
      this.thread = "";
      this.stuck = true;
      this.drafts.set(this.at, this.composer.draft);
      this.composer.draft = this.drafts.get(id) || "";
    }
    this.at = id;
    this.jump.hidden = true;
    if (id === HOME) this.app.act(this.notes, "slack/home", { user: this.model.me.id });
    this.draw();
    this.toBottom();
  }

  drawPlace() {
    if (this.at === HOME) return this.drawHome();
    const channel = this.current();
    if (!channel) return undefined;
    const headSig = JSON.stringify([channel.id, channel.name, channel.topic, channel.kind, channel.archived, channel.members.length, channel.pins, channel.bookmarks]);
    if (this.head.drawnFrom !== headSig) {
      this.head.drawnFrom = headSig;
      const symbol = channel.kind === "private" ? "lock" : channel.kind === "shared" ? "shared" : channel.kind === "im" ? "chat" : "hash";
      const pins = channel.pins.length ? h("button", { type: "button", class: "btn-quiet pins", "aria-haspopup": "menu", data: { testid: "slack-pins" }, on: { click: (event) => this.showPins(event.currentTarget) } }, icon("pin"), String(channel.pins.length), h("span", { class: "sr" }, " pinned")) : null;
      put(clear(this.head), h("h2", {}, icon(symbol), h("span", {}, channel.name)), channel.kind === "shared" && h("span", { class: "tag tag-shared" }, "shared with a customer"), channel.archived && h("span", { class: "tag" }, "archived"),
        h("span", { class: "topic", title: channel.topic || channel.purpose }, textObject({ type: "mrkdwn", text: channel.topic || channel.purpose }, this.names)), pins,
        channel.bookmarks.length > 0 && h("span", { class: "bookmarks" }, channel.bookmarks.map((b) => textObject({ type: "mrkdwn", text: `<${b.link}|${b.title}>` }, this.names))),
        h("span", { class: "head-count", title: channel.members.map((m) => m.name).join(", ") }, icon("people"), String(channel.members.length)));
    }
    const follow = this.stuck !== false && (this.stuck || this.atBottom());
    const fresh = this.drawMessages(this.stream, channel, channel.messages);
    const outside = !channel.member && !channel.archived && channel.kind !== "im";
    this.composer.root.hidden = outside;
    this.joinBar.hidden = !outside;
    if (outside && this.joinBar.dataset.for !== channel.id) {
      this.joinBar.dataset.for = channel.id;
      put(clear(this.joinBar), h("span", {}, "You are looking at ", h("strong", {}, `#${channel.name}`)), h("button", { type: "button", class: "btn btn-primary", data: { testid: "slack-join" }, on: { click: () => this.app.act(this.notes, "slack/join", { user: this.model.me.id, channel: channel.id }) } }, "Join channel"));
    }
    this.composer.name(channel.kind === "im" ? `Message ${channel.name}` : `Message #${channel.name}`);
    this.composer.lock(channel.archived ? `#${channel.name} is archived: nobody can write here.` : "");
    if (follow) this.toBottom(); else if (fresh) this.jump.hidden = false;
    if (follow) this.markSeen(channel);
    return undefined;
  }

  markSeen(channel) {
    const mine = this.seen.get(this.model.me.id);
    const latest = this.latest(channel);
    if (mine && mine.get(channel.id) !== latest) mine.set(channel.id, latest);
  }

  atBottom() { return this.stream.scrollHeight - this.stream.scrollTop - this.stream.clientHeight < 60; }
  toBottom() { this.stuck = true; this.jump.hidden = true; this.stream.scrollTop = this.stream.scrollHeight; requestAnimationFrame(() => { if (this.stuck) this.stream.scrollTop = this.stream.scrollHeight; }); }
  scrolled() {
    this.stuck = this.atBottom();
    if (this.stuck && this.model && this.at !== HOME) { this.jump.hidden = true; const c = this.current(); if (c && this.unreadCount !== this.latest(c)) { this.markSeen(c); this.drawSide(); } }
  }

  drawHome() {
    const { home, bot } = this.model;
    const sig = JSON.stringify(["home", home?.hash, home?.id]);
    const headSig = JSON.stringify(["home", this.botChat()?.id]);
    if (this.head.drawnFrom !== headSig) put(clear(this.head), h("h2", {}, avatar(bot, "small"), h("span", {}, "Amends")), h("span", { class: "tabs" }, h("span", { class: "tab here" }, "Home"), this.botChat() && h("button", { type: "button", class: "tab", on: { click: () => this.open(this.botChat().id) } }, "Messages")));
    this.head.drawnFrom = headSig;
    this.composer.root.hidden = true;
    this.joinBar.hidden = true;
    const empty = () => h("div", { class: "empty" }, avatar(bot, "large"), h("p", {}, "Amends has not drawn this tab yet."), h("p", { class: "quiet" }, "It does when somebody opens it. Give it a moment."));
    reconcile(this.stream, [{ key: "home", sig, build: () => h("div", { class: "home-view", data: { testid: "slack-home-view" } }, home ? drawBlocks(home.blocks, this.ctx("home", (p) => this.press(p, { view_id: home.id }))) : empty()) }]);
  }

  // -- messages ---------------------------------------------------------------------------------------------------------------

  drawMessages(stream, channel, messages, inThread = false) {
    const rows = [];
    let before = null;
    let day = "";
    for (const message of messages) {
      const at = new Date(Number(message.ts) * 1000);
      const today = dayKey(at);
      if (today !== day && !inThread) { rows.push({ key: `day:${today}`, sig: today, build: () => h("div", { class: "day", role: "separator" }, h("span", {}, dayName(at))) }); before = null; }
      day = today;
      const compact = Boolean(before && before.user === message.user && !message.ephemeral === !before.ephemeral && !message.pinned && Number(message.ts) - Number(before.ts) < GROUPED_WITHIN && !before.replies?.length);
      rows.push({ key: message.ts, sig: JSON.stringify([message, compact, inThread, this.model.me.id]), build: () => this.row(message, channel, at, compact, inThread) });
      before = message;
    }
    if (!rows.length) rows.push({ key: "empty", sig: channel.id, build: () => h("div", { class: "empty" }, h("p", {}, `This is the very beginning of ${channel.kind === "im" ? "your chat" : `#${channel.name}`}.`), channel.name === "incidents" && h("p", { class: "quiet" }, "Type /incident declare and say what is wrong.")) });
    const had = new Set([...stream.children].map((el) => el.dataset.key));
    reconcile(stream, rows);
    return rows.some((r) => !had.has(r.key) && had.size > 0);
  }

  sender(message) {
    return this.model.people.find((p) => p.id === message.user) || { id: message.user, name: message.sender || message.username || message.user, bot: Boolean(message.bot_id) };
  }

  row(message, channel, at, compact, inThread) {
    const who = this.sender(message);
    const system = /^channel_|^group_|tombstone/.test(message.subtype || "");
    const tools = h("div", { class: "tools" },
      h("button", { type: "button", class: "btn-quiet", "aria-label": "Add reaction", "aria-haspopup": "menu", on: { click: (event) => menu(event.currentTarget, REACTIONS.map((name) => ({ lead: emoji(name), label: name.replaceAll("_", " "), run: () => this.react(channel, message, name) })), { label: "Reactions" }) } }, icon("smile")),
      !inThread && h("button", { type: "button", class: "btn-quiet", "aria-label": "Reply in thread", on: { click: () => this.openThread(message.ts, true) } }, icon("thread")));
    const time = h("time", { class: "when", datetime: at.toISOString(), title: fullTime(at) }, clockTime(at));
    const foreign = who.foreign ? h("span", { class: "badge" }, "EXTERNAL") : who.guest ? h("span", { class: "badge" }, "GUEST") : null;
    const node = h("article", { class: `msg${compact ? " compact" : ""}${message.ephemeral ? " ephemeral" : ""}${message.pinned ? " pinned" : ""}${system ? " system" : ""}`, "aria-label": `${who.name}, ${clockTime(at)}`, data: { testid: `slack-message-${message.ts}`, ts: message.ts, sender: who.id } },
      message.pinned && h("div", { class: "msg-flag" }, icon("pin"), "Pinned"),
      message.ephemeral && h("div", { class: "msg-flag", data: { testid: "ephemeral" } }, icon("eye"), "Only visible to you"),
      compact ? h("div", { class: "gutter" }, time) : avatar(who),
      h("div", { class: "msg-main" },
        !compact && h("div", { class: "msg-head" }, h("span", { class: "msg-name" }, who.system ? "Slackbot" : who.name), who.bot && !who.system && h("span", { class: "badge" }, "APP"), foreign, time),
        drawMessage(message, this.ctx("message", (p) => this.press(p, { channel: channel.id, ts: message.ts }))),
        message.edited?.ts && h("span", { class: "edited", title: `Edited ${fullTime(new Date(Number(message.edited.ts) * 1000))}` }, "(edited)"),
        message.reactions?.length > 0 && h("div", { class: "reactions" }, message.reactions.map((r) => h("button", { type: "button", class: `reaction${r.users?.includes(this.model.me.id) ? " mine" : ""}`, "aria-label": `${r.name}, ${r.count}`, on: { click: () => this.react(channel, message, r.name) } }, emoji(r.name), h("span", {}, String(r.count))))),
        !inThread && message.replies?.length > 0 && this.threadLink(message)),
      !message.ephemeral && !system && tools);
    return node;
  }

  threadLink(message) {
    const who = [...new Set(message.replies.map((r) => r.user))].slice(0, 4).map((id) => avatar(this.sender({ user: id }), "tiny"));
    const count = message.replies.length;
    return h("button", { type: "button", class: "thread-link", data: { testid: `slack-thread-${message.ts}` }, on: { click: () => this.openThread(message.ts) } }, who, h("span", {}, count === 1 ? "1 reply" : `${count} replies`), h("span", { class: "quiet" }, `last at ${clockTime(new Date(Number(message.replies.at(-1).ts) * 1000))}`));
  }

  openThread(ts, focus = false) {
    this.thread = ts;
    this.drawThread();
    if (ts && focus) this.threadComposer.box.focus();
    if (!ts) this.composer.box.focus();
  }

  drawThread() {
    const channel = this.current();
    const root = channel?.messages.find((m) => m.ts === this.thread);
    this.threadBox.hidden = !root;
    this.body.classList.toggle("with-thread", Boolean(root));
    if (!root) return;
    const followed = this.threadStream.scrollHeight - this.threadStream.scrollTop - this.threadStream.clientHeight < 60;
    this.drawMessages(this.threadStream, channel, [root, ...(root.replies || [])], true);
    this.threadComposer.name("Reply…");
    if (followed) this.threadStream.scrollTop = this.threadStream.scrollHeight;
  }

  showPins(anchor) {
    const channel = this.current();
    menu(anchor, channel.pins.map((ts) => {
      const message = channel.messages.find((m) => m.ts === ts);
      const text = message?.text || message?.blocks?.find((b) => b.text)?.text?.text || "A message";
      return { label: text.slice(0, 90), detail: message ? this.sender(message).name : "", run: () => this.stream.querySelector(`[data-ts="${CSS.escape(ts)}"]`)?.scrollIntoView({ block: "center", behavior: "smooth" }) };
    }), { label: "Pinned messages" });
  }

  // -- acts -------------------------------------------------------------------------------------------------------------------

  hints(before) {
    return verbHints(before, this.app.usages, { commands: COMMANDS }) || nameHints(before, this.model?.people || [], this.rooms());
  }

  /** Names become ids, as Slack's own composer makes them; commands carry the name too (should_escape). */
  encode(text, labelled = false) {
    const table = new Map();
    for (const p of this.model.people) {
      const said = labelled ? `<@${p.id}|${p.handle}>` : `<@${p.id}>`;
      table.set(`@${p.name}`, said);
      if (p.handle) table.set(`@${p.handle}`, said);
    }
    for (const c of this.rooms()) table.set(`#${c.name}`, `<#${c.id}|${labelled ? c.name : ""}>`);
    return encodeNames(text, table);
  }

  async send(text) {
    const user = this.model.me.id;
    const channel = this.at;
    this.stuck = true;
    const slash = /^\/([a-z]+)(?:\s+([\s\S]*))?$/i.exec(text);
    if (slash) {
      const command = `/${slash[1].toLowerCase()}`;
      if (!COMMANDS.some((c) => c.command === command)) { this.app.note(this.notes, `${command} is not a command here. Try /incident help.`); return false; }
      return this.app.act(this.notes, "slack/command", { user, channel, command, text: this.encode(slash[2] || "", true) }, { typed: text, platform: "slack" });
    }
    return this.speak(text, { user, channel });
  }

  speak(text, where) {
    const { bot } = this.model;
    const called = new RegExp(`@(${bot.name}|${bot.handle})\\b`, "i").test(text);
    return this.app.act(this.notes, called ? "slack/mention" : "slack/say", { ...where, text: this.encode(text) }, { typed: text, platform: "slack" });
  }

  reply(text) { return this.speak(text, { user: this.model.me.id, channel: this.at, thread_ts: this.thread }); }

  react(channel, message, name) { return this.app.act(this.notes, "slack/react", { user: this.model.me.id, channel: channel.id, ts: message.ts, name }); }

  async press(pressed, where) {
    const { block_id, action_id, action, state, root } = pressed;
    const done = await this.app.act(this.notes, "slack/press", { user: this.model.me.id, ...where, block_id, action_id, value: action.value, choose: chosen(action), state }, { typed: String(action_id).startsWith("form:") ? "" : action.value || "", platform: "slack" });
    if (done) for (const el of root.querySelectorAll("[data-dirty]")) delete el.dataset.dirty;
  }

  choosePerson() {
    menu(this.who, actors(this.model).map((p) => ({
      label: p.name, detail: [p.title, p.foreign ? "another company" : p.guest ? "guest" : ""].filter(Boolean).join(" · "), lead: avatar(p, "small"), current: p.id === this.model.me.id, testid: `slack-as-${p.id}`, run: () => this.app.become("slack", p.id),
    })), { label: "Act in Slack as", className: "people-menu" });
  }

  // -- modals -----------------------------------------------------------------------------------------------------------------

  drawView() {
    const view = this.model.views.at(-1);
    const sig = view ? `${view.id}/${view.hash}` : "";
    if (!view) {
      if (this.viewSig) { this.over.hidden = true; clear(this.over); this.body.inert = false; this.returnTo?.isConnected ? this.returnTo.focus({ preventScroll: true }) : this.composer.box.focus({ preventScroll: true }); this.returnTo = null; }
      this.viewSig = "";
      return;
    }
    if (this.viewSig !== sig) {
      const box = this.modal(view);
      const before = this.over.firstElementChild;
      const same = before && this.viewSig.split("/")[0] === view.id;
      if (!this.viewSig) this.returnTo = document.activeElement && this.root.contains(document.activeElement) ? document.activeElement : null;
      if (same) swap(before, box); else { clear(this.over).append(box); }
      this.over.hidden = false;
      this.body.inert = true;
      if (!same) (box.querySelector("[data-autofocus]") || box.querySelector(".modal-body input,.modal-body select,.modal-body textarea,.modal-body .field") || box.querySelector("button"))?.focus({ preventScroll: true });
      this.viewSig = sig;
      this.errorSig = "";
    }
    const errors = JSON.stringify([view.errors, view.problem]);
    if (errors !== this.errorSig) {
      this.errorSig = errors;
      const box = this.over.firstElementChild;
      if (view.errors && Object.keys(view.errors).length) showErrors(box.querySelector(".modal-body"), view.errors);
      const trouble = box.querySelector(".modal-problem");
      trouble.hidden = !view.problem;
      trouble.textContent = view.problem || "";
    }
  }

  modal(view) {
    const close = () => this.app.act(this.notes, "slack/close", { user: this.model.me.id, view_id: view.id });
    const blocks = drawBlocks(view.blocks, this.ctx("modal", (p) => this.press(p, { view_id: view.id })));
    const body = h("div", { class: "modal-body" }, blocks);
    const submit = view.submit && h("button", { type: "submit", class: "btn btn-primary", data: { testid: "modal-submit", control: "modal-submit" } }, textObject(view.submit, this.names));
    const box = h("form", { class: "modal", role: "dialog", "aria-modal": "true", "aria-label": view.title?.text || "Form", novalidate: true, data: { testid: "modal" } },
      h("header", { class: "modal-head" }, avatar(this.model.bot, "small"), h("h2", {}, textObject(view.title, this.names)), h("button", { type: "button", class: "btn-quiet", "aria-label": "Close", data: { testid: "modal-x" }, on: { click: close } }, icon("close"))),
      h("div", { class: "modal-problem", role: "alert", hidden: true }), body,
      h("footer", { class: "modal-foot" }, h("button", { type: "button", class: "btn", data: { testid: "modal-close", control: "modal-close" }, on: { click: close } }, view.close?.text || (view.submit ? "Cancel" : "Close")), submit));
    box.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (!view.submit || submit.getAttribute("aria-busy") === "true") return;
      const absent = missing(blocks);
      showErrors(body, absent);
      if (Object.keys(absent).length) return;
      submit.setAttribute("aria-busy", "true");
      this.errorSig = "";
      try {
        const answer = await this.app.act(this.notes, "slack/submit", { user: this.model.me.id, view_id: view.id, values: readState(blocks) }, { typed: view.private_metadata || "", platform: "slack", answer: true });
        if (answer?.errors) showErrors(body, answer.errors);
      } finally { submit.removeAttribute("aria-busy"); }
    });
    box.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) { event.preventDefault(); box.requestSubmit(); } });
    trap(box, close);
    return box;
  }

  /** Put words into the composer of a channel, for the guide. */
  offer(channelName, text) {
    const channel = this.model.channels.find((c) => c.name === channelName) || this.current();
    if (channel) this.open(channel.id);
    this.composer.put(text);
  }
}
