"""What records come in as, and how results go back: as what came in.

Tables go through Arrow's PyCapsule interface straight into the compiled part, which reads rows where they lie; columns that xlner does
not know are handed through untouched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ._errors import OptionsError
from ._records import from_lines, to_lines
from ._xlner import Table

#: Records as Python objects, or as the rows of a table.
Records = list[Any] | Table
Back = Callable[[Any], Any]


def take(data: Any, *, pairs: bool | None) -> tuple[Records, Back]:
    """The records of whatever was handed over, and what makes the same kind of thing of results.

    Args:
        data: What a user handed over.
        pairs: Whether they are pairs; else they are sentences, and texts are sentences as well. ``None``: whatever they look like.

    Raises:
        OptionsError: It is nothing that records can be taken from.
    """
    from . import spacy

    if isinstance(data, (str, bytes, Mapping)):
        raise OptionsError(f"a list of records was expected, not a single {type(data).__name__}")
    found = spacy.take(data, pairs=pairs) or _table(data)
    if found is not None:
        return found
    if not isinstance(data, Iterable):
        raise OptionsError(f"records cannot be taken from {type(data).__name__}; give a list of mappings or a table")
    records = list(data)
    if not pairs:
        records = [{"text": record} if isinstance(record, str) else record for record in records]
    return records, lambda results: results


def holds_pairs(records: Records) -> bool:
    """Whether records are pairs; of a list the first one tells."""
    if isinstance(records, Table):
        return {"source", "target"} <= set(records.column_names)
    return bool(records) and isinstance(records[0], Mapping) and "source" in records[0]


def listed(records: Records) -> list[Any]:
    """Records as Python objects."""
    return from_lines(records.lines()) if isinstance(records, Table) else records


def handed(records: Records) -> list[str] | Table:
    """Records as the compiled part takes them."""
    return records if isinstance(records, Table) else to_lines(records)


def given_back(records: list[str] | Table) -> Records:
    """Records as the compiled part gives them."""
    return records if isinstance(records, Table) else from_lines(records)


def refilled(records: Records, results: Sequence[Mapping[str, Any]]) -> Records:
    """Results in the form of the records that they were made of."""
    return records.with_lines(to_lines(results)) if isinstance(records, Table) else list(results)


def _table(data: Any) -> tuple[Table, Back] | None:
    """The rows of a table, and what makes the same kind of table of others."""
    kind = type(data).__module__.partition(".")[0]
    back: Back
    if isinstance(data, Table):
        return data, lambda table: table
    if kind == "datasets" and hasattr(data, "with_format"):
        import datasets

        data, back = data.with_format("arrow")[:], lambda table: datasets.Dataset(as_pyarrow(table))
    elif kind == "polars":
        import polars

        lazy = hasattr(data, "collect")
        data = data.collect() if lazy else data
        back = lambda table: polars.DataFrame(table).lazy() if lazy else polars.DataFrame(table)  # noqa: E731
    elif kind == "pandas":
        import pyarrow

        index = data.index
        data = pyarrow.Table.from_pandas(data, preserve_index=False)
        back = lambda table: as_pyarrow(table).to_pandas().set_index(index)  # noqa: E731
    elif kind == "pyarrow":
        back = _same_of_pyarrow(data)
    else:
        back = getattr(type(data), "from_arrow", as_pyarrow)
    table = Table.of(data)
    return None if table is None else (table, back)


def as_pyarrow(table: Table) -> Any:
    """A table of pyarrow's; where that is not installed the table as it is, which any library of tables takes."""
    try:
        import pyarrow
    except ImportError:
        return table
    return pyarrow.table(table)


def _same_of_pyarrow(data: Any) -> Back:
    import pyarrow

    if isinstance(data, pyarrow.RecordBatch):
        return lambda table: pyarrow.record_batch(table)
    if isinstance(data, pyarrow.RecordBatchReader):
        return lambda table: pyarrow.RecordBatchReader.from_stream(table)
    return as_pyarrow
