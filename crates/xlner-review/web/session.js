// A sentence and what is made of it: opened, changed at once, kept, sent, and told of by the server.

import { applied, difference, inverse } from "./version.js";
import { drawSentence, windowOf } from "./text.js";
import { Outbox, uuid } from "./outbox.js";
import { Batch, Sender, Server } from "./remote.js";
import { ask, make } from "./dialogs.js";
import { Queue } from "./queue.js";
import { View } from "./view.js";

/**
 * @typedef {import("./version.js").Operation} Change
 * @typedef {import("./version.js").Version} Work
 * @typedef {import("./outbox.js").Entry} Unsent
 */

/** Sentences fetched before they are asked for. */
const AHEAD = 4;

/** The sentences and their changes. */
export class Session extends View {
  /** @param {import("./view.js").Setup} setup @param {any} batch */
  constructor(setup, batch) {
    super(setup, batch !== null);
    const server = new Server(setup.annotator);
    /** @type {Server|Batch} */
    this.remote = this.offline ? new Batch(batch) : server;
    this.outbox = new Outbox(setup.store, setup.annotator);
    this.sender = new Sender(this.outbox, server, {
      status: (waiting, problem) => this.tell(waiting, problem),
      taken: (entries, head) => this.taken(entries, head),
      conflict: (entries, head) => this.conflict(entries, head),
      refused: (entries, error) => this.refused(entries, error),
    });
    /** @type {Map<string, Promise<import("./remote.js").Item>>} */
    this.fetched = new Map();
    /** @type {Map<string, Change[][]>} */
    this.undoing = new Map();
    /** Milliseconds from a key to the next sentence on the screen; for measurements. @type {number[]} */
    this.times = [];
    /** Sequence number of the version that operations are based on. */
    this.base = 0;
    /** Its round of suggestions. */
    this.round = 0;
    /** Sentences done in this page. @type {Set<string>} */
    this.finished = new Set();
    /** Operations of this page; other pages of the browser share the outbox. @type {Set<string>} */
    this.made = new Set();
    /** Operations that the server has taken in. @type {Set<string>} */
    this.acknowledged = new Set();
    this.queue = new Queue(this.remote, this.labels, this.adjudicating, (id) => this.open(id));
    this.layout.prepend(this.queue.element);
  }

  /** @param {string} name */
  picture(name) {
    return this.remote.picture(name);
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
    if (this.offline) this.tell((await this.outbox.all()).length, null);
    else {
      this.sender.flush();
      /** @type {Server} */ (this.remote).listen((news) => this.hear(news));
    }
  }

  /** @param {string} id @returns {Promise<import("./remote.js").Item>} */
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
    /** @type {import("./remote.js").Item} */
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
    this.use("target");
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
    this.placed = "";
    for (const element of [this.source, this.target, this.chips, this.palette, this.list, this.versions, this.places, this.comment]) element.replaceChildren();
    this.lines.show([], () => null);
    this.tags.replaceChildren();
    this.empty.textContent = "Nothing is left to do here. Change the filters of the queue to see what is done.";
  }

  path(/** @type {string} */ id) {
    return `/items/${encodeURIComponent(id)}/${this.adjudicating ? "adjudication" : "events"}`;
  }

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
    if (this.offline) this.remember(item.id, () => head);
    this.draw();
  }

  /** @param {string} id @param {Change[]} operations @param {number} base @param {number} round @returns {Promise<void>} */
  async keep(id, operations, base, round) {
    const entries = operations.map((operation) => ({ path: this.path(id), item: id, uuid: uuid(), base, round, operation }));
    for (const entry of entries) this.made.add(entry.uuid);
    this.tell(1, null);
    await this.outbox.add(entries);
    if (this.offline) this.tell((await this.outbox.all()).length, null);
    else this.sender.flush();
  }

  /** In the offline page the batch itself knows what was made of it. @param {string} id @param {(head: Work) => Work} change */
  async remember(id, change) {
    const own = await /** @type {Batch} */ (this.remote).item(id);
    own.now = change(own.now);
  }

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

  /** @param {number} waiting @param {string|null} problem */
  tell(waiting, problem) {
    this.lasting = this.outbox.lasting;
    this.showStatus(waiting, problem);
  }
}
