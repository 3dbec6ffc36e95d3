"""Projection, and the two ways round it: translate-test and translate-train."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any, TypedDict, Unpack

from . import _stages, _xlner
from ._errors import OptionsError
from ._models import Aligner, Tagger
from ._progress import Progress, follow
from ._results import Pairs
from ._tables import Records, given_back, handed, listed, refilled, take

Name = str | PathLike[str]


class ProjectOptions(TypedDict, total=False):
    """Keyword arguments of `project`, `label` and `transfer`; all may be left out.

    The first ones are stages: objects that find, align or encode. The others are named and explained as the flags of ``xlner project``.
    """

    #: A trained `Aligner`; or your own: an object with ``align(batch)``, or a function, that answers a batch of records with a
    #: list of links ``(source token, target token[, probability])`` for each.
    aligner: Any
    #: Finds entities in the target sentences, for ``scores="span=1,tagger=0.5"`` and ``candidates="tagger"``.
    target_tagger: Any
    #: An object with ``encode(batch)``, or a function: a vector for each token. Its similarities give the links.
    encoder: Any
    #: Sentences that your own stages get at once; 64.
    batch_size: int
    #: ``None``: bars on a terminal, where tqdm is installed; ``False``: none; or a function that is called with the stage, how much
    #: is done, and the total or ``None``.
    progress: Progress

    method: str
    scores: str | Mapping[str, float]
    candidates: str
    max_length: int
    stop_tokens: Sequence[str]
    solver: str
    constraint: str
    min_score: float
    keep_labels: bool
    decision: Name
    min_probability: float
    expect: str
    target_tags: str
    merge_distance: int
    length_ratio: float
    max_ranges: int
    only_first: bool
    edition: str
    bitext: Sequence[Name]
    dictionary: Sequence[Name]
    #: How links are taken from the similarities of an encoder's vectors: ``argmax``, ``softmax``, …
    extraction: str
    #: How much tokens at the same place are favoured there, 0 to 1.
    distortion: float


def project(pairs: Any, *, tagger: Any = None, **options: Unpack[ProjectOptions]) -> Any:
    """Projects the entities of source sentences to their translations.

    By default as the command ``xlner project`` does: the built-in aligner is trained on the pairs, unless the first has links; the
    score is ``span``, ``align`` where there are links; the assignment is exact; and where a tagger gave the source sentences
    ``probabilities``, or ``tagger`` does, the default decision chooses what is kept.

    Args:
        pairs: Records ``{"id", "source": {"tokens" or "text", "lang", "entities"}, "target": {…}, "alignment"}``; or a table with
            such columns (pyarrow, polars, pandas, ``datasets.Dataset``, whatever speaks the Arrow PyCapsule interface); or
            tuples of two spaCy ``Doc`` objects; or a tuple of two ``DocBin``. Entities are half-open ranges of tokens.
        tagger: Finds the entities of the source sentences: a `Tagger`, or the name of one, a spaCy or ``transformers`` pipeline, an
            object with ``tag(batch)``, or a function. The items of a batch are ``{"text", "tokens", "lang"}``; the answer for
            each is a list of entities (``{"start", "end", "label"[, "score"]}`` or tuples) or of tags, one a token.
        **options: Other stages, and the method: see `ProjectOptions`.

    Returns:
        What came in, with the target's entities: each has its ``score``, and ``from``, the index of the source entity. A list
        has a field ``report`` with the figures of the run.

    Raises:
        OptionsError: Arguments do not go together.
        RecordError: A pair is not as it should be; ``.record`` is its id.
        Exception: What a stage of yours raises comes through unchanged, with the record in a note.

    Examples:
        >>> import xlner
        >>> pair = {
        ...     "source": {"tokens": ["Obama", "visited", "Berlin"], "entities": [{"start": 0, "end": 1, "label": "PER"}]},
        ...     "target": {"tokens": ["Gestern", "besuchte", "Obama", "Berlin"]},
        ... }
        >>> [found] = xlner.project([pair])[0]["target"]["entities"]
        >>> found["start"], found["end"], found["label"]
        (2, 3, 'PER')
    """
    records, back = take(pairs, pairs=True)
    return back(_run(records, options, tagger=tagger))


def label(
    texts: Any, *, lang: str, translator: Any, tagger: Any = "default", via: str = "en", **options: Unpack[ProjectOptions]
) -> Any:
    """Finds the entities of texts by way of another language (translate-test).

    They are translated, the translations are tagged, and the entities are projected back.

    Args:
        texts: Texts, a sentence each; records of sentences; a table with a column ``text`` or ``tokens``; spaCy ``Doc`` objects or
            a ``DocBin``.
        lang: Their language (BCP 47).
        translator: From ``lang`` into ``via``: an object with ``translate(batch)``, or a function, of a list of texts; or a mapping of
            texts to translations.
        tagger: Of the language ``via``, as `project` takes it.
        via: Language of the translations (BCP 47).
        **options: See `ProjectOptions`.

    Returns:
        For spaCy's objects these, with entities. Else pairs, the translation as ``source`` and the sentence, with its entities, as
        ``target``: a list, or a table.

    Raises:
        Exception: As `project` does.
    """
    sentences, back = take(texts, pairs=False)
    return back(_run(_pairs_of(sentences, "target", lang, via), options, tagger=tagger, translator=translator))


def transfer(
    sentences: Any,
    *,
    to: str,
    translator: Any = None,
    translations: Sequence[str] | None = None,
    tagger: Any = None,
    lang: str = "en",
    **options: Unpack[ProjectOptions],
) -> Any:
    """Makes training data for a language (translate-train): labelled sentences are translated, and their entities projected.

    Args:
        sentences: Labelled sentences: records, a table, spaCy ``Doc`` objects or a ``DocBin``.
        to: Language of the translations (BCP 47).
        translator: From ``lang`` into ``to``, as `label` takes it.
        translations: Translations that are given, one a sentence, instead.
        tagger: Finds the entities, where the sentences are not labelled.
        lang: Language of sentences that name none (BCP 47).
        **options: See `ProjectOptions`.

    Returns:
        Pairs: each sentence as ``source``, its translation with the entities as ``target``. A list, or for a table a table.

    Raises:
        Exception: As `project` does.
    """
    if (translator is None) == (translations is None):
        raise OptionsError("give a translator, or translations: one of them")
    given, back = take(sentences, pairs=False)
    if translations is not None and len(translations) != len(given):
        raise OptionsError(f"{len(translations)} translations for {len(given)} sentences; every sentence needs one")
    pairs = _pairs_of(given, "source", lang, to, translations)
    result = _run(pairs, options, tagger=tagger, translator=translator)
    return result if isinstance(result, Pairs) else back(result)


def _pairs_of(sentences: Records, side: str, lang: str, other_lang: str, texts: Sequence[str] | None = None) -> Records:
    """Pairs of which one side is there, and of the other its text at most; they have the sentences' ids."""
    if isinstance(sentences, _xlner.Table):
        return sentences.as_pairs(side, lang, other_lang, None if texts is None else list(texts))
    other = "source" if side == "target" else "target"
    pairs = []
    for sentence, text in zip(sentences, texts or [""] * len(sentences), strict=True):
        pair: dict[str, Any] = {}
        if isinstance(sentence, Mapping):
            sentence = {"lang": lang, **sentence}
            id = sentence.pop("id", None)
            pair = {} if id is None else {"id": id}
        pairs.append(pair | {side: sentence, other: {"lang": other_lang, "text": text}})
    return pairs


def _run(records: Records, options: ProjectOptions, *, tagger: Any, translator: Any = None) -> Any:
    """Projects; the answer is `Pairs`, or the rows of a table."""
    flags: dict[str, Any] = dict(options)
    aligner, encoder, target_tagger, progress = (
        flags.pop(name, None) for name in ("aligner", "encoder", "target_tagger", "progress")
    )
    size = flags.pop("batch_size", _stages.BATCH)
    if size < 1:
        raise OptionsError(f"batch_size is a number from 1 on, not {size}")
    if aligner is not None and encoder is not None:
        raise OptionsError("the aligner and the encoder both give links: leave out one")
    own = aligner is not None and not isinstance(aligner, Aligner)
    if own and translator is not None:
        raise OptionsError("an aligner of your own needs both sentences; translate first, then project")
    arguments = plain(flags)
    given = handed(records)
    if own:
        given = handed(refilled(records, _stages.align(aligner, listed(records), size)))
    with follow(progress) as heard:
        answer, report = _xlner.project(
            given,
            arguments,
            translator=None if translator is None else _stages.translator(translator, size),
            aligner=None if own or aligner is None else aligner._core,
            tagger=stage_of_tagger(tagger, size),
            target_tagger=stage_of_tagger(target_tagger, size),
            encoder=None if encoder is None else _stages.encoder(encoder, size),
            progress=heard,
        )
    found = given_back(answer)
    return Pairs(found, json.loads(report)) if isinstance(found, list) else found


def plain(flags: Mapping[str, Any]) -> str:
    """Options as JSON; what is ``None`` was not given."""
    return json.dumps({name: _plain(value) for name, value in flags.items() if value is not None})


def _plain(value: Any) -> Any:
    """An option as JSON: names of files as texts, weights of scores as the flag has them."""
    if isinstance(value, PathLike):
        return os.fspath(value)
    if isinstance(value, Mapping):
        return ",".join(f"{name}={weight}" for name, weight in value.items())
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def stage_of_tagger(tagger: Any, size: int) -> Any:
    """A tagger as the compiled part takes it."""
    if tagger is None:
        return None
    if isinstance(tagger, (str, PathLike)):
        tagger = Tagger.load(tagger)
    return tagger._core if isinstance(tagger, Tagger) else _stages.tagger(tagger, size)
