"""The functions of xlner."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

from . import _stages, _xlner
from ._errors import OptionsError
from ._models import Aligner, Tagger
from ._progress import Progress, follow
from ._records import from_lines, to_lines
from ._results import Evaluation, Pairs, Report
from ._tables import columns_of, take

Name = str | PathLike[str]


def project(
    pairs: Any,
    *,
    aligner: Any = None,
    tagger: Any = None,
    target_tagger: Any = None,
    encoder: Any = None,
    batch_size: int = _stages.BATCH,
    progress: Progress = None,
    **options: Any,
) -> Any:
    """Projects the entities of source sentences to their translations.

    By default as the command ``xlner project`` does: the built-in aligner is trained on the pairs, unless the first has links; the
    score is ``span``, ``align`` where there are links; the assignment is exact; and where a tagger gave the source sentences
    ``probabilities``, or ``tagger`` does, the default decision chooses what is kept.

    Args:
        pairs: Records ``{"id", "source": {"tokens" or "text", "lang", "entities"}, "target": {…}, "alignment"}``; or a table with
            such columns (pyarrow, polars, pandas, ``datasets.Dataset``, whatever speaks the Arrow PyCapsule interface); or
            tuples of two spaCy ``Doc`` objects; or a tuple of two ``DocBin``. Entities are half-open ranges of tokens.
        aligner: A trained `Aligner`; or your own: an object with ``align(batch)``, or a function, that answers a batch of records
            with a list of links ``(source token, target token[, probability])`` for each.
        tagger: Finds the entities of the source sentences: a `Tagger`, or the name of one, a spaCy or ``transformers`` pipeline, an
            object with ``tag(batch)``, or a function. The items of a batch are ``{"text", "tokens", "lang"}``; the answer for
            each is a list of entities (``{"start", "end", "label"[, "score"]}`` or tuples) or of tags, one a token.
        target_tagger: The same for the target language, for ``scores="span=1,tagger=0.5"`` and ``candidates="tagger"``.
        encoder: An object with ``encode(batch)``, or a function: a vector for each token. Its similarities give the links; with
            ``extraction`` (``argmax``, ``softmax``, …) and ``distortion``, 0 to 1.
        batch_size: Sentences that your own stages get at once.
        progress: ``None``: bars on a terminal, where tqdm is installed; ``False``: none; or a function that is called with the stage,
            how much is done, and the total or ``None``.
        **options: As the flags of ``xlner project``: ``method``, ``scores``, ``candidates``, ``max_length``, ``stop_tokens``,
            ``solver``, ``constraint``, ``min_score``, ``keep_labels``, ``decision``, ``min_probability``, ``expect``,
            ``target_tags``, ``merge_distance``, ``length_ratio``, ``max_ranges``, ``only_first``, ``edition``, ``bitext``,
            ``dictionary``.

    Returns:
        What came in, with the target's entities: each has its ``score``, and ``from``, the index of the source entity. A list
        has a field ``report`` with the figures of the run.

    Raises:
        OptionsError: Arguments do not go together.
        RecordError: A pair is not as it should be; ``.record`` is its id.
        Exception: What a stage of yours raises comes through unchanged, with the record in a note.

    Example:
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
    return back(
        _project(
            records,
            aligner=aligner,
            tagger=tagger,
            target_tagger=target_tagger,
            encoder=encoder,
            batch_size=batch_size,
            progress=progress,
            options=options,
        )
    )


def label(
    texts: Any,
    *,
    lang: str,
    translator: Any,
    tagger: Any = "default",
    via: str = "en",
    aligner: Any = None,
    target_tagger: Any = None,
    encoder: Any = None,
    batch_size: int = _stages.BATCH,
    progress: Progress = None,
    **options: Any,
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
        aligner, target_tagger, encoder, batch_size, progress, **options: See `project`.

    Returns:
        For spaCy's objects these, with entities. Else pairs, the translation as ``source`` and the sentence, with its entities, as
        ``target``: a list, or a table.

    Raises:
        See `project`.
    """
    sentences, back = take(texts, pairs=False)
    pairs = [_pair_of(sentence, "target", lang) | {"source": {"lang": via, "text": ""}} for sentence in sentences]
    return back(
        _project(
            pairs,
            translator=translator,
            aligner=aligner,
            tagger=tagger,
            target_tagger=target_tagger,
            encoder=encoder,
            batch_size=batch_size,
            progress=progress,
            options=options,
        )
    )


def transfer(
    sentences: Any,
    *,
    to: str,
    translator: Any = None,
    translations: Sequence[str] | None = None,
    tagger: Any = None,
    lang: str = "en",
    aligner: Any = None,
    target_tagger: Any = None,
    encoder: Any = None,
    batch_size: int = _stages.BATCH,
    progress: Progress = None,
    **options: Any,
) -> Pairs:
    """Makes training data for a language (translate-train): labelled sentences are translated, and their entities projected.

    Args:
        sentences: Labelled sentences: records, a table, spaCy ``Doc`` objects or a ``DocBin``.
        to: Language of the translations (BCP 47).
        translator: From ``lang`` into ``to``, as `label` takes it.
        translations: Translations that are given, one a sentence, instead.
        tagger: Finds the entities, where the sentences are not labelled.
        lang: Language of sentences that name none (BCP 47).
        aligner, target_tagger, encoder, batch_size, progress, **options: See `project`.

    Returns:
        Pairs: each sentence as ``source``, its translation with the entities as ``target``.

    Raises:
        See `project`.
    """
    if (translator is None) == (translations is None):
        raise OptionsError("give a translator, or translations: one of them")
    given, _ = take(sentences, pairs=False)
    if translations is not None and len(translations) != len(given):
        raise OptionsError(f"{len(translations)} translations for {len(given)} sentences; every sentence needs one")
    targets = translations or [""] * len(given)
    pairs = [
        _pair_of(sentence, "source", lang) | {"target": {"lang": to, "text": text}}
        for sentence, text in zip(given, targets, strict=True)
    ]
    return _project(
        pairs,
        translator=translator,
        aligner=aligner,
        tagger=tagger,
        target_tagger=target_tagger,
        encoder=encoder,
        batch_size=batch_size,
        progress=progress,
        options=options,
    )


def _pair_of(sentence: Any, side: str, lang: str) -> dict[str, Any]:
    """A pair of which one side is there; it has the sentence's id."""
    if not isinstance(sentence, Mapping):
        return {side: sentence}
    sentence = {"lang": lang, **sentence}
    id = sentence.pop("id", None)
    return ({} if id is None else {"id": id}) | {side: sentence}


def _project(
    records: Sequence[Any],
    *,
    options: Mapping[str, Any],
    batch_size: int,
    progress: Progress,
    translator: Any = None,
    aligner: Any = None,
    tagger: Any = None,
    target_tagger: Any = None,
    encoder: Any = None,
) -> Pairs:
    if batch_size < 1:
        raise OptionsError(f"batch_size is a number from 1 on, not {batch_size}")
    if aligner is not None and encoder is not None:
        raise OptionsError("the aligner and the encoder both give links: leave out one")
    arguments = {name: _plain(value) for name, value in options.items() if value is not None}
    core = None
    if isinstance(aligner, Aligner):
        core = aligner._core
    elif aligner is not None:
        if translator is not None:
            raise OptionsError("an aligner of your own needs both sentences; translate first, then project")
        to_lines(records)
        records = _stages.align(aligner, records, batch_size)
    with follow(progress) as heard:
        lines, report = _xlner.project(
            to_lines(records),
            json.dumps(arguments),
            translator=None if translator is None else _stages.translator(translator, batch_size),
            aligner=core,
            tagger=_tagger(tagger, batch_size),
            target_tagger=_tagger(target_tagger, batch_size),
            encoder=None if encoder is None else _stages.encoder(encoder, batch_size),
            progress=heard,
        )
    return Pairs(from_lines(lines), json.loads(report))


def _plain(value: Any) -> Any:
    """An option as JSON: names of files as texts, weights of scores as the flag has them."""
    if isinstance(value, PathLike):
        return os.fspath(value)
    if isinstance(value, Mapping):
        return ",".join(f"{name}={weight}" for name, weight in value.items())
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _tagger(tagger: Any, size: int) -> Any:
    if tagger is None:
        return None
    if isinstance(tagger, (str, PathLike)):
        tagger = Tagger.load(tagger)
    return tagger._core if isinstance(tagger, Tagger) else _stages.tagger(tagger, size)


def evaluate(
    gold: Any,
    pred: Any,
    *,
    mode: str = "default",
    ignore: Sequence[str] = (),
    map: Mapping[str, str] | None = None,
    bootstrap: int = 1000,
    randomization: int = 10_000,
    seed: int = 1,
) -> Evaluation:
    """Compares predicted entities with gold ones, as ``seqeval`` counts them.

    Args:
        gold: Sentences with entities, or pairs: their field ``gold`` where they have it, else the target's entities.
        pred: The same sentences with predicted entities, of pairs the target's; or several systems: a mapping of names to those.
        mode: ``default`` or ``strict``.
        ignore: Labels that do not count, as they are called after ``map``.
        map: Labels that are replaced by others before counting.
        bootstrap: Samples for the confidence intervals; 0 for none.
        randomization: Random swaps for the p-values between systems; 0 for none.
        seed: Of both.

    Returns:
        The figures, fractions of 1: ``micro``, ``macro``, ``types``, ``ci95``, …; for several systems ``systems`` and ``comparisons``.

    Raises:
        RecordError: A sentence is not the same in gold and prediction.
        OptionsError: The numbers of sentences differ.

    Example:
        >>> import xlner
        >>> gold = [{"tokens": ["Obama", "spoke"], "entities": [{"start": 0, "end": 1, "label": "PER"}]}]
        >>> xlner.evaluate(gold, gold, bootstrap=0).f1
        1.0
    """
    systems = pred if _is_systems(pred) else {"pred": pred}
    arguments = {
        "mode": mode,
        "ignore": list(ignore),
        "map": dict(map or {}),
        "bootstrap": bootstrap,
        "randomization": randomization,
        "seed": seed,
    }
    figures = _xlner.evaluate(
        to_lines(_sentences(gold, gold=True)),
        [(name, to_lines(_sentences(records))) for name, records in systems.items()],
        json.dumps(arguments),
    )
    return Evaluation(json.loads(figures))


def report(
    pairs: Any, *, gold: Any = None, title: str = "xlner", examples: int = 10
) -> Report:
    """A page on what a system found, and where gold is known on what is right and wrong with it.

    Args:
        pairs: Projected pairs; or several systems: a mapping of names to pairs.
        gold: Sentences with the right entities. Without it the pairs' field ``gold``, where all have it.
        title: Heading.
        examples: Examples shown of each kind.

    Returns:
        The text of one HTML page that needs nothing else; it shows itself in a notebook and has a method ``save``.

    Raises:
        RecordError: A pair is not as it should be.
    """
    systems = pairs if _is_systems(pairs) else {"predictions": pairs}
    taken = {name: list(take(data, pairs=True)[0]) for name, data in systems.items()}
    first = next(iter(taken.values()), [])
    if gold is None and first and all("gold" in record for record in first):
        gold = first
    lines = [(name, to_lines(records)) for name, records in taken.items()]
    return Report(_xlner.report(lines, None if gold is None else to_lines(_sentences(gold, gold=True)), title, examples))


def _is_systems(data: Any) -> bool:
    return isinstance(data, Mapping) and not hasattr(data, "columns") and not {"source", "tokens", "text"} & set(data)


def _sentences(data: Any, gold: bool = False) -> list[Any]:
    """The sentences whose entities count; of pairs the target, with ``gold`` where that is asked for and there."""
    if isinstance(data, (list, tuple)):
        records: Any = take(data, pairs=bool(data) and isinstance(data[0], Mapping) and "source" in data[0])[0]
    else:
        records = take(data, pairs="source" in columns_of(data))[0]
    result = []
    for record in records:
        if isinstance(record, Mapping) and isinstance(record.get("target"), Mapping):
            entities = record["gold"] if gold and "gold" in record else record["target"].get("entities", [])
            id = {} if record.get("id") is None else {"id": record["id"]}
            record = {**id, **record["target"], "entities": entities}
        result.append(record)
    return result


def read(
    path: Name,
    *,
    format: str | None = None,
    side: str | None = None,
    progress: Progress = None,
    **options: Any,
) -> Any:
    """Reads a file of any format that xlner knows.

    Args:
        path: The file; its name tells the format (``.conll``, ``.jsonl``, ``.tsv``, ``.parquet``, …; ``.gz`` and ``.zst`` are read).
        format: The format, where the name does not tell it.
        side: Of pairs, ``source`` or ``target`` alone.
        progress: See `project`.
        **options: ``scheme``, ``token_column``, ``tag_column``, ``labels``, ``lang``, ``target_lang``, ``tokenized``,
            ``strict``.

    Returns:
        A list of pairs, or of records of sentences. What was left out or repaired is told in warnings, with counts.

    Raises:
        FileError: The file cannot be read.
        FormatError: It breaks the rules of its format; ``.line`` says where.
    """
    arguments = {"format": format, "side": side, **options}
    with follow(progress) as heard:
        pairs, lines, remarks = _xlner.read(path, _file_options(arguments), heard)
    _warn(remarks)
    records = from_lines(lines)
    return Pairs(records) if pairs else records


def write(records: Any, path: Name, *, format: str | None = None, side: str | None = None, **options: Any) -> None:
    """Writes pairs or sentences to a file, which appears when it is whole. Texts are tokenised where the format needs tokens.

    Args:
        records: Pairs, as `project` takes them, or sentences, as `Tagger.tag` takes them.
        path: The file; its name tells the format.
        format: The format, where the name does not tell it.
        side: Which sentence of pairs is written, ``source`` or ``target``; ``None``: pairs where the format holds them, else the target.
        **options: ``scheme``, ``tokenized``, ``labels``, ``lang``.

    Raises:
        FileError: The file cannot be written.
        FormatError: The format cannot hold something of the records.
        RecordError: A record is not as it should be.
    """
    if isinstance(records, (list, tuple)):
        given = list(records)
        pairs = bool(given) and (isinstance(given[0], tuple) or isinstance(given[0], Mapping) and "source" in given[0])
    else:
        pairs = "source" in columns_of(records)
    lines = to_lines(take(records, pairs=pairs)[0])
    _xlner.write(lines, pairs, path, _file_options({"format": format, "side": side, **options}))


def convert(
    input: Name,
    output: Name,
    *,
    from_format: str | None = None,
    to_format: str | None = None,
    side: str | None = None,
    to_scheme: str | None = None,
    progress: Progress = None,
    **options: Any,
) -> int:
    """Copies a file into another format; it is streamed, and the output appears when it is whole. Texts are tokenised where the
    output needs tokens.

    Args:
        input: The file that is read.
        output: The file that is written; its name tells the format.
        from_format: Format of the input, where its name does not tell it.
        to_format: Format of the output, where its name does not tell it.
        side: Which sentence of pairs is written; see `write`.
        to_scheme: Tag scheme of the output; IOB2.
        progress: See `project`.
        **options: See `read`.

    Returns:
        The number of records.

    Raises:
        FileError, FormatError: See `read` and `write`.
    """
    reading = {"format": from_format, **options}
    writing = {"format": to_format, "side": side, "scheme": to_scheme}
    with follow(progress) as heard:
        count, remarks = _xlner.convert(input, output, _file_options(reading), _file_options(writing), heard)
    _warn(remarks)
    return count


def _file_options(options: Mapping[str, Any]) -> str:
    return json.dumps({name: value for name, value in options.items() if value is not None})


def _warn(remarks: Sequence[tuple[str, int, str]]) -> None:
    for text, count, place in remarks:
        warnings.warn(f"{count} {text} (first: {place})", stacklevel=3)


def tune(
    pairs: Any,
    output: Name,
    *,
    tagger: Any = None,
    start: str = "default",
    l2: float = 300.0,
    bitext: Sequence[Name] = (),
    progress: Progress = None,
) -> dict[str, Any]:
    """Learns which projected entities to keep: a decision, for ``xlner.project(…, decision=output)``.

    Args:
        pairs: Pairs with the right target entities in the field ``gold``; fifty are enough to begin with. Their sources carry a tagger's
            ``probabilities``, or ``tagger`` gives them.
        output: The file of weights.
        tagger: A `Tagger`, or its name, that gives the sources their entities and probabilities.
        start: What learning starts from and stays close to: ``default``, ``none``, or a file.
        l2: How much weights that differ from the start are held back.
        bitext: Files of other pairs to train the aligner on.
        progress: See `project`.

    Returns:
        The figures: ``pairs``, ``entities``, and cross-validated F1 of the start, ``f1_start``, and of what is learnt, ``f1``.

    Raises:
        RecordError: A pair has no ``gold``, or is not as it should be.
        OptionsError: No source has probabilities.
    """
    records, _ = take(pairs, pairs=True)
    if tagger is not None:
        found = tagger if isinstance(tagger, Tagger) else Tagger.load(tagger)
        sources = found.tag([record["source"] for record in records], probabilities=True, progress=progress)
        records = [{**record, "source": source} for record, source in zip(records, sources, strict=True)]
    with follow(progress) as heard:
        figures = _xlner.tune_decision(to_lines(records), output, start, l2, [os.fspath(path) for path in bitext], heard)
    result: dict[str, Any] = json.loads(figures)
    return result
