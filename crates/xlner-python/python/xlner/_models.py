"""The aligner and the tagger."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from os import PathLike
from pathlib import Path
from typing import Any

from ._errors import FileError, ModelError
from ._progress import Progress, follow
from ._records import to_lines
from ._results import Pairs
from ._tables import given_back, handed, listed, take
from ._xlner import AlignerCore, TaggerCore

Name = str | PathLike[str]


def _checksum(path: Path) -> str:
    import hashlib

    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}", file=str(path)) from None


def _folder() -> AbstractContextManager[str]:
    # Few need it, and it takes long to import.
    import tempfile

    return tempfile.TemporaryDirectory(prefix="xlner-")


def _whole(path: str, checksum: str) -> Path:
    """The file that was pickled by its name.

    Raises:
        ModelError: It holds something else by now.
    """
    if _checksum(Path(path)) != checksum:
        raise ModelError(f"{path}: the file has changed since the model was pickled; load it anew", file=path)
    return Path(path)


class Aligner:
    """The statistical aligner: links between the words of a sentence and those of its translation.

    Made by `train` or `load`. It is pickled by the name and checksum of its file where it was loaded or saved, else whole.
    """

    def __init__(self, core: AlignerCore, path: Path | None = None) -> None:
        self._core, self._path = core, path

    @classmethod
    def train(
        cls,
        bitext: Any,
        *,
        files: Sequence[Name] = (),
        dictionary: Sequence[Name] = (),
        progress: Progress = None,
    ) -> Aligner:
        """Trains on pairs.

        Args:
            bitext: Pairs, as `xlner.project` takes them; entities and links are not looked at.
            files: Other bitexts to train on: files of pairs in any format.
            dictionary: Files with lines ``word<TAB>translation``.
            progress: See `xlner.project`.

        Raises:
            RecordError: A pair is not as it should be.
            FileError: A file cannot be read.
        """
        given = handed(take(bitext, pairs=True)[0])
        with follow(progress) as heard:
            return cls(AlignerCore.train(given, [os.fspath(path) for path in files], [os.fspath(path) for path in dictionary], heard))

    @classmethod
    def load(cls, path: Name) -> Aligner:
        """Loads a model file, as `save` and ``xlner align --save-model`` write it.

        Raises:
            FileError: There is none, or it is damaged.
        """
        return cls(AlignerCore.load(path), Path(path).absolute())

    def save(self, path: Name) -> None:
        """Writes a model file; it appears when it is whole. Same training, same bytes.

        Raises:
            FileError: It cannot be written.
        """
        self._core.save(path)
        self._path = Path(path).absolute()

    def align(self, pairs: Any, *, threshold: float = 0.4, confidence: bool = False, progress: Progress = None) -> Any:
        """Gives pairs their links, in the field ``alignment``: a list of ``[source token, target token, probability]``.

        Args:
            pairs: Pairs, as `xlner.project` takes them.
            threshold: Links of a lower probability are left out, 0 to 1.
            confidence: Pairs get a field ``confidence``: how sure the aligner is that they are translations, 0 to 1.
            progress: See `xlner.project`.

        Returns:
            What came in: a list of records, a table.

        Raises:
            RecordError: A pair is not as it should be.
        """
        records, back = take(pairs, pairs=True)
        with follow(progress) as heard:
            found = given_back(self._core.align(handed(records), threshold, confidence, heard))
        return back(Pairs(found) if isinstance(found, list) else found)

    def __reduce__(self) -> tuple[object, ...]:
        if self._path is not None:
            return (_load_aligner, (str(self._path), _checksum(self._path)))
        with _folder() as folder:
            path = Path(folder, "model.xla")
            self._core.save(path)
            return (_aligner_of, (path.read_bytes(),))


def _load_aligner(path: str, checksum: str) -> Aligner:
    return Aligner.load(_whole(path, checksum))


def _aligner_of(model: bytes) -> Aligner:
    with _folder() as folder:
        path = Path(folder, "model.xla")
        path.write_bytes(model)
        return Aligner(AlignerCore.load(path))


class Tagger:
    """A tagger of xlner's own: finds the entities of sentences. Made by `train` or `load`; pickled by name and checksum."""

    def __init__(self, core: TaggerCore, name: str) -> None:
        self._core, self._name = core, name
        #: Figures of the training, where it was trained.
        self.report: dict[str, Any] = {}

    @classmethod
    def load(cls, name: Name = "default") -> Tagger:
        """Opens a tagger: ``default`` is the built-in one (English; ``PER``, ``LOC``, ``ORG``), else a file of ours.

        Raises:
            ModelError: There is none of that name, or it is damaged.
        """
        name = os.fspath(name)
        return cls(TaggerCore.load(name), os.path.abspath(name) if os.path.exists(name) else name)

    @classmethod
    def train(
        cls,
        data: Any,
        output: Name,
        *,
        dev: Any = None,
        side: str = "target",
        weights: str = "equal",
        init: Name | None = None,
        raw: Sequence[Name] = (),
        names: Sequence[tuple[str, Name]] = (),
        progress: Progress = None,
    ) -> Tagger:
        """Trains a CRF.

        Args:
            data: Labelled sentences, or pairs of which one side is labelled.
            output: The model file; it appears when it is whole.
            dev: Labelled sentences to measure the tagger on.
            side: Which side of pairs is learnt from: ``source`` or ``target``.
            weights: ``equal``, or ``score``: a sentence counts by the mean score of its entities.
            init: A tagger that training goes on from.
            raw: Files of raw text that words are clustered by.
            names: Lists of names: what they are names of, and a file with one a line.
            progress: See `xlner.project`.

        Raises:
            RecordError: A record is not as it should be.
            ModelError: There is nothing to learn from.
        """
        arguments = {
            "side": side,
            "weights": weights,
            "init": None if init is None else os.fspath(init),
            "raw": [os.fspath(path) for path in raw],
            "names": [[name, os.fspath(path)] for name, path in names],
        }
        lines = to_lines(listed(take(data, pairs=None)[0]))
        measured = None if dev is None else to_lines(listed(take(dev, pairs=None)[0]))
        with follow(progress) as heard:
            report = TaggerCore.train(lines, measured, output, json.dumps(arguments), heard)
        tagger = cls.load(output)
        tagger.report = json.loads(report)
        return tagger

    @property
    def tags(self) -> list[str]:
        """The tags it chooses from: ``O``, ``B-PER``, …"""
        return self._core.tags()

    def tag(self, sentences: Any, *, probabilities: bool = False, progress: Progress = None) -> Any:
        """Gives sentences their entities; whatever entities they had are gone.

        Args:
            sentences: Texts, records of sentences (``text`` or ``tokens``), a table with such columns, spaCy ``Doc`` objects
                or a ``DocBin``. Texts without tokens are tokenised.
            probabilities: Records get the probability of every tag for every token, and of spans, in the field
                ``probabilities``.
            progress: See `xlner.project`.

        Returns:
            What came in; for texts a list of records. Entities are ``{"start", "end", "label", "score"}``, half-open ranges
            of tokens, the score their probability.

        Raises:
            RecordError: A sentence is not as it should be.
        """
        records, back = take(sentences, pairs=False)
        with follow(progress) as heard:
            return back(given_back(self._core.tag(handed(records), probabilities, heard)))

    def __reduce__(self) -> tuple[object, ...]:
        path = Path(self._name)
        checksum = _checksum(path) if path.is_file() else None
        return (_load_tagger, (self._name, checksum, self.report))


def _load_tagger(name: str, checksum: str | None, report: dict[str, Any]) -> Tagger:
    tagger = Tagger.load(name if checksum is None else _whole(name, checksum))
    tagger.report = report
    return tagger
