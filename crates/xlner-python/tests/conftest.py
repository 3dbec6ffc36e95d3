"""The bundled sentences as pairs."""

from __future__ import annotations

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


def entities(pairs: Any) -> list[Any]:
    """Where the target entities stand, and their labels."""
    return [[(e["start"], e["end"], e["label"]) for e in pair["target"].get("entities") or []] for pair in pairs]
