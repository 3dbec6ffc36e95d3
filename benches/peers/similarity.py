#!/usr/bin/env python3
"""Our link extraction from similarity matrices against the published implementations, on random matrices.

    target/peers/venv/bin/python benches/peers/similarity.py [--matrices 400] [--seed 1]

argmax, itermax, match, distortion: SimAlign 0.4 as installed (its encoder's packages are not needed and stand in as empty
modules). Null: SimAlign's script is not in the package; written again from the paper (§3.3) with SciPy's entropy. softmax,
entmax: written again from the papers' formulas; 1.5-entmax by the exact sorting algorithm of Peters et al. (2019), which
is another method than our bisection.
"""

import argparse
import subprocess
import sys
import time
from importlib.util import find_spec
from unittest import mock

import numpy as np
from scipy.stats import entropy

from common import example


def simalign():
    """SimAlign's class; packages that only its encoder needs stand in empty while it is loaded."""
    absent = [name for name in ["torch", "transformers"] if find_spec(name) is None]
    sys.modules.update({name: mock.MagicMock(name=name) for name in absent})
    try:
        from simalign.simalign import SentenceAligner
    except ImportError as error:
        sys.exit(f"SimAlign is not there ({error}): benches/peers/setup.sh installs it into target/peers/venv")
    for name in absent:
        del sys.modules[name]
    return SentenceAligner


def matrices(count, seed):
    """Random matrices of three kinds: of the size of AWESoME's dot products, cosines moved to 0..1 as SimAlign's with a
    clear diagonal, and with ties.

    Yields (similarities, distortion, α, uncertainty kept).
    """
    random = np.random.default_rng(seed)
    for index in range(count):
        rows, columns = random.integers(1, 40, 2) if index % 4 else random.integers(1, 5, 2)
        matrix = random.random((rows, columns)) * 0.98 + 0.01
        if index % 3 == 0:
            matrix *= 30
        if index % 3 == 1:
            matrix[np.arange(min(rows, columns)), np.arange(min(rows, columns))] += 1.0
            matrix /= 2.0
        if index % 3 == 2:
            matrix = np.ceil(matrix * 8) / 8
        yield matrix, random.choice([0.0, 0.25, 0.5, 1.0]), random.choice([1.25, 1.5, 2.0]), random.choice([0.9, 0.95, 1.0])


def softmax(values):
    powers = np.exp(values - values.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def sorted_entmax(values, alpha):
    """Sparsemax (Martins and Astudillo 2016) or 1.5-entmax (Peters et al. 2019, algorithm 2) of each row, by sorting."""
    values = (values - values.max(axis=-1, keepdims=True)) * (alpha - 1)
    down = -np.sort(-values, axis=-1)
    count = np.arange(1, values.shape[-1] + 1)
    mean = np.cumsum(down, axis=-1) / count
    if alpha == 2.0:
        tau = mean - 1 / count
    else:
        spread = count * (np.cumsum(down**2, axis=-1) / count - mean**2)
        tau = mean - np.sqrt(np.clip((1 - spread) / count, 0, None))
    support = (tau <= down).sum(axis=-1, keepdims=True)
    return np.clip(values - np.take_along_axis(tau, support - 1, -1), 0, None) ** (1 / (alpha - 1))


def bisected_entmax(values, alpha):
    """α-entmax of each row by 200 halvings (Blondel et al. 2019, algorithm 1): for the α that have no exact algorithm."""
    values = (values - values.max(axis=-1, keepdims=True)) * (alpha - 1)
    low, high = np.full(values.shape[:-1] + (1,), -1.0), np.zeros(values.shape[:-1] + (1,))
    for _ in range(200):
        tau = (low + high) / 2
        more = (np.clip(values - tau, 0, None) ** (1 / (alpha - 1))).sum(axis=-1, keepdims=True) >= 1
        low, high = np.where(more, tau, low), np.where(more, high, tau)
    return np.clip(values - low, 0, None) ** (1 / (alpha - 1))


def entmax(values, alpha):
    return sorted_entmax(values, alpha) if alpha in (1.5, 2.0) else bisected_entmax(values, alpha)


def both_ways(matrix, distribution, threshold):
    """Links over the threshold both ways, with the harmonic mean of their probabilities."""
    forward, reverse = distribution(matrix), distribution(matrix.T).T
    chosen = np.argwhere((forward > threshold) & (reverse > threshold))
    return {(i, j): 2 * forward[i, j] * reverse[i, j] / (forward[i, j] + reverse[i, j]) for i, j in chosen}


def certain(matrix, links, threshold):
    """The links whose normalised entropy, the smaller of row's and column's, is not above the threshold."""
    if min(matrix.shape) <= 2:
        return links
    rows = entropy(matrix, axis=1) / np.log(matrix.shape[1])
    columns = entropy(matrix, axis=0) / np.log(matrix.shape[0])
    return {(i, j) for i, j in links if min(rows[i], columns[j]) <= threshold}


def ours(program, cases, *arguments):
    def line(matrix, *numbers):
        return " ".join(map(repr, [*matrix.shape, *map(float, numbers), *map(float, matrix.ravel())]))

    text = "\n".join(line(*case) for case in cases)
    return subprocess.run([program, *arguments], input=text, capture_output=True, text=True, check=True).stdout


def links(column):
    parts = [link.split("-", 2) for link in column.split()]
    return {(int(i), int(j)): float(p) for i, j, p in parts}


def cells(matrix):
    return {(int(i), int(j)) for i, j in np.argwhere(matrix > 0)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--matrices", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    peer = simalign()
    cases = list(matrices(arguments.matrices, arguments.seed))
    program = example("xlner-align", "similarity")
    names = ["argmax", "itermax", "match", "null", "softmax", "entmax"]
    same, apart, seconds = dict.fromkeys(names, 0), dict.fromkeys(names, 0.0), dict.fromkeys(names, 0.0)
    for (matrix, distortion, alpha, uncertainty), line in zip(cases, ours(program, cases).splitlines(), strict=True):
        found = dict(zip(names, map(links, line.split("\t")), strict=True))
        matrix = peer.apply_distortion(matrix, distortion)

        def timed(name, function):
            start = time.process_time()
            result = function()
            seconds[name] += time.process_time() - start
            return result

        forward, backward = timed("argmax", lambda: peer.get_alignment_matrix(matrix))
        argmax = cells(forward * backward)
        matched = cells(timed("match", lambda: peer.get_max_weight_match(matrix)))
        expected = {
            "argmax": argmax,
            "itermax": cells(timed("itermax", lambda: peer.iter_max(matrix))),
            "null": certain(matrix, argmax, uncertainty),
            "softmax": timed("softmax", lambda: both_ways(matrix, softmax, 0.001)),
            "entmax": timed("entmax", lambda: both_ways(matrix, lambda values: entmax(values, alpha), 0.0)),
        }
        for name, links_there in expected.items():
            if isinstance(links_there, dict):
                # A probability of exactly 0 and one of 1e-20 are the same to floating point.
                both = found[name].keys() | links_there.keys()
                apart[name] = max([apart[name], *(abs(found[name].get(x, 0) - links_there.get(x, 0)) for x in both)])
                same[name] += all(abs(found[name].get(x, 0) - links_there.get(x, 0)) < 1e-9 for x in both)
            else:
                same[name] += found[name].keys() == links_there
        # Matchings of equal sum are equally good: the sums are compared.
        difference = abs(sum(matrix[x] for x in found["match"]) - sum(matrix[x] for x in matched))
        apart["match"] = max(apart["match"], difference)
        same["match"] += difference < 1e-9 and len(found["match"]) == len(matched)
    times = dict(line.split() for line in ours(program, cases, "--time", "10").splitlines())
    print(f"{len(cases)} matrices, up to 39 × 39\n")
    print("| extraction | the same | largest difference | peer's time over ours |\n|---|---|---|---|")
    for name in names:
        ratio = f"{seconds[name] / (float(times[name]) / 10):.0f}×" if name in times else "–"
        print(f"| {name} | {same[name]} | {apart[name]:.1e} | {ratio} |")
    if any(count != len(cases) for count in same.values()):
        sys.exit("not the same")


if __name__ == "__main__":
    main()
