"""The bundled sentences as pairs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import xlner

SAMPLES = Path(__file__).parents[3] / "samples"


@pytest.fixture(scope="session")
def samples() -> Path:
    return SAMPLES


@pytest.fixture()
def pairs() -> list[dict[str, Any]]:
    """English sentences with entities and their Swahili translations, numbered."""
    sources, targets = xlner.read(SAMPLES / "en.conll"), xlner.read(SAMPLES / "sw.conll")
    return [
        {"id": f"s{at}", "source": source, "target": {"tokens": target["tokens"]}}
        for at, (source, target) in enumerate(zip(sources, targets, strict=True), 1)
    ]


def table_of(pairs: Any) -> Any:
    """Pairs as a table of pyarrow's."""
    import pyarrow as pa

    ids = pa.table({"id": [pair["id"] for pair in pairs]})
    tokens = {side: pa.array([pair[side]["tokens"] for pair in pairs]) for side in ("source", "target")}
    given = pa.array([pair["source"].get("entities") for pair in pairs])
    source = pa.StructArray.from_arrays([tokens["source"], given], ["tokens", "entities"])
    target = pa.StructArray.from_arrays([tokens["target"]], ["tokens"])
    return ids.append_column("source", source).append_column("target", target)


def records_of(table: Any) -> list[Any]:
    """The records of any table."""
    from xlner._tables import listed, take

    return listed(take(table, pairs=None)[0])


def lines(table: Any) -> list[str]:
    """The records of a table as lines of JSON, sorted by their ids."""
    return [json.dumps(record) for record in sorted(records_of(table), key=lambda record: str(record["id"]))]


def entities(pairs: Any) -> list[Any]:
    """Where the target entities stand, and their labels."""
    return [[(e["start"], e["end"], e["label"]) for e in pair["target"].get("entities") or []] for pair in pairs]
