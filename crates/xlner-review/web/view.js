// What is seen: a sentence, its translation, their links and entities, and what is round them.

import { isSame } from "./version.js";
import { drawSentence, drawTags, litBy, textOf, tokenAt, windowOf } from "./text.js";
import { Lines } from "./lines.js";
import { regionsOf } from "./regions.js";
import { make } from "./dialogs.js";
import { flagText } from "./queue.js";

/**
 * @typedef {import("./version.js").Entity} Found
 * @typedef {import("./remote.js").Item} Sentence
 * @typedef {"source"|"target"} SideName
 * @typedef {{store: string, annotator: string, namesFree: boolean, adjudicates: boolean, labels: string[], guidelines: string|null}} Setup
 * @typedef {{name: string, value?: any, extend?: boolean}} Command
 */

/** Colours of labels. */
const COLOURS = 8;

/** Draws; what its buttons are for is told to `run`. */
export class View {
  /** @param {Setup} setup @param {boolean} offline */
  constructor(setup, offline) {
    this.setup = setup;
    this.labels = [...setup.labels];
    this.offline = offline;
    this.adjudicating = !offline && setup.adjudicates && location.hash === "#adjudicate";
    /** Whether what is kept in the browser outlasts the window. */
    this.lasting = true;
    /** @type {Sentence|null} */
    this.item = null;
    this.cursor = { source: 0, target: 0 };
    /** @type {SideName} */
    this.side = "target";
    /** @type {number|null} */
    this.anchor = null;
    /** @type {{side: SideName, token: number}|null} */
    this.hover = null;
    /** The sentence whose pages are drawn. */
    this.placed = "";
    this.windows = { source: { from: 0, to: 0 }, target: { from: 0, to: 0 } };
    this.status = make("span", { id: "status", role: "status" });
    this.progress = make("progress", { max: "1", value: "0", "aria-label": "Sentences done" });
    this.done = make("span", { class: "soft" });
    this.estimate = make("span", { class: "soft", id: "estimate" });
    this.title = make("h1", { id: "title" }, "xlner review");
    this.chips = make("span", { class: "chips" });
    this.source = make("p", { id: "source", class: "sentence", "data-side": "source" });
    this.target = make("p", { id: "target", class: "sentence", "data-side": "target" });
    this.svg = /** @type {SVGSVGElement} */ (document.createElementNS("http://www.w3.org/2000/svg", "svg"));
    this.svg.setAttribute("class", "links");
    this.svg.setAttribute("aria-hidden", "true");
    this.tags = make("div", { class: "tags", "aria-hidden": "true" });
    this.pair = make("div", { id: "pair", tabindex: "0", role: "application", "aria-label": "Sentence and translation. Press ? for the keys", "aria-describedby": "says" }, this.source, this.svg, this.target, this.tags);
    this.says = make("p", { id: "says", class: "hidden", "aria-live": "polite" });
    this.palette = make("div", { id: "palette", role: "group", "aria-label": "Labels" });
    this.list = make("tbody", {});
    this.empty = make("p", { class: "soft" });
    this.places = make("div", { id: "places" });
    this.versions = make("section", { id: "versions", "aria-label": "Versions" });
    this.notice = make("div", { id: "notice", role: "alert" });
    this.comment = make("p", { id: "comment", dir: "auto" });
    this.lines = new Lines(this.svg, this.pair, this.source, this.target);
    this.lines.after = () => { if (this.item) this.drawTags(); };
    const button = (/** @type {string} */ text, /** @type {string} */ key, /** @type {string} */ name, /** @type {any} */ value, /** @type {string} */ kind = "") =>
      make("button", { type: "button", class: kind, "data-command": name, "aria-keyshortcuts": key, onclick: () => { this.run({ name, value }); this.pair.focus({ preventScroll: true }); } }, text, make("kbd", {}, key));
    const actions = make("div", { id: "actions", role: "group", "aria-label": "Actions" },
      button("All right, next", "Enter", "submit", undefined, "primary"), button("Skip", "S", "skip", undefined), button("Undo", "U", "undo", undefined),
      button("Remove", "⌫", "remove", undefined), button("Not sure", "X", "unsure", undefined), button("Comment", "C", "comment", undefined),
      button("Repeats", "R", "repeats", undefined), button("Project again", "P", "project", undefined), button("Link", "L", "link", undefined));
    const edges = make("div", { id: "edges", role: "group", "aria-label": "Edges of the entity" },
      button("Start out", "[", "edge", "startOut"), button("Start in", "{", "edge", "startIn"), button("End in", "}", "edge", "endIn"), button("End out", "]", "edge", "endOut"));
    const table = make("table", { id: "entities" }, make("caption", { class: "hidden" }, "Entities"), make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Label"), make("th", { scope: "col" }, "Entity"), make("th", { scope: "col" }, "From"), make("th", { scope: "col", class: "n" }, "Sureness"))), this.list);
    const guidelines = this.setup.guidelines ? make("details", { id: "guidelines", open: innerWidth > 900 }, make("summary", {}, "Guidelines"), make("pre", {}, this.setup.guidelines)) : null;
    const menu = make("nav", { "aria-label": "Pages" },
      make("button", { type: "button", class: "plain", id: "show-queue", "aria-expanded": "true", onclick: () => this.run({ name: "queue" }) }, "Queue"),
      this.offline ? make("button", { type: "button", class: "plain", id: "save", onclick: () => this.run({ name: "save" }) }, "Save") : make("a", { href: "/agreement" }, "Agreement"),
      this.offline || !this.setup.adjudicates ? null : make("a", { href: this.adjudicating ? "#" : "#adjudicate", id: "mode" }, this.adjudicating ? "Annotate" : "Adjudicate"),
      this.offline ? null : make("a", { href: "/export" }, "Export"),
      make("button", { type: "button", class: "plain", onclick: () => this.run({ name: "help" }) }, "Keys ", make("kbd", {}, "?")),
      this.setup.namesFree ? make("button", { type: "button", class: "plain", id: "who", onclick: () => this.run({ name: "rename" }) }, make("bdi", {}, this.setup.annotator)) : make("span", { id: "who" }, make("bdi", {}, this.setup.annotator)));
    this.layout = make("div", { id: "layout" });
    const app = /** @type {HTMLElement} */ (document.getElementById("app"));
    app.replaceChildren(
      make("header", {}, make("div", { class: "brand" }, this.title, this.status), make("div", { class: "done" }, this.progress, this.done, this.estimate), menu),
      this.layout,
    );
    this.layout.append(make("main", {}, this.notice, make("div", { id: "about" }, this.chips), this.pair, this.says, this.palette, actions, edges, this.comment, make("div", { class: "scroll" }, table), this.empty, this.versions, this.places, guidelines));
  }

  /** The address of an image. @param {string} _name @returns {string} */
  picture(_name) {
    return "";
  }

  /** Does a command. @param {Command} _command @returns {boolean} */
  run(_command) {
    return false;
  }

  /** @param {SideName} side the sentence that the cursor moves in */
  use(side) {
    this.side = side;
  }

  /** @param {{side: SideName, token: number}|null} token what the mouse points at */
  hoverOver(token) {
    this.hover = token;
    this.lines.light((link) => this.lit(link));
  }

  /** Puts the cursor on a token. @param {SideName} side @param {number} token */
  point(side, token) {
    this.side = side;
    this.anchor = null;
    this.cursor[side] = token;
    this.pair.focus({ preventScroll: true });
    this.mark();
  }

  /** The selected tokens of the target. */
  selection() {
    const at = this.cursor.target;
    const anchor = this.side === "target" ? this.anchor ?? at : at;
    return { start: Math.min(at, anchor), end: Math.max(at, anchor) + 1 };
  }

  /** The entity under the target cursor. @returns {Found|undefined} */
  current() {
    const at = this.cursor.target;
    return this.item?.head.entities.find((entity) => entity.start <= at && at < entity.end);
  }

  /** The links as they are now. @returns {import("./lines.js").Link[]} */
  links() {
    const item = this.item;
    if (!item) return [];
    const removed = new Set((item.head.removed_links ?? []).map(String));
    const links = (item.links ?? []).map(([source, target, probability]) => ({ source: source ?? 0, target: target ?? 0, probability: typeof probability === "number" ? probability : 1, added: false }));
    const added = (item.head.added_links ?? []).map(([source, target]) => ({ source: source ?? 0, target: target ?? 0, probability: 1, added: true }));
    return [...links.filter((link) => !removed.has(`${link.source},${link.target}`)), ...added];
  }

  /** @param {SideName} side @returns {import("./text.js").Side} */
  text(side) {
    return /** @type {Sentence} */ (this.item)[side];
  }

  /** @param {string} label */
  colour(label) {
    const at = this.labels.indexOf(label);
    return `l${(at < 0 ? label.length : at) % COLOURS}`;
  }

  draw() {
    const item = this.item;
    if (!item) return;
    const { head } = item;
    this.windows = { source: windowOf(item.source, this.cursor.source), target: windowOf(item.target, this.cursor.target) };
    const colour = (/** @type {string} */ label) => this.colour(label);
    drawSentence(this.source, item.source, item.source.entities, colour, this.windows.source);
    drawSentence(this.target, item.target, head.entities, colour, this.windows.target);
    this.source.hidden = item.source.tokens.length === 0;
    const chip = (/** @type {string} */ text, /** @type {string} */ kind) => make("span", { class: `chip ${kind}` }, text);
    this.chips.replaceChildren(
      make("span", { class: "id" }, `Sentence ${item.number}`, ...(item.id === String(item.number) ? [] : [" · ", make("bdi", {}, item.id)])),
      ...(head.state === "submitted" ? [chip("✓ done", "good")] : head.state === "skipped" ? [chip("skipped", "")] : []),
      ...(item.suggested && head.seq === 0 ? [chip("suggested from corrections", "warn")] : []),
      ...(head.accepted ? [chip("all accepted", "good")] : []), ...(head.unsure ? [chip("not sure", "warn")] : []),
      ...item.flags.map((flag) => chip(flagText(flag), "warn")));
    this.palette.replaceChildren(...this.labels.slice(0, 9).map((label, at) => make("button", { type: "button", class: `label ${this.colour(label)}`, "aria-keyshortcuts": String(at + 1), onclick: () => this.run({ name: "label", value: at + 1 }) }, label, make("kbd", {}, String(at + 1)))),
      make("button", { type: "button", class: "label", "aria-keyshortcuts": "0", onclick: () => this.run({ name: "other" }) }, "Other…", make("kbd", {}, "0")));
    this.comment.textContent = head.comment;
    this.entities();
    this.drawVersions();
    this.drawPlaces();
    this.lines.show(this.links(), (link) => this.lit(link));
    this.drawTags();
    this.mark();
  }

  /** Where the words stand on their pages, and when in their recordings. */
  drawPlaces() {
    const item = /** @type {Sentence} */ (this.item);
    const of = (/** @type {SideName} */ name, /** @type {Found[]} */ entities) =>
      regionsOf(item[name], name, entities, (label) => this.colour(label), (start, end) => textOf(item[name], start, end), (image) => this.picture(image));
    const parts = [...of("target", item.head.entities), ...of("source", item.source.entities)];
    if (this.placed !== item.id) {
      this.placed = item.id;
      this.places.replaceChildren(...parts);
      return;
    }
    // Only the entities are others: the images stay, as they are seen.
    const fresh = make("div", {}, ...parts);
    const boxes = fresh.querySelectorAll("rect");
    this.places.querySelectorAll("rect").forEach((box, at) => {
      box.setAttribute("class", boxes[at]?.getAttribute("class") ?? "box");
      box.replaceChildren(...(boxes[at]?.childNodes ?? []));
    });
    for (const times of this.places.querySelectorAll(".times")) times.remove();
    this.places.append(...fresh.querySelectorAll(".times"));
  }

  /** The table of entities. */
  entities() {
    const item = /** @type {Sentence} */ (this.item);
    const lost = item.source.entities.map((entity, at) => ({ entity, at })).filter(({ at }) => !item.head.entities.some((entity) => entity.from === at));
    const rows = item.head.entities.map((entity) => {
      const source = entity.from === undefined || entity.from === null ? undefined : item.source.entities[entity.from];
      const known = typeof entity.probability === "number" ? `${Math.round(100 * entity.probability)} %` : typeof entity.margin === "number" ? `margin ${entity.margin.toFixed(2)}` : typeof entity.score === "number" ? `score ${entity.score.toFixed(2)}` : "by hand";
      return make("tr", { "data-start": String(entity.start) },
        make("td", {}, make("span", { class: `chip ${this.colour(entity.label)}` }, entity.label)),
        make("td", {}, make("button", { type: "button", class: "plain", dir: "auto", onclick: () => this.point("target", entity.start) }, textOf(item.target, entity.start, entity.end))),
        make("td", { dir: "auto" }, source ? textOf(item.source, source.start, source.end) : "–"), make("td", { class: "n" }, known));
    });
    for (const { entity, at } of lost) {
      rows.push(make("tr", { class: "lost" }, make("td", {}, make("span", { class: `chip ${this.colour(entity.label)}` }, entity.label)), make("td", { class: "soft" }, "nothing stands for it"),
        make("td", {}, make("button", { type: "button", class: "plain", dir: "auto", onclick: () => this.point("source", entity.start) }, textOf(item.source, entity.start, entity.end))), make("td", {})));
    }
    this.list.replaceChildren(...rows);
    this.empty.textContent = rows.length === 0 ? "No entities. Select words (Shift + arrows) and press a digit to label them." : "";
  }

  drawVersions() {
    const item = /** @type {Sentence} */ (this.item);
    if (!this.adjudicating) return;
    const versions = item.versions ?? [];
    this.versions.replaceChildren(make("h2", {}, versions.length ? "Versions" : "Nobody has done this sentence yet"), ...versions.map(({ annotator, version }, at) => {
      const text = make("p", { class: "sentence small" });
      drawSentence(text, item.target, version.entities, (label) => this.colour(label), windowOf(item.target, this.cursor.target));
      for (const span of text.querySelectorAll("[data-entity]")) {
        const entity = /** @type {Found} */ (version.entities[Number(/** @type {HTMLElement} */ (span).dataset.entity)]);
        const all = versions.every((other) => other.version.entities.some((o) => isSame(o, entity)));
        if (!all) span.classList.add("differs");
        span.setAttribute("title", `${entity.label}${all ? "" : ": not everybody has it"}`);
      }
      const labels = version.entities.map((entity) => make("span", { class: `chip ${this.colour(entity.label)}` }, `${textOf(item.target, entity.start, entity.end)} ${entity.label}`));
      return make("article", {}, make("h3", {}, make("bdi", {}, annotator), " ", make("span", { class: "soft" }, version.state === "submitted" ? "done" : version.state === "skipped" ? "skipped" : "not done"), version.unsure ? " · not sure" : "", make("button", { type: "button", onclick: () => this.run({ name: "take", value: at + 1 }) }, "Take", make("kbd", {}, `⇧${at + 1}`))), text, make("p", { class: "chips" }, ...labels), version.comment ? make("p", { dir: "auto", class: "soft" }, version.comment) : null);
    }));
  }

  /** The labels above and below the entities. */
  drawTags() {
    const item = /** @type {Sentence} */ (this.item);
    const drawn = [{ element: this.source, entities: item.source.entities, above: true }, { element: this.target, entities: item.head.entities, above: false }];
    drawTags(this.tags, this.pair, drawn, (label) => this.colour(label));
  }

  /** Whether a link stands out: it touches what is pointed at, or the entity under the cursor. @param {import("./lines.js").Link} link @returns {string|null} */
  lit(link) {
    const item = this.item;
    if (!item) return null;
    const { side, token } = this.hover ?? { side: this.side, token: this.cursor[this.side] };
    return litBy(link, side, token, side === "target" ? item.head.entities : item.source.entities, (label) => this.colour(label));
  }

  /** Shows the cursors and the selection. */
  mark() {
    const item = this.item;
    if (!item) return;
    for (const side of /** @type {SideName[]} */ (["source", "target"])) {
      const window = windowOf(item[side], this.cursor[side]);
      if (window.from !== this.windows[side].from) { this.draw(); return; }
    }
    for (const old of this.pair.querySelectorAll(".cursor, .other-cursor, .selected, .current, .partner")) old.classList.remove("cursor", "other-cursor", "selected", "current", "partner");
    const other = this.side === "target" ? "source" : "target";
    const element = this.side === "target" ? this.target : this.source;
    const token = tokenAt(element, this.cursor[this.side]);
    token?.classList.add("cursor");
    tokenAt(other === "target" ? this.target : this.source, this.cursor[other])?.classList.add("other-cursor");
    if (this.anchor !== null) {
      const [from, to] = [Math.min(this.anchor, this.cursor[this.side]), Math.max(this.anchor, this.cursor[this.side])];
      for (let at = from; at <= to; at += 1) tokenAt(element, at)?.classList.add("selected");
    }
    const entity = this.current();
    if (entity && this.side === "target") {
      this.target.querySelector(`[data-entity="${item.head.entities.indexOf(entity)}"]`)?.classList.add("current");
      if (entity.from !== undefined && entity.from !== null) this.source.querySelector(`[data-entity="${entity.from}"]`)?.classList.add("partner");
    }
    for (const row of this.list.children) row.classList.toggle("current", entity !== undefined && /** @type {HTMLElement} */ (row).dataset.start === String(entity.start));
    for (const place of this.places.querySelectorAll(".here")) place.classList.remove("here");
    for (const place of this.places.querySelectorAll(`[data-place="${this.side} ${this.cursor[this.side]}"]`)) place.classList.add("here");
    const box = token?.getBoundingClientRect();
    if (box && (box.top < 0 || box.bottom > innerHeight)) token?.scrollIntoView({ block: "center" });
    this.lines.light((link) => this.lit(link));
    const side = this.text(this.side);
    const span = this.anchor === null ? { start: this.cursor[this.side], end: this.cursor[this.side] + 1 } : { start: Math.min(this.anchor, this.cursor[this.side]), end: Math.max(this.anchor, this.cursor[this.side]) + 1 };
    this.says.textContent = `${textOf(side, span.start, span.end)}${entity && this.side === "target" ? `, in ${entity.label} ${textOf(side, entity.start, entity.end)}` : ""}${this.side === "source" ? ", source" : ""}`;
  }

  /** Says something above the sentence. @param {string} text */
  say(text) {
    this.notice.replaceChildren(make("p", {}, text, make("button", { type: "button", class: "plain", "aria-label": "Close", onclick: () => this.notice.replaceChildren() }, "×")));
  }

  /** @param {number} waiting @param {string|null} problem */
  showStatus(waiting, problem) {
    const kept = this.lasting ? "kept in this browser" : "kept in this window only: do not close it";
    const changes = `${waiting} ${waiting === 1 ? "change" : "changes"}`;
    this.status.className = problem ? "warn" : "";
    this.status.textContent = this.offline ? (waiting ? `${changes} to save` : "") : problem ? `${problem} ${changes} ${kept}.` : waiting ? "Saving…" : "Saved";
  }

  /** @param {import("./remote.js").Page} page */
  count(page) {
    const done = page.counts.submitted ?? 0;
    this.progress.max = Math.max(1, page.all);
    this.progress.value = done;
    this.done.textContent = `${done.toLocaleString("en")} of ${page.all.toLocaleString("en")} done`;
    this.showEstimate(page.estimate);
  }

  /** @param {any} estimate */
  showEstimate(estimate) {
    this.estimate.textContent = estimate ? `F1 of the rest about ${estimate.f1.toFixed(2)} (${estimate.interval[0].toFixed(2)}–${estimate.interval[1].toFixed(2)})` : "";
  }
}
