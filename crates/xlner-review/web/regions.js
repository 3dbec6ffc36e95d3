// Where the tokens of a scan or a recording stand: boxes on the page, times as times.

const SPACE = "http://www.w3.org/2000/svg";

/** @typedef {import("./text.js").Side} PlacedSide */

/**
 * The page, or pages, with the tokens and the entities; and the times of the entities. Empty where the sentence has no regions.
 * @param {PlacedSide} side @param {import("./version.js").Entity[]} entities @param {(label: string) => string} colour
 * @param {(start: number, end: number) => string} text @returns {HTMLElement[]}
 */
export function regionsOf(side, entities, colour, text) {
  const regions = side.regions;
  if (!regions) return [];
  /** @type {Map<string, {token: number, box: number[], page: number[]|null}[]>} */
  const pages = new Map();
  regions.forEach((region, token) => {
    const boxes = Array.isArray(region?.bboxes) ? region.bboxes : [region?.bbox];
    for (const box of boxes.filter(isBox)) {
      const name = String(region.page ?? "");
      const page = pages.get(name) ?? [];
      page.push({ token, box, page: isBox(region.page_bbox) ? region.page_bbox : null });
      pages.set(name, page);
    }
  });
  const parts = [...pages].map(([name, boxes]) => pageOf(name, boxes, entities, colour));
  const times = entities.map((entity) => timeOf(regions.slice(entity.start, entity.end))).map((time, at) => ({ time, entity: /** @type {import("./version.js").Entity} */ (entities[at]) }));
  const timed = times.filter(({ time }) => time !== null);
  if (timed.length > 0) {
    const list = document.createElement("ul");
    list.className = "times";
    for (const { time, entity } of timed) {
      const line = document.createElement("li");
      const words = document.createElement("bdi");
      words.textContent = text(entity.start, entity.end);
      const label = document.createElement("span");
      label.className = `chip ${colour(entity.label)}`;
      label.textContent = entity.label;
      line.append(`${clock(/** @type {number[]} */ (time)[0] ?? 0)}–${clock(/** @type {number[]} */ (time)[1] ?? 0)} `, words, " ", label);
      list.append(line);
    }
    parts.push(list);
  }
  return parts;
}

/**
 * @param {string} name @param {{token: number, box: number[], page: number[]|null}[]} boxes
 * @param {import("./version.js").Entity[]} entities @param {(label: string) => string} colour @returns {HTMLElement}
 */
function pageOf(name, boxes, entities, colour) {
  const known = boxes.find(({ page }) => page)?.page;
  const text = around(boxes.map(({ box }) => box));
  const margin = 0.08 * Math.max(text[2] - text[0], text[3] - text[1]);
  const [left, top, right, bottom] = known ? around([known, text]) : [text[0] - margin, text[1] - margin, text[2] + margin, text[3] + margin];
  const svg = document.createElementNS(SPACE, "svg");
  svg.setAttribute("viewBox", `${left} ${top} ${Math.max(1, right - left)} ${Math.max(1, bottom - top)}`);
  svg.setAttribute("class", "page");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `Where the sentence stands${name ? ` on page ${name}` : ""}`);
  const put = (/** @type {number[]} */ box, /** @type {string} */ kind) => {
    const rect = document.createElementNS(SPACE, "rect");
    const [x, y, x2, y2] = /** @type {[number, number, number, number]} */ (box);
    for (const [key, value] of Object.entries({ x, y, width: x2 - x, height: y2 - y })) rect.setAttribute(key, String(value));
    rect.setAttribute("class", kind);
    svg.append(rect);
  };
  for (const { token, box } of boxes) {
    const entity = entities.find(({ start, end }) => start <= token && token < end);
    put(box, entity ? `box ${colour(entity.label)}` : "box");
  }
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  caption.textContent = (name ? `Page ${name}` : "Page") + (known ? "" : " (the part with this sentence)");
  figure.append(svg, caption);
  return figure;
}

/** @param {any} box */
function isBox(box) {
  return Array.isArray(box) && box.length === 4 && box.every((edge) => Number.isFinite(edge) && Math.abs(edge) < 1e9) && box[0] <= box[2] && box[1] <= box[3];
}

/** @param {number[][]} boxes @returns {[number, number, number, number]} */
function around(boxes) {
  const edge = (/** @type {number} */ at, /** @type {(...values: number[]) => number} */ of) => boxes.reduce((value, box) => of(value, /** @type {number} */ (box[at])), /** @type {number} */ (boxes[0]?.[at]));
  return [edge(0, Math.min), edge(1, Math.min), edge(2, Math.max), edge(3, Math.max)];
}

/** Beginning and end of regions in seconds. @param {any[]} regions @returns {number[]|null} */
function timeOf(regions) {
  const starts = regions.map((region) => region?.start).filter(Number.isFinite);
  const ends = regions.map((region) => region?.end).filter(Number.isFinite);
  return starts.length && ends.length ? [Math.min(...starts), Math.max(...ends)] : null;
}

/** @param {number} seconds */
function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  const minutes = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return whole >= 3600 ? `${Math.floor(whole / 3600)}:${minutes}` : minutes;
}
