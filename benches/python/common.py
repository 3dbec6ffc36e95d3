"""What the measurements share."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
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


def best(work: Any, rounds: int = 3) -> float:
    """Seconds of the fastest of several rounds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def command(*arguments: str) -> tuple[float, float]:
    """Seconds and peak memory, in MB, of a run of the command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    start = time.perf_counter()
    subprocess.run([COMMAND, "--quiet", *arguments], check=True, stdout=subprocess.DEVNULL)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    if after == before:
        print("(a program that ran before had more memory: the peak is at most that)", file=sys.stderr)
    return seconds, after / 1024
