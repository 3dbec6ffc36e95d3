"""Peers without a suite, asked about sequences of tags drawn by chance. Prints JSON as the plugin writes it."""

import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import ours

LABELS = ["PER", "LOC"]
PREFIXES = {"iob1": "IB", "iob2": "IB", "iobes": "BIES", "bilou": "BILU", "io": "I"}


def draw(rng, prefixes, count, malformed):
    """Sequences of tags, legal in IOB2 and IOBES-like schemes unless they may be malformed."""
    rows = []
    for _ in range(count):
        row, length = [], rng.randint(1, 12)
        while len(row) < length:
            if malformed:
                row.append(rng.choice(["O", "O", f"{rng.choice(prefixes)}-{rng.choice(LABELS)}"]))
                continue
            if rng.random() < 0.5:
                row.append("O")
                continue
            size, label = rng.randint(1, 3), rng.choice(LABELS)
            if prefixes in ("BIES", "BILU"):
                begin, inside, end, single = {"BIES": "BIES", "BILU": "BILU"}[prefixes]
                row += [f"{single}-{label}"] if size == 1 else [f"{begin}-{label}", *[f"{inside}-{label}"] * (size - 2), f"{end}-{label}"]
            elif prefixes == "I":
                row += [f"I-{label}"] * size + ["O"]
            else:
                row += [f"B-{label}"] + [f"I-{label}"] * (size - 1)
        rows.append(row)
    return rows


def iobes(rng, counts, differences):
    from iobes import parse
    parsers = {"iob1": parse.parse_spans_iob, "iob2": parse.parse_spans_bio, "iobes": parse.parse_spans_iobes, "bilou": parse.parse_spans_bilou}
    for scheme, parser in parsers.items():
        rows = draw(rng, PREFIXES[scheme], 300, False)
        for row, found in zip(rows, ours.entities(rows, scheme)):
            theirs = sorted((span.type, span.start, span.end) for span in parser(row))
            counts["compared"] += 1
            if theirs == found:
                counts["same"] += 1
            else:
                differences.append({"test": f"{scheme}: {' '.join(row)}", "theirs and ours": [theirs, found]})


def conlleval(rng, counts, differences, program):
    # The schemes that it knows.
    for scheme in ("iob2", "iob1"):
        for malformed in (False, True):
            for _ in range(20):
                gold = draw(rng, PREFIXES[scheme], 30, malformed)
                change = lambda tag: rng.choice(["O", f"{rng.choice(PREFIXES[scheme])}-{rng.choice(LABELS)}"]) if rng.random() < 0.2 else tag
                predicted = [[change(tag) for tag in row] for row in gold]
                lines = "".join("".join(f"w {g} {p}\n" for g, p in zip(*rows)) + "\n" for rows in zip(gold, predicted))
                done = subprocess.run(["perl", program], input=lines, capture_output=True, text=True, check=True).stdout
                line = next(line for line in done.splitlines() if line.startswith("accuracy"))
                # conlleval prints two decimals.
                theirs = [float(part.split(":")[1].strip(" %")) for part in line.split(";")]
                found = ours.evaluate(gold, predicted)
                mine = [100 * found["token_accuracy"]] + [100 * found["micro"][key] for key in ("precision", "recall", "f1")]
                counts["compared"] += 1
                if all(abs(one - two) < 0.00501 for one, two in zip(theirs, mine)):
                    counts["same"] += 1
                else:
                    differences.append({"test": f"{scheme}, malformed: {malformed}", "theirs and ours": [theirs, mine]})


def atools(rng, counts, differences, program):
    with tempfile.TemporaryDirectory() as folder:
        forward, reverse = Path(folder, "f.pharaoh"), Path(folder, "r.pharaoh")
        links = ([], [])
        for _ in range(500):
            # One link at most for each target token, and for each source token, near the diagonal, as models give them.
            source, target = rng.randint(1, 14), rng.randint(1, 14)
            near = lambda at, of, to: min(to - 1, max(0, round(at * to / of + rng.gauss(0, 1.5))))
            links[0].append([(near(j, target, source), j) for j in range(target) if rng.random() < 0.85])
            links[1].append([(i, near(i, source, target)) for i in range(source) if rng.random() < 0.85])
        for path, rows in zip((forward, reverse), links):
            path.write_text("".join(" ".join(f"{i}-{j}" for i, j in row) + "\n" for row in rows))
        for method in ("intersect", "union", "grow-diag", "grow-diag-final", "grow-diag-final-and"):
            run = lambda *words: subprocess.run([str(word) for word in words], capture_output=True, text=True, check=True).stdout
            theirs = run(program, "-i", forward, "-j", reverse, "-c", method).split("\n")[:500]
            mine = run(ours.XLNER, "--quiet", "align", "--forward", forward, "--reverse", reverse, "--symmetrize", method).split("\n")[:500]
            for number, (one, two) in enumerate(zip(theirs, mine)):
                counts["compared"] += 1
                if set(one.split()) == set(two.split()):
                    counts["same"] += 1
                else:
                    differences.append({"test": f"{method}: pair {number + 1}", "theirs and ours": [one, two]})


if __name__ == "__main__":
    counts, differences = {"compared": 0, "same": 0, "refused": 0, "not comparable": 0}, []
    peer, *rest = sys.argv[1:]
    {"iobes": iobes, "conlleval": conlleval, "atools": atools}[peer](random.Random(1), counts, differences, *map(Path, rest))
    print(json.dumps({"counts": counts, "differences": differences, "refusals": {}}, ensure_ascii=False))
