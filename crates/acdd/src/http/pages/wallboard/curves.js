// Curves of a day: bars for what came, a line for what was promised, by the quarter of an hour.

import { ask } from "../page/api.js";
import { figures } from "../page/rows.js";
import { length, percent, timeOfDay } from "../page/time.js";

/**
 * @typedef {object} Interval
 * @property {number} start Milliseconds since 1970.
 * @property {number} entered
 * @property {number} answered
 * @property {number} abandoned
 * @property {number | null} service_level Percent.
 * @property {number | null} wait_mean Milliseconds.
 */

const QUARTER_MS = 15 * 60 * 1000;
const SVG = "http://www.w3.org/2000/svg";
/** As wide as a dialog lets it be: letters keep their size. */
const WIDTH_MAX = 640;
const MARGIN = 64;
const HEIGHT = 150;
const LEFT = 40;
const RIGHT = 18;
const BOTTOM = 20;
/** What a time of day takes below a chart. */
const LABEL = 60;
const TOP = 8;

/** @param {string} tag @param {Record<string, string | number>} traits @param {string} [text] */
function draw(tag, traits, text) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(traits)) node.setAttribute(name, String(value));
  if (text !== undefined) node.textContent = text;
  return node;
}

/** The least round number that is not below it. @param {number} most */
function roundUp(most) {
  const step = 10 ** Math.floor(Math.log10(Math.max(1, most)));
  return [1, 2, 5, 10].map(times => times * step).find(round => round >= most) ?? most;
}

/**
 * One chart.
 * @param {string} title
 * @param {Interval[]} intervals
 * @param {{name: string, of: (interval: Interval) => number | null, as: "column" | "line"}[]} series
 * @param {{write: (value: number) => string, most?: number, target?: number}} scale
 */
function chart(title, intervals, series, { write, most, target }) {
  const values = intervals.flatMap(interval => series.map(({ of }) => of(interval) ?? 0));
  const width = Math.min(WIDTH_MAX, innerWidth - MARGIN);
  const top = most ?? roundUp(Math.max(1, ...values));
  const step = (width - LEFT - RIGHT) / Math.max(1, intervals.length);
  const x = /** @param {number} place */ place => LEFT + place * step;
  const y = /** @param {number} value */ value => TOP + (HEIGHT - TOP - BOTTOM) * (1 - Math.min(value, top) / top);
  const svg = draw("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": summary(title, intervals, series, write), class: "curve" });
  for (const value of [0, top / 2, top]) {
    svg.append(draw("line", { x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value), class: "rule" }));
    svg.append(draw("text", { x: LEFT - 5, y: y(value) + 3.5, class: "tick left" }, write(value)));
  }
  const every = Math.max(1, Math.ceil((intervals.length * LABEL) / (width - LEFT - RIGHT)));
  intervals.forEach((interval, place) => {
    if (place % every === 0) svg.append(draw("text", { x: x(place), y: HEIGHT - 5, class: "tick" }, timeOfDay(interval.start).slice(0, 5)));
  });
  series.forEach(({ of, as }, number) => {
    if (as === "column") {
      intervals.forEach((interval, place) => {
        const value = of(interval) ?? 0;
        if (value) svg.append(draw("rect", { x: x(place) + 0.5, y: y(value), width: Math.max(1, step - 1), height: y(0) - y(value), class: `column s${number}` }));
      });
    } else {
      const path = line(intervals.map(of), place => x(place + 0.5), y);
      if (path) svg.append(draw("path", { d: path, class: `line s${number}` }));
    }
  });
  if (target !== undefined) svg.append(draw("line", { x1: LEFT, x2: width - RIGHT, y1: y(target), y2: y(target), class: "goal" }));
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  caption.textContent = title;
  series.forEach(({ name, as }, number) => {
    const key = document.createElement("span");
    key.className = `key ${as} s${number}`;
    key.textContent = name;
    caption.append(" ", key);
  });
  figure.append(caption, svg);
  return figure;
}

/**
 * A line through what is known, with a gap where nothing is; a point alone is a dot.
 * @param {(number | null)[]} values @param {(place: number) => number} x @param {(value: number) => number} y
 */
function line(values, x, y) {
  let path = "";
  values.forEach((value, place) => {
    if (value === null) return;
    const goesOn = place > 0 && values[place - 1] !== null;
    path += `${goesOn ? "L" : "M"}${x(place).toFixed(1)} ${y(value).toFixed(1)}`;
    if (!goesOn) path += "h.01";
  });
  return path;
}

/**
 * The chart for those who do not see it.
 * @param {string} title @param {Interval[]} intervals
 * @param {{name: string, of: (interval: Interval) => number | null}[]} series @param {(value: number) => string} write
 */
function summary(title, intervals, series, write) {
  const last = intervals.at(-1);
  if (!last) return title;
  const said = series.map(({ name, of }) => {
    const value = of(last);
    return `${name} ${value === null ? "not known" : write(value)}`;
  });
  return `${title}, from ${timeOfDay(intervals[0].start).slice(0, 5)}; latest: ${said.join(", ")}`;
}

/**
 * The curves of one queue.
 * @param {Interval[]} intervals In order of time.
 * @param {number} target Percent.
 */
export function curves(intervals, target) {
  const count = /** @param {number} value */ value => String(Math.round(value));
  return [
    chart(
      "Calls",
      intervals,
      [
        { name: "entered", of: it => it.entered, as: "column" },
        { name: "answered", of: it => it.answered, as: "line" },
        { name: "gave up", of: it => it.abandoned, as: "line" },
      ],
      { write: count },
    ),
    chart("In time", intervals, [{ name: "share", of: it => it.service_level, as: "line" }], { write: percent, most: 100, target }),
    chart("Mean wait", intervals, [{ name: "wait", of: it => it.wait_mean, as: "line" }], { write: length }),
  ];
}

/**
 * The quarters of an hour of one queue since its midnight; none where acdd keeps none.
 * @param {string} queue
 * @param {number | null} since
 * @returns {Promise<Interval[]>}
 */
export async function intervals(queue, since) {
  const from = since ? new Date(since).toISOString() : undefined;
  const { queues = [] } = await ask("supervisor", "ListIntervals", { queues: [queue], from, without_agents: true });
  return withGaps(
    queues.map((/** @type {any} */ row) => {
      const { entered, answered, abandoned, service_level, wait_mean } = figures(row.figures);
      return { start: Date.parse(row.start), entered, answered, abandoned, service_level, wait_mean };
    }),
  );
}

/** Those in which nothing happened are not told. @param {Interval[]} told @returns {Interval[]} */
function withGaps(told) {
  if (!told.length) return [];
  const known = new Map(told.map(interval => [interval.start, interval]));
  const first = told[0].start;
  const many = ((told.at(-1)?.start ?? first) - first) / QUARTER_MS + 1;
  return Array.from({ length: many }, (_, place) => {
    const start = first + place * QUARTER_MS;
    return known.get(start) ?? { start, entered: 0, answered: 0, abandoned: 0, service_level: null, wait_mean: null };
  });
}
