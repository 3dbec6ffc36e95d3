"""How good entities are, and a decision that is learnt from those that are known."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

from . import _xlner
from ._models import Tagger
from ._progress import Progress, follow
from ._records import to_lines
from ._results import Evaluation, Report
from ._tables import Records, handed, holds_pairs, listed, take

Name = str | PathLike[str]


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

    Examples:
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
    found = [(name, handed(_sentences(take(records, pairs=None)[0]))) for name, records in systems.items()]
    return Evaluation(json.loads(_xlner.evaluate(handed(_sentences(take(gold, pairs=None)[0], gold=True)), found, json.dumps(arguments))))


def report(pairs: Any, *, gold: Any = None, title: str = "xlner", examples: int = 10) -> Report:
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
    taken = {name: listed(take(data, pairs=True)[0]) for name, data in systems.items()}
    first = next(iter(taken.values()), [])
    if gold is not None:
        gold = take(gold, pairs=None)[0]
    elif first and all("gold" in record for record in first):
        gold = first
    lines = [(name, handed(records)) for name, records in taken.items()]
    return Report(_xlner.report(lines, None if gold is None else handed(_sentences(gold, gold=True)), title, examples))


def _is_systems(data: Any) -> bool:
    return isinstance(data, Mapping) and not hasattr(data, "columns") and not {"source", "tokens", "text"} & set(data)


def _sentences(records: Records, gold: bool = False) -> Records:
    """The sentences whose entities count; of pairs the target, with ``gold`` where that is asked for and there."""
    if not holds_pairs(records):
        return records
    result = []
    for record in listed(records):
        if isinstance(record, Mapping) and isinstance(record.get("target"), Mapping):
            entities = record["gold"] if gold and "gold" in record else record["target"].get("entities", [])
            id = {} if record.get("id") is None else {"id": record["id"]}
            record = {**id, **record["target"], "entities": entities}
        result.append(record)
    return result


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
    records = listed(take(pairs, pairs=True)[0])
    if tagger is not None:
        found = tagger if isinstance(tagger, Tagger) else Tagger.load(tagger)
        sources = found.tag([record["source"] for record in records], probabilities=True, progress=progress)
        records = [{**record, "source": source} for record, source in zip(records, sources, strict=True)]
    with follow(progress) as heard:
        figures = _xlner.tune_decision(to_lines(records), output, start, l2, [os.fspath(path) for path in bitext], heard)
    result: dict[str, Any] = json.loads(figures)
    return result
