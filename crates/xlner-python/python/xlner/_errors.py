"""The exceptions of xlner: one class a kind of error, each with the place it is about."""

from __future__ import annotations


class XlnerError(Exception):
    """Something that xlner cannot do.

    Attributes:
        file: Name of the file it is about, or ``None``.
        line: Line of that file, counted from 1, or ``None``.
        record: Id of the record, or ``None`` where it has none.
        number: Number of the record in the input, counted from 1, or ``None``.
    """

    file: str | None
    line: int | None
    record: str | None
    number: int | None

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        line: int | None = None,
        record: str | None = None,
        number: int | None = None,
    ) -> None:
        super().__init__(message)
        self.file, self.line, self.record, self.number = file, line, record, number

    def __reduce__(self) -> tuple[object, ...]:
        fields = {"file": self.file, "line": self.line, "record": self.record, "number": self.number}
        return (_again, (type(self), str(self), fields))


def _again(kind: type[XlnerError], message: str, fields: dict[str, object]) -> XlnerError:
    return kind(message, **fields)  # type: ignore[arg-type]


class OptionsError(XlnerError, ValueError):
    """Arguments that do not go together, or are out of range."""


class RecordError(XlnerError, ValueError):
    """A record that is not as it should be: a field is missing or of the wrong type, a span leaves its sentence."""


class FormatError(XlnerError, ValueError):
    """A file that breaks the rules of its format."""


class FileError(XlnerError, OSError):
    """A file that cannot be opened, read or written."""


class ModelError(XlnerError, RuntimeError):
    """A model that cannot be loaded, run or trained."""


class StageError(Exception):
    """How the adapter of a stage of the user's tells which item of a batch is at fault; users never see it."""

    def __init__(self, index: int | None, message: str) -> None:
        super().__init__(message)
        self.index = index
