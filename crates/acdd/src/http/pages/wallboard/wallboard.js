// The wallboard: takes in the stream, shows one view at a time, once a frame at most.

import { at, mark, say } from "../page/dom.js";
import { Stream } from "../page/stream.js";
import { themeSwitch } from "../page/theme.js";
import { DomainClock, length, timeOfDay } from "../page/time.js";
import { Alarms } from "./alarms.js";
import { Details } from "./details.js";
import { Grid } from "./grid.js";
import { keys } from "./keys.js";
import { Picture } from "./picture.js";
import * as tables from "./tables.js";
import { Summary, Wall } from "./wall.js";

/** Ages go on between updates. */
const AGES_EVERY_MS = 250;

const picture = new Picture();
const clock = new DomainClock();
const details = new Details(at("details"), picture);
const openQueue = (/** @type {string} */ name) => details.queue(name, clock.now());
const alarms = new Alarms(openQueue);
const summary = new Summary(at("summary"));
const filter = /** @type {HTMLInputElement} */ (at("filter"));
const everyEvent = /** @type {HTMLInputElement} */ (at("every-event"));
const wall = new Wall(at("tiles"), openQueue);

const grids = {
  queues: new Grid(at("queues-grid"), { ...tables.queues, open: row => openQueue(row.name) }),
  agents: new Grid(at("agents-grid"), { ...tables.agents, open: row => details.agent(row.agent, clock.now()) }),
  calls: new Grid(at("calls-grid"), { ...tables.calls, open: row => details.call(row.call, clock.now()) }),
  events: new Grid(at("events-grid"), {
    ...tables.events,
    open: row => {
      if (row.call) details.call(row.call, clock.now());
      else if (row.agent) details.agent(row.agent, clock.now());
      else if (row.queue) openQueue(row.queue);
    },
  }),
};
/** @typedef {"wall" | keyof typeof grids} ViewName */
const VIEWS = /** @type {ViewName[]} */ (["wall", ...Object.keys(grids)]);

/** @type {ViewName} */
let view = "wall";
let known = false;
/** What the list of events was asked for last, and how much of it that was. */
let listed = { asked: "", rows: 0, all: 0 };

function words() {
  return filter.value.toLowerCase().split(/\s+/).filter(Boolean);
}

/** What is wrong is told as it comes: browsers let a page that nobody sees draw nothing. */
function takeNote() {
  if (known) alarms.show(picture, clock.now());
  showSoon();
}

/** Shows all that has come until now, as of an instant of the domain's clock. */
function show(now = clock.now()) {
  if (!known) return;
  document.documentElement.dataset.epoch = String(picture.position.epoch);
  document.documentElement.dataset.number = String(picture.position.number);
  let shown = 0;
  let all = 0;
  if (view === "wall") {
    summary.show(picture, now);
    const queues = tables.queues.rows(picture, words()).map(row => row.queue);
    wall.show(picture, queues, now);
    [shown, all] = [queues.length, picture.queues.size];
  } else if (view === "events") {
    const asked = `${words().join(" ")} ${everyEvent.checked}`;
    if (asked !== listed.asked) grids.events.host.scrollTop = 0;
    // Whoever reads further down is not to have it move away under his eyes.
    if (grids.events.host.scrollTop === 0) {
      const rows = tables.events.rows(picture, words(), everyEvent.checked);
      grids.events.show(rows, now);
      listed = { asked, rows: rows.length, all: picture.events.length };
    }
    [shown, all] = [listed.rows, listed.all];
    at("events-paused").hidden = grids.events.host.scrollTop === 0;
  } else {
    const rows = tables[view].rows(picture, words());
    /** @type {Grid<any>} */ (grids[view]).show(rows, now);
    [shown, all] = [rows.length, picture[view].size];
  }
  say(at("shown"), words().length ? `${shown} of ${all}` : "");
  details.update(now);
  say(at("clock"), timeOfDay(now));
}

let due = false;
/** Shows it with the next frame; what comes before that is shown with it. */
function showSoon() {
  if (due) return;
  due = true;
  requestAnimationFrame(() => {
    due = false;
    show();
  });
}

function choose() {
  const [name, query = ""] = location.hash.slice(1).split("?");
  view = VIEWS.includes(/** @type {ViewName} */ (name)) ? /** @type {ViewName} */ (name) : "wall";
  const wanted = new URLSearchParams(query).get("q");
  if (wanted !== null) filter.value = wanted;
  for (const each of VIEWS) {
    at(`view-${each}`).hidden = each !== view;
    mark(at(`to-${each}`), "aria-current", each === view ? "page" : null);
  }
  document.body.dataset.view = view;
  show();
}

/** @param {boolean} hears */
function hearing(hears) {
  const wasStale = document.body.dataset.stale === "true";
  document.body.dataset.stale = String(!hears);
  at("stale").hidden = hears;
  if (!hears) {
    clock.stop();
    show();
    const told = known ? `Not connected. What you see is as it was at ${timeOfDay(clock.now())}.` : "acdd does not answer.";
    say(at("stale-since"), told);
    alarms.voice.say(told);
  } else if (wasStale) alarms.voice.say("Connected again.");
  tellConnection();
}

function tellConnection() {
  say(at("stale-for"), `${length(stream.silence)} ago. Trying again.`);
}

/** @param {import("../page/stream.js").Beat} beat */
function heartbeat(beat) {
  clock.hear(beat);
  const { domain, health, health_reason, version, clock_scale } = beat;
  const paused = clock_scale === 1 ? "" : ` · clock × ${clock_scale}`;
  say(at("domain"), `${domain}${paused}`);
  mark(at("health"), "data-health", health);
  say(at("health"), health === "serving" ? "Live" : health_reason ? `${health}: ${health_reason}` : health);
  at("health").title = `acdd ${version}`;
  takeNote();
}

const stream = new Stream("/stream", {
  heartbeat,
  hearing: hears => hearing(hears),
  events: {
    snapshot: message => {
      picture.replace(message);
      known = true;
      at("loading").hidden = true;
      takeNote();
    },
    delta: message => {
      const fits = picture.apply(message);
      if (fits) takeNote();
      return fits;
    },
  },
});

themeSwitch(at("theme"));
keys({ views: VIEWS, filter, help: at("help"), act: at("keys-act") });
addEventListener("hashchange", choose);
filter.addEventListener("input", showSoon);
everyEvent.addEventListener("change", showSoon);
at("everybody").addEventListener("click", () => details.everybody(clock.now()));
at("events-paused").addEventListener("click", () => {
  grids.events.host.scrollTop = 0;
  show();
});
for (const grid of Object.values(grids)) {
  grid.host.addEventListener("resorted", () => show());
  grid.host.addEventListener("scroll", showSoon, { passive: true });
}
setInterval(() => {
  if (stream.hears) showSoon();
  else tellConnection();
}, AGES_EVERY_MS);
choose();

/** What is shown and where it stands, for tests and for the curious. */
const face = {
  /** The last event that is shown. */
  position: () => ({ ...picture.position }),
  /** Everything that is known at that position. */
  picture,
  /** All that is written in the page now, at one position and one instant of the domain's clock. */
  written: () => {
    const now = clock.now();
    show(now);
    const rows = view === "wall" ? wall.written() : grids[view].written();
    return { position: { ...picture.position }, now, view, rows, summary: view === "wall" ? summary.written() : null };
  },
  /** Whether what is shown is fresh. */
  hears: () => stream.hears,
};
/** @type {any} */ (window).acdd = face;
