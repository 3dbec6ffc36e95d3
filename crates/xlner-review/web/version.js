// What a person has made of a sentence, and the operations that lead there: the same rules as the server's.

/**
 * @typedef {import("./text.js").Entity} Entity
 * @typedef {{start: number, end: number, label: string, from?: number}} Mark
 * @typedef {{op: string, start?: number, end?: number, label?: string, from?: number, to?: Mark, entities?: any[],
 *   source?: number, target?: number, on?: boolean, text?: string}} Operation
 * @typedef {{seq: number, round: number, state: string, entities: Entity[], added_links?: number[][], removed_links?: number[][],
 *   accepted: boolean, unsure: boolean, comment: string, decided?: any[]}} Version
 */

/** The place and label of an entity, as operations name it. @param {Entity} entity @returns {Mark} */
export function markOf(entity) {
  const mark = { start: entity.start, end: entity.end, label: entity.label };
  return entity.from === undefined || entity.from === null ? mark : { ...mark, from: entity.from };
}

/** @param {Entity} a @param {Entity|Mark|Operation} b */
export function isSame(a, b) {
  return a.start === b.start && a.end === b.end && a.label === b.label;
}

/** @param {{start: number, end: number}} a @param {{start: number, end: number}} b */
export function overlaps(a, b) {
  return a.start < b.end && b.start < a.end;
}

/** The version after an operation. @param {Version} head @param {Operation} operation @returns {Version} */
export function applied(head, operation) {
  const next = { ...head };
  const without = (/** @type {Operation|Mark} */ mark) => head.entities.filter((entity) => !isSame(entity, mark));
  const mark = /** @type {Mark} */ (operation);
  const pair = [operation.source ?? 0, operation.target ?? 0];
  const other = (/** @type {number[]} */ link) => link[0] !== pair[0] || link[1] !== pair[1];
  switch (operation.op) {
    case "add": next.entities = sorted([...head.entities, markOf(mark)]); break;
    case "remove": next.entities = without(mark); break;
    case "change": next.entities = sorted([...without(mark), markOf(/** @type {Mark} */ (operation.to))]); break;
    case "decide":
    case "set":
      next.entities = sorted((operation.entities ?? []).map((entity) =>
        head.entities.find((known) => isSame(known, entity) && (known.from ?? null) === (entity.from ?? null)) ?? markOf(entity)));
      if (operation.op === "decide") { next.state = "submitted"; next.decided = operation.entities; }
      break;
    case "link":
      next.added_links = [...(head.added_links ?? []).filter(other), pair];
      next.removed_links = (head.removed_links ?? []).filter(other);
      break;
    case "unlink":
      next.added_links = (head.added_links ?? []).filter(other);
      next.removed_links = [...(head.removed_links ?? []).filter(other), pair];
      break;
    case "unsure": next.unsure = Boolean(operation.on); break;
    case "comment": next.comment = operation.text ?? ""; break;
    case "accept": next.accepted = true; break;
    case "unaccept": next.accepted = false; break;
    case "submit": next.state = "submitted"; break;
    case "skip": next.state = "skipped"; break;
    case "reopen": next.state = "open"; break;
  }
  return next;
}

/** What takes an operation back. @param {Version} head the version before it @param {Operation} operation @returns {Operation} */
export function inverse(head, operation) {
  const known = head.entities.find((entity) => isSame(entity, operation));
  const mark = markOf(known ?? /** @type {Mark} */ (operation));
  const back = head.state === "submitted" ? "submit" : head.state === "skipped" ? "skip" : "reopen";
  switch (operation.op) {
    case "add": return { op: "remove", ...mark };
    case "remove": return { op: "add", ...mark };
    case "change": return { op: "change", .../** @type {Mark} */ (operation.to), to: mark };
    case "link": return { ...operation, op: "unlink" };
    case "unlink": return { ...operation, op: "link" };
    case "unsure": return { op: "unsure", on: head.unsure };
    case "comment": return { op: "comment", text: head.comment };
    case "accept": return { op: head.accepted ? "accept" : "unaccept" };
    case "unaccept": return { op: head.accepted ? "accept" : "unaccept" };
    case "submit":
    case "skip":
    case "reopen": return { op: back };
    default: return { op: "set", entities: head.entities.map(markOf) };
  }
}

/** The operations that make one version's entities, links and marks those of another. @param {Version} from @param {Version} to @returns {Operation[]} */
export function difference(from, to) {
  /** @type {Operation[]} */
  const operations = [];
  const list = (/** @type {Version} */ version) => JSON.stringify(version.entities.map(markOf));
  if (list(from) !== list(to)) operations.push({ op: "set", entities: to.entities.map(markOf) });
  if (from.unsure !== to.unsure) operations.push({ op: "unsure", on: to.unsure });
  if (from.comment !== to.comment) operations.push({ op: "comment", text: to.comment });
  const has = (/** @type {number[][]|undefined} */ links, /** @type {number[]} */ link) => (links ?? []).some((l) => l[0] === link[0] && l[1] === link[1]);
  for (const link of to.added_links ?? []) if (!has(from.added_links, link)) operations.push({ op: "link", source: link[0], target: link[1] });
  for (const link of to.removed_links ?? []) if (!has(from.removed_links, link)) operations.push({ op: "unlink", source: link[0], target: link[1] });
  if (from.state !== to.state) operations.push({ op: to.state === "submitted" ? "submit" : to.state === "skipped" ? "skip" : "reopen" });
  return operations;
}

/** @param {Entity[]} entities */
function sorted(entities) {
  return [...entities].sort((a, b) => a.start - b.start || a.end - b.end);
}
