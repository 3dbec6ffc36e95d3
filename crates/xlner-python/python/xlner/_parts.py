"""Work on a corpus that lies in parts, as Ray and Spark hold it.

What looks at the whole corpus, the training of the aligner and the score ``span``, is made of passes: in each every part is counted, the
counts, whole numbers, are added up where the job was started, and what they come to goes to all parts for the next pass. So the result
does not depend on where the corpus was cut.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from typing import Any

from . import _stages
from ._errors import OptionsError
from ._models import Aligner, Tagger
from ._project import plain, stage_of_tagger
from ._xlner import Passes, Table, empty, prepare

#: Counts a pass over all parts: the counts of each.
CountAll = Callable[["Pass"], Iterable[bytes]]


@dataclass(frozen=True)
class Job:
    """What is to be done with every part; it travels to the workers, which load the models that it names."""

    #: Options of the projection, as JSON.
    arguments: str
    tagger: Any = None
    target_tagger: Any = None
    translator: Any = None
    #: Where sentences come in and not pairs: their language and that of the translations.
    langs: tuple[str, str] | None = None
    batch_size: int = _stages.BATCH

    @property
    def prepares(self) -> bool:
        """Whether something is to be done with each part before the first pass."""
        return self.tagger is not None or self.langs is not None

    @cached_property
    def _tagger(self) -> Any:
        return stage_of_tagger(self.tagger, self.batch_size)

    @cached_property
    def _target_tagger(self) -> Any:
        return stage_of_tagger(self.target_tagger, self.batch_size)

    @cached_property
    def _translator(self) -> Any:
        return None if self.translator is None else _stages.translator(self.translator, self.batch_size)

    def prepare(self, part: Any) -> Table:
        """Pairs with both sentences and the source's entities."""
        table = table_of(part)
        if not table.column_names:
            return empty(True)
        if self.langs is not None:
            table = table.as_pairs("target", *self.langs)
        made = prepare(table, self.arguments, translator=self._translator, tagger=self._tagger)
        assert isinstance(made, Table)
        return made

    def apply(self, part: Any, passes: Passes) -> Table:
        """The pairs of a part with their entities."""
        found, _ = passes.apply(pairs_of(part), target_tagger=self._target_tagger)
        assert isinstance(found, Table)
        return found

    def __getstate__(self) -> dict[str, Any]:
        """Without the models that were opened here."""
        return {name: value for name, value in self.__dict__.items() if not name.startswith("_")}


@dataclass(frozen=True)
class Pass:
    """A pass as it travels to the workers."""

    #: What is counted; ``None`` when nothing is left to be counted.
    next: str | None
    saved: tuple[str, bool, bytes]
    key: str

    @classmethod
    def of(cls, passes: Passes) -> Pass:
        """A pass, which is told apart from others by what is known for it."""
        saved = passes.save()
        digest = hashlib.sha256(repr((passes.next, saved[:2])).encode() + saved[2])
        return cls(passes.next, saved, digest.hexdigest())

    def open(self) -> Passes:
        """The pass at a worker; the last one that a process opened is kept."""
        global _opened
        key, passes = _opened
        if key != self.key or passes is None:
            passes = Passes.restore(*self.saved)
            _opened = (self.key, passes)
        return passes


_opened: tuple[str, Passes | None] = ("", None)


def table_of(part: Any) -> Table:
    """The rows of a part."""
    table = Table.of(part)
    if table is None:
        raise OptionsError(f"a table was expected, not {type(part).__name__}")
    return table


def pairs_of(part: Any) -> Table:
    """The pairs of a part; one without rows may have lost its columns on the way."""
    table = table_of(part)
    return table if table.column_names else empty(True)


def job(
    options: dict[str, Any],
    *,
    tagger: Any = None,
    translator: Any = None,
    langs: tuple[str, str] | None = None,
) -> tuple[Job, Aligner | None]:
    """What is to be done, and the aligner where one is given.

    Raises:
        OptionsError: A stage is none that works on parts.
    """
    flags = dict(options)
    aligner, encoder, target_tagger = (flags.pop(name, None) for name in ("aligner", "encoder", "target_tagger"))
    size = flags.pop("batch_size", _stages.BATCH)
    # Ray and Spark show how far they are themselves.
    flags.pop("progress", None)
    if aligner is not None and not isinstance(aligner, Aligner):
        raise OptionsError("an aligner of your own cannot be had here: give the pairs a column `alignment`, or an xlner.Aligner")
    if encoder is not None:
        raise OptionsError("an encoder cannot be had here: give the pairs a column `alignment`")
    for one in (tagger, target_tagger):
        if isinstance(one, (str, PathLike)):
            # That it is there is better known before workers are started.
            Tagger.load(one)
    return Job(plain(flags), tagger, target_tagger, translator, langs, size), aligner


def run_passes(passes: Passes, count_all: CountAll, progress: Callable[[str], None] | None = None) -> Passes:
    """Makes all passes: what they come to."""
    while passes.next is not None:
        if progress is not None:
            progress(passes.next)
        passes = passes.advance(list(count_all(Pass.of(passes))))
    return passes


def start(work: Job, aligner: Aligner | None, linked: bool) -> Passes:
    """The passes before the first one."""
    return Passes.start(work.arguments, linked, False, None if aligner is None else aligner._core)


def train(count_all: CountAll, options: dict[str, Any]) -> Aligner:
    """An aligner that is trained on all parts: the same, to the byte, wherever they are cut."""
    passes = run_passes(Passes.start(plain(options), False, True), count_all)
    core = passes.aligner
    assert core is not None
    return Aligner(core)


def linked(first: Any) -> bool:
    """Whether the first pair of a corpus has links; ``first`` are its rows."""
    records = [json.loads(line) for line in table_of(first).lines()]
    return bool(records) and records[0].get("alignment") is not None
