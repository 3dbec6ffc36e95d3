// The editor: one sentence, its translation and their links; everything by keyboard, by mouse and by touch.

import { applied, difference, inverse, isSame, markOf, overlaps } from "./version.js";
import { drawSentence, nearest, neighbour, textOf, tokenAt, windowOf } from "./text.js";
import { Lines } from "./lines.js";
import { regionsOf } from "./regions.js";
import { projected } from "./project.js";
import { Outbox, uuid } from "./outbox.js";
import { Batch, Sender, Server } from "./remote.js";
import { ask, askText, help, make } from "./dialogs.js";
import { Queue, flagText } from "./queue.js";
import { commandOf, isTaken } from "./keys.js";

/**
 * @typedef {import("./version.js").Operation} Change
 * @typedef {import("./version.js").Version} Work
 * @typedef {import("./version.js").Entity} Found
 * @typedef {import("./remote.js").Item} Sentence
 * @typedef {import("./outbox.js").Entry} Unsent
 * @typedef {"source"|"target"} SideName
 */

/** Colours of labels. */
const COLOURS = 8;
/** Sentences fetched before they are asked for. */
const AHEAD = 4;

class Editor {
  /** @param {{store: string, annotator: string, namesFree: boolean, adjudicates: boolean, labels: string[], guidelines: string|null}} setup @param {any} batch */
  constructor(setup, batch) {
    this.setup = setup;
    this.labels = [...setup.labels];
    this.offline = batch !== null;
    this.adjudicating = !this.offline && setup.adjudicates && location.hash === "#adjudicate";
    const server = new Server(setup.annotator);
    /** @type {Server|Batch} */
    this.remote = this.offline ? new Batch(batch) : server;
    this.outbox = new Outbox(setup.store, setup.annotator);
    this.sender = new Sender(this.outbox, server, {
      status: (waiting, problem) => this.showStatus(waiting, problem),
      taken: (entries, head) => this.taken(entries, head),
      conflict: (entries, head) => this.conflict(entries, head),
      refused: (entries, error) => this.refused(entries, error),
    });
    /** @type {Sentence|null} */
    this.item = null;
    /** @type {Map<string, Promise<Sentence>>} */
    this.fetched = new Map();
    /** @type {Map<string, Change[][]>} */
    this.undoing = new Map();
    this.cursor = { source: 0, target: 0 };
    /** @type {SideName} */
    this.side = "target";
    /** @type {number|null} */
    this.anchor = null;
    /** @type {{side: SideName, token: number}|null} */
    this.hover = null;
    /** Milliseconds from a key to the next sentence on the screen; for measurements. @type {number[]} */
    this.times = [];
    /** Sequence number of the version that operations are based on. */
    this.base = 0;
    /** Its round of suggestions. */
    this.round = 0;
    this.windows = { source: { from: 0, to: 0 }, target: { from: 0, to: 0 } };
    this.queue = new Queue(this.remote, this.labels, this.adjudicating, (id) => this.open(id));
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
      make("button", { type: "button", class: "plain", id: "show-queue", "aria-expanded": "true", onclick: () => this.toggleQueue() }, "Queue"),
      this.offline ? make("button", { type: "button", class: "plain", id: "save", onclick: () => this.save() }, "Save") : make("a", { href: "/agreement" }, "Agreement"),
      this.offline || !this.setup.adjudicates ? null : make("a", { href: this.adjudicating ? "#" : "#adjudicate", id: "mode" }, this.adjudicating ? "Annotate" : "Adjudicate"),
      this.offline ? null : make("a", { href: "/export" }, "Export"),
      make("button", { type: "button", class: "plain", onclick: () => help() }, "Keys ", make("kbd", {}, "?")),
      this.setup.namesFree ? make("button", { type: "button", class: "plain", id: "who", onclick: () => this.rename() }, make("bdi", {}, this.setup.annotator)) : make("span", { id: "who" }, make("bdi", {}, this.setup.annotator)));
    const app = /** @type {HTMLElement} */ (document.getElementById("app"));
    app.replaceChildren(
      make("header", {}, make("div", { class: "brand" }, this.title, this.status), make("div", { class: "done" }, this.progress, this.done, this.estimate), menu),
      make("div", { id: "layout" }, this.queue.element,
        make("main", {}, this.notice, make("div", { id: "about" }, this.chips), this.pair, this.says, this.palette, actions, edges, this.comment, make("div", { class: "scroll" }, table), this.empty, this.versions, this.places, guidelines)));
    if (innerWidth <= 900) this.toggleQueue();
    document.addEventListener("keydown", (event) => this.key(event));
    addEventListener("hashchange", () => location.reload());
    this.pointer();
  }

  toggleQueue() {
    const hidden = !this.queue.element.hidden;
    this.queue.element.hidden = hidden;
    document.getElementById("show-queue")?.setAttribute("aria-expanded", String(!hidden));
  }

  async rename() {
    const name = await askText("Who are you?", "Name", this.setup.annotator, false);
    if (name?.trim()) location.search = `?annotator=${encodeURIComponent(name.trim())}`;
  }

  /** Begins: the queue, its first sentence, and news. */
  async start() {
    if (this.offline) {
      // What was done here before.
      for (const entry of await this.outbox.all()) {
        const own = /** @type {Batch} */ (this.remote).items.find((other) => other.id === entry.item);
        if (own) own.now = applied(own.now, entry.operation);
      }
    }
    try {
      const page = await this.queue.load();
      this.count(page);
      const wanted = decodeURIComponent(new URLSearchParams(location.search).get("item") ?? "");
      const first = wanted || page.items[0]?.id;
      if (first) await this.open(first);
      else await this.nothing();
    } catch (error) {
      this.say(`The sentences cannot be read: ${/** @type {any} */ (error).message}`);
    }
    if (this.offline) this.showStatus((await this.outbox.all()).length, null);
    else {
      this.sender.flush();
      /** @type {Server} */ (this.remote).listen((news) => this.hear(news));
    }
  }

  // ---- sentences

  /** @param {string} id @returns {Promise<Sentence>} */
  fetch(id) {
    let item = this.fetched.get(id);
    if (!item) {
      item = this.remote.item(id, this.adjudicating);
      item.catch(() => this.fetched.delete(id));
      this.fetched.set(id, item);
      if (this.fetched.size > 50) this.fetched.delete(/** @type {string} */ (this.fetched.keys().next().value));
    }
    return item;
  }

  /** Opens a sentence. @param {string} id */
  async open(id) {
    const begun = performance.now();
    /** @type {Sentence} */
    let item;
    try {
      item = await this.fetch(id);
    } catch (error) {
      this.say(/** @type {any} */ (error).message);
      return;
    }
    // What is on its way to the server counts already; what is based on an older version than the server's is in it, or will be a conflict.
    const waiting = (await this.outbox.all()).filter((entry) => entry.path === this.path(id) && !this.acknowledged.has(entry.uuid) && entry.base >= item.head.seq);
    this.base = item.head.seq;
    this.round = item.head.round;
    this.item = { ...item, head: waiting.reduce((head, entry) => applied(head, entry.operation), item.head) };
    const { head } = this.item;
    this.side = "target";
    this.anchor = null;
    this.cursor = { source: 0, target: head.entities[0]?.start ?? 0 };
    this.notice.replaceChildren();
    this.queue.mark(id);
    this.draw();
    if (!document.activeElement?.closest("#queue, dialog")) this.pair.focus({ preventScroll: true });
    requestAnimationFrame(() => this.times.push(performance.now() - begun));
    for (let at = this.queue.lines.findIndex((line) => line.id === id) + 1, ahead = 0; ahead < AHEAD && at < this.queue.lines.length; at += 1, ahead += 1) {
      this.fetch(/** @type {any} */ (this.queue.lines[at]).id).catch(() => {});
    }
  }

  /** Goes to the next or the previous sentence. @param {number} step */
  async go(step) {
    let id = this.queue.beside(step);
    if (id === null && step > 0) {
      if (this.queue.state.value === "open") {
        const current = this.item?.id;
        const page = await this.queue.load().catch(() => null);
        if (page) this.count(page);
        id = this.queue.lines.find((line) => line.id !== current && line.state === "open" && !this.finished.has(line.id))?.id ?? null;
      } else {
        await this.queue.more();
        id = this.queue.beside(step);
      }
    }
    if (id !== null) await this.open(id);
    else if (step > 0) await this.nothing();
  }

  /** There is no sentence left. */
  async nothing() {
    this.item = null;
    for (const element of [this.source, this.target, this.chips, this.palette, this.list, this.versions, this.places, this.comment]) element.replaceChildren();
    this.lines.show([], () => null);
    this.tags.replaceChildren();
    this.empty.textContent = "Nothing is left to do here. Change the filters of the queue to see what is done.";
  }

  /** Sentences done in this page. @type {Set<string>} */
  finished = new Set();

  path(/** @type {string} */ id) {
    return `/items/${encodeURIComponent(id)}/${this.adjudicating ? "adjudication" : "events"}`;
  }

  // ---- changes

  /** Does operations: at once here, and as soon as may be at the server. @param {Change[]} operations @param {boolean} [undoing] */
  act(operations, undoing = false) {
    const item = this.item;
    if (!item || operations.length === 0) return;
    /** @type {Change[]} */
    const back = [];
    let head = item.head;
    for (const operation of operations) {
      back.unshift(inverse(head, operation));
      head = applied(head, operation);
    }
    if (!undoing) this.undoing.set(item.id, [...(this.undoing.get(item.id) ?? []), back]);
    item.head = head;
    this.keep(item.id, operations, this.base, this.round);
    this.queue.note(item.id, { state: head.state, unsure: head.unsure, commented: head.comment !== "", entities: head.entities.length, suggested: false });
    if (this.offline) this.remember(item.id, head);
    this.draw();
  }

  /** @param {string} id @param {Change[]} operations @param {number} base @param {number} round @returns {Promise<void>} */
  async keep(id, operations, base, round) {
    const entries = operations.map((operation) => ({ path: this.path(id), item: id, uuid: uuid(), base, round, operation }));
    for (const entry of entries) this.made.add(entry.uuid);
    this.showStatus(1, null);
    await this.outbox.add(entries);
    if (this.offline) this.showStatus((await this.outbox.all()).length, null);
    else this.sender.flush();
  }

  /** In the offline page the batch itself knows what was made of it. @param {string} id @param {Work} head */
  remember(id, head) {
    const own = /** @type {Batch} */ (this.remote).items.find((other) => other.id === id);
    if (own) own.now = head;
  }

  /** Operations of this page; other pages of the browser share the outbox. @type {Set<string>} */
  made = new Set();

  /** Operations that the server has taken in. @type {Set<string>} */
  acknowledged = new Set();

  /** @param {Unsent[]} entries @param {Work} head */
  taken(entries, head) {
    const id = /** @type {Unsent} */ (entries[0]).item;
    for (const entry of entries) this.acknowledged.add(entry.uuid);
    if (this.item?.id === id) {
      this.base = head.seq;
      this.item.head = { ...this.item.head, seq: head.seq };
    }
    const known = this.fetched.get(id);
    if (known) this.fetched.set(id, known.then((item) => ({ ...item, head, suggested: false })));
  }

  /** @param {Unsent[]} entries @param {string} error */
  refused(entries, error) {
    const id = /** @type {Unsent} */ (entries[0]).item;
    this.fetched.delete(id);
    this.say(`The server did not take a change of sentence ${id}: ${error}. The sentence is shown as the server has it.`);
    if (this.item?.id === id) this.open(id).then(() => this.say(`The server did not take a change: ${error}.`));
  }

  /** Somebody, or another window, changed the sentence before: the person decides. @param {Unsent[]} entries @param {Work} head */
  async conflict(entries, head) {
    const first = /** @type {Unsent} */ (entries[0]);
    const item = await this.fetch(first.item);
    const mine = this.item?.id === first.item ? this.item.head : entries.reduce((version, entry) => applied(version, entry.operation), item.head);
    const shown = (/** @type {Work} */ version) => {
      const text = make("p", { class: "sentence small" });
      drawSentence(text, item.target, version.entities, (label) => this.colour(label), windowOf(item.target, 0));
      return text;
    };
    const answer = await ask("This sentence was changed in another window", [make("h3", {}, "There"), shown(head), make("h3", {}, "Here"), shown(mine), make("p", { class: "soft" }, "Nothing is lost: the other changes stay in the log whatever you choose.")], [["mine", "Keep what is here"], ["theirs", "Keep what is there"]]);
    const left = await this.outbox.all();
    await this.outbox.acknowledge(left.filter((entry) => entry.path === first.path), null);
    this.sender.held.delete(first.path);
    this.fetched.set(first.item, Promise.resolve({ ...item, head }));
    const wanted = answer === "mine" ? difference(head, mine) : [];
    const open = this.item?.id === first.item;
    if (wanted.length > 0) await this.keep(first.item, wanted, head.seq, head.round);
    else this.sender.flush();
    if (open) await this.open(first.item);
    this.queue.note(first.item, { state: (answer === "mine" ? mine : head).state });
  }

  /** News of the server. @param {any} news */
  async hear(news) {
    if (news.kind === "learned") {
      this.showEstimate(news.estimate);
      const { added, removed, relabelled, sentences } = news.changes;
      const parts = [added && `${added} added`, removed && `${removed} taken away`, relabelled && `${relabelled} relabelled`].filter(Boolean);
      this.say(`Learnt from ${news.corrections} sentences: ${parts.length ? `new suggestions in ${sentences} sentences (${parts.join(", ")})` : "no new suggestions"}; the queue is in a new order.`);
      const current = this.item?.id;
      for (const id of [...this.fetched.keys()]) if (id !== current) this.fetched.delete(id);
      this.count(await this.queue.load());
    } else if (news.kind === "version" || news.kind === "event") {
      const known = this.fetched.get(news.id);
      const item = known ? await known : null;
      const waiting = (await this.outbox.all()).some((entry) => entry.item === news.id && this.made.has(entry.uuid));
      if (!waiting && item && item.head.seq < news.seq) {
        this.fetched.delete(news.id);
        const shown = this.item;
        if (shown?.id === news.id && shown && shown.head.seq < news.seq) await this.open(news.id);
      }
      if (news.state) this.queue.note(news.id, { state: news.state });
    } else if (news.kind === "reload") {
      this.fetched.clear();
      this.count(await this.queue.load());
    } else if (news.kind === "error") this.say(news.error);
  }

  // ---- commands

  /** @param {KeyboardEvent} event */
  key(event) {
    if (isTaken(document.activeElement, event)) return;
    const command = commandOf(event);
    if (!command) return;
    if (this.run(command) !== false) event.preventDefault();
  }

  /** Does a command; `false` where the key is to do what it does elsewhere. @param {{name: string, value?: any, extend?: boolean}} command */
  run(command) {
    const item = this.item;
    const { name, value } = command;
    if (name === "help") { help(); return true; }
    if (name === "layout") { this.pair.classList.toggle("beside"); this.draw(); return true; }
    if (name === "next") { this.go(1); return true; }
    if (name === "previous") { this.go(-1); return true; }
    if (!item) return false;
    switch (name) {
      case "move": this.move(value, Boolean(command.extend)); break;
      case "nextEntity": return this.entityStep(1);
      case "previousEntity": return this.entityStep(-1);
      case "clear": this.anchor = null; this.mark(); break;
      case "label": this.label(this.labels[value - 1]); break;
      case "other": askText("Another label", "Label", "", false).then((label) => this.label(label?.trim())); break;
      case "remove": this.remove(); break;
      case "edge": this.edge(value); break;
      case "submit": this.finish("submit"); break;
      case "skip": this.finish("skip"); break;
      case "accept": this.act([{ op: item.head.accepted ? "unaccept" : "accept" }]); break;
      case "unsure": this.act([{ op: "unsure", on: !item.head.unsure }]); break;
      case "comment": askText("Comment", "What is to be said of this sentence", item.head.comment, true).then((text) => { if (text !== null) this.act([{ op: "comment", text }]); }); break;
      case "undo": this.undo(); break;
      case "project": this.project(); break;
      case "link": this.link(); break;
      case "repeats": this.repeats(); break;
      case "take": this.take(value - 1); break;
      case "merge": this.merge(); break;
    }
    return true;
  }

  /** @param {"submit"|"skip"} op */
  finish(op) {
    const item = /** @type {Sentence} */ (this.item);
    this.finished.add(item.id);
    if (this.adjudicating && op === "submit") {
      const who = (/** @type {Found} */ entity) => (item.versions ?? []).filter(({ version }) => version.entities.some((other) => isSame(other, entity))).map(({ annotator }) => annotator);
      this.act([{ op: "decide", entities: item.head.entities.map((entity) => ({ ...markOf(entity), annotators: who(entity) })) }]);
    } else this.act([{ op }]);
    this.step();
    this.go(1);
  }

  /** @param {string} where @param {boolean} extend */
  move(where, extend) {
    const element = this.side === "target" ? this.target : this.source;
    const at = this.cursor[this.side];
    let next = neighbour(element, at, /** @type {any} */ (where));
    if (next === null && !extend && (where === "up" || where === "down")) {
      // Over the edge of one sentence into the other.
      const other = this.side === "target" ? "source" : "target";
      const fits = (where === "up") === (this.side === "target");
      const box = tokenAt(element, at)?.getClientRects()[0];
      const place = fits && box ? nearest(other === "source" ? this.source : this.target, box.left + box.width / 2, where === "up" ? "last" : "first") : null;
      if (place !== null) { this.side = other; this.anchor = null; this.cursor[other] = place; this.mark(); }
      return;
    }
    // Behind what is drawn of a very long sentence.
    const count = this.text(this.side).tokens.length;
    if (next === null && (where === "left" || where === "right")) {
      const forward = (getComputedStyle(element).direction === "rtl") === (where === "left");
      next = Math.max(0, Math.min(count - 1, at + (forward ? 1 : -1)));
    }
    if (next === null) return;
    if (extend) this.anchor ??= at;
    else this.anchor = null;
    this.cursor[this.side] = next;
    this.mark();
  }

  /** @param {number} step */
  entityStep(step) {
    const { head } = /** @type {Sentence} */ (this.item);
    const entities = this.side === "target" ? head.entities : this.text("source").entities;
    const at = this.cursor[this.side];
    const next = step > 0 ? entities.find((entity) => entity.start > at) : [...entities].reverse().find((entity) => entity.end <= at);
    if (!next) return false;
    this.cursor[this.side] = next.start;
    this.anchor = null;
    this.mark();
    return true;
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

  /** @param {string|undefined} label */
  label(label) {
    const item = this.item;
    if (!item || !label) return;
    if (/\s/.test(label)) { this.say("A label is one word."); return; }
    if (!this.labels.includes(label)) { this.labels.push(label); }
    const entity = this.current();
    if (this.anchor === null && entity) {
      if (entity.label !== label) this.act([{ op: "change", ...markOf(entity), to: { ...markOf(entity), label } }]);
      return;
    }
    if (item.target.tokens.length === 0) return;
    const span = this.selection();
    const from = this.counterpart(span);
    const over = item.head.entities.filter((other) => overlaps(other, span));
    this.anchor = null;
    this.act([...over.map((other) => ({ op: "remove", ...markOf(other) })), { op: "add", ...span, label, ...(from === undefined ? {} : { from }) }]);
  }

  /** The source entity whose links lead into a span of the target. @param {{start: number, end: number}} span @returns {number|undefined} */
  counterpart(span) {
    const counts = this.text("source").entities.map((entity) => this.links().filter((link) => entity.start <= link.source && link.source < entity.end && span.start <= link.target && link.target < span.end).length);
    const most = Math.max(0, ...counts);
    return most > 0 ? counts.indexOf(most) : undefined;
  }

  remove() {
    const entity = this.current();
    if (entity) this.act([{ op: "remove", ...markOf(entity) }]);
  }

  /** @param {string} which */
  edge(which) {
    const entity = this.current();
    const item = this.item;
    if (!entity || !item) return;
    const to = markOf(entity);
    if (which === "startOut") to.start -= 1;
    if (which === "startIn") to.start += 1;
    if (which === "endIn") to.end -= 1;
    if (which === "endOut") to.end += 1;
    if (to.start < 0 || to.end > item.target.tokens.length || to.start >= to.end) return;
    if (item.head.entities.some((other) => other !== entity && overlaps(other, to))) { this.say("Another entity stands there."); return; }
    this.cursor.target = Math.max(to.start, Math.min(to.end - 1, this.cursor.target));
    this.act([{ op: "change", ...markOf(entity), to }]);
  }

  undo() {
    const item = /** @type {Sentence} */ (this.item);
    const steps = this.undoing.get(item.id) ?? [];
    const last = steps.pop();
    if (last) { this.act(last, true); return; }
    const order = this.steps.pop();
    if (order) this.open(order);
  }

  /** Sentences that were done, to come back to. @type {string[]} */
  steps = [];

  step() {
    if (this.item) this.steps.push(this.item.id);
  }

  /** The source entity that is meant: under the source cursor, or where the entity under the target cursor comes from. */
  meant() {
    const sources = this.text("source").entities;
    const at = this.cursor.source;
    const under = sources.findIndex((entity) => entity.start <= at && at < entity.end);
    if (this.side === "source") return under;
    return this.current()?.from ?? under;
  }

  project() {
    const item = /** @type {Sentence} */ (this.item);
    const from = this.meant();
    const source = item.source.entities[from];
    if (!source) { this.say("Put the cursor on a source entity first (↑)."); return; }
    const old = item.head.entities.filter((entity) => entity.from === from);
    const others = item.head.entities.filter((entity) => entity.from !== from);
    const span = projected(source, this.links(), others, item.target.tokens.length);
    if (!span) { this.say("No link leads from this entity to free words: add one (L)."); return; }
    const mark = { ...span, label: old[0]?.label ?? source.label, from };
    if (old.length === 1 && isSame(/** @type {Found} */ (old[0]), mark)) { this.say("It stands where its links lead."); return; }
    this.cursor.target = span.start;
    this.act([...old.map((entity) => ({ op: "remove", ...markOf(entity) })), { op: "add", ...mark }]);
  }

  link() {
    const [source, target] = [this.cursor.source, this.cursor.target];
    const item = /** @type {Sentence} */ (this.item);
    if (source >= item.source.tokens.length || target >= item.target.tokens.length) return;
    const there = this.links().some((link) => link.source === source && link.target === target);
    this.act([{ op: there ? "unlink" : "link", source, target }]);
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

  /** Does what was done to the form under the cursor wherever it stands. */
  async repeats() {
    const item = /** @type {Sentence} */ (this.item);
    const entity = this.current();
    const span = this.anchor === null && entity ? { start: entity.start, end: entity.end } : this.selection();
    const form = textOf(item.target, span.start, span.end);
    const found = await this.remote.repeats(item.id, span.start, span.end).catch((/** @type {any} */ error) => { this.say(error.message); return null; });
    if (!found) return;
    const wanted = entity && entity.start === span.start && entity.end === span.end ? entity.label : null;
    const differs = found.repeats.filter((/** @type {any} */ place) => {
      const same = place.entities.length === 1 && place.entities[0].start === place.start && place.entities[0].end === place.end && place.entities[0].label === wanted;
      return wanted === null ? place.entities.length > 0 : !same;
    });
    if (differs.length === 0) { this.say(`“${form}” stands in ${found.total} other places, and everywhere as here.`); return; }
    /** @type {{place: any, box: HTMLInputElement, line: HTMLElement}[]} */
    const boxes = differs.map((/** @type {any} */ place) => {
      const box = make("input", { type: "checkbox", checked: place.state !== "submitted" });
      const now = place.entities.map((/** @type {Found} */ other) => other.label).join(", ") || "none";
      return { place, box, line: make("li", {}, make("label", {}, box, make("span", { dir: "auto" }, place.context[0], make("mark", {}, place.context[1]), place.context[2]), make("span", { class: "soft" }, ` ${now} → ${wanted ?? "none"}${place.state === "submitted" ? " · done" : ""}`))) };
    });
    const title = wanted === null ? `Take the entity away from “${form}”` : `Label “${form}” as ${wanted}`;
    const answer = await ask(title, [make("p", { class: "soft" }, `${differs.length} of ${found.total} other places differ. Those that are done are not ticked.`), make("ul", { class: "repeats", tabindex: "0" }, ...boxes.map(({ line }) => line))], [["do", "Do it in the ticked ones"], ["", "Cancel"]]);
    if (answer !== "do") return;
    const places = boxes.filter(({ box }) => box.checked).map(({ place }) => place);
    /** @type {Map<string, any[]>} */
    const sentences = new Map();
    for (const place of places) sentences.set(place.id, [...(sentences.get(place.id) ?? []), place]);
    for (const [id, list] of sentences) {
      const gone = new Map();
      for (const place of list) for (const other of place.entities) gone.set(`${other.start} ${other.end}`, other);
      /** @type {Change[]} */
      const operations = [...gone.values()].map((other) => ({ op: "remove", ...markOf(other) }));
      if (wanted !== null) for (const place of list) operations.push({ op: "add", start: place.start, end: place.end, label: wanted });
      this.fetched.delete(id);
      if (this.offline) {
        const own = await /** @type {Batch} */ (this.remote).item(id);
        own.now = operations.reduce(applied, own.now);
      }
      await this.keep(id, operations, list[0].seq, list[0].round);
      this.queue.note(id, { suggested: false });
    }
    this.say(`Done in ${places.length} places of ${sentences.size} sentences.`);
  }

  /** Takes over a version. @param {number} at */
  take(at) {
    const version = this.item?.versions?.[at];
    if (version) this.act([{ op: "set", entities: version.version.entities.map(markOf) }]);
  }

  /** What most versions have. */
  merge() {
    const versions = this.item?.versions ?? [];
    if (versions.length === 0) return;
    /** @type {{entity: Found, votes: number}[]} */
    const counted = [];
    for (const { version } of versions) for (const entity of version.entities) {
      const known = counted.find((other) => isSame(other.entity, entity));
      if (known) known.votes += 1;
      else counted.push({ entity, votes: 1 });
    }
    counted.sort((a, b) => b.votes - a.votes || a.entity.start - b.entity.start);
    /** @type {Found[]} */
    const chosen = [];
    for (const { entity, votes } of counted) if (2 * votes > versions.length && !chosen.some((other) => overlaps(other, entity))) chosen.push(entity);
    this.act([{ op: "set", entities: chosen.map(markOf) }]);
  }

  // ---- pointer

  pointer() {
    let dragging = false;
    const place = (/** @type {Event} */ event) => {
      const element = /** @type {HTMLElement} */ (event.target);
      const token = element.closest?.("[data-token]");
      const side = element.closest?.("[data-side]");
      return token && side ? { token: Number(/** @type {HTMLElement} */ (token).dataset.token), side: /** @type {SideName} */ (/** @type {HTMLElement} */ (side).dataset.side) } : null;
    };
    this.pair.addEventListener("pointerdown", (event) => {
      const at = place(event);
      if (!at || event.button !== 0) return;
      if (event.shiftKey && at.side === this.side) this.anchor ??= this.cursor[this.side];
      else this.anchor = null;
      this.side = at.side;
      this.cursor[at.side] = at.token;
      dragging = event.pointerType === "mouse" || event.pointerType === "pen";
      if (dragging) event.preventDefault();
      this.pair.focus({ preventScroll: true });
      this.mark();
    });
    this.pair.addEventListener("pointermove", (event) => {
      const at = place(event);
      if (dragging && at && at.side === this.side && at.token !== this.cursor[this.side]) {
        this.anchor ??= this.cursor[this.side];
        this.cursor[this.side] = at.token;
        this.mark();
      }
      if (event.pointerType === "mouse" && !dragging && (at?.token !== this.hover?.token || at?.side !== this.hover?.side)) {
        this.hover = at;
        this.lines.light((link) => this.lit(link));
      }
    });
    addEventListener("pointerup", () => { dragging = false; });
    this.pair.addEventListener("pointerleave", () => { this.hover = null; this.lines.light((link) => this.lit(link)); });
  }

  // ---- drawing

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
    this.palette.replaceChildren(...this.labels.slice(0, 9).map((label, at) => make("button", { type: "button", class: `label ${this.colour(label)}`, "aria-keyshortcuts": String(at + 1), onclick: () => { this.label(label); this.pair.focus({ preventScroll: true }); } }, label, make("kbd", {}, String(at + 1)))),
      make("button", { type: "button", class: "label", "aria-keyshortcuts": "0", onclick: () => this.run({ name: "other" }) }, "Other…", make("kbd", {}, "0")));
    this.comment.textContent = head.comment;
    this.entities();
    this.drawVersions();
    this.places.replaceChildren(...regionsOf(item.target, head.entities, colour, (start, end) => textOf(item.target, start, end)), ...regionsOf(item.source, item.source.entities, colour, (start, end) => textOf(item.source, start, end)));
    this.lines.show(this.links(), (link) => this.lit(link));
    this.drawTags();
    this.mark();
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
        make("td", {}, make("button", { type: "button", class: "plain", dir: "auto", onclick: () => { this.side = "target"; this.anchor = null; this.cursor.target = entity.start; this.pair.focus({ preventScroll: true }); this.mark(); } }, textOf(item.target, entity.start, entity.end))),
        make("td", { dir: "auto" }, source ? textOf(item.source, source.start, source.end) : "–"), make("td", { class: "n" }, known));
    });
    for (const { entity, at } of lost) {
      rows.push(make("tr", { class: "lost" }, make("td", {}, make("span", { class: `chip ${this.colour(entity.label)}` }, entity.label)), make("td", { class: "soft" }, "nothing stands for it"),
        make("td", {}, make("button", { type: "button", class: "plain", dir: "auto", onclick: () => { this.side = "source"; this.anchor = null; this.cursor.source = /** @type {Found} */ (item.source.entities[at]).start; this.pair.focus({ preventScroll: true }); this.mark(); } }, textOf(item.source, entity.start, entity.end))), make("td", {})));
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
      return make("article", {}, make("h3", {}, make("bdi", {}, annotator), " ", make("span", { class: "soft" }, version.state === "submitted" ? "done" : version.state === "skipped" ? "skipped" : "not done"), version.unsure ? " · not sure" : "", make("button", { type: "button", onclick: () => this.take(at) }, "Take", make("kbd", {}, `⇧${at + 1}`))), text, make("p", { class: "chips" }, ...labels), version.comment ? make("p", { dir: "auto", class: "soft" }, version.comment) : null);
    }));
  }

  /** The labels under the entities. */
  drawTags() {
    const frame = this.pair.getBoundingClientRect();
    const tags = [];
    for (const [element, entities] of /** @type {[HTMLElement, Found[]][]} */ ([[this.source, this.text("source").entities], [this.target, /** @type {Sentence} */ (this.item).head.entities]])) {
      const right = getComputedStyle(element).direction === "rtl";
      for (const span of element.querySelectorAll("[data-entity]")) {
        const entity = /** @type {Found} */ (entities[Number(/** @type {HTMLElement} */ (span).dataset.entity)]);
        const box = span.getClientRects()[0];
        if (!box) continue;
        const above = element === this.source;
        const tag = make("span", { class: `tag ${this.colour(entity.label)} ${above ? "above" : "below"}` }, entity.label);
        tag.style.setProperty(right ? "right" : "left", `${right ? frame.right - box.right : box.left - frame.left}px`);
        tag.style.top = `${(above ? box.top : box.bottom) - frame.top}px`;
        tags.push(tag);
      }
    }
    this.tags.replaceChildren(...tags);
  }

  /** Whether a link stands out: it touches what is pointed at, or the entity under the cursor. @param {import("./lines.js").Link} link @returns {string|null} */
  lit(link) {
    const item = this.item;
    if (!item) return null;
    if (this.hover) return link[this.hover.side] === this.hover.token ? "hover" : null;
    const within = (/** @type {{start: number, end: number}|undefined} */ span, /** @type {number} */ token) => span !== undefined && span.start <= token && token < span.end;
    const at = this.cursor[this.side];
    const entity = this.side === "target" ? this.current() : item.source.entities.find((other) => within(other, at));
    if (entity) return within(entity, link[this.side]) ? this.colour(entity.label) : null;
    return link[this.side] === at ? "hover" : null;
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
    const kept = this.outbox.lasting ? "kept in this browser" : "kept in this window only: do not close it";
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

  /** Writes what was done in the offline page to a file, for `xlner review import`. */
  async save() {
    /** @type {Map<string, any[]>} */
    const items = new Map();
    for (const { item, uuid: name, base, round, operation } of await this.outbox.all()) items.set(item, [...(items.get(item) ?? []), { uuid: name, base, round, ...operation }]);
    const saved = { "xlner-review": 1, store: this.setup.store, annotator: this.setup.annotator, items: [...items].map(([id, events]) => ({ id, events })) };
    const link = make("a", { href: URL.createObjectURL(new Blob([JSON.stringify(saved)], { type: "application/json" })), download: `review-${this.setup.annotator}.json` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    this.say("Saved. Send the file back; it is read by “xlner review import”. You may go on and save again.");
  }
}

{
  const read = (/** @type {string} */ id) => JSON.parse(document.getElementById(id)?.textContent ?? "null");
  const name = new URLSearchParams(location.search).get("annotator");
  const setup = read("setup");
  const batch = read("batch");
  if (batch && name) setup.annotator = name;
  const editor = new Editor(setup, batch);
  /** @type {any} */ (globalThis).xlnerReview = editor;
  editor.start();
}
