// Nodes of the page. Text is always set as text, never as markup: names and ids come from elsewhere.

/**
 * @param {string} tag
 * @param {Record<string, unknown>} [traits] `text`, `class`, `on…`, properties, and attributes with a dash or `role`.
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {any}
 */
export function make(tag, traits = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(traits)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "text") node.textContent = String(value);
    else if (name === "class") node.className = String(value);
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), /** @type {any} */ (value));
    else if (name.includes("-") || name === "role" || name === "for" || name === "list" || name === "scope") node.setAttribute(name, String(value));
    else /** @type {any} */ (node)[name] = value;
  }
  node.append(.../** @type {any[]} */ (children.filter(child => child !== null && child !== undefined && child !== false)));
  return node;
}

/**
 * The node of the page with this id.
 * @param {string} id
 * @returns {any}
 */
export function at(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error(`no #${id} in the page`);
  return node;
}

/**
 * Sets a text, if it is another one.
 * @param {Node} node
 * @param {string} text
 */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Sets an attribute, if it is another one; `null` takes it away.
 * @param {Element} node
 * @param {string} name
 * @param {string | null} value
 */
export function mark(node, name, value) {
  if (node.getAttribute(name) === value) return;
  if (value === null) node.removeAttribute(name);
  else node.setAttribute(name, value);
}

/**
 * Puts nodes into this order, without moving the one that has the focus: a moved node would lose it.
 * @param {Element} parent
 * @param {Element[]} nodes All of its children that stay, in order; others are taken out.
 */
export function arrange(parent, nodes) {
  const stay = new Set(nodes);
  for (const child of [...parent.children]) if (!stay.has(child)) child.remove();
  const focused = document.activeElement;
  let next = parent.firstElementChild;
  for (const node of nodes) {
    if (node !== next && node.contains(focused)) {
      // Whatever stands before it goes to the end, and is put in its place from there.
      while (parent.contains(node) && next && next !== node) {
        const passed = next;
        next = next.nextElementSibling;
        parent.append(passed);
      }
    }
    if (node === next) next = next.nextElementSibling;
    else parent.insertBefore(node, next);
  }
}
