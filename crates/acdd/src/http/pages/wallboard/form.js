// Asking for an intervention: its fields, who does it and why; what is wrong is shown where it stands.

import { Problem, ask } from "../page/api.js";
import { make, mark, say } from "../page/dom.js";
import { recall, remember } from "../page/theme.js";

/** As in `Actor` of acd.v1. */
const NAME_MAX = 128;
const REASON_MAX = 256;

/**
 * Buttons for what can be done, and the form of the one that was chosen.
 * @template Subject
 */
export class Interventions {
  /** @type {HTMLButtonElement[]} */ #buttons;
  /** @type {HTMLElement | null} */ #form = null;

  /**
   * @param {import("./interventions.js").Intervention<Subject>[]} all
   * @param {() => Subject | undefined} subject As it is now; none once it is over.
   * @param {import("./picture.js").Picture} picture
   */
  constructor(all, subject, picture) {
    this.all = all;
    this.subject = subject;
    this.picture = picture;
    this.#buttons = all.map(it =>
      make("button", { type: "button", class: it.grave ? "grave" : "", text: `${it.title}…`, "aria-expanded": "false", onclick: () => this.#choose(it) }),
    );
    this.place = make("div", { class: "form-place" });
    this.said = make("p", { class: "said", role: "status" });
    this.node = make("section", { class: "interventions", "aria-label": "Step in" }, make("div", { class: "buttons" }, ...this.#buttons), this.place, this.said);
  }

  /** Shows only what is possible now. */
  update() {
    const subject = this.subject();
    this.all.forEach((it, place) => {
      this.#buttons[place].hidden = !subject || (it.possible ? !it.possible(subject) : false);
    });
  }

  /** @param {import("./interventions.js").Intervention<Subject>} chosen */
  #choose(chosen) {
    const open = this.#form?.dataset.title === chosen.title;
    this.#close();
    say(this.said, "");
    if (open) return;
    const form = this.#formOf(chosen);
    this.#form = form;
    this.place.append(form);
    mark(this.#buttons[this.all.indexOf(chosen)], "aria-expanded", "true");
    /** @type {HTMLElement | null} */ (form.querySelector("select, input"))?.focus();
  }

  #close() {
    this.#form?.remove();
    this.#form = null;
    for (const button of this.#buttons) mark(button, "aria-expanded", "false");
  }

  /** @param {import("./interventions.js").Intervention<Subject>} chosen @returns {HTMLFormElement} */
  #formOf(chosen) {
    const fields = [
      ...chosen.fields,
      { name: "actor.reason", label: "Why", hint: "Recorded with it. No names of callers, nothing of their health.", optional: true, most: REASON_MAX },
      { name: "actor.name", label: "Your name", value: recall("name"), hint: "Recorded with it; this browser remembers it.", most: NAME_MAX },
    ];
    const wrong = make("p", { class: "wrong", role: "alert" });
    const form = make(
      "form",
      { class: "form", noValidate: true },
      ...fields.map(field => control(field, this.picture)),
      wrong,
      make(
        "div",
        { class: "buttons" },
        make("button", { type: "submit", class: chosen.grave ? "grave main" : "main", text: chosen.title }),
        make("button", { type: "button", text: "Cancel", onclick: () => this.#cancel(chosen) }),
      ),
    );
    form.dataset.title = chosen.title;
    form.addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      void this.#send(chosen, form, wrong);
    });
    return form;
  }

  /** @param {import("./interventions.js").Intervention<Subject>} chosen */
  #cancel(chosen) {
    this.#close();
    this.#buttons[this.all.indexOf(chosen)].focus();
  }

  /**
   * @param {import("./interventions.js").Intervention<Subject>} chosen
   * @param {HTMLFormElement} form
   * @param {HTMLElement} wrong
   */
  async #send(chosen, form, wrong) {
    const values = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value).trim()]));
    for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
    say(wrong, "");
    const submit = /** @type {HTMLButtonElement} */ (form.querySelector("[type=submit]"));
    submit.disabled = true;
    try {
      const subject = this.subject();
      if (!subject) throw new Problem("It is over; there is nothing to step in for.");
      if (!values["actor.name"]) throw new Problem("Say who you are: it is recorded with what is done.", "actor.name");
      remember("name", values["actor.name"]);
      const actor = { name: values["actor.name"], reason: values["actor.reason"] };
      await ask("supervisor", chosen.method, { ...chosen.request(subject, values), actor });
      this.#close();
      say(this.said, `Done: ${chosen.title.toLowerCase()}.`);
      const again = this.#buttons.find(button => !button.hidden);
      again?.focus();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const field = /** @type {HTMLElement | null} */ (form.querySelector(`[name="${CSS.escape(error.field)}"]`));
      if (field) {
        mark(field, "aria-invalid", "true");
        field.focus();
      }
      say(wrong, error.message);
    } finally {
      submit.disabled = false;
    }
  }
}

let fields = 0;

/**
 * One field with its label.
 * @param {import("./interventions.js").Field} field
 * @param {import("./picture.js").Picture} picture
 */
function control({ name, label, choices, suggests, value = "", hint, optional, most }, picture) {
  const id = `field-${(fields += 1)}`;
  const described = hint ? `${id}-hint` : undefined;
  const list = suggests ? `${id}-list` : undefined;
  const input = choices
    ? make("select", { id, name, "aria-describedby": described }, ...choices(picture).map(([key, words]) => make("option", { value: key, text: words })))
    : make("input", { id, name, type: "text", autocomplete: "off", maxLength: most, required: !optional, "aria-describedby": described, list });
  if (value) input.value = value;
  return make(
    "p",
    { class: "field" },
    make("label", { for: id, text: optional ? `${label} (optional)` : label }),
    input,
    suggests && make("datalist", { id: list }, ...suggests(picture).map(text => make("option", { value: text }))),
    hint && make("small", { id: described, text: hint }),
  );
}
