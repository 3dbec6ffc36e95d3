#!/usr/bin/env python3
"""xlner eval beside seqeval 1.2.2: the same figures to 1e-12, and the time of both.

    target/peers/venv/bin/python benches/peers/eval.py             # figures, then time
    target/peers/venv/bin/python benches/peers/eval.py --files 50 --no-time

Figures: random tag files with malformed sequences in every scheme, default and strict mode; and the gold data of the
shared folder against itself with every fifth tag drawn again. Time: 100,000 sentences, 2.5 million tokens; xlner is
the whole process on one thread, files read included, while seqeval gets lists that are in memory already.
"""

import argparse
import json
import random
import statistics
import tempfile
import time
import warnings
from pathlib import Path

from common import run, shared, xlner
from seqeval import scheme as schemes
from seqeval.metrics import accuracy_score, classification_report, f1_score, precision_score, recall_score

TOLERANCE = 1e-12
PREFIXES = {"iob1": "IB", "iob2": "IB", "ioe1": "IE", "ioe2": "IE", "iobes": "BIES", "bilou": "BILU"}
AVERAGES = ["micro", "macro", "weighted"]


def write(path, sentences):
    path.write_text("".join("".join(f"w\t{tag}\n" for tag in tags) + "\n" for tags in sentences))


def theirs(gold, predicted, scheme=None):
    """seqeval's figures under the names of `xlner eval --json`."""
    options = {"mode": "strict", "scheme": getattr(schemes, scheme.upper())} if scheme else {}
    try:
        report = classification_report(gold, predicted, output_dict=True, **options)
    except ValueError:  # no entity at all: a mean over nothing
        report = {}
    names = {"precision": "precision", "recall": "recall", "f1-score": "f1", "support": "support"}
    rows = {row: {names[key]: value for key, value in cells.items()} for row, cells in report.items()}
    averages = {average: rows.pop(f"{average} avg", {}) for average in AVERAGES}
    return {**averages, "types": rows, "token_accuracy": accuracy_score(gold, predicted)}


def ours(gold, predicted, scheme=None, more=()):
    """The figures of `xlner eval`."""
    options = ["--mode", "strict", "--scheme", scheme] if scheme else []
    output, _ = run([xlner(), "eval", "--gold", gold, "--pred", predicted, "--bootstrap", "0", "--json", *options, *more])
    return json.loads(output)


def differences(expected, found, path=""):
    """Yields the largest deviations; a mean over no types is NaN there and 0 here."""
    for key, value in expected.items():
        if isinstance(value, dict):
            yield from differences(value, found[key], f"{path}/{key}")
        else:
            value = 0.0 if value != value else float(value)
            yield abs(value - found[key]), f"{path}/{key}"


class Check:
    """Compares figures and remembers the largest deviation."""

    def __init__(self):
        self.compared, self.largest = 0, 0.0

    def __call__(self, what, expected, found):
        if set(expected["types"]) != set(found["types"]):
            raise SystemExit(f"{what}: types {sorted(expected['types'])} and {sorted(found['types'])}")
        for deviation, path in differences(expected, found):
            self.compared += 1
            self.largest = max(self.largest, deviation)
            if not deviation <= TOLERANCE:
                raise SystemExit(f"{what}{path}: {deviation} apart")

    def __str__(self):
        return f"{self.compared:,} figures compared, largest deviation {self.largest:.1e}"


def random_files(count, folder):
    """Random tag files; default mode where the scheme is one that seqeval's default mode knows, and strict mode."""
    rng, check = random.Random(1), Check()
    options = ["--token-column", "1", "--tag-column", "2"]
    gold_file, file = folder / "gold.conll", folder / "predicted.conll"
    for index in range(count):
        scheme, prefixes = list(PREFIXES.items())[index % len(PREFIXES)]
        labels = rng.sample(["PER", "LOC", "ORG", "MISC", "foo-bar", "x_y"], rng.randint(1, 4))
        tags = ["O"] * rng.randint(1, 12) + [f"{prefix}-{label}" for prefix in prefixes for label in labels]
        gold = [rng.choices(tags, k=rng.randint(1, 30)) for _ in range(rng.randint(1, 12))]
        noise = rng.random()
        predicted = [[rng.choice(tags) if rng.random() < noise else tag for tag in sentence] for sentence in gold]
        write(gold_file, gold)
        write(file, predicted)
        if scheme != "bilou":
            check(f"file {index}, default", theirs(gold, predicted), ours(gold_file, file, None, options))
        check(f"file {index}, strict {scheme}", theirs(gold, predicted, scheme), ours(gold_file, file, scheme, options))
    return check


def real_files(folder):
    """Gold data with noise; files are the column files of the shared folder that hold nothing but IOB2 tags."""
    rng, check, files = random.Random(2), Check(), 0
    for path in sorted((shared() / "data").rglob("*.conll*")) + sorted((shared() / "data").rglob("*.iob2")):
        gold = column(path)
        tags = sorted({tag for sentence in gold for tag in sentence})
        if not gold or not all(tag == "O" or tag[:2] in ("B-", "I-") for tag in tags):
            continue
        predicted = [[rng.choice(tags) if rng.random() < 0.2 else tag for tag in sentence] for sentence in gold]
        file = folder / "predicted.conll"
        write(file, predicted)
        for scheme in [None, "iob2"]:
            check(f"{path.name} {scheme}", theirs(gold, predicted, scheme), ours(path, file, scheme))
        files += 1
    return files, check


def column(path):
    """The tags of a column file: the last column, or the third of Universal NER's five, whose comments have no tab."""
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    universal = any(line.count("\t") == 4 for line in lines)
    sentences = [[]]
    for line in lines:
        if not line.strip():
            sentences.append([])
        elif universal and "\t" in line:
            sentences[-1].append(line.split("\t")[2])
        elif not universal and not line.startswith("-DOCSTART-"):
            sentences[-1].append(line.split()[-1])
    return [sentence for sentence in sentences if sentence]


def large():
    """100,000 sentences of 25 tokens, a tenth of them in entities of four types; a sixth of the entities predicted wrongly."""
    rng, labels = random.Random(3), ["PER", "LOC", "ORG", "MISC"]

    def sentence():
        tags = []
        while len(tags) < 25:
            if rng.random() < 0.06:
                label = rng.choice(labels)
                tags += [f"B-{label}"] + [f"I-{label}"] * rng.randint(0, 2)
            else:
                tags.append("O")
        return tags[:25]

    gold = [sentence() for _ in range(100_000)]
    predicted = [sentence() if rng.random() < 0.17 else list(tags) for tags in gold]
    return gold, predicted


def median_seconds(call, times):
    seconds = []
    for _ in range(times):
        start = time.process_time()
        call()
        seconds.append(time.process_time() - start)
    return statistics.median(seconds)


def speed(folder, times):
    gold, predicted = large()
    tokens = sum(map(len, gold))
    gold_file, file = folder / "gold.conll", folder / "predicted.conll"
    write(gold_file, gold)
    write(file, predicted)

    def full():
        """What Hugging Face's `evaluate` computes with seqeval."""
        classification_report(gold, predicted, output_dict=True)
        for score in [accuracy_score, precision_score, recall_score, f1_score]:
            score(gold, predicted)

    strict = {"mode": "strict", "scheme": schemes.IOB2}
    peers = {
        "f1_score": lambda: f1_score(gold, predicted),
        "f1_score, strict IOB2": lambda: f1_score(gold, predicted, **strict),
        "classification_report": lambda: classification_report(gold, predicted, output_dict=True),
        "classification_report, strict IOB2": lambda: classification_report(gold, predicted, output_dict=True, **strict),
        "the set of Hugging Face evaluate": full,
    }
    command = [xlner(), "eval", "--threads", "1", "--gold", gold_file, "--pred", file, "--json"]
    own = {
        "with 1,000 bootstrap samples": command,
        "--bootstrap 0": [*command, "--bootstrap", "0"],
        "--bootstrap 0 --mode strict": [*command, "--bootstrap", "0", "--mode", "strict", "--scheme", "iob2"],
    }
    print(f"\n{len(gold):,} sentences, {tokens:,} tokens; CPU seconds, median of {times}, one thread.")
    print("seqeval: the call alone, tags in memory. xlner eval: the whole process, both files read, every figure that it has.\n")
    seconds = {name: statistics.median(run(call)[1] for _ in range(times)) for name, call in own.items()}
    print("| | s |" + "".join(f" ÷ xlner {name} |" for name in own))
    print("|---|---|" + "---|" * len(own))
    for name, value in seconds.items():
        print(f"| xlner eval {name} | {value:.3f} |" + " |" * len(own))
    for name, call in peers.items():
        value = median_seconds(call, times)
        print(f"| seqeval {name} | {value:.2f} |" + "".join(f" {value / other:.0f}× |" for other in seconds.values()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=2000, help="random files to compare")
    parser.add_argument("--times", type=int, default=3, help="runs to take the median of")
    parser.add_argument("--no-time", action="store_true")
    arguments = parser.parse_args()
    if not xlner():
        raise SystemExit("no release binary: cargo build --release, or set XLNER")
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        print(f"{arguments.files:,} random files: {random_files(arguments.files, Path(folder))}")
        files, check = real_files(Path(folder))
        print(f"{files} files of the shared data, noisy predictions, default and strict IOB2: {check}")
        if not arguments.no_time:
            speed(Path(folder), arguments.times)


if __name__ == "__main__":
    main()
