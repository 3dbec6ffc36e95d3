"""Records as lines of JSON, in and out of the compiled part."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ._errors import RecordError

Record = Mapping[str, Any]


def _plain(value: Any) -> Any:
    """What JSON has no word for: arrays and numbers of numpy and the like, mappings that are no ``dict``."""
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Sequence):
        return list(value)
    raise TypeError(f"{type(value).__name__} is neither text, number, list nor mapping")


_encode = json.JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(",", ":"), default=_plain).encode


def to_lines(records: Iterable[Any]) -> list[str]:
    """A line of JSON for each record.

    Raises:
        RecordError: A record is no mapping, or holds something that JSON has no word for: NaN, an object, half a character.
    """
    lines = []
    for number, record in enumerate(records, 1):
        if not isinstance(record, Mapping):
            raise RecordError(
                f"record {number}: a mapping with the fields of a record was expected, not {type(record).__name__}",
                number=number,
            )
        try:
            line = _encode(record)
            line.encode()
            lines.append(line)
        except (TypeError, ValueError, RecursionError) as error:
            id = record.get("id")
            name = None if id is None else str(id)
            quoted = "" if name is None else f" “{name}”"
            where = _find(record)
            problem = f"{where}: NaN and infinity are no numbers of a record" if where else str(error)
            if isinstance(error, UnicodeEncodeError):
                problem = f"a text has {ascii(error.object[error.start])}, half of a surrogate pair, which is no character"
            raise RecordError(f"record {number}{quoted}: {problem}", record=name, number=number) from None
    return lines


def _find(value: Any, place: str = "") -> str | None:
    """Where a number is that is not finite."""
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, float):
        return place if value != value or value in (float("inf"), float("-inf")) else None
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, Mapping):
        items = value.items()
    elif isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        items = enumerate(value)
    for key, item in items:
        found = _find(item, f"{place}.{key}" if place and isinstance(key, str) else f"{place}[{key}]" if place else str(key))
        if found is not None:
            return found
    return None


def from_lines(lines: Iterable[str]) -> list[dict[str, Any]]:
    """The records of lines."""
    return [json.loads(line) for line in lines]
