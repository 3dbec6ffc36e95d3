// Operations that the server has not acknowledged yet. They are in IndexedDB before anything is sent, survive a crash of the page, and
// are sent again until they are acknowledged; the server takes each in once.

/**
 * @typedef {import("./version.js").Operation} Op
 * @typedef {{key?: number, store: string, who: string, path: string, item: string, uuid: string, base: number, round: number, operation: Op}} Entry
 */

/** A name that nobody else makes. */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Keeps operations until they are acknowledged. */
export class Outbox {
  /** @param {string} store @param {string} who */
  constructor(store, who) {
    this.store = store;
    this.who = who;
    /** @type {Promise<IDBDatabase>|null} */
    this.opened = null;
    /** Where IndexedDB cannot be had, or keeps nothing more. @type {Entry[]} */
    this.memory = [];
    this.lasting = true;
  }

  database() {
    this.opened ??= (() => {
      const request = indexedDB.open("xlner-review", 1);
      request.onupgradeneeded = () => request.result.createObjectStore("outbox", { keyPath: "key", autoIncrement: true });
      return result(request);
    })();
    return this.opened;
  }

  /** Keeps operations, in order. @param {Omit<Entry, "store"|"who">[]} entries */
  async add(entries) {
    const whole = entries.map((entry) => ({ ...entry, store: this.store, who: this.who }));
    try {
      const transaction = (await this.database()).transaction("outbox", "readwrite", { durability: "strict" });
      const box = transaction.objectStore("outbox");
      for (const entry of whole) box.add(entry);
      await done(transaction);
    } catch {
      // Private windows and full disks: they stay in memory, and the page says so.
      this.lasting = false;
      this.memory.push(...whole);
    }
  }

  /** All that waits, in order. @returns {Promise<Entry[]>} */
  async all() {
    /** @type {Entry[]} */
    let kept = [];
    try {
      kept = await result((await this.database()).transaction("outbox").objectStore("outbox").getAll());
    } catch {
      this.lasting = false;
    }
    return [...kept.filter((entry) => entry.store === this.store && entry.who === this.who), ...this.memory];
  }

  /** Takes away what was acknowledged, and bases the rest of the item on it, at once. @param {Entry[]} entries @param {number|null} seq */
  async acknowledge(entries, seq) {
    const names = new Set(entries.map((entry) => entry.uuid));
    const path = entries[0]?.path;
    this.memory = this.memory.filter((entry) => !names.has(entry.uuid));
    if (seq !== null) for (const entry of this.memory) if (entry.path === path) entry.base = seq;
    const transaction = (await this.database()).transaction("outbox", "readwrite");
    const box = transaction.objectStore("outbox");
    for (const entry of entries) if (entry.key !== undefined) box.delete(entry.key);
    if (seq !== null) {
      for (const entry of await result(box.getAll())) {
        if (entry.path === path && entry.store === this.store && entry.who === this.who && !names.has(entry.uuid)) box.put({ ...entry, base: seq });
      }
    }
    await done(transaction);
  }
}

/** @param {IDBTransaction} transaction @returns {Promise<void>} */
function done(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
  });
}
