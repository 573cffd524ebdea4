// One queue, agent or call in full: what is known of it, why it is so, and what can be done.

import { Problem, read } from "../page/api.js";
import { make, mark, say } from "../page/dom.js";
import { nextWords, stateWords } from "../page/states.js";
import { NOTHING, age, length, percent, timeOfDay } from "../page/time.js";
import { curves, intervals } from "./curves.js";
import { closing, target, troubles } from "./figures.js";
import { Interventions } from "./form.js";
import { OF_AGENTS, OF_CALLS, OF_EVERYBODY, OF_QUEUES } from "./interventions.js";
import { callKey } from "../page/rows.js";
import { queuesOf } from "./tables.js";

/** An explanation is asked for again when its call has changed, but no more often than this. */
const EXPLAIN_EVERY_MS = 1000;
/** What it looks at changes without the call, too: agents come and go, and time passes. */
const EXPLAIN_AGAIN_MS = 2000;
/** Curves go on by quarters of an hour; the present one grows. */
const CURVES_EVERY_MS = 30_000;

/** @typedef {{node: HTMLElement, title: string, update: (now: number) => void}} Panel */
/** @typedef {import("./picture.js").Picture} Picture */

/** The dialog that shows one of them at a time. */
export class Details {
  /** @type {Panel | null} */ #panel = null;

  /** @param {HTMLDialogElement} dialog @param {Picture} picture */
  constructor(dialog, picture) {
    this.dialog = dialog;
    this.picture = picture;
    // It is told with the next frame: another may have been opened meanwhile, and has to go on.
    dialog.addEventListener("close", () => {
      if (!dialog.open) this.#panel = null;
    });
    // A click beside it closes it.
    dialog.addEventListener("click", event => {
      if (event.target === dialog) dialog.close();
    });
  }

  /** @param {string} name @param {number} now */
  queue(name, now) {
    this.#open(queuePanel(name, this.picture), now);
  }

  /** @param {string} id @param {number} now */
  agent(id, now) {
    this.#open(agentPanel(id, this.picture), now);
  }

  /** All who are logged in. @param {number} now */
  everybody(now) {
    this.#open(everybodyPanel(this.picture), now);
  }

  /** @param {import("../page/rows.js").CallRef} call @param {number} now */
  call(call, now) {
    this.#open(callPanel(call, this.picture), now);
  }

  /** @param {number} now */
  update(now) {
    this.#panel?.update(now);
  }

  /** @param {Panel} panel @param {number} now */
  #open(panel, now) {
    this.#panel = panel;
    panel.update(now);
    const close = make("button", { type: "button", class: "close", text: "✕", "aria-label": "Close", onclick: () => this.dialog.close() });
    this.dialog.replaceChildren(make("header", {}, make("h2", { id: "details-title", text: panel.title }), close), panel.node);
    mark(this.dialog, "aria-labelledby", "details-title");
    if (!this.dialog.open) this.dialog.showModal();
    close.focus();
  }
}

/** Facts with their names, each the same node as long as the panel is there. @param {string[]} names */
function facts(names) {
  const cells = Object.fromEntries(names.map(name => [name, make("dd", { text: NOTHING })]));
  const node = make("dl", { class: "facts" }, ...names.map(name => make("div", {}, make("dt", { text: name }), cells[name])));
  /** @param {Record<string, string>} values */
  const set = values => {
    for (const [name, value] of Object.entries(values)) {
      say(cells[name], value || NOTHING);
    }
  };
  return { node, set };
}

/** A way to the calls of a queue or an agent. @param {string} name */
function callsOf(name) {
  const link = make("a", { href: `#calls?q=${encodeURIComponent(name)}`, text: "Calls" });
  link.addEventListener("click", () => link.closest("dialog")?.close());
  return make("p", {}, link);
}

/** @param {string} name @param {Picture} picture @returns {Panel} */
function queuePanel(name, picture) {
  const now_facts = facts(["Waiting", "Being offered", "Longest wait", "Estimated wait", "In conversation", "Available", "Working", "Staffed", "Target", "Rules in force"]);
  const trouble = make("p", { class: "trouble" });
  const closed = make("p", { class: "closed" });
  const table = make("tbody");
  const drawn = make("div", { class: "curves" }, make("p", { class: "soft", text: "…" }));
  const stepIn = new Interventions(OF_QUEUES, () => picture.queues.get(name), picture);
  let drawnAt = -Infinity;
  const draw = async () => {
    drawnAt = performance.now();
    const since = picture.queueStatistics.get(name)?.today_since ?? null;
    const found = await intervals(name, since).catch(() => []);
    const queue = picture.queues.get(name);
    if (found.length && queue) drawn.replaceChildren(...curves(found, queue.service_level_percent));
    else drawn.replaceChildren(make("p", { class: "soft", text: "No quarter of an hour has been recorded yet." }));
  };
  const heads = ["", "Entered", "Answered", "Gave up", "In time", "Mean wait", "90% within", "Ø handled"];
  const node = make(
    "div",
    { class: "panel" },
    trouble,
    closed,
    stepIn.node,
    now_facts.node,
    callsOf(name),
    make("h3", { text: "Figures" }),
    make("div", { class: "scroll", role: "region", "aria-label": "Figures", tabIndex: 0 }, make("table", {}, make("thead", {}, make("tr", {}, ...heads.map(text => make(text ? "th" : "td", { text, scope: text ? "col" : null })))), table)),
    make("h3", { text: "Today" }),
    drawn,
  );
  const update = (/** @type {number} */ now) => {
    const queue = picture.queues.get(name);
    if (!queue) return say(trouble, "It is not in the configuration any more.");
    const statistics = picture.queueStatistics.get(name);
    const found = troubles({ queue, statistics }, now);
    say(trouble, found.map(({ grade, text }) => `${grade === "alarm" ? "▲" : "△"} ${text}`).join(" · "));
    say(closed, closing(queue));
    mark(trouble, "data-grade", found[0]?.grade ?? null);
    now_facts.set({
      Waiting: String(queue.waiting),
      "Being offered": String(queue.offering),
      "Longest wait": age(queue.oldest_since, now),
      "Estimated wait": length(queue.estimated_wait),
      "In conversation": String(queue.connected),
      Available: String(queue.agents_available),
      Working: String(queue.agents_working),
      Staffed: `${queue.agents_staffed} of ${queue.agents_qualified} who qualify`,
      Target: target(queue),
      "Rules in force": queue.active_rules.join(", "),
    });
    if (statistics) showFigures(table, statistics);
    if (performance.now() - drawnAt > CURVES_EVERY_MS) void draw();
    stepIn.update();
  };
  return { node, title: name, update };
}

/** @param {HTMLElement} table @param {import("../page/rows.js").QueueStatistics} statistics */
function showFigures(table, statistics) {
  const row = /** @param {string} title @param {import("../page/rows.js").Figures} it */ (title, it) => [
    title, String(it.entered), String(it.answered), String(it.abandoned), percent(it.service_level), length(it.wait_mean), length(it.wait_p90), length(it.handle_mean),
  ];
  const rows = [row("5 minutes", statistics.last_5_minutes), row("30 minutes", statistics.last_30_minutes), row("Today", statistics.today)];
  rows.forEach((texts, place) => {
    const line = table.children[place] ?? table.appendChild(make("tr", {}, ...texts.map((_, at) => make(at ? "td" : "th", { scope: at ? null : "row" }))));
    texts.forEach((text, at) => say(line.children[at], text));
  });
}

/** @param {string} id @param {Picture} picture @returns {Panel} */
function agentPanel(id, picture) {
  const first = picture.agents.get(id);
  const now_facts = facts(["State", "For", "Then", "Calls in hand", "Device", "Desktop", "Skills", "For now", "Queues"]);
  const today = facts(["Logged in", "Calls", "Mean handling", "Occupied", "Offers", "Declined", "Not answered"]);
  const stepIn = new Interventions(OF_AGENTS, () => picture.agents.get(id), picture);
  const node = make("div", { class: "panel" }, stepIn.node, now_facts.node, callsOf(id), make("h3", { text: "Today" }), today.node);
  const update = (/** @type {number} */ now) => {
    const agent = picture.agents.get(id);
    if (!agent) return;
    const busy = agent.slots.filter(slot => slot.state !== "free");
    const only = agent.only ? "only " : "";
    now_facts.set({
      State: stateWords(agent),
      For: age(agent.state_since, now),
      Then: nextWords(agent),
      "Calls in hand": busy.map(slot => `${slot.call?.call_id ?? ""} (${slot.state.replaceAll("_", " ")}, ${age(slot.since, now)})`).join(", "),
      Device: agent.device === "up" ? "in service" : agent.device,
      Desktop: { kept: "is heard", lost: "has fallen silent" }[agent.heartbeat] ?? "not expected",
      Skills: agent.skills.map(({ skill, level }) => `${skill} ${level}`).join(", "),
      "For now": agent.skills_for_now
        .map(({ skill, level, until }) => (level ? `${skill} ${level}` : `no ${skill}`) + (until ? ` until ${timeOfDay(until).slice(0, 5)}` : ""))
        .join(", "),
      Queues: only + agent.queues.map(it => `${it.queue}${it.rank && it.rank !== 5 ? ` at rank ${it.rank}` : ""}`).join(", "),
    });
    const figures = picture.agentStatistics.get(id);
    if (figures) {
      today.set({
        "Logged in": length(figures.staffed),
        Calls: String(figures.connected),
        "Mean handling": length(figures.handle_mean),
        Occupied: percent(figures.occupancy_percent),
        Offers: String(figures.offers),
        Declined: String(figures.declined),
        "Not answered": String(figures.no_answer),
      });
    }
    stepIn.update();
  };
  return { node, title: first && first.name !== id ? `${first.name} (${id})` : id, update };
}

/** @param {Picture} picture @returns {Panel} */
function everybodyPanel(picture) {
  const stepIn = new Interventions(OF_EVERYBODY, () => /** @type {const} */ ("everybody"), picture);
  return { node: make("div", { class: "panel" }, stepIn.node), title: "Everybody who is logged in", update: () => stepIn.update() };
}

/** @param {import("../page/rows.js").CallRef} ref @param {Picture} picture @returns {Panel} */
function callPanel(ref, picture) {
  const key = callKey(ref);
  const now_facts = facts(["State", "For", "Age", "Queue", "Priority", "Agent", "Channel", "Adapter", "Arrived"]);
  const stepIn = new Interventions(OF_CALLS, () => picture.calls.get(key), picture);
  const why = new Why(ref);
  const node = make("div", { class: "panel" }, stepIn.node, now_facts.node, make("h3", { text: "Why it is where it is" }), why.node);
  let seen = "";
  const update = (/** @type {number} */ now) => {
    const call = picture.calls.get(key);
    if (call) {
      now_facts.set({
        State: call.state,
        For: age(call.state_since, now),
        Age: age(call.arrived_at, now),
        Queue: queuesOf(call),
        Priority: String(call.priority),
        Agent: call.agent || (call.awaits_agent ? `waits for ${call.awaits_agent}` : ""),
        Channel: call.channel,
        Adapter: call.call.adapter,
        Arrived: timeOfDay(call.arrived_at),
      });
    } else {
      now_facts.set({ State: "over", For: "", Age: "", Agent: "" });
    }
    const stands = call ? `${call.state} ${call.state_since} ${call.priority} ${queuesOf(call)}` : "over";
    if (stands !== seen || (call && why.age > EXPLAIN_AGAIN_MS)) {
      seen = stands;
      why.ask();
    }
    stepIn.update();
  };
  return { node, title: ref.call_id, update };
}

/** The explanation of a call, in acdd's own words. */
class Why {
  #askedAt = -Infinity;
  #due = false;

  /** @param {import("../page/rows.js").CallRef} call */
  constructor(call) {
    this.call = call;
    this.headline = make("p", { class: "soft", text: "…" });
    this.present = make("ul", { class: "present", hidden: true });
    this.story = make("ol", { class: "story", hidden: true });
    this.wrong = make("p", { class: "wrong" });
    this.node = make("div", { class: "why" }, this.headline, this.wrong, this.present, this.story);
  }

  /** For how long it has not been asked for, in milliseconds. */
  get age() {
    return performance.now() - this.#askedAt;
  }

  ask() {
    if (this.#due) return;
    this.#due = true;
    const wait = Math.max(0, EXPLAIN_EVERY_MS - this.age);
    setTimeout(() => void this.#ask(), wait);
  }

  async #ask() {
    this.#due = false;
    const asked = performance.now();
    this.#askedAt = asked;
    if (!this.node.isConnected) return;
    try {
      const offset = String(-new Date().getTimezoneOffset());
      const answer = await read("/api/explain", { ...this.call, utc_offset_minutes: offset });
      // A later question has a later answer.
      if (asked !== this.#askedAt) return;
      say(this.wrong, "");
      this.headline.className = "";
      say(this.headline, answer.headline);
      list(this.present, ["span"], answer.present.map((/** @type {string} */ text) => [text]));
      list(this.story, ["time", "span", "em"], answer.story.map((/** @type {{at: string, said: string, why: string}} */ step) => [step.at, step.said, step.why]));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (asked !== this.#askedAt) return;
      say(this.wrong, error.message);
      say(this.headline, "");
      list(this.present, [], []);
      list(this.story, [], []);
    }
  }
}

/**
 * Writes a list anew only where it differs: whoever reads or listens there keeps his place.
 * @param {HTMLElement} host @param {string[]} tags Of the parts of an entry. @param {string[][]} entries
 */
function list(host, tags, entries) {
  entries.forEach((texts, place) => {
    const entry = host.children[place] ?? host.appendChild(make("li", {}, ...tags.map(tag => make(tag))));
    texts.forEach((text, at) => say(entry.children[at], text));
  });
  while (host.children.length > entries.length) host.lastElementChild?.remove();
  host.hidden = entries.length === 0;
}

