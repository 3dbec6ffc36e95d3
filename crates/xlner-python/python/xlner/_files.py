"""Files of all formats."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

from . import _xlner
from ._progress import Progress, follow
from ._records import from_lines
from ._results import Pairs
from ._tables import handed, holds_pairs, take

Name = str | PathLike[str]


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
    given = take(records, pairs=None)[0]
    _xlner.write(handed(given), holds_pairs(given), path, _file_options({"format": format, "side": side, **options}))


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
        FileError: A file cannot be read or written.
        FormatError: The input breaks the rules of its format, or the output cannot hold something of it.
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
