// What the report does where scripts run: draws pairs, finds examples, sorts tables, saves tables and pictures. The page is complete
// without it.

import { drawSentence, drawTags, entityAt, litBy, windowOf } from "./text.js";
import { Lines } from "./lines.js";

/** @typedef {import("./text.js").Entity & {wrong?: boolean, focus?: boolean}} Shown */

/** @type {Record<string, string>} */
const COLOURS = JSON.parse(document.body.dataset.colours ?? "{}");

/** The class of a label; one that only source entities have takes a colour by its letters. @param {string} label */
function colourOf(label) {
  return COLOURS[label] ?? `l${new TextEncoder().encode(label).reduce((sum, byte) => sum + byte, 0) % 8}`;
}

/** @param {string} text @param {string} title @param {() => void} act */
function button(text, title, act) {
  const element = document.createElement("button");
  element.type = "button";
  element.textContent = text;
  element.title = title;
  element.addEventListener("click", act);
  return element;
}

/** Draws a pair: its sentences, the lines between the source and the first row, the labels. @param {HTMLElement} frame */
function drawPair(frame) {
  const { source, target, links, entities, rows } = JSON.parse(frame.dataset.pair ?? "{}");
  frame.classList.add("drawn");
  const texts = /** @type {HTMLElement[]} */ ([...frame.querySelectorAll("dd")]);
  const of_source = texts.length > rows.length;
  /** @type {{element: HTMLElement, side: "source"|"target", entities: Shown[], above: boolean}[]} */
  const drawn = texts.map((element, at) => {
    const side = of_source && at === 0 ? "source" : "target";
    const list = side === "source" ? entities : rows[at - (of_source ? 1 : 0)];
    const text = side === "source" ? source : target;
    drawSentence(element, text, list, colourOf, windowOf(text, 0));
    for (const span of /** @type {NodeListOf<HTMLElement>} */ (element.querySelectorAll("[data-entity]"))) {
      const entity = /** @type {Shown} */ (list[Number(span.dataset.entity)]);
      span.classList.toggle("differs", Boolean(entity.wrong));
      span.classList.toggle("focus", Boolean(entity.focus));
    }
    return { element, side, entities: list, above: side === "source" };
  });
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "links");
  svg.setAttribute("aria-hidden", "true");
  const tags = document.createElement("div");
  tags.className = "tags";
  tags.setAttribute("aria-hidden", "true");
  frame.append(svg, tags);
  const [first, second] = drawn;
  if (!first) return;
  const lines = new Lines(svg, frame, first.element, (of_source && second ? second : first).element);
  lines.after = () => drawTags(tags, frame, drawn, colourOf);
  const meant = drawn.flatMap(({ side, entities: list }) => list.filter((entity) => entity.focus).map((entity) => ({ side, entity })));
  const quiet = (/** @type {import("./lines.js").Link} */ link) => {
    const of = meant.find(({ side, entity }) => entity.start <= link[side] && link[side] < entity.end);
    return of ? colourOf(of.entity.label) : null;
  };
  const all = of_source ? (links ?? []).map((/** @type {any[]} */ [from, to, probability]) => ({ source: from, target: to, probability: typeof probability === "number" ? probability : 1, added: false })) : [];
  lines.show(all, quiet);
  frame.addEventListener("pointermove", (event) => {
    const element = /** @type {HTMLElement} */ (event.target);
    const token = /** @type {HTMLElement|null} */ (element.closest("[data-token]"));
    const row = drawn.find((other) => other.element.contains(token));
    lines.light(token && row ? (link) => litBy(link, row.side, Number(token.dataset.token), row.entities, colourOf) : quiet);
    const entity = token && row ? entityAt(row.entities, Number(token.dataset.token)) : undefined;
    frame.title = entity?.label ?? "";
  });
  frame.addEventListener("pointerleave", () => lines.light(quiet));
  frame.append(button("SVG", "Save this picture", () => save(picture(frame, drawn), "sentence.svg", "image/svg+xml")));
}

/** Draws the pairs in an element that can be seen. @param {Element} element */
function drawPairs(element) {
  for (const frame of /** @type {NodeListOf<HTMLElement>} */ (element.querySelectorAll(".pair:not(.drawn)"))) drawPair(frame);
}

for (const group of /** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll("details.class"))) {
  group.addEventListener("toggle", () => { if (group.open) drawPairs(group); });
}

/** @param {string} text @param {string} name @param {string} type */
function save(text, name, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** What a file is called: the heading above an element. @param {Element} element @param {string} ending */
function nameOf(element, ending) {
  const heading = element.closest("section")?.querySelector("h2, h3")?.textContent ?? "report";
  const caption = element.querySelector("caption, figcaption")?.firstChild?.textContent ?? "";
  const words = `${heading} ${caption}`.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return `${words.slice(0, 8).join("-") || "report"}.${ending}`;
}

/** @param {string} text */
function escaped(text) {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/**
 * A drawn pair as an SVG file: each line of text as it stands, so that letters join, the entities behind it, the links, the labels.
 * @param {HTMLElement} frame @param {{element: HTMLElement}[]} drawn
 */
function picture(frame, drawn) {
  const whole = frame.getBoundingClientRect();
  const parts = [`<rect width="100%" height="100%" fill="${escaped(getComputedStyle(document.querySelector(".example") ?? document.body).backgroundColor)}"/>`];
  const at = (/** @type {number} */ value) => value.toFixed(1);
  for (const path of frame.querySelectorAll(".links path")) {
    const { stroke, strokeWidth, strokeDasharray } = getComputedStyle(path);
    parts.push(`<path d="${path.getAttribute("d")}" fill="none" stroke="${stroke}" stroke-width="${strokeWidth}" stroke-dasharray="${strokeDasharray}"/>`);
  }
  for (const { element } of drawn) {
    const style = getComputedStyle(element);
    const right = style.direction === "rtl";
    for (const span of element.querySelectorAll("[data-entity]")) {
      const { backgroundColor, textDecorationColor } = getComputedStyle(span);
      for (const box of span.getClientRects()) {
        const [x, y] = [box.left - whole.left, box.top - whole.top];
        parts.push(`<rect x="${at(x)}" y="${at(y)}" width="${at(box.width)}" height="${at(box.height)}" fill="${backgroundColor}"/>`);
        parts.push(`<path d="M${at(x)} ${at(y + box.height)}h${at(box.width)}" stroke="${textDecorationColor}" stroke-width="2"/>`);
      }
    }
    for (const { text, box } of linesOf(element)) {
      const [x, y] = [(right ? box.right : box.left) - whole.left, box.top - whole.top + 0.78 * box.height];
      parts.push(`<text x="${at(x)}" y="${at(y)}" textLength="${at(box.width)}" direction="${style.direction}" xml:space="preserve" fill="${style.color}" font-family="${escaped(style.fontFamily)}" font-size="${style.fontSize}">${escaped(text)}</text>`);
    }
  }
  for (const tag of frame.querySelectorAll(".tag")) {
    const [box, style] = [tag.getBoundingClientRect(), getComputedStyle(tag)];
    parts.push(`<text x="${at(box.left - whole.left)}" y="${at(box.bottom - whole.top - 2)}" fill="${style.color}" font-family="${escaped(style.fontFamily)}" font-weight="${style.fontWeight}" font-size="${style.fontSize}">${escaped(tag.textContent ?? "")}</text>`);
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${at(whole.width)}" height="${at(whole.height)}" viewBox="0 0 ${at(whole.width)} ${at(whole.height)}">${parts.join("\n")}</svg>\n`;
}

/** The lines of a text as it wraps. @param {HTMLElement} element */
function linesOf(element) {
  /** @type {{text: string, box: {left: number, right: number, top: number, width: number, height: number}}[]} */
  const lines = [];
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    // A token that wraps, or a space at the end of a line: letter by letter.
    range.selectNodeContents(node);
    const pieces = range.getClientRects().length > 1 ? [...(node.textContent ?? "")].map((letter) => letter.length) : [node.textContent?.length ?? 0];
    let from = 0;
    for (const length of pieces) {
      range.setStart(node, from);
      range.setEnd(node, from + length);
      from += length;
      const box = range.getClientRects()[0];
      if (!box || box.width === 0) continue;
      const line = lines[lines.length - 1];
      if (line && Math.abs(line.box.top - box.top) < box.height / 2) {
        line.text += range.toString();
        const [left, right] = [Math.min(line.box.left, box.left), Math.max(line.box.right, box.right)];
        line.box = { ...line.box, left, right, width: right - left };
      } else lines.push({ text: range.toString(), box: { left: box.left, right: box.right, top: box.top, width: box.width, height: box.height } });
    }
  }
  return lines;
}

/** A plot as an SVG file that needs no style from elsewhere. @param {SVGSVGElement} svg */
function plot(svg) {
  const copy = /** @type {SVGSVGElement} */ (svg.cloneNode(true));
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  const [from, to] = [svg.querySelectorAll("*"), copy.querySelectorAll("*")];
  from.forEach((element, at) => {
    const style = getComputedStyle(element);
    for (const name of ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "font-family", "font-size"]) to[at]?.setAttribute(name, style.getPropertyValue(name));
    to[at]?.removeAttribute("class");
  });
  const back = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  for (const [name, value] of Object.entries({ width: "100%", height: "100%", fill: getComputedStyle(document.body).backgroundColor })) back.setAttribute(name, value);
  copy.prepend(back);
  return `${new XMLSerializer().serializeToString(copy)}\n`;
}

for (const figure of document.querySelectorAll("main figure")) {
  const svg = /** @type {SVGSVGElement|null} */ (figure.querySelector("svg"));
  if (svg) figure.append(button("SVG", "Save this picture", () => save(plot(svg), nameOf(figure, "svg"), "image/svg+xml")));
}

/** The text of a cell; of one with a drawing nothing. @param {HTMLTableCellElement} cell */
function cellText(cell) {
  return cell.querySelector("svg") ? "" : (cell.textContent ?? "").trim();
}

/** The number that a text begins with. @param {string} text */
function numberOf(text) {
  const found = /^[<+]?\s*-?[\d,]*\.?\d+(?:e-?\d+)?/.exec(text.replace("−", "-"));
  return found ? Number(found[0].replace(/[<+,\s]/g, "")) : NaN;
}

/** @param {HTMLTableElement} table @param {number} column @param {boolean} down */
function sortTable(table, column, down) {
  for (const body of table.tBodies) {
    const rows = [...body.rows];
    const key = (/** @type {HTMLTableRowElement} */ row) => cellText(/** @type {HTMLTableCellElement} */ (row.cells[column]));
    const totals = rows.filter((row) => row.classList.contains("strong"));
    const others = rows.filter((row) => !row.classList.contains("strong") && row.cells[column]);
    const compared = (/** @type {string} */ a, /** @type {string} */ b) => {
      const [x, y] = [numberOf(a), numberOf(b)];
      if (Number.isNaN(x) && Number.isNaN(y)) return a.localeCompare(b);
      // What is no number stands last, either way.
      if (Number.isNaN(x) || Number.isNaN(y)) return (Number.isNaN(x) ? 1 : -1) * (down ? -1 : 1);
      return x - y;
    };
    others.sort((a, b) => (down ? -1 : 1) * compared(key(a), key(b)));
    body.append(...others, ...totals);
  }
}

/** @param {HTMLTableElement} table */
function csv(table) {
  const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
  // Columns of bars say nothing that the numbers do not.
  const columns = heads.map((_, at) => at).filter((at) => cellText(/** @type {HTMLTableCellElement} */ (heads[at])) !== "");
  const quoted = (/** @type {string} */ text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  // A number without commas between the thousands; a text that a spreadsheet would take for a formula, as text.
  const plain = (/** @type {string} */ text) => (/^\d{1,3}(,\d{3})+$/.test(text) ? text.replaceAll(",", "") : /^[=@]|^[+-](?![\d.])/.test(text) ? `'${text}` : text);
  return [...table.rows].map((row) => columns.map((at) => quoted(plain(row.cells[at] ? cellText(/** @type {HTMLTableCellElement} */ (row.cells[at])) : ""))).join(",") + "\r\n").join("");
}

for (const table of /** @type {NodeListOf<HTMLTableElement>} */ (document.querySelectorAll("main table"))) {
  const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
  if (heads.length === 0) continue;
  table.parentElement?.after(button("CSV", "Save this table", () => save(csv(table), nameOf(table, "csv"), "text/csv;charset=utf-8")));
  if ((table.tBodies[0]?.rows.length ?? 0) < 2 || table.classList.contains("matrix")) continue;
  heads.forEach((head, column) => {
    const text = cellText(head);
    if (text === "") return;
    const sort = button(text, "Sort by this column", () => {
      // Numbers begin with the largest, words with the first.
      const old = head.getAttribute("aria-sort");
      const down = old === null ? head.classList.contains("n") : old === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      sortTable(table, column, down);
    });
    head.replaceChildren(sort);
  });
}

const filter = document.getElementById("filter");
const words = filter?.querySelector("input");
const told = filter?.querySelector("output");
if (filter && words && told) {
  const examples = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".example")]);
  const texts = examples.map((example) => (example.textContent ?? "").toLowerCase());
  filter.hidden = false;
  words.addEventListener("input", () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    examples.forEach((example, index) => {
      const shown = wanted.every((word) => texts[index]?.includes(word));
      example.hidden = !shown;
      count += Number(shown);
    });
    if (wanted.length > 0) {
      for (const group of /** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll("details.class"))) group.open = group.querySelector(".example:not([hidden])") !== null;
    }
    told.textContent = wanted.length > 0 ? `${count} of ${examples.length} sentences` : "";
  });
}
