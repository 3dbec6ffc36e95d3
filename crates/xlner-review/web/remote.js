// The server, or in the offline page the batch inside it, and the sender that empties the outbox.

/**
 * @typedef {import("./version.js").Version} Head
 * @typedef {import("./outbox.js").Entry} Waiting
 * @typedef {{id: string, number: number, source: import("./text.js").Side, target: import("./text.js").Side, links: number[][]|null,
 *   projection?: any, suggested: boolean, head: Head, start: import("./version.js").Entity[], flags: string[],
 *   versions?: {annotator: string, version: Head}[]}} Item
 * @typedef {{id: string, number: number, state: string, unsure: boolean, commented: boolean, text: string, probability: number,
 *   entities: number, flags: string[], suggested: boolean}} Line
 * @typedef {{total: number, all: number, items: Line[], counts: Record<string, number>, estimate?: any}} Page
 * @typedef {{kind: "ok", head: Head}|{kind: "conflict", head: Head}|{kind: "refused", error: string}} Sent
 */

/** The server of this page. */
export class Server {
  /** @param {string} annotator */
  constructor(annotator) {
    this.annotator = annotator;
  }

  /** @param {string} path @param {RequestInit} [init] */
  async call(path, init) {
    const headers = { "X-Annotator": encodeURIComponent(this.annotator) };
    return fetch(path, { ...init, headers });
  }

  /** @param {string} path */
  async get(path) {
    const response = await this.call(path);
    if (!response.ok) throw new Error((await response.json().catch(() => ({}))).error ?? `the server answers ${response.status}`);
    return response.json();
  }

  /** @param {Record<string, string>} query @returns {Promise<Page>} */
  list(query) {
    return this.get(`/items?${new URLSearchParams(query)}`);
  }

  /** @param {string} id @param {boolean} adjudicating @returns {Promise<Item>} */
  item(id, adjudicating) {
    return this.get(`/items/${encodeURIComponent(id)}${adjudicating ? "/adjudication" : ""}`);
  }

  /** @param {string} id @param {number} start @param {number} end */
  repeats(id, start, end) {
    return this.get(`/items/${encodeURIComponent(id)}/repeats?start=${start}&end=${end}`);
  }

  /** The address of an image. @param {string} name */
  picture(name) {
    return `/images/${encodeURIComponent(name)}`;
  }

  /** Sends operations. Throws where the server cannot be reached, or cannot take them in now. @param {Waiting[]} entries @returns {Promise<Sent>} */
  async send(entries) {
    const events = entries.map(({ uuid, base, round, operation }) => ({ uuid, base, round, ...operation }));
    const response = await this.call(/** @type {Waiting} */ (entries[0]).path, { method: "POST", body: JSON.stringify(events) });
    const body = await response.json().catch(() => ({}));
    if (response.ok) return { kind: "ok", head: body.head };
    if (response.status === 409) return { kind: "conflict", head: body.head };
    if (response.status === 401 || response.status === 403 || response.status >= 500) throw new Error(body.error ?? `the server answers ${response.status}`);
    return { kind: "refused", error: body.error ?? `the server answers ${response.status}` };
  }

  /** @param {(news: any) => void} hear */
  listen(hear) {
    const source = new EventSource(`/events?annotator=${encodeURIComponent(this.annotator)}`);
    source.onmessage = (message) => hear(JSON.parse(message.data));
  }
}

/** The batch in an offline page. */
export class Batch {
  /** `head` is what the store has, `now` what was made of it here. @param {{store: string, items: (Item & {line: Line, now?: Head})[], images: Record<string, string>}} batch */
  constructor(batch) {
    this.images = batch.images;
    this.items = batch.items.map((item) => ({ ...item, now: item.head }));
  }

  /** @param {Record<string, string>} query @returns {Promise<Page>} */
  async list(query) {
    const text = (query.text ?? "").toLowerCase();
    const fits = (/** @type {Item & {line: Line, now: Head}} */ item) =>
      (!query.state || query.state === "all" || item.now.state === query.state) &&
      (!query.label || item.now.entities.some((entity) => entity.label === query.label)) &&
      (!query.flag || item.flags.includes(query.flag)) &&
      (!text || `${item.id}\n${item.source.text}\n${item.target.text}`.toLowerCase().includes(text));
    const chosen = this.items.filter(fits);
    if (query.sort === "order") chosen.sort((a, b) => a.number - b.number);
    if (query.sort === "probability") chosen.sort((a, b) => a.line.probability - b.line.probability);
    if (query.sort === "flags") chosen.sort((a, b) => b.flags.length - a.flags.length);
    const from = Number(query.offset ?? 0);
    const lines = chosen.slice(from, from + Number(query.limit ?? 100)).map((item) => ({ ...item.line, state: item.now.state, unsure: item.now.unsure, commented: item.now.comment !== "" }));
    const count = (/** @type {string} */ state) => this.items.filter((item) => item.now.state === state).length;
    return { total: chosen.length, all: this.items.length, items: lines, counts: { open: count("open"), submitted: count("submitted"), skipped: count("skipped") } };
  }

  /** The address of an image. @param {string} name */
  picture(name) {
    return this.images[name] ?? "";
  }

  /** @param {string} id */
  async item(id) {
    const item = this.items.find((other) => other.id === id);
    if (!item) throw new Error(`there is no sentence “${id}” here`);
    return item;
  }

  /** @param {string} id @param {number} start @param {number} end */
  async repeats(id, start, end) {
    const own = await this.item(id);
    const words = (/** @type {Item} */ item, /** @type {number} */ from, /** @type {number} */ to) =>
      item.target.tokens.slice(from, to).map(([a, b]) => item.target.text.slice(a, b));
    const form = words(own, start, end).join("\n");
    const repeats = [];
    for (const item of this.items.filter((other) => other !== own)) {
      for (let at = 0; at + end - start <= item.target.tokens.length; at += 1) {
        if (words(item, at, at + end - start).join("\n") !== form) continue;
        const place = { start: at, end: at + end - start };
        const [first, last] = [/** @type {number[]} */ (item.target.tokens[at])[0] ?? 0, /** @type {number[]} */ (item.target.tokens[place.end - 1])[1] ?? 0];
        const entities = item.now.entities.filter((entity) => entity.start < place.end && place.start < entity.end);
        repeats.push({ id: item.id, ...place, entities, seq: item.head.seq, round: item.head.round, state: item.now.state,
          context: [item.target.text.slice(Math.max(0, first - 60), first), item.target.text.slice(first, last), item.target.text.slice(last, last + 80)] });
      }
    }
    return { total: repeats.length, repeats };
  }
}

/** Sends what is in the outbox, in order, one page of a browser at a time. */
export class Sender {
  /**
   * @param {import("./outbox.js").Outbox} outbox @param {Server} server
   * @param {{status: (waiting: number, problem: string|null) => void, taken: (entries: Waiting[], head: Head) => void,
   *   conflict: (entries: Waiting[], head: Head) => void, refused: (entries: Waiting[], error: string) => void}} told
   */
  constructor(outbox, server, told) {
    this.outbox = outbox;
    this.server = server;
    this.told = told;
    /** Addresses whose conflict nobody has resolved yet. @type {Set<string>} */
    this.held = new Set();
    this.running = false;
    this.again = false;
    this.wait = 500;
    addEventListener("online", () => this.flush());
  }

  /** Sends all that can be sent. */
  async flush() {
    if (this.running) { this.again = true; return; }
    this.running = true;
    try {
      do {
        this.again = false;
        await this.alone(() => this.empty());
      } while (this.again);
      this.wait = 500;
    } catch (error) {
      const waiting = (await this.outbox.all()).length;
      this.told.status(waiting, error instanceof TypeError ? "The server cannot be reached." : String(/** @type {any} */ (error).message));
      setTimeout(() => this.flush(), this.wait);
      this.wait = Math.min(10_000, this.wait * 2);
    } finally {
      this.running = false;
    }
  }

  /** Two pages of a browser share the outbox: one sends at a time where the browser can see to that, and sending twice does no harm. @param {() => Promise<void>} work */
  async alone(work) {
    if (navigator.locks) await navigator.locks.request("xlner-outbox", work);
    else await work();
  }

  async empty() {
    for (;;) {
      const all = await this.outbox.all();
      const next = all.find((entry) => !this.held.has(entry.path));
      this.told.status(all.length, null);
      if (!next) return;
      const batch = all.filter((entry) => entry.path === next.path).slice(0, 200);
      const sent = await this.server.send(batch);
      if (sent.kind === "ok") {
        this.told.taken(batch, sent.head);
        await this.outbox.acknowledge(batch, sent.head.seq);
      } else if (sent.kind === "conflict") {
        this.held.add(next.path);
        this.told.conflict(all.filter((entry) => entry.path === next.path), sent.head);
      } else {
        await this.outbox.acknowledge(batch, null);
        this.told.refused(batch, sent.error);
      }
    }
  }
}
