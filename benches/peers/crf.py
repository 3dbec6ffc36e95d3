#!/usr/bin/env python3
"""The CRF tagger beside python-crfsuite with the features of CRFsuite's own example of named entities.

    target/peers/venv/bin/pip install python-crfsuite
    target/peers/venv/bin/python benches/peers/crf.py [--iterations N] [--train FILE --test FILE]

Both train on the same file, by L-BFGS with L1 and L2, on one thread, and tag the same file; printed are entity F1, seconds of
training, and sentences tagged a second (of xlner: of the whole command).
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


def crfsuite(train, test, iterations, folder):
    trainer = pycrfsuite.Trainer(verbose=False)
    for sentence in sentences(train):
        trainer.append(features([word for word, _ in sentence]), [tag for _, tag in sentence])
    trainer.set_params({"c1": 0.05, "c2": 0.2, "max_iterations": iterations})
    start = time.process_time()
    trainer.train(str(folder / "crfsuite.model"))
    trained = time.process_time() - start
    tagger = pycrfsuite.Tagger()
    tagger.open(str(folder / "crfsuite.model"))
    gold = [[word for word, _ in sentence] for sentence in sentences(test)]
    start = time.process_time()
    tags = [tagger.tag(features(words)) for words in gold]
    rate = len(gold) / (time.process_time() - start)
    lines = ("".join(f"{word}\t{tag}\n" for word, tag in zip(words, row)) + "\n" for words, row in zip(gold, tags))
    (folder / "crfsuite.conll").write_text("".join(lines), encoding="utf-8")
    return trained, rate, folder / "crfsuite.conll"


def ours(train, test, iterations, folder):
    output, _ = run([xlner(), "train", "--train", train, "--iterations", iterations, "--json", "-o", folder / "xlner.model"])
    report = json.loads(output)
    out = folder / "xlner.conll"
    _, seconds = run([xlner(), "tag", "--model", folder / "xlner.model", test, "-o", out])
    return report["seconds"], sum(1 for _ in sentences(test)) / seconds, out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data = shared() / "data" / "uner-en-ewt"
    parser.add_argument("--train", type=Path, default=data / "train.iob2")
    parser.add_argument("--test", type=Path, default=data / "test.iob2")
    parser.add_argument("--iterations", type=int, default=100)
    arguments = parser.parse_args()
    if xlner() is None:
        sys.exit("build xlner first: cargo build --release")
    with tempfile.TemporaryDirectory() as folder:
        for name, system in [("python-crfsuite", crfsuite), ("xlner", ours)]:
            seconds, rate, out = system(arguments.train, arguments.test, arguments.iterations, Path(folder))
            scores, _ = run([xlner(), "eval", "--gold", arguments.test, "--pred", out, "--bootstrap", 0, "--json"])
            f1 = json.loads(scores)["micro"]["f1"]
            print(f"{name:16} F1 {f1:.4f}  trained in {seconds:6.1f} s  {rate:8,.0f} sentences/s", flush=True)


main()
