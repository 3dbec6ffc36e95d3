// The editor: what keys, mouse and touch do.

import { applied, isSame, markOf, overlaps } from "./version.js";
import { nearest, neighbour, textOf, tokenAt } from "./text.js";
import { projected } from "./project.js";
import { askText, help, make } from "./dialogs.js";
import { commandOf, isTaken } from "./keys.js";
import { askRepeats, operationsOf } from "./repeats.js";
import { Session } from "./session.js";

class Editor extends Session {
  /** @param {import("./view.js").Setup} setup @param {any} batch */
  constructor(setup, batch) {
    super(setup, batch);
    /** Sentences that were done, to come back to. @type {string[]} */
    this.steps = [];
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
    if (name === "queue") { this.toggleQueue(); return true; }
    if (name === "save") { this.save(); return true; }
    if (name === "rename") { this.rename(); return true; }
    if (name === "layout") { this.pair.classList.toggle("beside"); this.draw(); return true; }
    if (name === "next") { this.go(1); return true; }
    if (name === "previous") { this.go(-1); return true; }
    if (!item) return false;
    switch (name) {
      case "move": this.move(value, Boolean(command.extend)); break;
      case "nextEntity": return this.entityStep(1);
      case "previousEntity": return this.entityStep(-1);
      case "clear": this.anchor = null; this.mark(); break;
      case "label": this.label(this.labels[value - 1]); this.pair.focus({ preventScroll: true }); break;
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
    const item = /** @type {import("./remote.js").Item} */ (this.item);
    this.finished.add(item.id);
    if (this.adjudicating && op === "submit") {
      const who = (/** @type {import("./version.js").Entity} */ entity) => (item.versions ?? []).filter(({ version }) => version.entities.some((other) => isSame(other, entity))).map(({ annotator }) => annotator);
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
      if (place !== null) { this.use(other); this.anchor = null; this.cursor[other] = place; this.mark(); }
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
    const { head } = /** @type {import("./remote.js").Item} */ (this.item);
    const entities = this.side === "target" ? head.entities : this.text("source").entities;
    const at = this.cursor[this.side];
    const next = step > 0 ? entities.find((entity) => entity.start > at) : [...entities].reverse().find((entity) => entity.end <= at);
    if (!next) return false;
    this.cursor[this.side] = next.start;
    this.anchor = null;
    this.mark();
    return true;
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
    const item = /** @type {import("./remote.js").Item} */ (this.item);
    const steps = this.undoing.get(item.id) ?? [];
    const last = steps.pop();
    if (last) { this.act(last, true); return; }
    const order = this.steps.pop();
    if (order) this.open(order);
  }

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
    const item = /** @type {import("./remote.js").Item} */ (this.item);
    const from = this.meant();
    const source = item.source.entities[from];
    if (!source) { this.say("Put the cursor on a source entity first (↑)."); return; }
    const old = item.head.entities.filter((entity) => entity.from === from);
    const others = item.head.entities.filter((entity) => entity.from !== from);
    const span = projected(source, this.links(), others, item.target.tokens.length);
    if (!span) { this.say("No link leads from this entity to free words: add one (L)."); return; }
    const mark = { ...span, label: old[0]?.label ?? source.label, from };
    if (old.length === 1 && isSame(/** @type {import("./version.js").Entity} */ (old[0]), mark)) { this.say("It stands where its links lead."); return; }
    this.cursor.target = span.start;
    this.act([...old.map((entity) => ({ op: "remove", ...markOf(entity) })), { op: "add", ...mark }]);
  }

  link() {
    const [source, target] = [this.cursor.source, this.cursor.target];
    const item = /** @type {import("./remote.js").Item} */ (this.item);
    if (source >= item.source.tokens.length || target >= item.target.tokens.length) return;
    const there = this.links().some((link) => link.source === source && link.target === target);
    this.act([{ op: there ? "unlink" : "link", source, target }]);
  }

  /** Does what was done to the form under the cursor wherever it stands. */
  async repeats() {
    const item = /** @type {import("./remote.js").Item} */ (this.item);
    if (this.adjudicating) { this.say("Repeats are for annotators: every decision is looked at."); return; }
    const entity = this.current();
    const span = this.anchor === null && entity ? { start: entity.start, end: entity.end } : this.selection();
    const form = textOf(item.target, span.start, span.end);
    const wanted = entity && entity.start === span.start && entity.end === span.end ? entity.label : null;
    const found = await this.remote.repeats(item.id, span.start, span.end).catch((/** @type {any} */ error) => this.say(error.message));
    if (!found) return;
    const places = await askRepeats(found, form, wanted);
    if (places === null) return;
    if (places.length === 0) { this.say(`“${form}” stands in ${found.total} other places; nothing is to be changed there.`); return; }
    const changes = operationsOf(places, wanted);
    for (const [id, { seq, round, operations }] of changes) {
      this.fetched.delete(id);
      if (this.offline) await this.remember(id, (head) => operations.reduce(applied, head));
      await this.keep(id, operations, seq, round);
      this.queue.note(id, { suggested: false });
    }
    this.say(`Done in ${places.length} places of ${changes.size} sentences.`);
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
    /** @type {{entity: import("./version.js").Entity, votes: number}[]} */
    const counted = [];
    for (const { version } of versions) for (const entity of version.entities) {
      const known = counted.find((other) => isSame(other.entity, entity));
      if (known) known.votes += 1;
      else counted.push({ entity, votes: 1 });
    }
    counted.sort((a, b) => b.votes - a.votes || a.entity.start - b.entity.start);
    /** @type {import("./version.js").Entity[]} */
    const chosen = [];
    for (const { entity, votes } of counted) if (2 * votes > versions.length && !chosen.some((other) => overlaps(other, entity))) chosen.push(entity);
    this.act([{ op: "set", entities: chosen.map(markOf) }]);
  }

  pointer() {
    let dragging = false;
    const place = (/** @type {Event} */ event) => {
      const element = /** @type {HTMLElement} */ (event.target);
      const token = element.closest?.("[data-token]");
      const side = element.closest?.("[data-side]");
      return token && side ? { token: Number(/** @type {HTMLElement} */ (token).dataset.token), side: /** @type {import("./view.js").SideName} */ (/** @type {HTMLElement} */ (side).dataset.side) } : null;
    };
    this.pair.addEventListener("pointerdown", (event) => {
      const at = place(event);
      if (!at || event.button !== 0) return;
      if (event.shiftKey && at.side === this.side) this.anchor ??= this.cursor[this.side];
      else this.anchor = null;
      this.use(at.side);
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
        this.hoverOver(at);
      }
    });
    addEventListener("pointerup", () => { dragging = false; });
    this.pair.addEventListener("pointerleave", () => { this.hoverOver(null); });
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
