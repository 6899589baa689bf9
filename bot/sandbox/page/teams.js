// The Microsoft Teams pane: channels with threads, chats, dialogs and toasts, as one chosen person sees them.

import { avatar, clear, clockTime, dayKey, dayName, fullTime, h, icon, menu, put, reconcile, swap, trap, when } from "./dom.js";
import { drawAttachment, drawCard, pressables } from "./adaptive.js";
import { markdown, xmlText } from "./markdown.js";
import { emoji } from "./mrkdwn.js";
import { composer, encodeNames, nameHints, verbHints } from "./composer.js";
import { actors, cardTitle, teamsModel } from "./model.js";

const ADAPTIVE = "application/vnd.microsoft.card.adaptive";
const REACTIONS = { like: "+1", heart: "heart", laugh: "smile", surprised: "eyes", sad: "sob" }; // Teams' names → Slack's, whose drawing is shared
const TOAST_SECONDS = 9;
const REPLIES_SHOWN = 3; // in a channel's overview; the rest is one press away

export class TeamsPane {
  constructor(root, app) {
    this.app = app;
    this.root = root;
    this.at = "";
    this.mentionBot = true;
    this.seen = new Map(); // person → Map(conversation → message id)
    this.known = new Map(); // person → ids of messages already shown or announced
    this.dialogSig = "";
    this.drafts = new Map(); // conversation → what was begun there
    this.build();
  }

  build() {
    this.who = h("button", { type: "button", class: "who", "aria-haspopup": "menu", "aria-expanded": "false", data: { testid: "teams-person" }, on: { click: () => this.choosePerson() } });
    this.side = h("nav", { class: "side", "aria-label": "Teams chats and channels" });
    this.head = h("header", { class: "place-head" });
    this.stream = h("div", { class: "stream", role: "log", "aria-label": "Messages", tabindex: "0", data: { testid: "teams-messages" }, on: { scroll: () => this.scrolled() } });
    this.jump = h("button", { type: "button", class: "jump", hidden: true, on: { click: () => this.toBottom() } }, "New messages", icon("chevron"));
    this.pill = h("button", { type: "button", class: "pill", data: { testid: "teams-mention-pill" }, on: { click: () => this.setMention(!this.mentionBot) } });
    this.composer = composer({ testid: "teams-composer", sendTestid: "teams-send", label: "Message", before: this.pill, hints: (text, all) => this.hints(text, all), send: (text) => this.send(text), onBackspaceAtStart: () => this.setMention(false) });
    this.hush = h("p", { class: "hush", hidden: true });
    this.place = h("div", { class: "place" }, this.head, h("div", { class: "stream-wrap" }, this.stream, this.jump), this.hush, this.composer.root);
    this.body = h("div", { class: "pane-body" }, this.side, this.place);
    this.over = h("div", { class: "pane-over", hidden: true });
    this.notes = h("div", { class: "pane-notes", "aria-live": "polite" });
    put(this.root, h("div", { class: "pane-bar" }, h("span", { class: "pane-sign teams-sign", "aria-hidden": "true" }, "T"), h("span", { class: "pane-name" }, "Microsoft Teams"), h("span", { class: "acting" }, "acting as"), this.who), h("div", { class: "pane-main" }, this.body, this.over, this.notes));
    new ResizeObserver(() => { if (this.stuck !== false) this.stream.scrollTop = this.stream.scrollHeight; }).observe(this.stream);
  }

  // -- state ------------------------------------------------------------------------------------------------------------------

  update(state, everyone) {
    this.model = teamsModel(state, everyone);
    const { me, conversations } = this.model;
    const first = !this.seen.has(me.id);
    if (first) { this.seen.set(me.id, new Map(conversations.map((c) => [c.id, this.latest(c)]))); this.known.set(me.id, new Set(conversations.flatMap((c) => c.messages.map((m) => m.id)))); }
    if (!conversations.some((c) => c.id === this.at)) this.at = this.startingPlace();
    if (!first) this.announce();
    this.draw();
  }

  startingPlace() {
    const all = this.model.conversations;
    return (all.find((c) => c.kind === "channel" && /^incidents$/i.test(c.name)) || all.find((c) => c.kind === "channel") || this.model.personal || all[0])?.id || "";
  }

  latest(c) { return c.messages.reduce((max, m) => (Number(m.id) > Number(max) ? m.id : max), "0"); }
  unread(c) { return c.messages.some((m) => m.from.id !== this.model.me.id && Number(m.id) > Number(this.seen.get(this.model.me.id)?.get(c.id) || 0)) && !(c.id === this.at && this.atBottom()); }
  current() { return this.model?.conversations.find((c) => c.id === this.at) || null; }

  announce() {
    const mine = this.known.get(this.model.me.id);
    for (const c of this.model.conversations) {
      if (c.kind === "channel") continue;
      for (const m of c.messages) {
        if (mine.has(m.id)) continue;
        mine.add(m.id);
        const calls = (m.entities || []).some((e) => e.type === "mention" && e.mentioned?.id === this.model.me.id);
        if (m.from.id !== this.model.me.id && c.id !== this.at && c.channel !== this.at && (c.kind === "personal" || c.kind === "group" || calls)) this.toast({ title: m.from.name, text: cardTitle(m).slice(0, 140), go: () => this.open(c.id) });
      }
    }
    const { toast } = this.model;
    const sig = toast ? `${toast.at}/${toast.text}` : "";
    if (toast && sig !== this.toastSig) this.toast({ title: toast.failed ? "Teams" : this.model.bot.name, text: toast.text, failed: toast.failed });
    this.toastSig = sig;
  }

  toast({ title, text, go = null, failed = false }) {
    const box = h(go ? "button" : "div", { class: `toast${failed ? " failed" : ""}`, type: go ? "button" : null, role: go ? null : failed ? "alert" : "status", data: { testid: "teams-toast" }, on: go ? { click: () => { box.remove(); go(); } } : {} }, failed ? icon("warn") : avatar({ bot: true }, "small"), h("span", { class: "toast-text" }, h("strong", {}, title), h("span", {}, text)));
    this.notes.append(box);
    setTimeout(() => box.remove(), TOAST_SECONDS * 1000);
  }

  draw() {
    const { me } = this.model;
    const sig = JSON.stringify(me);
    if (this.who.drawnFrom !== sig) {
      this.who.drawnFrom = sig;
      put(clear(this.who), avatar(me, "small"), h("span", { class: "who-name" }, me.name), icon("chevron"));
      this.who.setAttribute("aria-label", `Acting in Teams as ${me.name}. Change person`);
    }
    this.drawSide();
    this.drawPlace();
    this.drawDialog();
  }

  drawSide() {
    const { personal, chats, teams } = this.model;
    const rows = [{ heading: "Chat" }];
    if (personal) rows.push({ c: personal });
    for (const chat of chats) rows.push({ c: chat });
    for (const team of teams) {
      rows.push({ heading: team.name, team: true });
      for (const channel of team.channels) {
        rows.push({ c: channel });
        for (const thread of [...channel.threads].reverse()) if (thread.byBot || thread.id === this.at) rows.push({ c: thread, nested: true });
      }
    }
    reconcile(this.side, rows.map((row) => {
      if (row.heading) return { key: `h:${row.heading}`, sig: row.heading, build: () => h("div", { class: "side-heading" }, row.heading) };
      const { c } = row;
      const here = c.id === this.at;
      const unread = c.kind === "channel" ? false : this.unread(c);
      return { key: c.id, sig: JSON.stringify([here, unread, c.name, c.bot, row.nested]), build: () => this.sideRow(c, here, unread, row.nested) };
    }));
  }

  sideRow(c, here, unread, nested) {
    const lead = c.kind === "personal" ? avatar({ bot: true }, "small") : c.kind === "group" ? icon("people") : nested ? icon("reply", "icon turn") : c.type === "shared" ? icon("shared") : c.type === "private" ? icon("lock") : null;
    return h("button", { type: "button", class: `side-row${here ? " here" : ""}${unread ? " unread" : ""}${nested ? " nested" : ""}${c.bot ? "" : " archived"}`, "aria-current": here ? "page" : null, "aria-label": `${nested ? "Thread: " : ""}${c.name}${unread ? ", unread" : ""}${c.bot ? "" : ", Amends is not in it"}`, title: c.bot ? c.name : `${c.name}: Amends was not added here`, data: { testid: `teams-conversation-${c.id}`, control: `side-${c.id}`, name: c.name },
      on: { click: () => this.open(c.id) } }, lead, h("span", { class: "side-name" }, c.name), unread && h("span", { class: "dot", "aria-hidden": "true" }));
  }

  open(id) {
    if (id !== this.at) {
      this.drafts.set(this.at, this.composer.draft);
      this.composer.draft = this.drafts.get(id) || "";
    }
    this.at = id;
    this.stuck = true;
    this.jump.hidden = true;
    this.setMention(true);
    this.draw();
    this.toBottom();
  }

  drawPlace() {
    const c = this.current();
    if (!c) return;
    const headSig = JSON.stringify([c.id, c.name, c.kind, c.members, c.bot, c.channelName]);
    if (this.head.drawnFrom !== headSig) {
      this.head.drawnFrom = headSig;
      put(clear(this.head),
        c.kind === "thread" && h("button", { type: "button", class: "btn-quiet", "aria-label": `Back to ${c.channelName}`, title: `Back to ${c.channelName}`, on: { click: () => this.open(c.channel) } }, icon("back")),
        h("h2", {}, c.kind === "personal" ? avatar({ bot: true }, "small") : c.kind === "group" ? icon("people") : h("span", { class: `tile ${c.kind === "thread" ? "tile-thread" : ""}`, "aria-hidden": "true" }, c.kind === "thread" ? icon("thread") : (c.teamName || c.name).slice(0, 1)), h("span", {}, c.name)),
        c.type === "shared" && h("span", { class: "tag tag-shared" }, "shared with a customer"),
        h("span", { class: "topic" }, c.kind === "thread" ? `${c.teamName} › ${c.channelName}` : c.kind === "channel" ? c.teamName : c.kind === "group" ? c.members.join(", ") : "Your chat with the bot"),
        (c.kind === "channel" || c.kind === "personal") && h("span", { class: "tabs" }, h("span", { class: "tab here" }, c.kind === "channel" ? "Posts" : "Chat")));
    }
    const follow = this.stuck !== false && (this.stuck || this.atBottom());
    const had = this.stream.childElementCount;
    const fresh = c.kind === "channel" ? this.drawChannel(c) : this.drawThread(c);
    const needsMention = c.kind !== "personal";
    this.pill.hidden = !needsMention || !c.bot;
    this.setMention(this.mentionBot);
    this.composer.name({ personal: "Message Amends, no @ needed", group: `Message ${c.name}`, channel: `Start a post in ${c.name}`, thread: "Reply in this thread" }[c.kind]);
    this.composer.lock(c.bot ? "" : "Amends was not added to this channel.");
    if (follow) { this.toBottom(); this.markSeen(c); } else if (fresh && had) this.jump.hidden = false;
  }

  markSeen(c) {
    const mine = this.seen.get(this.model.me.id);
    if (!mine) return;
    mine.set(c.id, this.latest(c));
    if (c.kind === "channel") for (const t of c.threads) if (t.messages.length <= REPLIES_SHOWN + 1) mine.set(t.id, this.latest(t));
  }

  atBottom() { return this.stream.scrollHeight - this.stream.scrollTop - this.stream.clientHeight < 60; }
  toBottom() { this.stuck = true; this.jump.hidden = true; this.stream.scrollTop = this.stream.scrollHeight; requestAnimationFrame(() => { if (this.stuck) this.stream.scrollTop = this.stream.scrollHeight; }); }
  scrolled() { this.stuck = this.atBottom(); if (this.stuck && this.model) { this.jump.hidden = true; const c = this.current(); if (c) { this.markSeen(c); this.drawSide(); } } }

  // -- messages ---------------------------------------------------------------------------------------------------------------

  drawChannel(c) {
    const rows = c.threads.map((t) => {
      const replies = t.messages.slice(1).filter((m) => !m.deleted);
      return { key: t.id, sig: JSON.stringify([t.root, replies, this.model.me.id]), build: () => this.postCard(t, replies) };
    });
    if (!rows.length) rows.push({ key: "empty", sig: c.id, build: () => h("div", { class: "empty" }, h("p", {}, `Nothing has been said in ${c.name} yet.`), c.bot && h("p", { class: "quiet" }, "Type “declare” and what is wrong: the line below is already addressed to Amends.")) });
    const had = new Set([...this.stream.children].map((el) => el.dataset.key));
    reconcile(this.stream, rows);
    return rows.some((r) => !had.has(r.key));
  }

  postCard(t, replies) {
    const hidden = replies.length - REPLIES_SHOWN;
    return h("section", { class: "post", "aria-label": t.name },
      this.row(t.root, t, { first: true }),
      hidden > 0 && h("button", { type: "button", class: "more-replies", on: { click: () => this.open(t.id) } }, `Show ${hidden} earlier ${hidden === 1 ? "reply" : "replies"}`),
      replies.slice(-REPLIES_SHOWN).map((m) => this.row(m, t, { reply: true })),
      h("button", { type: "button", class: "reply", data: { testid: `teams-reply-${t.root.id}` }, on: { click: () => { this.open(t.id); this.composer.box.focus(); } } }, icon("reply"), "Reply"));
  }

  drawThread(c) {
    const rows = [];
    let day = "";
    let before = null;
    for (const m of c.messages) {
      if (m.deleted && c.kind !== "thread") continue;
      const at = new Date(m.at);
      const today = dayKey(at);
      if (today !== day) { rows.push({ key: `day:${today}`, sig: today, build: () => h("div", { class: "day", role: "separator" }, h("span", {}, dayName(at))) }); before = null; }
      day = today;
      const compact = Boolean(before && before.from.id === m.from.id && at - new Date(before.at) < 300000);
      rows.push({ key: m.id, sig: JSON.stringify([m, compact, c.kind, this.model.me.id]), build: () => this.row(m, c, { compact, bubble: c.kind === "personal" || c.kind === "group" }) });
      before = m;
    }
    if (!rows.length) rows.push({ key: "empty", sig: c.id, build: () => h("div", { class: "empty" }, avatar({ bot: true }, "large"), h("p", {}, c.kind === "personal" ? "This is your own chat with Amends." : `Nothing has been said in ${c.name} yet.`), c.kind === "personal" && h("p", { class: "quiet" }, "Type “help” to see what it understands.")) });
    const had = new Set([...this.stream.children].map((el) => el.dataset.key));
    reconcile(this.stream, rows);
    return rows.some((r) => !had.has(r.key));
  }

  row(m, c, { first = false, reply = false, compact = false, bubble = false } = {}) {
    const person = this.model.people.find((p) => p.id === m.from.id) || { id: m.from.id, name: m.from.name, bot: m.from.bot };
    const at = new Date(m.at);
    const mine = m.from.id === this.model.me.id;
    const stamp = h("time", { class: "when", datetime: m.at, title: fullTime(at) }, first || reply ? when(at, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }) : clockTime(at));
    const body = h("div", { class: "msg-body" });
    if (m.deleted) put(body, h("em", { class: "quiet" }, "This message has been deleted."));
    else {
      if (m.text) put(body, h("div", { class: "msg-text" }, this.text(m)));
      if (m.card) put(body, this.card(m, c));
      for (const attachment of m.attachments || []) if (!(attachment.contentType === ADAPTIVE && m.card) && attachment.contentType !== "text/html") put(body, drawAttachment(attachment, this.cardCtx(m, c, attachment.content)));
    }
    const reactions = Object.entries(m.reactions || {}).filter(([, who]) => who.length);
    const tools = !m.deleted && h("div", { class: "tools" }, h("button", { type: "button", class: "btn-quiet", "aria-label": "React", "aria-haspopup": "menu", on: { click: (event) => menu(event.currentTarget, Object.entries(REACTIONS).map(([name, sign]) => ({ lead: emoji(sign), label: name, run: () => this.react(m, c, name) })), { label: "Reactions" }) } }, icon("smile")));
    return h("article", { class: `msg${compact ? " compact" : ""}${reply ? " is-reply" : ""}${first ? " is-first" : ""}${bubble ? " bubble" : ""}${bubble && mine ? " mine" : ""}`, "aria-label": `${person.name}, ${clockTime(at)}`, data: { testid: `teams-message-${m.id}`, id: m.id, sender: m.from.id } },
      compact ? h("div", { class: "gutter" }) : avatar(person, reply ? "small" : ""),
      h("div", { class: "msg-main" },
        !compact && h("div", { class: "msg-head" }, h("span", { class: "msg-name" }, person.name), person.foreign && h("span", { class: "badge" }, person.guest ? "Guest" : "External"), stamp, m.edited && h("span", { class: "edited" }, "Edited")),
        compact && m.edited && h("span", { class: "edited" }, "Edited"),
        m.override && h("div", { class: "msg-flag", data: { testid: "teams-override" } }, icon("eye"), "Only you see this version"),
        body,
        reactions.length > 0 && h("div", { class: "reactions" }, reactions.map(([name, who]) => h("button", { type: "button", class: `reaction${who.includes(this.model.me.id) ? " mine" : ""}`, "aria-label": `${name}, ${who.length}`, on: { click: () => this.react(m, c, name, who.includes(this.model.me.id)) } }, REACTIONS[name] ? emoji(REACTIONS[name]) : name, h("span", {}, String(who.length)))))),
      tools);
  }

  text(m) {
    if (!m.from.bot || m.textFormat === "plain") {
      return String(m.text).split(/(<at>[^<]*<\/at>)/).map((part) => { const at = /^<at>([^<]*)<\/at>$/.exec(part); return at ? h("span", { class: "mention" }, at[1]) : part.split("\n").flatMap((line, i) => (i ? [h("br"), line] : [line])); });
    }
    return m.textFormat === "xml" ? xmlText(m.text) : markdown(m.text);
  }

  cardCtx(m, c, card) {
    return { people: this.model.people, run: (action, inputs, el) => this.press(m, c, card, action, inputs, el) };
  }
  card(m, c) { return h("div", { class: "card-frame" }, drawCard(m.card, this.cardCtx(m, c, m.card))); }

  // -- acts -------------------------------------------------------------------------------------------------------------------

  setMention(on) {
    this.mentionBot = on;
    const c = this.current();
    put(clear(this.pill), on ? `@${this.model?.bot.name || "Amends"}` : `+ @${this.model?.bot.name || "Amends"}`);
    this.pill.classList.toggle("off", !on);
    this.pill.setAttribute("aria-pressed", String(on));
    this.pill.setAttribute("aria-label", on ? "Addressed to Amends. Press to speak to people only" : "Speak to people only. Press to address Amends");
    const deaf = c && c.kind !== "personal" && c.bot && !on;
    this.hush.hidden = !deaf;
    this.hush.textContent = deaf ? "In channels and group chats a bot hears only what mentions it: Amends will not see this." : "";
  }

  hints(before, all) {
    const c = this.current();
    const talking = c?.kind === "personal" || this.mentionBot;
    return (talking && all && verbHints(before.replace(/^@amends\s+/i, ""), this.app.usages)) || nameHints(before, this.model?.people || [], []);
  }

  async send(text) {
    const c = this.current();
    if (!c) return false;
    this.stuck = true;
    const user = this.model.me.id;
    let said = text;
    let called = this.mentionBot;
    const lead = new RegExp(`^@${this.model.bot.name}\\b[\\s,:]*`, "i");
    if (lead.test(said)) { called = true; said = said.replace(lead, ""); }
    const table = new Map();
    for (const p of this.model.people) if (!p.bot) { table.set(`@${p.name}`, `<at>${p.key || p.name}</at>`); if (p.key) table.set(`@${p.key}`, `<at>${p.key}</at>`); }
    said = encodeNames(said, table);
    const typed = { typed: said, platform: "teams", follow: c.kind === "channel" };
    const ok = c.kind === "personal" ? await this.app.act(this.notes, "teams/personal", { user, text: said }, typed)
      : await this.app.act(this.notes, called ? "teams/mention" : "teams/say", { user, conversation: c.id, text: said }, typed);
    if (ok) this.setMention(true);
    return ok;
  }

  async press(m, c, card, action, inputs, el) {
    const index = pressables(card).indexOf(action);
    const ok = await this.app.act(this.notes, "teams/press", { user: this.model.me.id, conversation: c.kind === "channel" ? c.id : c.id, activity_id: m.id, action: index >= 0 ? index : action.title, inputs }, { typed: action.data?.form ? "" : JSON.stringify(action.data || ""), platform: "teams" });
    if (ok) for (const field of el.closest(".ac")?.querySelectorAll("[data-dirty]") || []) delete field.dataset.dirty;
  }

  react(m, c, reaction, remove = false) { return this.app.act(this.notes, "teams/react", { user: this.model.me.id, conversation: c.id, message_id: m.id, reaction, remove }); }

  choosePerson() {
    menu(this.who, actors(this.model).map((p) => ({ label: p.name, detail: [p.title || p.email, p.guest ? "guest" : p.foreign ? "another company" : ""].filter(Boolean).join(" · "), lead: avatar(p, "small"), current: p.id === this.model.me.id, testid: `teams-as-${p.id}`, run: () => this.app.become("teams", p.id) })), { label: "Act in Teams as", className: "people-menu" });
  }

  // -- dialogs ----------------------------------------------------------------------------------------------------------------

  drawDialog() {
    const { dialog } = this.model;
    const sig = dialog ? JSON.stringify([dialog.id, dialog.card, dialog.url]) : "";
    if (!dialog) {
      if (this.dialogSig) { this.over.hidden = true; clear(this.over); this.body.inert = false; (this.returnTo?.isConnected ? this.returnTo : this.composer.box).focus({ preventScroll: true }); this.returnTo = null; }
      this.dialogSig = "";
      return;
    }
    if (sig === this.dialogSig) return;
    if (!this.dialogSig) this.returnTo = this.root.contains(document.activeElement) ? document.activeElement : null;
    const close = () => this.app.act(this.notes, "teams/close", { user: this.model.me.id, dialog_id: dialog.id });
    const run = (action, inputs) => this.app.act(this.notes, "teams/submit", { user: this.model.me.id, dialog_id: dialog.id, action: Math.max(0, pressables(dialog.card).indexOf(action)), inputs }, { typed: JSON.stringify(action.data || ""), platform: "teams" });
    const box = h("div", { class: "modal dialog", role: "dialog", "aria-modal": "true", "aria-label": dialog.title || "Form", data: { testid: "dialog" } },
      h("header", { class: "modal-head" }, avatar({ bot: true }, "small"), h("h2", {}, dialog.title || "Amends"), h("button", { type: "button", class: "btn-quiet", "aria-label": "Close", data: { testid: "dialog-x" }, on: { click: close } }, icon("close"))),
      h("div", { class: "modal-body" }, dialog.card ? drawCard(dialog.card, { people: this.model.people, run }) : h("p", {}, "This form is a web page: ", dialog.url)));
    const buttons = [...box.querySelectorAll(".ac > .ac-actionset > .ac-actions > .btn")];
    const submit = buttons.find((b) => b.classList.contains("btn-primary")) || buttons[0];
    if (submit) { submit.classList.add("btn-primary"); submit.dataset.testid = "dialog-submit"; }
    box.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey || (event.target.tagName === "INPUT" && !["checkbox", "radio"].includes(event.target.type)))) { event.preventDefault(); submit?.click(); } });
    trap(box, close);
    const before = this.over.firstElementChild;
    if (before && this.dialogSig) swap(before, box); else clear(this.over).append(box);
    this.dialogSig = sig;
    this.over.hidden = false;
    this.body.inert = true;
    if (!box.contains(document.activeElement)) (box.querySelector(".modal-body input,.modal-body select,.modal-body textarea") || box.querySelector("button"))?.focus({ preventScroll: true });
  }

  /** Put words into the composer of a channel, for the guide. */
  offer(name, text) {
    const c = this.model.conversations.find((one) => one.kind === "channel" && one.name.toLowerCase() === name.toLowerCase()) || this.model.conversations.find((one) => one.id === name) || this.current();
    if (c) this.open(c.id);
    this.composer.put(text);
  }
}
