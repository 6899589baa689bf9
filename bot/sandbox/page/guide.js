// "What to try": eight steps through a whole incident, ticked off as they happen.

import { clear, h, icon, put } from "./dom.js";

const KEY = "amends.sandbox.guide";
const STEPS = [
  { title: "Declare in Slack", how: "As Ana, in #incidents. A room opens, the right people hear of it, and a card says what was understood.", side: "slack", who: "Ana", where: "incidents", say: "/incident declare Checkout fails for customers in the US sev2 services checkout region US", seen: (now, then) => now.rooms > then.rooms },
  { title: "See it in Teams", how: "The same card is already in the Incidents channel on the right, as a thread. Open it and look.", side: "teams", look: true },
  { title: "Set severity and services", how: "Now from Teams, in that thread, as Ben. Buttons on the card say the same words.", side: "teams", who: "Ben", where: "thread", say: "severity sev1 because nobody in the US can pay", done: /^(severity|sev|services|region)\b/ },
  { title: "Wind the clock", how: "Press +30 min above. Updates fall due, and Amends reminds the room.", wind: true, done: /^wind$/ },
  { title: "Resolve with a recap", how: "Back in Slack, in the incident's room. Then press Recap: one form asks what customers could not do, since when, and what set it off.", side: "slack", who: "Ana", where: "room", say: "/incident resolve", done: /^(resolve|close|recap|status (\S+ )?resolved)\b/ },
  { title: "Draft, fill, submit", how: "The draft is made from the recorded facts. Open gaps are named, each with a button; then press Submit for approval.", side: "teams", who: "Ben", where: "thread", say: "apology draft", done: /^apology submit\b/ },
  { title: "Approve as a second person", how: "Nobody approves their own words. Ana approves the facts in the room; then be Cleo: her chat with Amends has the text to read, with Approve below it.", side: "slack", who: "Cleo", where: "incidents", say: "/apology approve", by: "Cleo", done: /^apology approve\b/ },
  { title: "Publish to five customers", how: "Press Publish, or write it. Contoso and Tailspin read it in Slack, Fabrikam in Teams, Woodgrove by e-mail, Lamna on its webhook: each in its own time zone, once. Look into their channels, and at Mail and webhooks below.", side: "slack", who: "Cleo", where: "incidents", say: "/apology publish", seen: (now, then) => now.customersTold >= then.customersTold + 5 },
];

/** "/inc severity sev1", "@Amends severity …", a button's {"says": …}: the words of the grammar, lower case. */
function verbOf(words) {
  let said = String(words || "");
  if (said.startsWith("{")) { try { const data = JSON.parse(said); said = data.says || data.verb || ""; } catch { said = ""; } }
  return said.trim().toLowerCase().replace(/^\/(incident|inc)\s+/, "").replace(/^\/apology\b/, "apology").replace(/^@amends\s+/, "");
}

export class Guide {
  constructor(root, app) {
    this.root = root;
    this.app = app;
    let kept = {};
    try { kept = JSON.parse(localStorage.getItem(KEY) || "{}"); } catch { /* private window: the ticks live as long as the page */ }
    this.ticked = new Set(kept.ticked || []);
    this.unticked = new Set(); // what somebody took back by hand is not ticked again by itself
    this.before = { rooms: 0, customersTold: 0 }; // what was there when the guide was started over
    this.closed = Boolean(kept.closed);
    this.chosen = null;
    this.draw();
  }

  keep() { try { localStorage.setItem(KEY, JSON.stringify({ ticked: [...this.ticked], closed: this.closed })); } catch { /* as above */ } }
  get at() { return this.chosen ?? STEPS.findIndex((_, i) => !this.ticked.has(i)); }

  /** Something was typed, pressed or wound: tick what it was. */
  heard(words, who = "") { const said = verbOf(words); this.tickAll((step) => step.done && said && step.done.test(said) && (!step.by || who.startsWith(step.by))); }

  /** What can be seen on the platforms counts, whoever did it. */
  look(facts) {
    this.facts = facts;
    this.tickAll((step) => step.seen?.(facts, this.before));
  }

  tickAll(holds) {
    const fresh = STEPS.map((step, i) => i).filter((i) => !this.ticked.has(i) && !this.unticked.has(i) && holds(STEPS[i]));
    if (!fresh.length) return;
    for (const i of fresh) this.ticked.add(i);
    this.chosen = null;
    this.keep();
    this.draw();
  }

  draw() {
    const at = this.at;
    const focused = document.activeElement?.dataset?.control;
    const list = h("ol", { class: "steps", "aria-label": "What to try" }, STEPS.map((step, i) => h("li", { class: `step${this.ticked.has(i) ? " done" : ""}${i === at ? " now" : ""}` },
      h("button", { type: "button", "aria-current": i === at ? "step" : null, "aria-label": `${i + 1}. ${step.title}${this.ticked.has(i) ? ", done" : ""}`, data: { testid: `guide-step-${i + 1}`, control: `guide-${i}` }, on: { click: () => { this.chosen = i; this.draw(); } } },
        h("span", { class: "step-mark" }, this.ticked.has(i) ? icon("check") : String(i + 1)), h("span", { class: "step-title" }, step.title)))));
    const step = STEPS[at];
    const body = step
      ? h("div", { class: "guide-now", role: "status" }, h("p", {}, step.how, step.say && [" ", h("code", { class: "mk-code" }, step.say)]),
        h("div", { class: "guide-acts" },
          step.say && h("button", { type: "button", class: "btn btn-primary", data: { testid: "guide-try" }, on: { click: () => this.app.offer(step) } }, "Write it for me"),
          step.look && h("button", { type: "button", class: "btn btn-primary", data: { testid: "guide-try" }, on: { click: () => { this.app.lookAtRoom(); this.tick(at); } } }, "Show me"),
          step.wind && h("button", { type: "button", class: "btn btn-primary", data: { testid: "guide-try" }, on: { click: () => this.app.wind(30) } }, "+30 min"),
          h("button", { type: "button", class: "btn", on: { click: () => this.tick(at) } }, this.ticked.has(at) ? "Untick" : "Done")))
      : h("div", { class: "guide-now", role: "status" }, h("p", {}, "That is the whole way, from the first word to an approved apology in every customer’s channel. Break something in Faults, or play it again."), h("div", { class: "guide-acts" }, h("button", { type: "button", class: "btn", on: { click: () => { this.ticked.clear(); this.unticked.clear(); this.before = this.facts || this.before; this.chosen = null; this.keep(); this.draw(); } } }, "Start over")));
    this.root.hidden = this.closed;
    this.toggleButton?.setAttribute("aria-expanded", String(!this.closed));
    put(clear(this.root), list, body);
    if (focused) this.root.querySelector(`[data-control="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  tick(i) {
    if (this.ticked.has(i)) { this.ticked.delete(i); this.unticked.add(i); } else this.ticked.add(i);
    this.chosen = null;
    this.keep();
    this.draw();
  }
  toggle() { this.closed = !this.closed; this.keep(); this.draw(); }
}
