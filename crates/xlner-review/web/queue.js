// The queue at the side: which sentences, in which order.

import { make } from "./dialogs.js";

/** @typedef {import("./remote.js").Line} QueueLine */

/** Lines that are fetched at a time. */
const STEP = 100;

/** @type {Record<string, string>} */
const FLAGS = { unnamed: "usually named", "rare-label": "rare label", boundary: "sentence boundary" };

/** What a flag says. @param {string} flag */
export function flagText(flag) {
  return FLAGS[flag] ?? flag;
}

/** The list of sentences and its filters. */
export class Queue {
  /** @param {{list: (query: Record<string, string>) => Promise<import("./remote.js").Page>}} remote @param {string[]} labels @param {boolean} adjudicating @param {(id: string) => void} open */
  constructor(remote, labels, adjudicating, open) {
    this.remote = remote;
    this.adjudicating = adjudicating;
    this.loading = false;
    this.open = open;
    /** @type {QueueLine[]} */
    this.lines = [];
    this.total = 0;
    this.current = "";
    /** @type {import("./remote.js").Page|null} */
    this.page = null;
    const option = (/** @type {string} */ value, /** @type {string} */ text) => make("option", { value }, text);
    this.state = make("select", {}, option("open", "To do"), option("all", "All"), option("submitted", "Done"), option("skipped", "Skipped"));
    this.sort = make("select", {}, option("useful", "Most useful first"), option("probability", "Least sure first"), option("margin", "Smallest margin first"), option("disagreement", "Most disagreement first"), option("flags", "Suspicious first"), option("order", "In order"));
    this.label = make("select", {}, option("", "Any label"), ...labels.map((label) => option(label, label)));
    this.flag = make("select", {}, option("", "Any"), ...Object.entries(FLAGS).map(([value, text]) => option(value, text)));
    this.text = make("input", { type: "search", placeholder: "Text or id", autocomplete: "off", "aria-label": "Text or id" });
    for (const field of [this.state, this.sort, this.label, this.flag]) field.addEventListener("change", () => this.load());
    let typing = 0;
    this.text.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(() => this.load(), 200); });
    this.list = make("ol", { class: "lines-list", tabindex: "0", "aria-label": "Sentences" });
    this.list.addEventListener("scroll", () => {
      if (this.list.scrollTop + this.list.clientHeight > this.list.scrollHeight - 200) this.more();
    });
    this.list.addEventListener("click", (event) => {
      const line = /** @type {HTMLElement} */ (event.target).closest("[data-id]");
      if (line) this.open(/** @type {string} */ (/** @type {HTMLElement} */ (line).dataset.id));
    });
    this.count = make("p", { class: "soft", role: "status" });
    const field = (/** @type {string} */ name, /** @type {HTMLElement} */ input) => make("label", {}, make("span", {}, name), input);
    this.element = make("aside", { id: "queue", "aria-label": "Queue" },
      make("div", { class: "filters" }, field("Show", this.state), field("Order", this.sort), field("Label", this.label), field("Flag", this.flag), this.text),
      this.count, this.list);
  }

  query() {
    return { state: this.state.value, sort: this.sort.value, label: this.label.value, flag: this.flag.value, text: this.text.value, view: this.adjudicating ? "adjudication" : "" };
  }

  /** Reads the queue from its beginning. */
  async load() {
    const page = await this.remote.list({ ...this.query(), limit: String(STEP) });
    this.page = page;
    this.lines = page.items;
    this.total = page.total;
    this.draw();
    return page;
  }

  /** Reads more of it. */
  async more() {
    if (this.loading || this.lines.length >= this.total) return;
    this.loading = true;
    try {
      const known = new Set(this.lines.map((line) => line.id));
      const page = await this.remote.list({ ...this.query(), limit: String(STEP), offset: String(this.lines.length) });
      const fresh = page.items.filter((line) => !known.has(line.id));
      this.lines.push(...fresh);
      if (page.items.length === 0) this.total = this.lines.length;
      this.list.append(...fresh.map((line) => this.lineElement(line)));
    } finally {
      this.loading = false;
    }
  }

  /** The sentence behind or before the current one that is still to do where only such are shown. @param {number} step @returns {string|null} */
  beside(step) {
    const at = this.lines.findIndex((line) => line.id === this.current);
    const open = this.state.value === "open";
    for (let next = at + step; next >= 0 && next < this.lines.length; next += step) {
      const line = /** @type {QueueLine} */ (this.lines[next]);
      if (step < 0 || !open || line.state === "open") return line.id;
    }
    return null;
  }

  /** Notes what became of a sentence. @param {string} id @param {Partial<QueueLine>} change */
  note(id, change) {
    const line = this.lines.find((other) => other.id === id);
    if (!line) return;
    Object.assign(line, change);
    const old = this.list.querySelector(`[data-id="${CSS.escape(id)}"]`);
    old?.closest("li")?.replaceWith(this.lineElement(line));
  }

  /** Marks the sentence that is open. @param {string} id */
  mark(id) {
    this.current = id;
    for (const old of this.list.querySelectorAll("[aria-current]")) old.removeAttribute("aria-current");
    const line = this.list.querySelector(`[data-id="${CSS.escape(id)}"]`);
    line?.setAttribute("aria-current", "true");
    const [box, frame] = [line?.getBoundingClientRect(), this.list.getBoundingClientRect()];
    if (box && (box.top < frame.top || box.bottom > frame.bottom)) this.list.scrollTop += box.top - frame.top - 40;
  }

  draw() {
    this.count.textContent = this.total === 1 ? "1 sentence" : `${this.total.toLocaleString("en")} sentences`;
    this.list.replaceChildren(...this.lines.map((line) => this.lineElement(line)));
    this.list.scrollTop = 0;
    this.mark(this.current);
  }

  /** @param {QueueLine} line */
  lineElement(line) {
    const percent = `${Math.round(100 * line.probability)} %`;
    const marks = [line.state === "submitted" ? "✓ done" : line.state === "skipped" ? "skipped" : null, line.unsure ? "not sure" : null, line.suggested ? "suggested" : null, line.commented ? "comment" : null, ...line.flags.map(flagText)];
    return make("li", {},
      make("button", { type: "button", "data-id": line.id, "aria-current": line.id === this.current ? "true" : null, class: line.state },
        make("span", { class: "text", dir: "auto" }, line.text),
        make("span", { class: "soft" }, `${line.number} · ${line.entities} ${line.entities === 1 ? "entity" : "entities"}`, line.entities > 0 ? ` · ${percent}` : "", ...marks.filter((mark) => mark !== null).map((mark) => ` · ${mark}`))));
  }
}
