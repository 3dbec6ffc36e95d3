// Projecting one source entity again, by the links as they are now.

/** Tokens of the longest span that is tried. */
const LONGEST = 10;

/**
 * The target span with the highest alignment score, Σ of the probabilities of the links between the two spans over the sum of their
 * lengths (METHODS: candidate matching), that overlaps none of the others; of equal ones the first. `null` where no token is linked.
 * @param {{start: number, end: number}} source @param {import("./lines.js").Link[]} links
 * @param {{start: number, end: number}[]} taken @param {number} length tokens of the target
 * @returns {{start: number, end: number}|null}
 */
export function projected(source, links, taken, length) {
  const weight = new Map();
  for (const link of links) {
    if (source.start <= link.source && link.source < source.end) weight.set(link.target, (weight.get(link.target) ?? 0) + link.probability);
  }
  let best = null;
  let most = 0;
  for (const first of [...weight.keys()].sort((a, b) => a - b)) {
    let sum = 0;
    for (let end = first + 1; end <= Math.min(length, first + LONGEST); end += 1) {
      if (taken.some((span) => span.start < end && end <= span.end)) break;
      sum += weight.get(end - 1) ?? 0;
      const score = sum / (source.end - source.start + end - first);
      if (score > most + 1e-12) { most = score; best = { start: first, end }; }
    }
  }
  return best;
}
