"""What xlner says of tags and of entities, as its peers would be asked."""

import functools
import json
import os
import subprocess
import tempfile
from pathlib import Path

XLNER = os.environ["XLNER"]


class Refused(Exception):
    """xlner ends with an error."""


def xlner(*words):
    done = subprocess.run([XLNER, "-q", *map(str, words)], capture_output=True, text=True)
    if done.returncode:
        raise Refused(done.stderr.strip())
    return done.stdout


def write(path, sentences):
    path.write_text("".join("".join(f"w\t{tag}\n" for tag in tags) + "\n" for tags in sentences), encoding="utf-8")


def evaluate(gold, predicted, *options):
    """The figures of `xlner eval` for lists of tags."""
    return json.loads(figures(json.dumps([gold, predicted]), *options))


@functools.lru_cache(maxsize=None)
def figures(tags, *options):
    gold, predicted = json.loads(tags)
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / "gold.conll", Path(folder) / "predicted.conll"]
        for path, sentences in zip(files, (gold, predicted)):
            write(path, sentences)
        return xlner("eval", "--gold", files[0], "--pred", files[1], "--bootstrap", 0, "--json", *options)


def entities(sentences, scheme):
    """The entities of lists of tags, for each: (label, start, exclusive end)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.conll"
        write(path, sentences)
        lines = xlner("convert", path, "--from-scheme", scheme, "--to-format", "jsonl").splitlines()
    found = [[(e["label"], e["start"], e["end"]) for e in json.loads(line)["entities"]] for line in lines]
    return [sorted(one) for one in found]


def tags(length, spans):
    """IOB2 tags of spans (label, start, exclusive end) that do not overlap; None where they do."""
    row = ["O"] * length
    for label, start, end in spans:
        if any(tag != "O" for tag in row[start:end]) or not 0 <= start < end <= length:
            return None
        row[start:end] = [f"B-{label}"] + [f"I-{label}"] * (end - start - 1)
    return row
