// The sandbox page: one look at both platforms, two people at a time, and the clock.

import { avatar, clear, h, put, setHouseZone, when } from "./dom.js";
import { get, listen, post, remove, Trouble } from "./api.js";
import { SlackPane } from "./slack.js";
import { TeamsPane } from "./teams.js";
import { Dock } from "./dock.js";
import { Guide } from "./guide.js";

const NOTE_SECONDS = 9;
const POLL_SECONDS = 5; // the outbox moves without the platforms noticing
const WINDS = [[5, "+5 min"], [30, "+30 min"], [60, "+1 h"], [480, "+8 h"], [1440, "+1 day"]];
const KEY = "amends.sandbox.people";

class App {
  constructor() {
    this.usages = [];
    let kept = {};
    try { kept = JSON.parse(localStorage.getItem(KEY) || "{}"); } catch { /* private window */ }
    this.as = { slack: kept.slack || "", teams: kept.teams || "" };
    this.byId = (id) => document.getElementById(id);
    this.slack = new SlackPane(this.byId("slack"), this);
    this.teams = new TeamsPane(this.byId("teams"), this);
    this.dock = new Dock(this.byId("dock"), this);
    this.guide = new Guide(this.byId("guide"), this);
    this.guide.toggleButton = this.byId("guide-toggle");
    this.buildTop();
    this.keys();
    listen(() => this.look(), (state) => this.lamp(state));
    setInterval(() => { if (!document.hidden) this.look(); }, POLL_SECONDS * 1000);
    setInterval(() => this.drawClock(), 1000);
    this.look();
  }

  // -- looking ----------------------------------------------------------------------------------------------------------------

  async look() {
    if (this.looking) { this.again = true; return this.looking; }
    this.looking = (async () => {
      do {
        this.again = false;
        try {
          const asked = { ...this.as };
          const state = await get(`state?${new URLSearchParams(asked)}`);
          if (asked.slack === this.as.slack && asked.teams === this.as.teams) this.take(state);
          else this.again = true;
        } catch (trouble) { this.lamp("lost", trouble.message); }
      } while (this.again);
    })();
    try { await this.looking; } finally { this.looking = null; }
    return undefined;
  }

  take(state) {
    this.state = state;
    this.as = { slack: state.as.slack, teams: state.as.teams };
    this.lamp("live");
    this.usages = state.usages || [];
    setHouseZone(state.clock.zone || "UTC");
    this.clock = { at: Date.parse(state.clock.now), heard: performance.now(), zone: state.clock.zone };
    this.drawClock();
    this.people = state.people;
    this.drawing("Slack", () => this.slack.update(state.slack));
    this.drawing("Teams", () => this.teams.update(state.teams, state.people.teams));
    this.drawing("the drawers", () => this.dock.update(state));
    this.guide.look({
      rooms: this.slack.model.channels.filter((c) => c.room && c.kind !== "im").length + this.teams.model.conversations.filter((c) => c.kind === "thread" && c.byBot).length,
      customersTold: new Set((state.outbox || []).filter((r) => r.audience === "customer" && r.state === "sent").map((r) => r.destination)).size,
    });
    document.body.classList.add("ready");
  }

  /** A fault in drawing one pane leaves the other alone, and is said once. */
  drawing(what, draw) {
    try { draw(); } catch (fault) {
      console.error(fault);
      if (this.faulty !== what) this.note(this.byId("notes"), `This page could not draw ${what}. The details are in the browser's console.`);
      this.faulty = what;
    }
  }

  async loadLedger() { try { this.dock.ledger(await get("ledger")); } catch (trouble) { this.note(this.byId("notes"), trouble.message); } }

  lamp(state, why = "") {
    const el = this.byId("lamp");
    el.dataset.state = state;
    el.title = state === "live" ? "Live: this page follows the sandbox" : why || "The sandbox does not answer; trying again";
    this.byId("lamp-text").textContent = state === "live" ? "live" : "not connected";
  }

  // -- acting -----------------------------------------------------------------------------------------------------------------

  /** One act of a person. True (or, with `answer`, what came back) when it went through; else a kind sentence in that pane. */
  async act(notes, path, body, { typed = "", platform = "", answer = false, follow = false } = {}) {
    try {
      const data = await post(path, body);
      if (data.note) this.note(notes, data.note);
      this.guide.heard(typed, this.people?.[platform]?.find((p) => p.id === body.user)?.name || "");
      await this.look();
      if (follow && platform === "teams" && data.conversation) this.teams.open(data.conversation);
      return answer ? data : true;
    } catch (trouble) {
      this.note(notes, trouble instanceof Trouble ? trouble.message : "Something on this page went wrong; the details are in the browser's console.");
      if (!(trouble instanceof Trouble)) console.error(trouble);
      this.look();
      return false;
    }
  }

  note(where, text) {
    const box = h("div", { class: "toast failed", role: "alert", data: { testid: "note" } }, h("span", { class: "toast-text" }, text), h("button", { type: "button", class: "btn-quiet", "aria-label": "Dismiss", on: { click: () => box.remove() } }, "×"));
    where.append(box);
    setTimeout(() => box.remove(), NOTE_SECONDS * 1000);
  }

  become(platform, id) {
    this.as[platform] = id;
    try { localStorage.setItem(KEY, JSON.stringify(this.as)); } catch { /* private window */ }
    return this.look();
  }

  async wind(minutes) {
    const buttons = [...document.querySelectorAll("[data-wind]")];
    for (const b of buttons) b.setAttribute("aria-busy", "true");
    try { await post("clock", { minutes }); this.guide.heard("wind"); await this.look(); } catch (trouble) { this.note(this.byId("notes"), trouble.message); }
    for (const b of buttons) b.removeAttribute("aria-busy");
  }

  async fault(how, body) {
    try { await (how === "post" ? post("faults", body) : remove("faults", body)); await this.look(); } catch (trouble) { this.note(this.byId("notes"), trouble.message); }
  }

  /** The guide's "write it for me": right person, right place, words in the line; sending stays with the reader. */
  async offer(step) {
    const pane = this[step.side];
    const who = pane.model.people.find((p) => !p.bot && p.name.split(" ")[0] === step.who);
    if (who && who.id !== pane.model.me.id) await this.become(step.side, who.id);
    this.showPane(step.side);
    if (step.side === "slack") {
      const room = [...pane.model.channels].reverse().find((c) => c.room && !c.archived && c.kind !== "im");
      pane.offer(step.where === "room" && room ? room.name : step.where, step.say);
    } else {
      const thread = pane.model.conversations.filter((c) => c.kind === "thread" && c.byBot).at(-1);
      pane.offer(step.where === "thread" && thread ? thread.id : "Incidents", step.say);
    }
  }

  lookAtRoom() {
    this.showPane("teams");
    const thread = this.teams.model.conversations.filter((c) => c.kind === "thread" && c.byBot).at(-1);
    if (thread) this.teams.open(thread.id);
  }

  showPane(side) {
    document.body.dataset.pane = side;
    for (const name of ["slack", "teams"]) this.byId(`show-${name}`).setAttribute("aria-selected", String(name === side));
  }

  // -- the top bar --------------------------------------------------------------------------------------------------------------

  buildTop() {
    put(this.byId("winds"), WINDS.map(([minutes, label]) => h("button", { type: "button", class: "wind", title: `Wind the clock on by ${label.slice(1)}`, data: { testid: `clock-wind-${minutes}`, wind: String(minutes) }, on: { click: () => this.wind(minutes) } }, label)));
    this.byId("guide-toggle").addEventListener("click", () => this.guide.toggle());
    this.byId("palette-open").addEventListener("click", () => this.palette());
    for (const name of ["slack", "teams"]) this.byId(`show-${name}`).addEventListener("click", () => this.showPane(name));
    this.showPane("slack");
  }

  drawClock() {
    if (!this.clock) return;
    const now = new Date(this.clock.at + (performance.now() - this.clock.heard));
    const house = this.clock.zone && this.clock.zone !== "UTC";
    const show = (el, zone) => {
      const time = when(now, { hour: "2-digit", minute: "2-digit" }, zone);
      if (el.dataset.shown !== time) { el.dataset.shown = time; el.textContent = time; }
    };
    show(this.byId("clock-utc"), "UTC");
    this.byId("clock-house-box").hidden = !house;
    if (house) { show(this.byId("clock-house"), this.clock.zone); this.byId("clock-zone").textContent = this.clock.zone.split("/").at(-1).replaceAll("_", " "); }
    const day = when(now, { weekday: "short", day: "numeric", month: "short", year: "numeric" }, "UTC");
    const el = this.byId("clock-day");
    if (el.textContent !== day) el.textContent = day;
    this.byId("clock").setAttribute("datetime", now.toISOString().slice(0, 16) + "Z");
  }

  // -- keys -------------------------------------------------------------------------------------------------------------------

  keys() {
    document.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") { event.preventDefault(); this.palette(); return; }
      if (event.key === "F6") { event.preventDefault(); this.hop(event.shiftKey ? -1 : 1); }
    });
  }

  hop(step) {
    const stops = [this.slack.composer.box, this.teams.composer.box, this.dock.tabs.outbox, this.byId("palette-open")];
    const regions = [this.byId("slack"), this.byId("teams"), this.byId("dock"), this.byId("top")];
    const at = regions.findIndex((r) => r.contains(document.activeElement));
    const to = (at + step + stops.length) % stops.length;
    if (to < 2) this.showPane(to ? "teams" : "slack");
    (regions[to].querySelector(".modal input,.modal button") || stops[to]).focus();
  }

  palette() {
    const box = this.byId("palette");
    if (box.open || !this.people) return;
    const search = h("input", { class: "field", type: "search", placeholder: "Act as…", "aria-label": "Find a person", role: "combobox", "aria-expanded": "true", "aria-controls": "palette-list", autocomplete: "off", data: { testid: "palette-search" } });
    const list = h("div", { id: "palette-list", role: "listbox", "aria-label": "People" });
    let at = 0;
    let shown = [];
    const all = [...this.slack.model.people.filter((p) => !p.bot).map((p) => ({ ...p, platform: "slack" })), ...this.teams.model.people.filter((p) => !p.bot).map((p) => ({ ...p, platform: "teams" }))];
    const point = (to) => { at = (to + shown.length) % (shown.length || 1); [...list.children].forEach((el, i) => { el.setAttribute("aria-selected", String(i === at)); if (i === at) { search.setAttribute("aria-activedescendant", el.id); el.scrollIntoView({ block: "nearest" }); } }); };
    const pick = (p) => { box.close(); this.showPane(p.platform); this.become(p.platform, p.id).then(() => this[p.platform].composer.box.focus()); };
    const draw = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      shown = all.filter((p) => words.every((w) => `${p.name} ${p.title || ""} ${p.platform === "slack" ? "slack" : "microsoft teams"}`.toLowerCase().includes(w)));
      put(clear(list), shown.map((p, i) => h("div", { class: "palette-row", role: "option", id: `palette-${i}`, "aria-selected": "false", data: { testid: `palette-${p.platform}-${p.id}` }, on: { click: () => pick(p), mousemove: () => { if (at !== i) point(i); } } }, avatar(p, "small"), h("span", { class: "menu-text" }, h("span", { class: "menu-label" }, p.name), h("span", { class: "menu-detail" }, [p.title, p.guest ? "guest" : p.foreign ? "another company" : ""].filter(Boolean).join(" · "))), h("span", { class: `tag tag-${p.platform}` }, p.platform === "slack" ? "Slack" : "Teams"), this.as[p.platform] === p.id && h("span", { class: "quiet" }, "now"))));
      if (!shown.length) put(list, h("p", { class: "quiet" }, "Nobody here has that name."));
      point(0);
    };
    search.addEventListener("input", draw);
    search.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); point(at + (event.key === "ArrowDown" ? 1 : -1)); }
      if (event.key === "Enter" && shown[at]) { event.preventDefault(); pick(shown[at]); }
    });
    put(clear(box), search, list, h("p", { class: "palette-foot quiet" }, "↑↓ to choose, Enter to become them, F6 moves between the panes"));
    draw();
    box.showModal();
    box.addEventListener("click", (event) => { if (event.target === box) box.close(); }, { once: true });
  }
}

new App();
