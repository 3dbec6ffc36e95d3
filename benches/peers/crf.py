#!/usr/bin/env python3
"""The CRF tagger beside python-crfsuite with the features of CRFsuite's own example of named entities.

    target/peers/venv/bin/python benches/peers/crf.py [--iterations N] [--train FILE … --test FILE …] [--ignore MISC] [--json]

Both train on the same files, by L-BFGS with L1 and L2, on one thread, and tag the same files; printed are entity F1 by
`xlner eval` (with --ignore a second time, without the labels named), CPU seconds from the files to the model, and sentences tagged
a CPU second (of xlner: of the whole command).
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import pycrfsuite

from common import run, sentences, shared, xlner


def shape(word):
    return "".join("X" if c.isupper() else "x" if c.islower() else "d" if c.isdigit() else c for c in word)


def features(words):
    """Of each token: the forms and shapes of it and its neighbours, its affixes."""
    rows = []
    for at, word in enumerate(words):
        lower = word.lower()
        row = ["bias", f"w={lower}", f"form={word}", f"shape={shape(word)}"]
        row += [f"p{n}={lower[:n]}" for n in range(1, 5)] + [f"s{n}={lower[-n:]}" for n in range(1, 5)]
        for offset in (-2, -1, 1, 2):
            near = at + offset
            if 0 <= near < len(words):
                row += [f"{offset}w={words[near].lower()}", f"{offset}shape={shape(words[near])}"]
            else:
                row.append(f"{offset}border")
        rows.append(row)
    return rows


def crfsuite(train, tests, iterations, folder):
    start = time.process_time()
    trainer = pycrfsuite.Trainer(verbose=False)
    for path in train:
        for sentence in sentences(path):
            trainer.append(features([word for word, _ in sentence]), [tag for _, tag in sentence])
    trainer.set_params({"c1": 0.05, "c2": 0.2, "max_iterations": iterations})
    trainer.train(str(folder / "crfsuite.model"))
    trained = time.process_time() - start
    tagger = pycrfsuite.Tagger()
    tagger.open(str(folder / "crfsuite.model"))
    tagged, seconds = [], 0.0
    for at, path in enumerate(tests):
        texts = [[word for word, _ in sentence] for sentence in sentences(path)]
        start = time.process_time()
        tags = [tagger.tag(features(words)) for words in texts]
        seconds += time.process_time() - start
        lines = ("".join(f"{word}\t{tag}\n" for word, tag in zip(words, row)) + "\n" for words, row in zip(texts, tags))
        tagged.append(folder / f"crfsuite.{at}.conll")
        tagged[-1].write_text("".join(lines), encoding="utf-8")
    return trained, seconds, tagged


def ours(train, tests, iterations, folder):
    files = [word for path in train for word in ("--train", path)]
    model = folder / "xlner.model"
    _, trained = run([xlner(), "train", "--threads", 1, *files, "--iterations", iterations, "-o", model])
    tagged, seconds = [], 0.0
    for at, path in enumerate(tests):
        tagged.append(folder / f"xlner.{at}.conll")
        _, needed = run([xlner(), "tag", "--threads", 1, "--model", model, path, "-o", tagged[-1]])
        seconds += needed
    return trained, seconds, tagged


def f1(gold, tagged, *words):
    scores, _ = run([xlner(), "eval", "--gold", gold, "--pred", tagged, "--bootstrap", 0, "--json", *words])
    return json.loads(scores)["micro"]["f1"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data = shared() / "data" / "uner-en-ewt"
    parser.add_argument("--train", type=Path, nargs="+", default=[data / "train.iob2"])
    parser.add_argument("--test", type=Path, nargs="+", default=[data / "test.iob2"])
    parser.add_argument("--iterations", type=int, default=100)
    parser.add_argument("--ignore", metavar="LABELS")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if xlner() is None:
        sys.exit("build xlner first: cargo build --release")
    tests, found = arguments.test, {}
    count = sum(1 for path in tests for _ in sentences(path))
    with tempfile.TemporaryDirectory() as folder:
        for name, system in [("python-crfsuite", crfsuite), ("xlner", ours)]:
            trained, seconds, tagged = system(arguments.train, tests, arguments.iterations, Path(folder))
            row = found[name] = {"seconds": trained, "rate": count / seconds, "f1": [f1(*pair) for pair in zip(tests, tagged)]}
            if arguments.ignore:
                row["f1_without"] = [f1(*pair, "--ignore", arguments.ignore) for pair in zip(tests, tagged)]
            if not arguments.json:
                scores = "  ".join(f"{f1:.4f}" for f1 in row["f1"] + row.get("f1_without", []))
                print(f"{name:16} F1 {scores}  trained in {trained:6.1f} s  {row['rate']:8,.0f} sentences/s", flush=True)
    if arguments.json:
        print(json.dumps(found))


main()
