// What is measured of a queue, and whether that is trouble: the targets that the wallboard watches.
// docs/wallboard.md has the table; a change here is a change there.

import { figures } from "../page/rows.js";
import { AGENT_STATES } from "../page/states.js";
import { age, percent, said, timeOfDay } from "../page/time.js";

/** The longest wait is a notice above the queue's promised time, an alarm above so many times that. */
export const LONGEST_WAIT_ALARM = 3;
/** A service level below its target counts with so many calls in half an hour. */
export const SERVICE_LEVEL_CALLS_MIN = 10;
/** So far below its target, in percent points, it is an alarm, else a notice. */
export const SERVICE_LEVEL_ALARM_BELOW = 10;
/** More callers than these percent give up. */
export const ABANDONMENT_ALARM_PERCENT = 5;
/** ... of so many at least in half an hour. */
export const ABANDONMENT_CALLS_MIN = 20;

/** @typedef {{queue: import("../page/rows.js").Queue, statistics: import("../page/rows.js").QueueStatistics | undefined}} Measured */
/** @typedef {{grade: "alarm" | "notice", kind: string, text: string}} Trouble */

/** Where nothing is told of a queue. */
const NONE = figures();

/**
 * What the wallboard shows of calls that have left a queue: of the latest half hour.
 * @param {Pick<Measured, "statistics">} measured
 */
export function recent({ statistics }) {
  const { answered, abandoned, service_level, abandonment_percent } = statistics?.last_30_minutes ?? NONE;
  return { calls: answered + abandoned, service_level, abandonment: abandonment_percent };
}

/** `80% in 20s`. @param {import("../page/rows.js").Queue} queue */
export const target = queue => `${queue.service_level_percent}% in ${said(queue.service_level_within)}`;

/**
 * That somebody has closed a queue, or opened it for a time: `closed until 14:30 by kim: fire drill`; empty
 * of one that is simply open.
 * @param {import("../page/rows.js").Queue} queue
 */
export function closing({ closed, closed_until, closed_by, closed_reason }) {
  if (!closed && !closed_until) return "";
  const until = closed_until ? ` until ${timeOfDay(closed_until).slice(0, 5)}` : "";
  const by = closed_by ? ` by ${closed_by}` : "";
  const why = closed_reason ? `: ${closed_reason}` : "";
  return `${closed ? "Closed to new calls" : "Open"}${until}${by}${why}`;
}

/**
 * A share that misses its limit, not so rounded that it seems to meet it.
 * @param {number} share @param {number} limit Both in percent.
 */
function missing(share, limit) {
  if (Math.round(share) !== limit) return percent(share);
  return `${((share < limit ? Math.floor(10 * share) : Math.ceil(10 * share)) / 10).toFixed(1)}%`;
}

/**
 * What is wrong with a queue, the worst first.
 * @param {Measured} measured
 * @param {number} now
 * @returns {Trouble[]}
 */
export function troubles(measured, now) {
  const { queue } = measured;
  const { calls, service_level, abandonment } = recent(measured);
  /** @type {Trouble[]} */
  const found = [];
  if (queue.waiting > 0 && queue.agents_working === 0) {
    found.push({ grade: "alarm", kind: "nobody", text: `Nobody at work, ${queue.waiting} ${queue.waiting === 1 ? "waits" : "wait"}` });
  }
  const waited = queue.oldest_since ? now - queue.oldest_since : 0;
  const promised = queue.service_level_within;
  if (promised > 0 && waited > promised) {
    const grade = waited > LONGEST_WAIT_ALARM * promised ? "alarm" : "notice";
    found.push({ grade, kind: "longest_wait", text: `Longest wait over ${said(grade === "alarm" ? LONGEST_WAIT_ALARM * promised : promised)}` });
  }
  if (service_level !== null && calls >= SERVICE_LEVEL_CALLS_MIN && service_level < queue.service_level_percent) {
    const grade = service_level < queue.service_level_percent - SERVICE_LEVEL_ALARM_BELOW ? "alarm" : "notice";
    found.push({ grade, kind: "service_level", text: `${missing(service_level, queue.service_level_percent)} in time, target ${queue.service_level_percent}%` });
  }
  if (abandonment !== null && calls >= ABANDONMENT_CALLS_MIN && abandonment > ABANDONMENT_ALARM_PERCENT) {
    found.push({ grade: "alarm", kind: "abandonment", text: `${missing(abandonment, ABANDONMENT_ALARM_PERCENT)} gave up, at most ${ABANDONMENT_ALARM_PERCENT}%` });
  }
  return found.sort((one, other) => Number(one.grade === "notice") - Number(other.grade === "notice"));
}

/** 2 with an alarm, 1 with a notice, else 0. @param {Trouble[]} troubles */
export const gravity = troubles => (troubles.length === 0 ? 0 : troubles[0].grade === "alarm" ? 2 : 1);

/** Of all queues together; what is over as [`recent`] counts it. @param {import("./picture.js").Picture} picture @param {number} now */
export function totals(picture, now) {
  const sum = { waiting: 0, connected: 0, longest: /** @type {number | null} */ (null), longest_in: "", answered: 0, in_time: 0, abandoned: 0 };
  for (const queue of picture.queues.values()) {
    const { answered, answered_in_time, abandoned } = picture.queueStatistics.get(queue.queue)?.last_30_minutes ?? NONE;
    sum.waiting += queue.waiting;
    sum.answered += answered;
    sum.in_time += answered_in_time;
    sum.abandoned += abandoned;
    if (queue.oldest_since && (sum.longest === null || queue.oldest_since < sum.longest)) {
      [sum.longest, sum.longest_in] = [queue.oldest_since, queue.queue];
    }
  }
  for (const call of picture.calls.values()) if (call.state === "connected" || call.state === "held") sum.connected += 1;
  const ended = sum.answered + sum.abandoned;
  return { ...sum, longest_text: age(sum.longest, now), service_level: ended ? (100 * sum.in_time) / ended : null };
}

/** How many agents are in each state. @param {import("./picture.js").Picture} picture */
export function byState(picture) {
  const counts = Object.fromEntries(Object.keys(AGENT_STATES).map(state => [state, 0]));
  for (const { state } of picture.agents.values()) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}
