// Rows as the page works with them: the rows of acd.v1 by their own names, with instants and lengths in
// milliseconds, and with what the wire leaves out because it is zero or empty.

import { instant, span } from "./time.js";

/**
 * @typedef {{adapter: string, call_id: string}} CallRef
 * @typedef {ReturnType<typeof queue>} Queue
 * @typedef {ReturnType<typeof agent>} Agent
 * @typedef {ReturnType<typeof call>} Call
 * @typedef {ReturnType<typeof event>} Event
 * @typedef {ReturnType<typeof queueStatistics>} QueueStatistics
 * @typedef {ReturnType<typeof figures>} Figures
 * @typedef {ReturnType<typeof agentStatistics>} AgentStatistics
 */

/** `CALL_STATE_WAITING` is `waiting`. @param {string | undefined} word @param {string} prefix */
const word = (word, prefix) => (word ?? "").replace(prefix, "").toLowerCase();

/** @param {any} json @returns {CallRef} */
const ref = json => ({ adapter: json?.adapter ?? "", call_id: json?.call_id ?? "" });

/** @param {CallRef} call */
export const callKey = call => `${call.adapter}\n${call.call_id}`;

/** @param {any} json */
export const queue = json => ({
  queue: /** @type {string} */ (json.queue),
  waiting: json.waiting ?? 0,
  offering: json.offering ?? 0,
  connected: json.connected ?? 0,
  oldest_since: instant(json.oldest_since),
  agents_staffed: json.agents_staffed ?? 0,
  agents_working: json.agents_working ?? 0,
  agents_available: json.agents_available ?? 0,
  agents_qualified: json.agents_qualified ?? 0,
  entered: json.entered ?? 0,
  answered: json.answered ?? 0,
  abandoned: json.abandoned ?? 0,
  overflowed: json.overflowed ?? 0,
  answered_in_time: json.answered_in_time ?? 0,
  service_level_percent: json.service_level_percent ?? 0,
  service_level_within: span(json.service_level_within) ?? 0,
  estimated_wait: span(json.estimated_wait),
  closed: json.closed ?? false,
  closed_until: instant(json.closed_until),
  closed_by: json.closed_by ?? "",
  closed_reason: json.closed_reason ?? "",
  active_rules: /** @type {string[]} */ (json.active_rules ?? []),
});

/** @param {any} json */
const slot = json => ({
  state: word(json.state, "SLOT_STATE_"),
  call: json.call ? ref(json.call) : null,
  since: instant(json.since),
  until: instant(json.until),
  channel: word(json.channel, "CHANNEL_"),
  queue: json.queue ?? "",
  dispositions: /** @type {string[]} */ (json.dispositions ?? []),
});

/** @param {any} json */
export const agent = json => ({
  agent: /** @type {string} */ (json.agent),
  name: /** @type {string} */ (json.name || json.agent),
  presence: word(json.presence, "PRESENCE_"),
  reason: json.reason ?? "",
  presence_since: instant(json.presence_since),
  pending: word(json.pending, "PRESENCE_"),
  pending_reason: json.pending_reason ?? "",
  slots: /** @type {any[]} */ (json.slots ?? []).map(slot),
  skills: /** @type {{skill: string, level: number}[]} */ (json.skills ?? []),
  skills_for_now: /** @type {any[]} */ (json.skills_for_now ?? []).map(it => ({
    skill: /** @type {string} */ (it.skill),
    level: /** @type {number} */ (it.level ?? 0),
    until: instant(it.until),
  })),
  state: json.state ?? "logged_out",
  state_since: instant(json.state_since),
  device: word(json.device, "DEVICE_STATE_"),
  heartbeat: word(json.heartbeat, "HEARTBEAT_STATE_"),
  queues: /** @type {any[]} */ (json.queues ?? []),
  only: json.only ?? false,
});

/** @param {any} json */
export const call = json => ({
  call: ref(json.call),
  state: word(json.state, "CALL_STATE_"),
  priority: json.priority ?? 0,
  arrived_at: instant(json.arrived_at),
  places: /** @type {any[]} */ (json.places ?? []).map(place => ({
    queue: /** @type {string} */ (place.queue),
    since: instant(place.since),
  })),
  agent: json.agent ?? "",
  state_since: instant(json.state_since),
  via_queue: json.via_queue ?? "",
  channel: word(json.channel, "CHANNEL_"),
  awaits_agent: json.awaits_agent ?? "",
  also_offered_to: /** @type {string[]} */ (json.also_offered_to ?? []),
});

/** @param {any} json */
export const event = json => ({
  epoch: json.position?.epoch ?? 0,
  number: json.position?.number ?? 0,
  at: instant(json.at),
  origin: word(json.origin?.kind, "KIND_"),
  by: json.origin?.name ?? "",
  why: json.origin?.reason ?? "",
  kind: /** @type {string} */ (json.kind),
  call: json.call ? ref(json.call) : null,
  agent: json.agent ?? "",
  queue: json.queue ?? "",
  detail: json.detail ?? "",
  reason: json.reason ?? "",
});

/** @param {any} json */
export const figures = (json = {}) => ({
  entered: json.entered ?? 0,
  answered: json.answered ?? 0,
  answered_in_time: json.answered_in_time ?? 0,
  abandoned: json.abandoned ?? 0,
  overflowed: json.overflowed ?? 0,
  short_abandoned: json.short_abandoned ?? 0,
  rejected: json.rejected ?? 0,
  service_level: /** @type {number | null} */ (json.service_level?.abandons_missed_without_short ?? null),
  abandonment_percent: /** @type {number | null} */ (json.abandonment_percent ?? null),
  wait_mean: span(json.wait_mean),
  wait_p90: span(json.wait_p90),
  wait_max: span(json.wait_max),
  handle_mean: span(json.handle_mean),
  estimate_error_mean: span(json.estimate_error_mean),
});

/** @param {any} json */
export const queueStatistics = json => ({
  queue: /** @type {string} */ (json.queue),
  today_since: instant(json.today_since),
  last_5_minutes: figures(json.last_5_minutes),
  last_30_minutes: figures(json.last_30_minutes),
  today: figures(json.today),
});

/** @param {any} json */
export const agentStatistics = json => ({
  agent: /** @type {string} */ (json.agent),
  staffed: span(json.today?.staffed),
  working: span(json.today?.working),
  connected: json.today?.connected ?? 0,
  offers: json.today?.offers ?? 0,
  declined: json.today?.declined ?? 0,
  no_answer: json.today?.no_answer ?? 0,
  talk: span(json.today?.talk),
  wrap_up: span(json.today?.wrap_up),
  occupancy_percent: /** @type {number | null} */ (json.today?.occupancy_percent ?? null),
  handle_mean: span(json.today?.handle_mean),
});
