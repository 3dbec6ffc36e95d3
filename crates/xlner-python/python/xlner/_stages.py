"""Stages of the user's own: callables and objects that tag, translate, encode or align.

The compiled part calls the adapters here with JSON. An adapter hands batches to the user's object, checks the answers, and says
which item of a batch is at fault.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ._errors import OptionsError, StageError

#: Items that are handed to a stage together.
BATCH = 64

Call = Callable[[list[Any]], Any]


def _method(stage: object, name: str, what: str) -> Call:
    """The method of that name, else the object itself."""
    method = getattr(stage, name, None)
    if callable(method):
        return method  # type: ignore[no-any-return]
    if callable(stage):
        return stage
    raise OptionsError(f"{what}: {type(stage).__name__} is neither callable nor has a method {name}(batch)")


def _work(call: Call, items: Sequence[Any], size: int, doing: str) -> list[Any]:
    """Calls a stage with batch after batch.

    Raises:
        StageError: The stage raises (its exception is the cause), or does not answer once for each item.
    """
    answers: list[Any] = []
    for start in range(0, len(items), size):
        batch = list(items[start : start + size])
        try:
            found = call(batch)
            found = found.tolist() if hasattr(found, "tolist") else found
            given = list(found) if isinstance(found, Iterable) and not isinstance(found, (str, bytes, Mapping)) else None
        except Exception as error:
            raise _located(call, batch, start, doing, error) from error
        if given is None:
            raise StageError(start, f"{doing}: a list with an answer for each item was expected, not {type(found).__name__}")
        if len(given) != len(batch):
            at = min(len(given), len(batch) - 1)
            raise StageError(start + at, f"{doing}: {len(given)} answers for {len(batch)} items; every item needs one")
        answers.extend(given)
    return answers


def _located(call: Call, batch: list[Any], start: int, doing: str, error: Exception) -> StageError:
    """Which item made the stage raise: each is tried alone, until one raises as well."""
    if len(batch) == 1:
        return StageError(start, doing)
    for at, item in enumerate(batch):
        try:
            list(call([item]))
        except Exception as alone:
            if type(alone) is type(error):
                return StageError(start + at, doing)
    return StageError(start, f"{doing}: one of the {len(batch)} items from here on; alone none of them raises")


def tagger(stage: object, size: int) -> Callable[[str], str]:
    """The adapter of a tagger."""
    doing = "while tagging"
    call = _spacy(stage) or _token_classification(stage) or _method(stage, "tag", "tagger")

    def work(question: str) -> str:
        sentences = json.loads(question)
        answers = _work(call, sentences, size, doing)
        return json.dumps([_tagged(at, *item) for at, item in enumerate(zip(answers, sentences, strict=True))])

    return work


def _tagged(at: int, answer: Any, sentence: dict[str, Any]) -> dict[str, Any]:
    def wrong(problem: str) -> StageError:
        return StageError(at, f"the tagger's answer: {problem}")

    probabilities = None
    if isinstance(answer, Mapping):
        probabilities = answer.get("probabilities")
        answer = answer.get("entities")
    if isinstance(answer, (str, bytes)) or not isinstance(answer, Iterable):
        raise wrong(f"a list of entities was expected, not {type(answer).__name__}")
    answer = list(answer)
    if answer and all(isinstance(tag, str) for tag in answer):
        if len(answer) != len(sentence["tokens"]):
            raise wrong(f"{len(answer)} tags for {len(sentence['tokens'])} tokens")
        answer = _decoded(answer)
    entities = [_entity(entity, len(sentence["tokens"]), wrong) for entity in answer]
    result: dict[str, Any] = {"entities": entities}
    if probabilities is not None:
        result["probabilities"] = probabilities
    return result


def _entity(entity: Any, tokens: int, wrong: Callable[[str], StageError]) -> dict[str, Any]:
    if isinstance(entity, Mapping):
        missing = [name for name in ("start", "end", "label") if name not in entity]
        if missing:
            raise wrong(f"an entity has no {missing[0]}: {_short(entity)}")
        start, end, label, score = entity["start"], entity["end"], entity["label"], entity.get("score")
    elif isinstance(entity, (tuple, list)) and len(entity) in (3, 4):
        start, end, label, score = (*entity, None)[:4]
    else:
        raise wrong(f"an entity is a mapping with start, end and label, not {_short(entity)}")
    try:
        start, end = _whole(start), _whole(end)
        score = None if score is None else float(score)
    except (TypeError, ValueError):
        raise wrong(f"start and end are numbers of tokens, and the score is a number: {_short(entity)}") from None
    if not isinstance(label, str) or not label:
        raise wrong(f"the label is a text: {_short(entity)}")
    if not 0 <= start < end <= tokens:
        raise wrong(f"{label} {start}..{end} is not a non-empty part of a sentence of {tokens} tokens")
    if score is not None and not abs(score) < float("inf"):
        raise wrong(f"the score is not finite: {_short(entity)}")
    return {"start": start, "end": end, "label": label} | ({} if score is None else {"score": score})


def _whole(number: Any) -> int:
    if isinstance(number, bool) or int(number) != number:
        raise TypeError
    return int(number)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _decoded(tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """The entities of IOB2 or IOBES tags; what continues nothing begins an entity."""
    entities: list[tuple[int, int, str]] = []
    open_label = None
    for at, tag in enumerate(tags):
        prefix, _, label = tag.partition("-")
        if tag == "O" or not label:
            open_label = None
            continue
        if prefix in "IEM" and label == open_label:
            entities[-1] = (entities[-1][0], at + 1, label)
        else:
            entities.append((at, at + 1, label))
        open_label = None if prefix in "ESLU" else label
    return entities


def offsets(text: str, tokens: Sequence[str]) -> list[tuple[int, int]]:
    """Where tokens stand in their text, in characters."""
    places, at = [], 0
    for token in tokens:
        found = text.find(token, at)
        start = at if found < 0 else found
        at = start + len(token)
        places.append((start, at))
    return places


def _spacy(stage: object) -> Call | None:
    """A pipeline of spaCy's: it gets our tokens, and its entities are theirs."""
    if not (hasattr(stage, "pipe") and hasattr(stage, "vocab")):
        return None
    nlp: Any = stage

    def call(batch: list[dict[str, Any]]) -> list[list[tuple[int, int, str]]]:
        from .spacy import to_doc

        docs = nlp.pipe([to_doc(sentence, nlp.vocab) for sentence in batch])
        return [[(entity.start, entity.end, entity.label_) for entity in doc.ents] for doc in docs]

    return call


def _token_classification(stage: object) -> Call | None:
    """A pipeline of transformers' for token classification: it gets the text, and its places are those of characters."""
    if getattr(stage, "task", None) not in ("token-classification", "ner"):
        return None
    pipeline: Any = stage

    def call(batch: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
        found = pipeline([sentence["text"] for sentence in batch])
        return [of_characters(entities, sentence) for entities, sentence in zip(found, batch, strict=True)]

    return call


def of_characters(entities: Iterable[Mapping[str, Any]], sentence: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Entities with places in characters (``start``, ``end``) as entities with places in tokens: all tokens that they touch."""
    places = offsets(sentence["text"], sentence["tokens"])
    result = []
    for entity in entities:
        label = str(entity.get("entity_group") or entity.get("entity") or entity.get("label") or "")
        label = label.partition("-")[2] if label[:2] in ("B-", "I-") else label
        touched = [at for at, (start, end) in enumerate(places) if start < entity["end"] and entity["start"] < end]
        if touched and label and label != "O":
            found = {"start": touched[0], "end": touched[-1] + 1, "label": label}
            result.append(found if entity.get("score") is None else found | {"score": float(entity["score"])})
    return result


def translator(stage: object, size: int) -> Callable[[str], str]:
    """The adapter of a translator; a mapping of texts to translations is one as well."""
    doing = "while translating"
    call: Call
    if isinstance(stage, Mapping):
        table: Mapping[str, str] = stage
        call = lambda batch: [table[text] for text in batch]  # noqa: E731
    else:
        call = _method(stage, "translate", "translator")

    def work(question: str) -> str:
        answers = _work(call, json.loads(question), size, doing)
        return json.dumps([_translation(at, answer) for at, answer in enumerate(answers)])

    return work


def _translation(at: int, answer: Any) -> str:
    if isinstance(answer, Mapping):
        answer = answer.get("translation_text", answer.get("text"))
    if not isinstance(answer, str):
        raise StageError(at, f"the translator's answer: a text was expected, not {type(answer).__name__}")
    return answer


def encoder(stage: object, size: int) -> Callable[[str], tuple[int, list[bytes]]]:
    """The adapter of an encoder: a vector for each token of a sentence."""
    from array import array

    doing = "while encoding"
    call = _method(stage, "encode", "encoder")

    def work(question: str) -> tuple[int, list[bytes]]:
        sentences = json.loads(question)
        dimension, result = 0, []
        for at, (rows, sentence) in enumerate(zip(_work(call, sentences, size, doing), sentences, strict=True)):
            rows = rows.tolist() if hasattr(rows, "tolist") else rows
            try:
                rows = [array("f", row) for row in rows]
            except (TypeError, ValueError):
                raise StageError(at, "the encoder's answer: a list of vectors of numbers was expected") from None
            if len(rows) != len(sentence["tokens"]):
                raise StageError(at, f"the encoder's answer: {len(rows)} vectors for {len(sentence['tokens'])} tokens")
            dimension = dimension or (len(rows[0]) if rows else 0)
            if any(len(row) != dimension for row in rows):
                raise StageError(at, f"the encoder's answer: vectors of other lengths than {dimension}")
            if any(value != value or abs(value) == float("inf") for row in rows for value in row):
                raise StageError(at, "the encoder's answer: a number is not finite")
            result.append(b"".join(row.tobytes() for row in rows))
        return dimension, result

    return work


def align(stage: object, records: Sequence[Mapping[str, Any]], size: int) -> list[dict[str, Any]]:
    """The records with the links that an aligner of the user's gives them.

    Raises:
        The aligner's exception, with the record in a note.
    """
    from ._errors import RecordError

    call = _method(stage, "align", "aligner")
    try:
        links = _work(call, records, size, "while aligning")
    except StageError as error:
        at = error.index or 0
        id = records[at].get("id")
        place = f"pair {at + 1}" + ("" if id is None else f" “{id}”")
        if error.__cause__ is None:
            raise RecordError(f"{place}: {error}", record=None if id is None else str(id), number=at + 1) from None
        error.__cause__.add_note(f"xlner: {place}: {error}")
        raise error.__cause__ from None
    return [{**record, "alignment": [list(link) for link in found]} for record, found in zip(records, links, strict=True)]
