"""How far long work is: a callback, or bars on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

#: ``None``: bars of tqdm on a terminal, where it is installed; ``False``: nothing; ``True``: bars; else a function that is called with the
#: stage, how much is done, and the total or ``None``.
Progress = Callable[[str, int, int | None], object] | bool | None


@contextmanager
def follow(progress: Progress) -> Iterator[Callable[[str, int, int | None], object] | None]:
    """The function that hears how far work is."""
    if callable(progress):
        yield progress
        return
    stderr = sys.stderr
    if progress is False or (progress is None and not (stderr is not None and stderr.isatty())):
        yield None
        return
    try:
        from tqdm.auto import tqdm
    except ImportError:
        yield None
        return
    bars: dict[str, Any] = {}

    def show(stage: str, done: int, total: int | None) -> None:
        if stage not in bars:
            bars[stage] = tqdm(desc=stage, total=total, leave=False)
        bar = bars[stage]
        bar.total = total
        bar.update(done - bar.n)

    try:
        yield show
    finally:
        for bar in bars.values():
            bar.close()
