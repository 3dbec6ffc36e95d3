// Sentences as text: every token is an inline span without box, so that letters join and shape as in plain text.

/**
 * @typedef {{start: number, end: number, label: string, from?: number|null, score?: number, margin?: number, probability?: number}} Entity
 * @typedef {{lang?: string|null, text: string, tokens: number[][], entities: Entity[], regions?: any[]|null,
 *   images?: Record<string, string>}} Side
 * @typedef {{from: number, to: number}} Window
 */

/** Tokens from which on a sentence is drawn in part. */
const MANY = 2500;
/** Tokens drawn then, round the cursor. */
const SOME = 1200;

/** The tokens to draw. @param {Side} side @param {number} cursor @returns {Window} */
export function windowOf(side, cursor) {
  const count = side.tokens.length;
  if (count <= MANY) return { from: 0, to: count };
  const from = Math.max(0, Math.min(Math.floor(cursor / 400) * 400 - 400, count - SOME));
  return { from, to: Math.min(count, from + SOME) };
}

/**
 * Draws a sentence into an element.
 * @param {HTMLElement} element @param {Side} side @param {Entity[]} entities
 * @param {(label: string) => string} colour class of a label @param {Window} window
 */
export function drawSentence(element, side, entities, colour, window) {
  const { text, tokens } = side;
  element.dir = "auto";
  if (side.lang) element.lang = side.lang;
  /** @type {(Entity & {at: number})[]} */
  const drawn = [];
  entities.forEach((entity, at) => {
    if (entity.end > window.from && entity.start < window.to && !(drawn.length && /** @type {Entity} */ (drawn[drawn.length - 1]).end > entity.start)) drawn.push({ ...entity, at });
  });
  const parts = document.createDocumentFragment();
  if (window.from > 0) parts.append(remark(`${window.from} tokens before … `));
  let place = window.from > 0 ? tokens[window.from]?.[0] ?? 0 : 0;
  /** @type {Node} */
  let into = parts;
  let next = 0;
  for (let index = window.from; index < window.to; index += 1) {
    const [start, end] = /** @type {[number, number]} */ (tokens[index]);
    const opening = drawn[next];
    const begins = opening && Math.max(opening.start, window.from) === index;
    if (place < start) into.appendChild(document.createTextNode(text.slice(place, start)));
    if (begins) {
      const span = document.createElement("span");
      span.className = `entity ${colour(opening.label)}`;
      span.dataset.entity = String(opening.at);
      parts.append(span);
      into = span;
    }
    const token = document.createElement("span");
    token.className = "token";
    token.dataset.token = String(index);
    token.textContent = text.slice(start, end);
    into.appendChild(token);
    place = end;
    if (opening && into !== parts && Math.min(opening.end, window.to) === index + 1) {
      into = parts;
      next += 1;
    }
  }
  if (window.to === tokens.length) parts.append(text.slice(place));
  else parts.append(remark(` … ${tokens.length - window.to} tokens behind`));
  element.replaceChildren(parts);
}

/** The text of a span of tokens. @param {Side} side @param {number} start @param {number} end */
export function textOf(side, start, end) {
  const first = side.tokens[start];
  const last = side.tokens[end - 1];
  return first && last ? side.text.slice(first[0], last[1]) : "";
}

/** The element of a token. @param {HTMLElement} element @param {number} index @returns {HTMLElement|null} */
export function tokenAt(element, index) {
  return element.querySelector(`[data-token="${index}"]`);
}

/**
 * The token beside, above or below another, as the eye sees them. `null` where there is none on this side of the text.
 * @param {HTMLElement} element @param {number} index @param {"left"|"right"|"up"|"down"} where @returns {number|null}
 */
export function neighbour(element, index, where) {
  const rows = rowsOf(element);
  const at = rows.findIndex((row) => row.some((cell) => cell.index === index));
  const row = rows[at];
  if (!row) return null;
  const place = row.findIndex((cell) => cell.index === index);
  const own = /** @type {Cell} */ (row[place]);
  if (where === "left" || where === "right") {
    const step = row[place + (where === "right" ? 1 : -1)];
    if (step) return step.index;
    // At the end of a row the text goes on at the other end of the next.
    const forward = (getComputedStyle(element).direction === "rtl") === (where === "left");
    const other = rows[at + (forward ? 1 : -1)];
    return (where === "right" ? other?.[0] : other?.[other.length - 1])?.index ?? null;
  }
  const other = rows[at + (where === "down" ? 1 : -1)];
  if (!other) return null;
  const distance = (/** @type {Cell} */ cell) => Math.abs(cell.middle - own.middle);
  return other.reduce((best, cell) => (distance(cell) < distance(best) ? cell : best)).index;
}

/** The token of the first or last row that is nearest to a place. @param {HTMLElement} element @param {number} x @param {"first"|"last"} which @returns {number|null} */
export function nearest(element, x, which) {
  const rows = rowsOf(element);
  const row = which === "first" ? rows[0] : rows[rows.length - 1];
  if (!row) return null;
  return row.reduce((best, cell) => (Math.abs(cell.middle - x) < Math.abs(best.middle - x) ? cell : best)).index;
}

/** @typedef {{index: number, middle: number, left: number, top: number, bottom: number}} Cell */

/** The tokens row by row, each from left to right. @param {HTMLElement} element @returns {Cell[][]} */
function rowsOf(element) {
  /** @type {Cell[][]} */
  const rows = [];
  for (const token of element.querySelectorAll("[data-token]")) {
    const box = token.getClientRects()[0];
    if (!box) continue;
    const cell = { index: Number(/** @type {HTMLElement} */ (token).dataset.token), middle: box.left + box.width / 2, left: box.left, top: box.top, bottom: box.bottom };
    const row = rows[rows.length - 1];
    const first = row?.[0];
    if (row && first && Math.abs(first.top - cell.top) < (cell.bottom - cell.top) / 2) row.push(cell);
    else rows.push([cell]);
  }
  for (const row of rows) row.sort((a, b) => a.left - b.left);
  return rows;
}

/**
 * Puts the labels beside their entities, by where these are now: above those of the first sentence, below those of the others.
 * @param {HTMLElement} tags @param {HTMLElement} frame what the places are counted from
 * @param {{element: HTMLElement, entities: Entity[], above: boolean}[]} drawn @param {(label: string) => string} colour
 */
export function drawTags(tags, frame, drawn, colour) {
  const whole = frame.getBoundingClientRect();
  const parts = [];
  for (const { element, entities, above } of drawn) {
    const right = getComputedStyle(element).direction === "rtl";
    for (const span of element.querySelectorAll("[data-entity]")) {
      const entity = /** @type {Entity} */ (entities[Number(/** @type {HTMLElement} */ (span).dataset.entity)]);
      const box = span.getClientRects()[0];
      if (!box) continue;
      const tag = document.createElement("span");
      tag.className = `tag ${colour(entity.label)} ${above ? "above" : "below"}`;
      tag.textContent = entity.label;
      tag.style.setProperty(right ? "right" : "left", `${right ? whole.right - box.right : box.left - whole.left}px`);
      tag.style.top = `${(above ? box.top : box.bottom) - whole.top}px`;
      parts.push(tag);
    }
  }
  tags.replaceChildren(...parts);
}

/** The entity that a token is in. @template {{start: number, end: number}} T @param {T[]} entities @param {number} token @returns {T|undefined} */
export function entityAt(entities, token) {
  return entities.find((entity) => entity.start <= token && token < entity.end);
}

/**
 * The class of a link where a token is pointed at: that of the entity it is in, whose links all stand out, or its own. `null`: it does not
 * stand out. @param {import("./lines.js").Link} link @param {"source"|"target"} side @param {number} token @param {Entity[]} entities of that
 * side @param {(label: string) => string} colour @returns {string|null}
 */
export function litBy(link, side, token, entities, colour) {
  const entity = entityAt(entities, token);
  if (!entity) return link[side] === token ? "hover" : null;
  return entity.start <= link[side] && link[side] < entity.end ? colour(entity.label) : null;
}

/** @param {string} text */
function remark(text) {
  const element = document.createElement("span");
  element.className = "soft";
  element.textContent = text;
  return element;
}
