#!/usr/bin/env python3
"""Alignment error rate and CPU time of fast_align, eflomal and xlner, trained on the same text: a Markdown table.

    FAST_ALIGN=…/fast_align benches/peers/align.py --split test --text test
"""

import argparse
import re
import shlex
import statistics

import aligners
import bitexts
from common import xlner

SYMMETRIZATIONS = ["intersect", "union", "grow-diag", "grow-diag-final", "grow-diag-final-and", "soft", "soft-grow"]


def score(gold, lines):
    """Precision, recall and alignment error rate (Och and Ney 2003) over all pairs of a gold set."""
    links = sure_found = possible_found = 0
    for line, sure, possible in zip(lines, gold.sure, gold.possible):
        found = {tuple(map(int, re.match(r"(\d+)-(\d+)", link).groups())) for link in line.split()}
        links += len(found)
        sure_found += len(found & sure)
        possible_found += len(found & possible)
    total = sum(map(len, gold.sure))
    precision = possible_found / links if links else 0.0
    return 1 - (sure_found + possible_found) / (links + total), precision, sure_found / total


def systems(arguments, pairs):
    """Yields the name, the links and the CPU seconds of every system."""
    for name in aligners.PEER_RUNS:
        result = aligners.peer(name, pairs, fresh=arguments.time)
        if result:
            for method in aligners.SYMMETRIZATIONS:
                yield f"{name} · {method}", result[method], result["seconds"]
    if xlner() and not arguments.peers_only:
        options = shlex.split(arguments.options)
        yield "xlner", *aligners.xlner_align(pairs, options=options)
        for method in SYMMETRIZATIONS if arguments.symmetrizations else []:
            yield f"xlner · {method}", *aligners.xlner_align(pairs, method, options)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=["dev", "test"], default="test")
    parser.add_argument("--text", choices=["test", "all"], default="test", help="train on the gold sets' text only, or on all")
    parser.add_argument("--only", default="", help="regular expression that the name of a gold set must match")
    parser.add_argument("--symmetrizations", action="store_true", help="every symmetrisation of xlner, not just its default")
    parser.add_argument("--options", default="", help="more options for `xlner align`")
    parser.add_argument("--peers-only", action="store_true")
    parser.add_argument("--time", action="store_true", help="run the peers again, for their times beside ours")
    arguments = parser.parse_args()

    table, order, chosen = {}, [], []
    for name in filter(re.compile(arguments.only).search, bitexts.names(arguments.split)):
        gold = bitexts.read_gold(name)
        pairs = bitexts.training_text(name, arguments.text)
        chosen.append((name, len(pairs)))
        for system, links, seconds in systems(arguments, pairs):
            if system not in table:
                order.append(system)
            table.setdefault(system, {})[name] = (*score(gold, links), seconds)
    if not order:
        raise SystemExit("nothing to compare: set FAST_ALIGN, EFLOMAL or XLNER (see README.md beside this script)")

    print("Alignment error rate, %; last columns: mean over the sets of AER, precision, recall; CPU seconds of all sets,")
    print("both directions, one thread.\n")
    print("| | " + " | ".join(f"{name.replace('xl-wa.', '')} ({size})" for name, size in chosen) + " | AER | P | R | s |")
    print("|---|" + "---|" * (len(chosen) + 4))
    for system in order:
        rows = [table[system][name] for name, _ in chosen]
        means = [statistics.mean(row[column] for row in rows) for column in range(3)]
        cells = [f"{100 * row[0]:.1f}" for row in rows] + [f"{100 * mean:.2f}" for mean in means]
        print(f"| {system} | " + " | ".join(cells) + f" | {sum(row[3] for row in rows):.1f} |")
    if "xlner" in table:
        compare(table, [name for name, _ in chosen])


def compare(table, chosen):
    """Lines that say how xlner's default stands against each peer."""
    ours = table["xlner"]
    print()
    for system, theirs in table.items():
        if system.startswith("xlner"):
            continue
        lower = sum(ours[name][0] < theirs[name][0] for name in chosen)
        worst = max(chosen, key=lambda name: ours[name][0] - theirs[name][0])
        ratio = sum(theirs[name][3] for name in chosen) / sum(ours[name][3] for name in chosen)
        print(
            f"- {system}: xlner's AER is lower on {lower} of {len(chosen)} sets (closest or worst: {worst} "
            f"{100 * ours[worst][0]:.1f} against {100 * theirs[worst][0]:.1f}); the peer takes {ratio:.1f}× the CPU time"
        )


if __name__ == "__main__":
    main()
