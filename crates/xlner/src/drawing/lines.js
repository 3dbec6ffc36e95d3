// Alignment lines, measured on the page: they end on their tokens however the text wraps, and are drawn again when it does.

const SVG = "http://www.w3.org/2000/svg";
/** Lines drawn at once; of more, those that the cursor lights up. */
const MOST = 3000;

/**
 * @typedef {{source: number, target: number, probability: number, added: boolean}} Link
 * @typedef {{x: number, top: number, bottom: number}} Place
 */

/** Draws the links between two sentences. */
export class Lines {
  /** @param {SVGSVGElement} svg @param {HTMLElement} frame @param {HTMLElement} source @param {HTMLElement} target */
  constructor(svg, frame, source, target) {
    this.svg = svg;
    this.frame = frame;
    this.source = source;
    this.target = target;
    /** @type {Link[]} */
    this.links = [];
    /** @type {Map<Link, string>} */
    this.paths = new Map();
    /** @type {(link: Link) => string|null} */
    this.lit = () => null;
    /** What else is drawn by where the tokens are. @type {() => void} */
    this.after = () => {};
    let waiting = false;
    const again = () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => { waiting = false; this.measure(); });
    };
    new ResizeObserver(again).observe(frame);
    addEventListener("resize", again);
    document.fonts?.ready.then(again);
  }

  /** @param {Link[]} links @param {(link: Link) => string|null} lit the class of a link that is to stand out, else null */
  show(links, lit) {
    this.links = links;
    this.lit = lit;
    this.measure();
  }

  /** Reads where the tokens are, and draws. */
  measure() {
    const frame = this.frame.getBoundingClientRect();
    const [source, target] = [places(this.source, frame), places(this.target, frame)];
    this.svg.setAttribute("width", String(frame.width));
    this.svg.setAttribute("height", String(frame.height));
    this.svg.setAttribute("viewBox", `0 0 ${frame.width} ${frame.height}`);
    const beside = this.target.getBoundingClientRect().top < this.source.getBoundingClientRect().bottom - 1;
    this.paths.clear();
    for (const link of this.links) {
      const [from, to] = [source.get(link.source), target.get(link.target)];
      if (from && to) this.paths.set(link, beside ? across(from, to) : down(from, to));
    }
    this.light();
    this.after();
  }

  /** Draws the measured lines, those that stand out above the others. @param {(link: Link) => string|null} [lit] */
  light(lit) {
    if (lit) this.lit = lit;
    const quiet = [];
    const loud = [];
    for (const [link, path] of this.paths) {
      const kind = this.lit(link);
      if (kind !== null) loud.push({ link, path, kind });
      else if (quiet.length < MOST) quiet.push({ link, path });
    }
    const parts = [];
    // Likely links are one path, unlikely ones another: a sentence of 300 tokens has two elements, not 300.
    for (const [name, list] of /** @type {const} */ ([["likely", quiet.filter(({ link }) => link.probability >= 0.5)], ["unlikely", quiet.filter(({ link }) => link.probability < 0.5)]])) {
      if (list.length > 0) parts.push(line(list.map(({ path }) => path).join(""), name));
    }
    for (const { link, path, kind } of loud) {
      const element = line(path, `lit ${kind}${link.added ? " added" : ""}`);
      element.dataset.link = `${link.source}-${link.target}`;
      parts.push(element);
    }
    this.svg.replaceChildren(...parts);
  }
}

/** @param {string} path @param {string} name @returns {SVGPathElement} */
function line(path, name) {
  const element = document.createElementNS(SVG, "path");
  element.setAttribute("d", path);
  element.setAttribute("class", name);
  return element;
}

/** @param {HTMLElement} element @param {DOMRect} frame @returns {Map<number, Place>} */
function places(element, frame) {
  const all = new Map();
  for (const token of element.querySelectorAll("[data-token]")) {
    const box = token.getClientRects()[0];
    if (!box) continue;
    all.set(Number(/** @type {HTMLElement} */ (token).dataset.token), {
      x: box.left + box.width / 2 - frame.left, top: box.top - frame.top, bottom: box.bottom - frame.top,
    });
  }
  return all;
}

/** From the foot of a source token to the head of a target token below it. @param {Place} from @param {Place} to */
function down(from, to) {
  const [y1, y2] = [from.bottom + 1, to.top - 1];
  const bend = Math.max(12, (y2 - y1) / 2);
  return `M${px(from.x)} ${px(y1)}C${px(from.x)} ${px(y1 + bend)} ${px(to.x)} ${px(y2 - bend)} ${px(to.x)} ${px(y2)}`;
}

/** From a source token to a target token beside it, below the words between them. @param {Place} from @param {Place} to */
function across(from, to) {
  const [y1, y2] = [from.bottom + 1, to.bottom + 1];
  return `M${px(from.x)} ${px(y1)}C${px(from.x)} ${px(y1 + 16)} ${px(to.x)} ${px(y2 + 16)} ${px(to.x)} ${px(y2)}`;
}

/** @param {number} value */
function px(value) {
  return value.toFixed(1);
}
