"""spaCy: ``Doc`` and ``DocBin`` as sentences and pairs, and a component that tags.

A sentence is a ``Doc``, a pair is a tuple of two. Tokens are spaCy's; entities are ``Doc.ents``. spaCy itself is imported only
where its objects are met.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ._errors import OptionsError
from ._stages import offsets


def is_doc(value: object) -> bool:
    """Whether something is a ``Doc``."""
    spacy = sys.modules.get("spacy")
    return spacy is not None and isinstance(value, spacy.tokens.Doc)


def is_bin(value: object) -> bool:
    """Whether something is a ``DocBin``."""
    spacy = sys.modules.get("spacy")
    return spacy is not None and isinstance(value, spacy.tokens.DocBin)


def to_record(doc: Any) -> dict[str, Any]:
    """A ``Doc`` as the record of a sentence. Tokens of white space alone are no tokens of a sentence."""
    kept = [token.i for token in doc if not token.is_space]
    place = {old: new for new, old in enumerate(kept)}
    entities = []
    for entity in doc.ents:
        tokens = [place[at] for at in range(entity.start, entity.end) if at in place]
        if tokens:
            entities.append({"start": tokens[0], "end": tokens[-1] + 1, "label": entity.label_})
    record = {"text": doc.text, "tokens": [doc[at].text for at in kept], "entities": entities}
    lang = doc.lang_
    return record if lang in ("", "xx") else {"lang": lang, **record}


def to_doc(record: Mapping[str, Any], vocab: Any) -> Any:
    """A sentence as a ``Doc`` with its tokens and entities."""
    from spacy.tokens import Doc

    text, tokens = record.get("text") or " ".join(record["tokens"]), list(record["tokens"])
    places = offsets(text, tokens)
    spaces = [text[end : end + 1].isspace() for _, end in places]
    doc = Doc(vocab, words=tokens, spaces=spaces)
    _annotate(doc, record.get("entities") or [], list(range(len(tokens))))
    return doc


def _annotate(doc: Any, entities: Iterable[Mapping[str, Any]], places: Sequence[int]) -> None:
    from spacy.tokens import Span
    from spacy.util import filter_spans

    spans = [Span(doc, places[entity["start"]], places[entity["end"] - 1] + 1, label=entity["label"]) for entity in entities]
    doc.set_ents(filter_spans(spans))


def put(doc: Any, record: Mapping[str, Any]) -> Any:
    """Gives a ``Doc`` the entities of its record."""
    _annotate(doc, record.get("entities") or [], [token.i for token in doc if not token.is_space])
    return doc


def take(data: Any, *, pairs: bool | None) -> tuple[list[dict[str, Any]], Callable[[list[dict[str, Any]]], Any]] | None:
    """The records of docs, and what puts entities back; ``None`` for anything else."""
    if "spacy" not in sys.modules:
        return None
    if pairs is None:
        pairs = isinstance(data, tuple) or isinstance(data, list) and bool(data) and isinstance(data[0], tuple)
    if pairs and isinstance(data, tuple) and len(data) == 2 and all(is_bin(part) for part in data):
        sources, targets = (_docs(part) for part in data)
        if len(sources) != len(targets):
            raise OptionsError(f"{len(sources)} source docs and {len(targets)} target docs; item n of both must belong together")
        records, back = _pairs(list(zip(sources, targets, strict=True)))
        return records, lambda results: tuple(_bin(side) for side in zip(*back(results), strict=True)) or data
    if not pairs and is_bin(data):
        docs = _docs(data)
        return [to_record(doc) for doc in docs], lambda results: _bin(map(put, docs, map(_own, results)))
    if not isinstance(data, (list, tuple)) or not data:
        return None
    if pairs and all(isinstance(item, tuple) and len(item) == 2 and all(map(is_doc, item)) for item in data):
        return _pairs(list(data))
    if not pairs and all(map(is_doc, data)):
        return [to_record(doc) for doc in data], lambda results: list(map(put, data, map(_own, results)))
    return None


def _own(record: dict[str, Any]) -> dict[str, Any]:
    """The sentence that a result is about: of a pair its target."""
    found: dict[str, Any] = record.get("target", record)
    return found


def _docs(docs: Any) -> list[Any]:
    import spacy

    return list(docs.get_docs(spacy.blank("xx").vocab))


def _bin(docs: Iterable[Any]) -> Any:
    from spacy.tokens import DocBin

    return DocBin(docs=docs, store_user_data=True)


def _pairs(docs: list[tuple[Any, Any]]) -> tuple[list[dict[str, Any]], Callable[[list[dict[str, Any]]], list[tuple[Any, Any]]]]:
    records = [{"source": to_record(source), "target": to_record(target)} for source, target in docs]

    def back(results: list[dict[str, Any]]) -> list[tuple[Any, Any]]:
        # The source as well: a tagger may have found its entities.
        return [
            (put(source, result["source"]), put(target, result["target"]))
            for (source, target), result in zip(docs, results, strict=True)
        ]

    return records, back


def register() -> None:
    """Makes ``nlp.add_pipe("xlner_tagger")`` known. Importing this module where spaCy is imported already does it."""
    from spacy.language import Language

    if Language.has_factory("xlner_tagger"):
        return

    @Language.factory(  # type: ignore[untyped-decorator]
        "xlner_tagger", default_config={"model": "default"}, assigns=["doc.ents"]
    )
    def make(nlp: Any, name: str, model: str) -> Component:
        return Component(model)


class Component:
    """A component of a pipeline that sets ``Doc.ents`` with a tagger of xlner's.

    Args:
        model: Name of the tagger, as `xlner.Tagger.load` takes it.
    """

    def __init__(self, model: str = "default") -> None:
        from ._models import Tagger

        self.tagger = Tagger.load(model)

    def __call__(self, doc: Any) -> Any:
        return self.tagger.tag([doc], progress=False)[0]

    def pipe(self, docs: Iterable[Any], *, batch_size: int = 128) -> Iterable[Any]:
        """Tags docs batch by batch."""
        from itertools import islice

        stream = iter(docs)
        while batch := list(islice(stream, batch_size)):
            yield from self.tagger.tag(batch, progress=False)
