// Which columns the tables have, and how a row is found by what is typed into the filter.

import { AGENT_STATES, nextWords, stateWords } from "../page/states.js";
import { NOTHING, age, length, percent, timeOfDay } from "../page/time.js";
import { recent, target, troubles } from "./figures.js";
import { callKey } from "../page/rows.js";

/** @typedef {import("./picture.js").Picture} Picture */
/** @typedef {import("./figures.js").Measured & {name: string}} QueueLine */
/** @typedef {import("../page/rows.js").Agent & {calls: string, figures: import("../page/rows.js").AgentStatistics | undefined}} AgentLine */

/** Whether each word of the filter is somewhere in it. @param {string} text @param {string[]} words */
export const matches = (text, words) => {
  const lower = text.toLowerCase();
  return words.every(word => lower.includes(word));
};

/** @param {import("./figures.js").Trouble["grade"] | undefined} grade */
const weight = grade => (grade === "alarm" ? 2 : grade === "notice" ? 1 : 0);

export const queues = {
  label: "Queues",
  none: "No queue matches.",
  /** @param {Picture} picture @param {string[]} words @returns {QueueLine[]} */
  rows: (picture, words) =>
    [...picture.queues.values()]
      .filter(row => matches(row.queue, words))
      .map(queue => ({ name: queue.queue, queue, statistics: picture.queueStatistics.get(queue.queue) })),
  key: (/** @type {QueueLine} */ row) => row.name,
  grade: (/** @type {QueueLine} */ row, /** @type {number} */ now) => troubles(row, now)[0]?.grade ?? "",
  /** @type {import("./grid.js").Column<QueueLine>[]} */
  columns: [
    { name: "queue", title: "Queue", text: row => row.name, by: row => row.name },
    {
      name: "trouble",
      title: "Trouble",
      text: (row, now) => {
        const [first] = troubles(row, now);
        return first ? `${first.grade === "alarm" ? "▲" : "△"} ${first.text}` : row.queue.closed ? "Closed" : "";
      },
      by: (row, now) => -weight(troubles(row, now)[0]?.grade),
      tone: (row, now) => troubles(row, now)[0]?.grade ?? "soft",
    },
    { name: "waiting", title: "Waiting", number: true, text: ({ queue }) => String(queue.waiting), by: ({ queue }) => queue.waiting, tone: ({ queue }) => (queue.waiting ? "strong" : "soft") },
    { name: "longest", title: "Longest", number: true, text: ({ queue }, now) => age(queue.oldest_since, now), by: ({ queue }, now) => (queue.oldest_since ? now - queue.oldest_since : -1) },
    { name: "service_level", title: "In time", number: true, text: row => percent(recent(row).service_level), by: row => recent(row).service_level ?? 101 },
    { name: "target", title: "Target", number: true, wide: true, text: ({ queue }) => target(queue), tone: () => "soft" },
    { name: "abandoned", title: "Gave up", number: true, text: row => percent(recent(row).abandonment), by: row => recent(row).abandonment ?? -1 },
    { name: "estimated", title: "Est. wait", number: true, wide: true, text: ({ queue }) => length(queue.estimated_wait), by: ({ queue }) => queue.estimated_wait ?? -1 },
    { name: "connected", title: "Talking", number: true, wide: true, text: ({ queue }) => String(queue.connected), by: ({ queue }) => queue.connected },
    { name: "available", title: "Available", number: true, wide: true, text: ({ queue }) => String(queue.agents_available), by: ({ queue }) => queue.agents_available },
    { name: "working", title: "Working", number: true, wide: true, text: ({ queue }) => String(queue.agents_working), by: ({ queue }) => queue.agents_working },
    { name: "staffed", title: "Staffed", number: true, wide: true, text: ({ queue }) => String(queue.agents_staffed), by: ({ queue }) => queue.agents_staffed },
  ],
};

const STATES = Object.keys(AGENT_STATES);

export const agents = {
  label: "Agents",
  none: "No agent matches.",
  /** @param {Picture} picture @param {string[]} words @returns {AgentLine[]} */
  rows: (picture, words) =>
    [...picture.agents.values()]
      .filter(row => matches(`${row.name} ${row.agent} ${stateWords(row)} ${row.skills.map(it => it.skill).join(" ")}`, words))
      .map(row => ({
        ...row,
        calls: row.slots.filter(slot => slot.state !== "free").map(slot => slot.call?.call_id).filter(Boolean).join(", "),
        figures: picture.agentStatistics.get(row.agent),
      }))
      .sort((one, other) => Number(one.state === "logged_out") - Number(other.state === "logged_out")),
  key: (/** @type {AgentLine} */ row) => row.agent,
  /** @type {import("./grid.js").Column<AgentLine>[]} */
  columns: [
    { name: "agent", title: "Agent", text: row => row.name, by: row => row.name, tone: row => (row.state === "logged_out" ? "soft" : "") },
    {
      name: "state",
      title: "State",
      text: row => `${AGENT_STATES[/** @type {keyof typeof AGENT_STATES} */ (row.state)]?.glyph ?? "?"} ${stateWords(row)}`,
      by: row => STATES.indexOf(row.state),
      tone: row => `state ${row.state}`,
    },
    { name: "for", title: "For", number: true, text: (row, now) => age(row.state_since, now), by: (row, now) => (row.state_since ? now - row.state_since : -1) },
    { name: "next", title: "Then", wide: true, text: nextWords, tone: () => "soft" },
    { name: "call", title: "Call", wide: true, text: row => row.calls },
    { name: "connected", title: "Calls", number: true, wide: true, text: row => (row.figures ? String(row.figures.connected) : NOTHING), by: row => row.figures?.connected ?? -1 },
    { name: "handle", title: "Ø handled", number: true, wide: true, text: row => length(row.figures?.handle_mean), by: row => row.figures?.handle_mean ?? -1 },
    { name: "occupancy", title: "Occupied", number: true, wide: true, text: row => percent(row.figures?.occupancy_percent), by: row => row.figures?.occupancy_percent ?? -1 },
    { name: "skills", title: "Skills", wide: true, text: row => row.skills.map(({ skill, level }) => `${skill} ${level}`).join(", "), tone: () => "soft" },
  ],
};

const CALL_GLYPHS = /** @type {Record<string, string>} */ ({ waiting: "◷", offering: "◌", connecting: "◐", connected: "●", held: "◍" });

/** The queue that a call stands in, or came through. @param {import("../page/rows.js").Call} call */
export const queuesOf = call => (call.places.length ? call.places.map(place => place.queue).join(", ") : call.via_queue);

export const calls = {
  label: "Calls",
  none: "No call matches, or nobody calls.",
  /** @param {Picture} picture @param {string[]} words @returns {import("../page/rows.js").Call[]} */
  rows: (picture, words) =>
    [...picture.calls.values()].filter(row => matches(`${row.call.call_id} ${row.call.adapter} ${row.state} ${queuesOf(row)} ${row.agent} ${row.channel}`, words)),
  key: (/** @type {import("../page/rows.js").Call} */ row) => callKey(row.call),
  grade: (/** @type {import("../page/rows.js").Call} */ row) => (row.priority === 9 && row.state === "waiting" ? "alarm" : ""),
  /** @type {import("./grid.js").Column<import("../page/rows.js").Call>[]} */
  columns: [
    { name: "call", title: "Call", text: row => row.call.call_id, by: row => row.call.call_id },
    { name: "state", title: "State", text: row => `${CALL_GLYPHS[row.state] ?? "?"} ${row.state}`, by: row => Object.keys(CALL_GLYPHS).indexOf(row.state), tone: row => `state ${row.state}` },
    { name: "for", title: "For", number: true, text: (row, now) => age(row.state_since, now), by: row => -(row.state_since ?? 0) },
    { name: "age", title: "Age", number: true, text: (row, now) => age(row.arrived_at, now), by: row => -(row.arrived_at ?? 0) },
    { name: "queue", title: "Queue", text: queuesOf, by: queuesOf },
    { name: "priority", title: "Priority", number: true, text: row => (row.priority === 9 ? "▲ 9" : String(row.priority)), by: row => row.priority, tone: row => (row.priority === 9 ? "alarm" : row.priority > 5 ? "strong" : "soft") },
    { name: "agent", title: "Agent", wide: true, text: row => (row.agent ? [row.agent, ...row.also_offered_to].join(", ") : row.awaits_agent ? `(${row.awaits_agent})` : ""), by: row => row.agent },
    { name: "channel", title: "Channel", wide: true, text: row => row.channel, by: row => row.channel, tone: () => "soft" },
    { name: "adapter", title: "Adapter", wide: true, text: row => row.call.adapter, by: row => row.call.adapter, tone: () => "soft" },
  ],
};

/** What only says what another event says too. */
const BESIDE = new Set(["half_minute_passed", "slot_changed", "offer_ringing", "place_left", "call_connecting"]);
/** What somebody may want to look at. */
const WORTH_A_LOOK = new Set(["connect_failed", "adapter_down", "rule_without_effect", "queue_closed", "skill_for_now", "agents_messaged", "events_missed", "rule_active"]);

/** What happened, in a few words. @param {import("../page/rows.js").Event} event */
export function eventWords({ kind, detail, reason }) {
  const words = kind.replaceAll("_", " ");
  const more = [detail, reason].filter(Boolean).map(it => it.replaceAll("_", " ")).join(", ");
  return more ? `${words}: ${more}` : words;
}

export const events = {
  label: "Events, the latest first",
  none: "Nothing has happened since this page was opened.",
  /** @param {Picture} picture @param {string[]} words @param {boolean} [every] @returns {import("../page/rows.js").Event[]} */
  rows: (picture, words, every = false) =>
    picture.events
      .filter(row => (every || !BESIDE.has(row.kind)) && matches(`${eventWords(row)} ${row.call?.call_id ?? ""} ${row.agent} ${row.queue} ${row.by}`, words))
      .reverse(),
  key: (/** @type {import("../page/rows.js").Event} */ row) => `${row.epoch} ${row.number} ${row.kind}`,
  /** @type {import("./grid.js").Column<import("../page/rows.js").Event>[]} */
  columns: [
    { name: "at", title: "At", text: row => timeOfDay(row.at), tone: () => "soft" },
    { name: "what", title: "What happened", text: eventWords, tone: row => (WORTH_A_LOOK.has(row.kind) || row.origin === "person" ? "strong" : "") },
    { name: "call", title: "Call", text: row => row.call?.call_id ?? "" },
    { name: "agent", title: "Agent", text: row => row.agent },
    { name: "queue", title: "Queue", wide: true, text: row => row.queue },
    { name: "by", title: "By", wide: true, text: row => (row.origin === "person" ? (row.why ? `${row.by}: ${row.why}` : row.by) : row.origin === "adapter" ? row.by : row.origin), tone: row => (row.origin === "person" && row.by !== row.agent ? "strong" : "soft") },
    { name: "number", title: "Number", number: true, wide: true, text: row => String(row.number), tone: () => "soft" },
  ],
};
