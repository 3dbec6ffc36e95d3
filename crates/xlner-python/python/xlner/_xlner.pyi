from collections.abc import Callable
from os import PathLike
from typing import Any, final

_Progress = Callable[[str, int, int | None], object]
_Remarks = list[tuple[str, int, str]]

_Records = list[str] | Table

@final
class Table:
    @staticmethod
    def of(data: object) -> Table | None: ...
    @property
    def column_names(self) -> list[str]: ...
    def __len__(self) -> int: ...
    def lines(self) -> list[str]: ...
    def with_lines(self, lines: list[str]) -> Table: ...
    def as_pairs(self, side: str, lang: str, other_lang: str, texts: list[str] | None = None) -> Table: ...
    def __arrow_c_schema__(self) -> object: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...
    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...

def empty(pairs: bool) -> Table: ...
@final
class AlignerCore:
    @staticmethod
    def train(
        given: _Records, bitext: list[str], dictionary: list[str], progress: _Progress | None = None
    ) -> AlignerCore: ...
    @staticmethod
    def load(path: str | PathLike[str]) -> AlignerCore: ...
    def save(self, path: str | PathLike[str]) -> None: ...
    def align(
        self, given: _Records, threshold: float, confidence: bool, progress: _Progress | None = None
    ) -> _Records: ...

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
    def tag(self, given: _Records, probabilities: bool, progress: _Progress | None = None) -> _Records: ...

def project(
    given: _Records,
    arguments: str,
    *,
    translator: Callable[[str], str] | None = None,
    aligner: AlignerCore | None = None,
    tagger: TaggerCore | Callable[[str], str] | None = None,
    target_tagger: TaggerCore | Callable[[str], str] | None = None,
    encoder: Callable[[str], tuple[int, list[bytes]]] | None = None,
    progress: _Progress | None = None,
) -> tuple[_Records, str]: ...
def tune_decision(
    lines: list[str],
    output: str | PathLike[str],
    start: str,
    l2: float,
    bitext: list[str],
    progress: _Progress | None = None,
) -> str: ...
def evaluate(gold: _Records, systems: list[tuple[str, _Records]], arguments: str) -> str: ...
def report(
    systems: list[tuple[str, _Records]], gold: _Records | None, title: str, examples: int
) -> str: ...
def read(
    path: str | PathLike[str], arguments: str, progress: _Progress | None = None
) -> tuple[bool, list[str], _Remarks]: ...
def write(given: _Records, pairs: bool, path: str | PathLike[str], arguments: str) -> None: ...
def convert(
    input: str | PathLike[str],
    output: str | PathLike[str],
    reading: str,
    writing: str,
    progress: _Progress | None = None,
) -> tuple[int, _Remarks]: ...
