// The same correction wherever a form stands: the list to choose from, and the operations that follow.

import { markOf, overlaps } from "./version.js";
import { ask, make } from "./dialogs.js";

/** @typedef {{id: string, context: string[], start: number, end: number, entities: import("./version.js").Entity[], seq: number, round: number, state: string}} Place */

/** The places where something else stands than is wanted: an entity of a label, or with `null` none. @param {Place[]} places @param {string|null} wanted */
function differing(places, wanted) {
  return places.filter(({ start, end, entities }) => {
    const [only] = entities;
    const same = entities.length === 1 && only?.start === start && only.end === end && only.label === wanted;
    return wanted === null ? entities.length > 0 : !same;
  });
}

/**
 * Shows the places that differ, and returns those that the person leaves ticked; an empty list where none differs, `null` where the person
 * leaves it. @param {{total: number, repeats: Place[]}} found @param {string} form @param {string|null} wanted @returns {Promise<Place[]|null>}
 */
export async function askRepeats(found, form, wanted) {
  const places = differing(found.repeats, wanted);
  if (places.length === 0) return [];
  const lines = places.map((place) => {
    const [before, word, behind] = place.context;
    const box = make("input", { type: "checkbox", checked: place.state !== "submitted" });
    const now = place.entities.map(({ label }) => label).join(", ") || "none";
    const change = ` ${now} → ${wanted ?? "none"}${place.state === "submitted" ? " · done" : ""}`;
    const text = make("span", { dir: "auto" }, before ?? "", make("mark", {}, word ?? ""), behind ?? "");
    return { place, box, line: make("li", {}, make("label", {}, box, text, make("span", { class: "soft" }, change))) };
  });
  const title = wanted === null ? `Take the entity away from “${form}”` : `Label “${form}” as ${wanted}`;
  const told = `${places.length} of ${found.total} other places differ. Those that are done are not ticked.`;
  const list = make("ul", { class: "repeats", tabindex: "0" }, ...lines.map(({ line }) => line));
  const answer = await ask(title, [make("p", { class: "soft" }, told), list], [["do", "Do it in the ticked ones"], ["", "Cancel"]]);
  return answer === "do" ? lines.filter(({ box }) => box.checked).map(({ place }) => place) : null;
}

/** The operations of each sentence. @param {Place[]} places @param {string|null} wanted @returns {Map<string, {seq: number, round: number, operations: import("./version.js").Operation[]}>} */
export function operationsOf(places, wanted) {
  /** @type {Map<string, Place[]>} */
  const sentences = new Map();
  for (const place of places) {
    const known = sentences.get(place.id) ?? [];
    // Two places that share a word cannot both have an entity.
    if (!known.some((other) => overlaps(other, place))) sentences.set(place.id, [...known, place]);
  }
  const result = new Map();
  for (const [id, list] of sentences) {
    const gone = new Map(list.flatMap(({ entities }) => entities).map((entity) => [`${entity.start} ${entity.end}`, entity]));
    const operations = [...gone.values()].map((entity) => ({ op: "remove", ...markOf(entity) }));
    const added = wanted === null ? [] : list.map(({ start, end }) => ({ op: "add", start, end, label: wanted }));
    result.set(id, { seq: list[0]?.seq ?? 0, round: list[0]?.round ?? 0, operations: [...operations, ...added] });
  }
  return result;
}
