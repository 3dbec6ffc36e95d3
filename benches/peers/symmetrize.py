#!/usr/bin/env python3
"""Our symmetrisation against fast_align's `atools`, on the directional links of the peers for every gold set.

    FAST_ALIGN=…/fast_align benches/peers/symmetrize.py
"""

import tempfile
from pathlib import Path

import aligners
import bitexts
from common import example, run

METHODS = ["intersect", "union", "grow-diag", "grow-diag-final", "grow-diag-final-and"]


def main():
    ours = example("xlner-align", "symmetrize")
    same, pairs, seconds = dict.fromkeys(METHODS, 0), 0, [0.0, 0.0]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for name in bitexts.names("dev") + bitexts.names("test"):
            text = bitexts.training_text(name, "test")
            for peer in aligners.PEER_RUNS:
                result = aligners.peer(peer, text)
                if not result:
                    continue
                pairs += len(text)
                for method in METHODS:
                    theirs, a = aligners.symmetrize(result["forward"], result["reverse"], method, folder)
                    links, b = run([ours, folder / "forward", folder / "reverse", method])
                    same[method] += sum(x.split() == y.split() for x, y in zip(theirs, links.split("\n")))
                    seconds = [seconds[0] + a, seconds[1] + b]
    if not pairs:
        raise SystemExit("nothing to compare: set FAST_ALIGN (see README.md beside this script)")
    print(f"| method | pairs | identical to `atools` |\n|---|---|---|")
    for method in METHODS:
        print(f"| {method} | {pairs} | {same[method]} |")
    print(f"\nCPU time of `atools` over ours, files read and written: {seconds[0] / seconds[1]:.1f}×")


if __name__ == "__main__":
    main()
