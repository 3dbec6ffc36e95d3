// Where the tokens of a scan or a recording stand: boxes on the page, times as times.

const SPACE = "http://www.w3.org/2000/svg";

/**
 * @typedef {import("./text.js").Side} PlacedSide
 * @typedef {{token: number, box: number[], page: number[]|null, place: string, text: string}} PlacedToken
 */

/**
 * The page, or pages, with the tokens and the entities, on the scan where its image is there; and the times of the entities. Empty where the
 * sentence has no regions.
 * @param {PlacedSide} side @param {"source"|"target"} name @param {import("./version.js").Entity[]} entities @param {(label: string) => string} colour
 * @param {(start: number, end: number) => string} text @param {(name: string) => string} address of an image @returns {HTMLElement[]}
 */
export function regionsOf(side, name, entities, colour, text, address) {
  const regions = side.regions;
  if (!regions) return [];
  /** @type {Map<string, PlacedToken[]>} */
  const pages = new Map();
  regions.forEach((region, token) => {
    const boxes = Array.isArray(region?.bboxes) ? region.bboxes : [region?.bbox];
    for (const box of boxes.filter(isBox)) {
      const key = String(region.page ?? "");
      const page = pages.get(key) ?? [];
      page.push({ token, box, page: isBox(region.page_bbox) ? region.page_bbox : null, place: `${name} ${token}`, text: text(token, token + 1) });
      pages.set(key, page);
    }
  });
  const parts = [...pages].map(([page, boxes]) => {
    const image = side.images?.[page];
    return pageOf(page, boxes, entities, colour, image === undefined ? null : address(image));
  });
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
 * A page. With its image, the part with the sentence is seen first, and the whole of it by a button.
 * @param {string} name @param {PlacedToken[]} boxes @param {import("./version.js").Entity[]} entities
 * @param {(label: string) => string} colour @param {string|null} image @returns {HTMLElement}
 */
function pageOf(name, boxes, entities, colour, image) {
  const known = boxes.find(({ page }) => page)?.page;
  const text = around(boxes.map(({ box }) => box));
  const line = Math.max(...boxes.map(({ box }) => /** @type {number} */ (box[3]) - /** @type {number} */ (box[1])));
  const room = image ? 2.5 * line : 0.08 * Math.max(text[2] - text[0], text[3] - text[1]);
  /** @type {[number, number, number, number]} */
  const part = [text[0] - room, text[1] - room, text[2] + room, text[3] + room];
  const whole = known ? around([known, text]) : part;
  const svg = drawn("svg", { class: image ? "page scan" : "page", role: "img", "aria-label": `Where the sentence stands${name ? ` on page ${name}` : ""}` });
  const show = (/** @type {[number, number, number, number]} */ [left, top, right, bottom]) => svg.setAttribute("viewBox", `${left} ${top} ${Math.max(1, right - left)} ${Math.max(1, bottom - top)}`);
  if (image) {
    // Regions count in the unit of the page's own box; without one, in pixels of the image.
    const [x, y, right, bottom] = /** @type {[number, number, number, number]} */ (known ?? [0, 0, 0, 0]);
    svg.append(drawn("image", { href: image, ...(known ? { x, y, width: right - x, height: bottom - y, preserveAspectRatio: "none" } : {}) }));
  }
  for (const { token, box, place, text: word } of boxes) {
    const entity = entities.find(({ start, end }) => start <= token && token < end);
    const [x, y, x2, y2] = /** @type {[number, number, number, number]} */ (box);
    const rect = drawn("rect", { x, y, width: x2 - x, height: y2 - y, class: entity ? `box ${colour(entity.label)}` : "box", "data-place": place });
    const title = drawn("title", {});
    title.textContent = entity ? `${word}, ${entity.label}` : word;
    rect.append(title);
    svg.append(rect);
  }
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  const inPart = image !== null || !known;
  caption.textContent = (name ? `Page ${name}` : "Page") + (inPart ? " (the part with this sentence) " : "");
  show(image ? part : whole);
  if (image && known) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plain";
    button.textContent = "Whole page";
    button.addEventListener("click", () => {
      const all = svg.classList.toggle("whole");
      show(all ? whole : part);
      button.textContent = all ? "Only the sentence" : "Whole page";
    });
    caption.append(button);
  }
  figure.append(svg, caption);
  return figure;
}

/** @param {string} name @param {Record<string, any>} attributes */
function drawn(name, attributes) {
  const element = document.createElementNS(SPACE, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
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
