"""The gold alignments of the data folder, and the text that aligners train on."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from common import shared

# Words with what is inside them (30.000, warm-up) and an apostrophe after them (l'), and every other sign by itself: of the ways to cut
# that were looked at, the one of the lowest error rate on XL-WA's development part.
WORDS = re.compile(r"\w+(?:[.,\-]\w+)*['’]?|[^\w\s]")


@dataclass
class Gold:
    """A gold alignment: its tokenised pairs, and for each the sure and the possible links."""

    name: str
    pairs: list
    sure: list
    possible: list = field(repr=False)

    @property
    def languages(self):
        return self.name.rsplit(".", 1)[1]


def read_bitext(path):
    lines = Path(path).read_text(encoding="utf-8").split("\n")[:-1]
    pairs = []
    for line in lines:
        source, _, target = line.partition("|||")
        pairs.append((" ".join(source.split()), " ".join(target.split())))
    return pairs


def read_gold(name):
    """`name` is `xl-wa.test.en-de`, say."""
    folder = shared() / "data" / "word-alignment"
    sure, possible = [], []
    for line in (folder / f"{name}.gold").read_text(encoding="utf-8").split("\n")[:-1]:
        links = [re.fullmatch(r"(\d+)([-p])(\d+)", link).groups() for link in line.split()]
        sure.append({(int(i), int(j)) for i, kind, j in links if kind == "-"})
        possible.append({(int(i), int(j)) for i, _, j in links})
    pairs = read_bitext(folder / f"{name}.bitext")
    assert len(pairs) == len(sure), name
    return Gold(name, pairs, sure, possible)


def names(split):
    """Names of the gold sets: `dev` is XL-WA's development part, `test` everything else but the silver part."""
    every = sorted(path.name.removesuffix(".gold") for path in (shared() / "data" / "word-alignment").glob("*.gold"))
    dev = [name for name in every if name.startswith("xl-wa.dev.")]
    return dev if split == "dev" else [name for name in every if name not in dev and "silver" not in name]


def training_text(name, text):
    """The pairs to train on, those of the gold set first. `text` is `test`: the set itself and, of XL-WA, its other
    split; or `all`: also every other text of the two languages in the data folder."""
    own = read_bitext(shared() / "data" / "word-alignment" / f"{name}.bitext")
    data = shared() / "data"
    languages = name.rsplit(".", 1)[1]
    if name.startswith("xl-wa.dev."):
        own += read_bitext(data / "word-alignment" / f"xl-wa.test.{languages}.bitext")
    elif name.startswith("xl-wa.test."):
        own += read_bitext(data / "word-alignment" / f"xl-wa.dev.{languages}.bitext")
    if text == "test":
        return own
    known = set(own)
    more = []
    for path in sorted((data / "word-alignment").glob(f"*.{languages}.bitext")):
        more += read_bitext(path)
    source, target = languages.split("-")
    more += parallel(source, target)
    more += [(b, a) for a, b in parallel(target, source)]
    for pair in more:
        if pair not in known:
            known.add(pair)
            own.append(pair)
    return own


def parallel(source, target):
    """The raw parallel text of two languages, split at spaces and punctuation."""
    pairs = []
    for path in sorted((shared() / "data" / "parallel").glob(f"*.{source}-{target}.tsv")):
        for line in path.read_text(encoding="utf-8").split("\n")[:-1]:
            a, _, b = line.partition("\t")
            a, b = (" ".join(WORDS.findall(side)) for side in (a, b))
            if a and b:
                pairs.append((a, b))
    return pairs
