"""Named-entity annotations for languages that have none, by annotation projection.

    import xlner

    pairs = xlner.read("pairs.jsonl")
    projected = xlner.project(pairs)
    xlner.write(projected, "sw.conll")

A pair is a record: a ``dict`` with ``source`` and ``target``, sentences with ``tokens`` and ``entities``. Functions take lists of records,
tables and spaCy's objects, and give back what came in.
"""

from __future__ import annotations

import sys as _sys
from typing import TYPE_CHECKING

from ._errors import FileError, FormatError, ModelError, OptionsError, RecordError, XlnerError
from ._evaluate import evaluate, report, tune
from ._files import convert, read, write
from ._models import Aligner, Tagger
from ._project import ProjectOptions, label, project, transfer
from ._results import Evaluation, Pair, Pairs, Report

if TYPE_CHECKING:
    from . import ray, spacy, spark

__all__ = [
    "Aligner",
    "Evaluation",
    "FileError",
    "FormatError",
    "ModelError",
    "OptionsError",
    "Pair",
    "Pairs",
    "ProjectOptions",
    "RecordError",
    "Report",
    "Tagger",
    "XlnerError",
    "convert",
    "evaluate",
    "label",
    "project",
    "ray",
    "read",
    "report",
    "spacy",
    "spark",
    "transfer",
    "tune",
    "write",
]


def __getattr__(name: str) -> object:
    """``xlner.spacy``, ``xlner.ray`` and ``xlner.spark`` are imported when they are asked for."""
    if name in ("ray", "spacy", "spark"):
        import importlib

        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


if "spacy" in _sys.modules:
    from .spacy import register as _register

    _register()
