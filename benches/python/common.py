"""What the measurements share."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("XLNER_SHARED", ROOT.parent / "shared"))
COMMAND = os.environ.get("XLNER", str(ROOT / "target" / "release" / "xlner"))


def samples(count: int, linked: bool = False) -> list[dict[str, Any]]:
    """The bundled English–Swahili pairs again and again, each time under another id; with the links that the aligner finds."""
    import xlner

    english, swahili = xlner.read(ROOT / "samples" / "en.conll"), xlner.read(ROOT / "samples" / "sw.conll")
    pairs = [
        {"source": source, "target": {"tokens": target["tokens"]}} for source, target in zip(english, swahili, strict=True)
    ]
    if linked:
        pairs = list(xlner.Aligner.train(pairs).align(pairs))
    return [{"id": f"{at:07}", **pairs[at % len(pairs)]} for at in range(count)]


def spent() -> float:
    """CPU seconds of this process and of those that it has waited for."""
    return sum(os.times()[:4])


def best(work: Any, rounds: int = 3) -> tuple[float, float]:
    """Least seconds, and least CPU seconds, of several rounds; on a busy machine only the latter say something."""
    times = []
    for _ in range(rounds):
        start, cpu = time.perf_counter(), spent()
        work()
        times.append((time.perf_counter() - start, spent() - cpu))
    return min(seconds for seconds, _ in times), min(cpu for _, cpu in times)


def command(*arguments: str) -> None:
    """Runs the command."""
    subprocess.run([COMMAND, "--quiet", *arguments], check=True, stdout=subprocess.DEVNULL)
