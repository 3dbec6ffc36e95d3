from collections.abc import Callable
from os import PathLike
from typing import Any, final

_Progress = Callable[[str, int, int | None], object]
_Remarks = list[tuple[str, int, str]]

@final
class AlignerCore:
    @staticmethod
    def train(
        lines: list[str], bitext: list[str], dictionary: list[str], progress: _Progress | None = None
    ) -> AlignerCore: ...
    @staticmethod
    def load(path: str | PathLike[str]) -> AlignerCore: ...
    def save(self, path: str | PathLike[str]) -> None: ...
    def align(
        self, lines: list[str], threshold: float, confidence: bool, progress: _Progress | None = None
    ) -> list[str]: ...

@final
class TaggerCore:
    @staticmethod
    def load(name: str) -> TaggerCore: ...
    @staticmethod
    def train(
        lines: list[str],
        dev: list[str] | None,
        output: str | PathLike[str],
        arguments: str,
        progress: _Progress | None = None,
    ) -> str: ...
    def tags(self) -> list[str]: ...
    def signature(self) -> str: ...
    def tag(self, lines: list[str], probabilities: bool, progress: _Progress | None = None) -> list[str]: ...

def project(
    lines: list[str],
    arguments: str,
    *,
    translator: Callable[[str], str] | None = None,
    aligner: AlignerCore | None = None,
    tagger: TaggerCore | Callable[[str], str] | None = None,
    target_tagger: TaggerCore | Callable[[str], str] | None = None,
    encoder: Callable[[str], tuple[int, list[bytes]]] | None = None,
    progress: _Progress | None = None,
) -> tuple[list[str], str]: ...
def tune_decision(
    lines: list[str],
    output: str | PathLike[str],
    start: str,
    l2: float,
    bitext: list[str],
    progress: _Progress | None = None,
) -> str: ...
def evaluate(gold: list[str], systems: list[tuple[str, list[str]]], arguments: str) -> str: ...
def report(
    systems: list[tuple[str, list[str]]], gold: list[str] | None, title: str, examples: int
) -> str: ...
def read(
    path: str | PathLike[str], arguments: str, progress: _Progress | None = None
) -> tuple[bool, list[str], _Remarks]: ...
def write(lines: list[str], pairs: bool, path: str | PathLike[str], arguments: str) -> None: ...
def convert(
    input: str | PathLike[str],
    output: str | PathLike[str],
    reading: str,
    writing: str,
    progress: _Progress | None = None,
) -> tuple[int, _Remarks]: ...
