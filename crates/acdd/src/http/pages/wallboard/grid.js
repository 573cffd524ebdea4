// A table of any length: only the rows in sight are in the page, each stays the same node while it is
// there, and one of them can be walked to by keys.

import { arrange, make, mark, say } from "../page/dom.js";

/** Rows beyond both edges, so that scrolling finds them there. */
const BEYOND = 8;

/**
 * @template Row
 * @typedef {object} Column
 * @property {string} name
 * @property {string} title
 * @property {(row: Row, now: number) => string} text
 * @property {(row: Row, now: number) => string} [tone] A class of the cell.
 * @property {(row: Row, now: number) => number | string} [by] What it is sorted by; not at all without.
 * @property {boolean} [number] Stands at the right.
 * @property {boolean} [wide] Not on a narrow screen.
 */

/** @template Row */
export class Grid {
  /** @type {Row[]} */ #rows = [];
  /** @type {Map<string, {node: HTMLElement, cells: HTMLElement[]}>} */ #painted = new Map();
  #active = "";
  #activeIndex = 0;
  /** @type {{column: number, down: boolean} | null} */ #sorted = null;
  #rowHeight = 0;
  #now = 0;

  /**
   * @param {HTMLElement} host
   * @param {{label: string, none: string, columns: Column<Row>[], key: (row: Row) => string, open: (row: Row) => void, grade?: (row: Row, now: number) => string}} options
   */
  constructor(host, options) {
    this.host = host;
    this.options = options;
    this.head = make("div", { role: "row", class: "row head", "aria-rowindex": 1 });
    this.body = make("div", { role: "rowgroup", class: "grid-body" });
    this.probe = make("div", { class: "row probe", "aria-hidden": "true" });
    this.none = make("p", { class: "none", text: options.none, hidden: true });
    mark(host, "role", "grid");
    mark(host, "aria-label", options.label);
    host.replaceChildren(make("div", { role: "rowgroup", class: "grid-head" }, this.head), this.body, this.probe);
    host.after(this.none);
    this.head.append(...options.columns.map((column, number) => this.#title(column, number)));
    host.addEventListener("scroll", () => this.#paint(), { passive: true });
    this.body.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.#key(event));
    this.body.addEventListener("click", (/** @type {MouseEvent} */ event) => this.#click(event));
    this.body.addEventListener("focusin", (/** @type {FocusEvent} */ event) => this.#focus(event));
    new ResizeObserver(() => this.#measure()).observe(host);
  }

  /**
   * What there is to show, in its own order.
   * @param {Row[]} rows
   * @param {number} now
   */
  show(rows, now) {
    this.#now = now;
    this.#rows = this.#sorted ? this.#inOrder(rows, this.#sorted) : rows;
    this.#paint();
  }

  /** The rows in the page, as they are written there. */
  written() {
    const names = this.options.columns.map(column => column.name);
    return [...this.body.children].map(node => {
      const { cells } = this.#painted.get(node.dataset.key) ?? { cells: [] };
      const texts = cells.map((/** @type {HTMLElement} */ cell, /** @type {number} */ at) => [names[at], cell.textContent]);
      return { key: node.dataset.key, cells: Object.fromEntries(texts) };
    });
  }

  /** @param {Column<Row>} column @param {number} number */
  #title(column, number) {
    const cell = make("div", { role: "columnheader", class: this.#classes(column) });
    if (!column.by) {
      cell.textContent = column.title;
      return cell;
    }
    const button = make("button", { type: "button", text: column.title, onclick: () => this.#sortBy(number) });
    cell.append(button);
    return cell;
  }

  /** @param {Column<Row>} column */
  #classes(column) {
    return `cell ${column.name}${column.number ? " number" : ""}${column.wide ? " wide" : ""}`;
  }

  /** First down, then up, then as it comes. @param {number} column */
  #sortBy(column) {
    if (this.#sorted?.column !== column) this.#sorted = { column, down: Boolean(this.options.columns[column].number) };
    else if (this.#sorted.down === Boolean(this.options.columns[column].number)) this.#sorted = { column, down: !this.#sorted.down };
    else this.#sorted = null;
    [...this.head.children].forEach((cell, number) => {
      const direction = this.#sorted?.column === number ? (this.#sorted.down ? "descending" : "ascending") : null;
      mark(cell, "aria-sort", direction);
    });
    this.host.dispatchEvent(new CustomEvent("resorted"));
  }

  /** @param {Row[]} rows @param {{column: number, down: boolean}} sorted */
  #inOrder(rows, { column, down }) {
    const by = this.options.columns[column].by ?? (() => 0);
    const keyed = rows.map(row => ({ row, by: by(row, this.#now) }));
    keyed.sort((one, other) => (one.by < other.by ? -1 : one.by > other.by ? 1 : 0) * (down ? -1 : 1));
    return keyed.map(({ row }) => row);
  }

  #measure() {
    this.#rowHeight = this.probe.getBoundingClientRect().height;
    this.#paint();
  }

  #paint() {
    this.#rowHeight ||= this.probe.getBoundingClientRect().height;
    // Nothing has a height where it is not shown.
    if (!this.#rowHeight) return;
    const { key } = this.options;
    const top = Math.max(0, Math.floor(this.host.scrollTop / this.#rowHeight) - BEYOND);
    const many = Math.ceil(this.host.clientHeight / this.#rowHeight) + 2 * BEYOND;
    const inSight = this.#rows.slice(top, top + many).map((row, at) => ({ row, index: top + at }));
    this.#keepFocused(inSight, top, many);
    const height = `${this.#rows.length * this.#rowHeight}px`;
    if (this.body.style.height !== height) this.body.style.height = height;
    this.none.hidden = this.#rows.length > 0;
    mark(this.host, "aria-rowcount", String(this.#rows.length + 1));
    const nodes = inSight.map(({ row, index }) => this.#paintRow(key(row), row, index));
    arrange(this.body, nodes);
    const there = new Set(nodes.map(node => node.dataset.key));
    for (const painted of this.#painted.keys()) if (!there.has(painted)) this.#painted.delete(painted);
  }

  /**
   * The row with the focus stays in the page wherever it is; if it is over, the next one takes its place.
   * @param {{row: Row, index: number}[]} inSight @param {number} top @param {number} many
   */
  #keepFocused(inSight, top, many) {
    if (!this.#rows.length) return;
    const { key } = this.options;
    const has = this.#rows[this.#activeIndex];
    let index = has && key(has) === this.#active ? this.#activeIndex : this.#rows.findIndex(row => key(row) === this.#active);
    const focused = this.body.contains(document.activeElement);
    if (index < 0) {
      index = Math.min(this.#activeIndex, this.#rows.length - 1);
      this.#active = key(this.#rows[index]);
      if (focused) queueMicrotask(() => this.#painted.get(this.#active)?.node.focus({ preventScroll: true }));
    }
    this.#activeIndex = index;
    // Without the focus, the way into the table is the first row in sight.
    if (!focused && (index < top || index >= top + many) && inSight.length) {
      this.#activeIndex = inSight[0].index;
      this.#active = key(inSight[0].row);
    } else if (index < top) inSight.unshift({ row: this.#rows[index], index });
    else if (index >= top + many) inSight.push({ row: this.#rows[index], index });
  }

  /** @param {string} key @param {Row} row @param {number} index */
  #paintRow(key, row, index) {
    let painted = this.#painted.get(key);
    if (!painted) {
      const cells = this.options.columns.map(() => make("div", { role: "gridcell" }));
      const node = make("div", { role: "row", class: "row" }, ...cells);
      node.dataset.key = key;
      painted = { node, cells };
      this.#painted.set(key, painted);
    }
    const { node, cells } = painted;
    const place = `translateY(${index * this.#rowHeight}px)`;
    if (node.style.transform !== place) node.style.transform = place;
    mark(node, "aria-rowindex", String(index + 2));
    mark(node, "tabindex", key === this.#active ? "0" : "-1");
    mark(node, "data-grade", this.options.grade?.(row, this.#now) || null);
    this.options.columns.forEach((column, at) => {
      say(cells[at], column.text(row, this.#now));
      const tone = column.tone?.(row, this.#now);
      const classes = tone ? `${this.#classes(column)} ${tone}` : this.#classes(column);
      if (cells[at].className !== classes) cells[at].className = classes;
    });
    return node;
  }

  /** @param {Event} event */
  #rowOf(event) {
    const node = /** @type {HTMLElement} */ (event.target).closest(".row");
    const key = node instanceof HTMLElement ? node.dataset.key : undefined;
    return key === undefined ? -1 : this.#rows.findIndex(row => this.options.key(row) === key);
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const index = this.#rowOf(event);
    if (index < 0) return;
    this.#goTo(index);
    this.options.open(this.#rows[index]);
  }

  /** @param {FocusEvent} event */
  #focus(event) {
    const index = this.#rowOf(event);
    if (index < 0 || this.#activeIndex === index) return;
    this.#activeIndex = index;
    this.#active = this.options.key(this.#rows[index]);
    this.#paint();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const index = this.#rowOf(event);
    if (index < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.host.clientHeight / this.#rowHeight) - 2);
    const last = this.#rows.length - 1;
    /** @type {Record<string, number>} */
    const ways = { ArrowDown: index + 1, ArrowUp: index - 1, PageDown: index + page, PageUp: index - page, Home: 0, End: last };
    if (event.key in ways) {
      event.preventDefault();
      this.#goTo(Math.min(last, Math.max(0, ways[event.key])));
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.options.open(this.#rows[index]);
    }
  }

  /** @param {number} index */
  #goTo(index) {
    this.#activeIndex = index;
    this.#active = this.options.key(this.#rows[index]);
    const head = this.head.getBoundingClientRect().height;
    const top = index * this.#rowHeight;
    if (top < this.host.scrollTop) this.host.scrollTop = top;
    else if (top + this.#rowHeight + head > this.host.scrollTop + this.host.clientHeight) {
      this.host.scrollTop = top + this.#rowHeight + head - this.host.clientHeight;
    }
    this.#paint();
    this.#painted.get(this.#active)?.node.focus({ preventScroll: true });
  }
}
