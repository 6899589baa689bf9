// Under the hood: what waits to be sent, what the platforms saw, and what goes wrong on purpose.

import { clear, fullTime, h, icon, put, reconcile, when } from "./dom.js";

const FAULT_IDEAS = [
  { label: "Slack accepts the next post, then answers 500", method: "chat.postMessage", kind: "accept_then_500" },
  { label: "Slack accepts the next post, then the line drops", method: "chat.postMessage", kind: "accept_then_drop" },
  { label: "Slack drops the line before the next post", method: "chat.postMessage", kind: "drop_before" },
  { label: "Slack says “slow down” for 20 seconds", method: "chat.postMessage", kind: "rate_limited", seconds: 20 },
  { label: "Slack says the channel is archived", method: "chat.postMessage", kind: "error", error: "is_archived" },
  { label: "Slack answers the next post with half a sentence", method: "chat.postMessage", kind: "truncate" },
  { label: "Slack takes 5 seconds for the next post", method: "chat.postMessage", kind: "delay", seconds: 5 },
  { label: "Teams accepts the next post, then answers 500", method: "activity.post", kind: "accept_then_500" },
  { label: "Teams accepts the next post, then the line drops", method: "activity.post", kind: "accept_then_drop" },
  { label: "Teams answers the next post with 502", method: "activity.post", kind: "status", status: 502 },
  { label: "Teams says “slow down” for 20 seconds", method: "activity.post", kind: "rate_limited", seconds: 20 },
  { label: "Teams says Amends is not in the conversation", method: "activity.post", kind: "status", status: 403 },
  { label: "The mail server takes the next mail, then the line drops", method: "mail.data", kind: "accept_then_drop" },
  { label: "The mail server knows no such address", method: "mail.rcpt", kind: "status", status: 550 },
  { label: "The next webhook takes the call, then answers 500", method: "webhook.post", kind: "accept_then_500" },
];
const KINDS = ["accept_then_500", "accept_then_drop", "drop_before", "status", "error", "rate_limited", "delay", "truncate", "html"];
const STATES = {
  pending: "waiting for its turn", queued: "waiting for its turn", claimed: "picked up", sending: "on its way", sent: "arrived", retry: "will be tried again", unknown: "nobody knows whether it arrived",
  held: "waiting for a person", dead: "given up",
};
const TROUBLED = ["unknown", "held", "dead"];

export class Dock {
  constructor(root, app) {
    this.root = root;
    this.app = app;
    this.open = "";
    this.filter = "";
    this.rows = [];
    this.entries = [];
    const tab = (name, label, symbol) => h("button", { type: "button", class: "dock-tab", role: "tab", id: `tab-${name}`, "aria-selected": "false", "aria-controls": "dock-panel", data: { testid: `${name}-tab` }, on: { click: () => this.toggle(name) } }, icon(symbol), label, h("span", { class: "count", hidden: true }));
    this.tabs = { outbox: tab("outbox", "Outbox", "outbox"), ledger: tab("ledger", "Ledger", "ledger"), letters: tab("letters", "Mail and webhooks", "chat"), faults: tab("faults", "Faults", "fault") };
    this.panel = h("div", { class: "dock-panel", id: "dock-panel", role: "tabpanel", hidden: true });
    const list = h("div", { class: "dock-tabs", role: "tablist", "aria-label": "Under the hood" }, Object.values(this.tabs));
    list.addEventListener("keydown", (event) => { const all = Object.values(this.tabs); const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]; if (step) all[(all.indexOf(document.activeElement) + step + all.length) % all.length]?.focus(); });
    this.summary = h("span", { class: "dock-summary" });
    this.shut = h("button", { type: "button", class: "btn-quiet", "aria-label": "Close the drawer", hidden: true, on: { click: () => this.toggle(this.open) } }, icon("close"));
    put(root, h("div", { class: "dock-bar" }, list, this.summary, this.shut), this.panel);
    root.addEventListener("keydown", (event) => { if (event.key === "Escape" && this.open) { const was = this.open; this.toggle(this.open); this.tabs[was].focus(); } });
  }

  toggle(name) {
    this.open = this.open === name ? "" : name;
    for (const [key, tab] of Object.entries(this.tabs)) tab.setAttribute("aria-selected", String(key === this.open));
    this.panel.hidden = !this.open;
    this.shut.hidden = !this.open;
    this.root.classList.toggle("open", Boolean(this.open));
    if (this.open) this.panel.setAttribute("aria-labelledby", `tab-${this.open}`);
    clear(this.panel);
    this.drawn = "";
    this.draw();
    if (this.open === "ledger") this.app.loadLedger();
  }

  update(state) {
    this.rows = state.outbox || [];
    this.letters = state.letters || [];
    this.faults = state.faults || [];
    this.down = state.down || [];
    this.counts = state.counts || {};
    const waiting = this.rows.filter((r) => r.state !== "sent").length;
    const trouble = this.rows.filter((r) => TROUBLED.includes(r.state)).length;
    this.badge("outbox", waiting, trouble > 0);
    this.badge("ledger", this.counts.refusals || 0, true, `${this.counts.refusals || 0} refused`);
    this.badge("letters", this.letters.length, false);
    this.badge("faults", this.faults.length, true);
    const sent = this.counts.accepted ?? 0;
    this.summary.textContent = `${sent} ${sent === 1 ? "thing" : "things"} happened on the two platforms${this.counts.violations ? `, ${this.counts.violations} platform ${this.counts.violations === 1 ? "limit" : "limits"} broken` : ""}${trouble ? `, ${trouble} waiting for a person` : ""}`;
    if (this.open === "ledger" && this.counts.seq !== this.lastSeq) this.app.loadLedger();
    this.draw();
  }

  badge(name, number, alarm, text = "") {
    const el = this.tabs[name].querySelector(".count");
    el.hidden = !number;
    el.textContent = text || String(number);
    el.classList.toggle("alarm", Boolean(alarm && number));
  }

  ledger(data) {
    this.entries = [...(data.entries || []).map((e) => ({ ...e, refused: false })), ...(data.refusals || []).map((e) => ({ ...e, refused: true }))].sort((a, b) => b.seq - a.seq);
    this.lastSeq = data.seq;
    this.draw();
  }

  draw() {
    if (this.open === "outbox") this.drawOutbox();
    else if (this.open === "ledger") this.drawLedger();
    else if (this.open === "letters") this.drawLetters();
    else if (this.open === "faults") this.drawFaults();
  }

  frame(name, head, columns) {
    if (this.drawn === name) return this.panel.querySelector("tbody");
    this.drawn = name;
    const body = h("tbody", {});
    put(clear(this.panel), head, h("div", { class: "table-wrap", tabindex: "0", role: "region", "aria-label": name }, h("table", { class: "grid", data: { testid: name } }, h("thead", {}, h("tr", {}, columns.map((c) => h("th", { scope: "col", class: ["Tries", "#"].includes(c) ? "num" : null }, c)))), body)));
    return body;
  }

  empty(body, span, text) { reconcile(body, [{ key: "empty", sig: text, build: () => h("tr", {}, h("td", { colspan: String(span), class: "quiet" }, text)) }]); }

  drawOutbox() {
    const body = this.frame("outbox", h("p", { class: "dock-hint" }, "Every message Amends owes somebody, kept in the same transaction as the change that caused it. Nothing customers read is ever sent twice by itself."), ["State", "To", "Key", "For", "Tries", "Due", "What went wrong"]);
    if (!this.rows.length) { this.empty(body, 7, "Nothing is owed to anybody yet."); return; }
    reconcile(body, this.rows.map((row) => ({
      key: `o:${row.id ?? row.key}`, sig: JSON.stringify(row),
      build: () => h("tr", { data: { testid: `outbox-${row.id}`, state: row.state } },
        h("td", {}, h("span", { class: `state state-${row.state}`, title: STATES[row.state] || "" }, row.state)),
        h("td", { class: "mono" }, row.destination), h("td", { class: "mono wrap" }, row.key), h("td", {}, row.audience && h("span", { class: `tag ${row.audience === "customer" ? "tag-shared" : ""}` }, row.audience)),
        h("td", { class: "num" }, String(row.attempts ?? 0)), h("td", {}, this.time(row.due)), h("td", { class: "wrap problem" }, row.error || "")),
    })));
  }

  time(at) { return at ? h("time", { datetime: at, title: fullTime(at) }, when(at, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" })) : ""; }

  drawLedger() {
    const search = () => h("div", { class: "dock-hint dock-search" }, h("span", {}, "What the two platforms saw, newest first: accepted effects and refusals."), h("input", { class: "field", type: "search", placeholder: "Filter, e.g. postMessage or contoso", "aria-label": "Filter the ledger", on: { input: (event) => { this.filter = event.target.value.toLowerCase(); this.draw(); } } }));
    const body = this.frame("ledger", this.drawn === "ledger" ? null : search(), ["#", "At", "Platform", "What", "Where", "Who", "What was said"]);
    const rows = this.entries.filter((e) => !this.filter || JSON.stringify([e.platform, e.what, e.place, e.sender, e.payload]).toLowerCase().includes(this.filter)).slice(0, 400);
    if (!rows.length) { this.empty(body, 7, this.entries.length ? "Nothing fits this filter." : "Nothing has happened yet."); return; }
    reconcile(body, rows.map((e) => ({
      key: `l:${e.seq}`, sig: `${e.seq}`,
      build: () => h("tr", { class: e.refused ? "refused" : "" }, h("td", { class: "num" }, String(e.seq)), h("td", {}, this.time(e.at)), h("td", {}, e.platform), h("td", { class: "mono" }, e.what, e.refused && h("span", { class: "state state-dead" }, "refused")), h("td", { class: "mono clip" }, e.place), h("td", { class: "mono clip" }, e.sender),
        h("td", { class: "wrap" }, h("details", { class: "json" }, h("summary", {}, brief(e)), h("pre", {}, JSON.stringify({ payload: e.payload, answer: e.answer }, null, 2))))),
    })));
  }

  drawLetters() {
    const body = this.frame("letters", h("p", { class: "dock-hint" }, "What customers read in their mailboxes and what their webhooks were told, newest first. A mail that went out stands: a correction is another one in its thread. A webhook's entry is updated."), ["At", "To", "Subject", "Words"]);
    if (!this.letters.length) { this.empty(body, 4, "Nobody was told by e-mail or webhook yet."); return; }
    const marks = (m) => (m.kind === "email" ? (m.headers["In-Reply-To"] ? "in a thread" : "") : [m.headers.status, m.headers.updated ? "updated" : ""].filter(Boolean).join(", "));
    reconcile(body, [...this.letters].reverse().map((m, i) => ({
      key: `m:${this.letters.length - i}`, sig: JSON.stringify(m),
      build: () => h("tr", { data: { testid: `letter-${m.kind}` } }, h("td", {}, this.time(m.at)), h("td", { class: "mono" }, h("span", { class: "tag tag-shared" }, m.kind === "email" ? "E-mail" : "Webhook"), " ", m.to), h("td", { class: "wrap" }, m.subject, " ", h("span", { class: "quiet" }, marks(m))),
        h("td", { class: "wrap" }, h("details", { class: "json" }, h("summary", {}, m.text.replace(/\s+/g, " ").slice(0, 90)), h("pre", {}, m.text)))),
    })));
  }

  drawFaults() {
    if (this.drawn !== "faults") {
      this.drawn = "faults";
      const idea = h("select", { class: "field field-select", "aria-label": "A fault to try", data: { testid: "fault-idea" } }, FAULT_IDEAS.map((f, i) => h("option", { value: String(i) }, f.label)));
      const times = h("input", { class: "field short", type: "number", min: "-1", value: "1", "aria-label": "How often (-1: always)", data: { testid: "fault-times" } });
      const add = h("button", { type: "button", class: "btn btn-primary", data: { testid: "fault-add" }, on: { click: () => { const { label: _, ...f } = FAULT_IDEAS[Number(idea.value)]; this.app.fault("post", { ...f, times: Number(times.value) || 1 }); } } }, "Add");
      const field = (name, label, props = {}) => [h("label", { class: "own-label" }, h("span", {}, label), h(props.options ? "select" : "input", { class: `field ${props.options ? "field-select" : ""}`, name, type: props.options ? null : props.type || "text", placeholder: props.placeholder, value: props.value }, (props.options || []).map((o) => h("option", { value: o }, o))))];
      const own = h("form", { class: "own-fault", novalidate: true, on: { submit: (event) => {
        event.preventDefault();
        const data = Object.fromEntries(new FormData(event.target));
        this.app.fault("post", { method: data.method || "*", kind: data.kind, place: data.place, times: Number(data.times) || 1, status: Number(data.status) || 500, error: data.error, seconds: Number(data.seconds) || 0 });
      } } }, field("method", "Method", { placeholder: "chat.postMessage, activity.post, *" }), field("kind", "Kind", { options: KINDS }), field("place", "Only in", { placeholder: "channel id" }), field("times", "Times", { type: "number", value: "1" }), field("status", "Status", { type: "number", value: "500" }), field("error", "Error", { placeholder: "is_archived" }), field("seconds", "Seconds", { type: "number", value: "0" }), h("button", { type: "submit", class: "btn" }, "Add this"));
      this.faultList = h("ul", { class: "fault-list", data: { testid: "faults" } });
      this.switches = h("div", { class: "switches" });
      put(clear(this.panel), h("div", { class: "faults" },
        h("section", {}, h("h3", {}, "Break something"), h("p", { class: "dock-hint" }, "The next call that fits goes wrong in this way. Then watch the outbox: nothing is lost and nothing is said twice."), h("div", { class: "fault-row" }, idea, h("label", { class: "times" }, "times", times), add), h("details", {}, h("summary", {}, "Any other fault"), own)),
        h("section", {}, h("h3", {}, "Whole platforms"), this.switches, h("h3", {}, "Waiting to go wrong"), this.faultList)));
    }
    const sig = JSON.stringify(this.down);
    if (this.switches.drawnFrom !== sig) {
      this.switches.drawnFrom = sig;
      put(clear(this.switches), ["slack", "teams"].map((platform) => {
        const off = this.down.includes(platform);
        const name = platform === "slack" ? "Slack" : "Teams";
        return h("button", { type: "button", class: `btn ${off ? "btn-danger" : ""}`, role: "switch", "aria-checked": String(off), data: { testid: `fault-down-${platform}`, control: `down-${platform}` }, on: { click: () => this.app.fault(off ? "delete" : "post", { down: platform }) } }, off ? `${name} is down. Bring it back` : `Take ${name} down`);
      }));
    }
    const items = (this.faults || []).map((f) => ({
      key: `f:${f.id}`, sig: JSON.stringify(f),
      build: () => h("li", {}, h("span", {}, h("code", { class: "mk-code" }, f.method), ` ${f.kind.replaceAll("_", " ")}`, f.kind === "status" ? ` ${f.status}` : "", f.error ? ` ${f.error}` : "", f.seconds ? `, ${f.seconds} s` : "", f.place ? ` in ${f.place}` : "", h("span", { class: "quiet" }, f.times < 0 ? ", every time" : f.times === 1 ? ", once" : `, ${f.times} times`)), h("button", { type: "button", class: "btn-quiet", "aria-label": "Remove this fault", on: { click: () => this.app.fault("delete", { id: f.id }) } }, icon("close"))),
    }));
    reconcile(this.faultList, items.length ? items : [{ key: "none", sig: "none", build: () => h("li", { class: "quiet" }, "Nothing. Everything works.") }]);
  }
}

function brief(e) {
  const p = e.payload || {};
  const text = p.text || p.command && `${p.command} ${p.text || ""}` || p.name || p.summary || p.view?.title?.text || p.activity?.text || e.answer?.error || p.actions?.[0]?.value || "";
  return String(text || "details").replace(/\s+/g, " ").slice(0, 110);
}
