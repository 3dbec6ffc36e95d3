"""What records come in as, and how results go back: as what came in.

Tables go through pyarrow: a row becomes a record and a record a row. Nothing is copied without need before that (polars, pandas,
duckdb and the like hand over their buffers by the Arrow PyCapsule interface), but the records themselves are made anew, so
that every source of pairs is worked on in the same way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ._errors import OptionsError

Records = list[dict[str, Any]]
Back = Callable[[Any], Any]

_SENTENCE = ("lang", "text", "tokens", "entities", "regions", "probabilities")
_ENTITY = ("start", "end", "label", "score", "probability", "from", "margin")
_PAIR = ("id", "source", "target", "alignment", "scores", "projection")


def take(data: Any, *, pairs: bool) -> tuple[Any, Back]:
    """The records of whatever was handed over, and what makes the same kind of thing of records.

    ``pairs`` says whether they are pairs; else they are sentences, and texts are sentences as well.

    Raises:
        OptionsError: It is nothing that records can be taken from.
    """
    from . import spacy

    if isinstance(data, (str, bytes, Mapping)):
        raise OptionsError(f"a list of records was expected, not a single {type(data).__name__}")
    found = spacy.take(data, pairs=pairs) or _table(data, pairs=pairs)
    if found is not None:
        return found
    if not isinstance(data, Iterable):
        raise OptionsError(f"records cannot be taken from {type(data).__name__}; give a list of mappings or a table")
    records = list(data)
    if not pairs:
        records = [{"text": record} if isinstance(record, str) else record for record in records]
    return records, lambda results: results


def columns_of(data: Any) -> list[str]:
    """Names of the columns of a table; none of anything else."""
    names = getattr(data, "column_names", None)
    names = getattr(data, "columns", None) if names is None else names
    return [] if names is None else list(names)


def _table(data: Any, *, pairs: bool) -> tuple[Records, Back] | None:
    kind = type(data).__module__.partition(".")[0]
    back: Callable[[Any], Any]
    if kind == "datasets" and hasattr(data, "with_format"):
        import datasets

        table, back = data.with_format("arrow")[:], datasets.Dataset
    elif kind == "polars":
        import polars

        data = data.collect() if hasattr(data, "collect") else data
        table, back = data.to_arrow(), polars.from_arrow
    elif kind == "pandas":
        import pyarrow

        table, back = pyarrow.Table.from_pandas(data, preserve_index=False), lambda table: table.to_pandas()
    elif kind == "pyarrow" or hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__"):
        import pyarrow

        table, back = _arrow(data), _same(data)
    else:
        return None
    needed = ("source", "target") if pairs else ()
    missing = [name for name in needed if name not in table.column_names]
    if missing or not (pairs or {"text", "tokens"} & set(table.column_names)):
        column = missing[0] if missing else "text or tokens"
        raise OptionsError(f"the table has no column {column}; its columns: {', '.join(table.column_names)}")
    records = [unfold(record) for record in table.to_pylist()]
    return records, lambda results: back(to_table(results, table.schema))


def _arrow(data: Any) -> Any:
    import pyarrow

    if isinstance(data, pyarrow.Table):
        return data
    if isinstance(data, pyarrow.RecordBatchReader):
        return data.read_all()
    if not hasattr(data, "__arrow_c_stream__") and not isinstance(data, pyarrow.RecordBatch):
        data = pyarrow.record_batch(data)
    return pyarrow.table(data) if not isinstance(data, pyarrow.RecordBatch) else pyarrow.Table.from_batches([data])


def _same(data: Any) -> Callable[[Any], Any]:
    """What makes a table the kind of thing of pyarrow's that came in; whatever else speaks Arrow gets a table."""
    import pyarrow

    if isinstance(data, pyarrow.RecordBatch):
        return lambda table: (table.combine_chunks().to_batches() or [pyarrow.RecordBatch.from_pylist([], table.schema)])[0]
    if isinstance(data, pyarrow.RecordBatchReader):
        return lambda table: table.to_reader()
    return lambda table: table


def schema() -> Any:
    """The columns of pairs, as ``pyarrow.Schema``: those of xlner's Parquet files, with integers that Spark knows."""
    import pyarrow as pa

    entity = pa.struct(
        [("start", pa.int32()), ("end", pa.int32()), ("label", pa.string()), ("score", pa.float64()),
         ("probability", pa.float64()), ("from", pa.int32()), ("margin", pa.float64()), ("extra", pa.string())]
    )  # fmt: skip
    probabilities = pa.struct(
        [("labels", pa.list_(pa.string())), ("rows", pa.list_(pa.list_(pa.float32()))), ("spans", pa.list_(entity))]
    )
    sentence = pa.struct(
        [("lang", pa.string()), ("text", pa.string()), ("tokens", pa.list_(pa.string())), ("entities", pa.list_(entity)),
         ("regions", pa.list_(pa.string())), ("probabilities", probabilities), ("extra", pa.string())]
    )  # fmt: skip
    score = pa.struct(
        [("name", pa.string()), ("entity", pa.int32()), ("start", pa.int32()), ("end", pa.int32()), ("score", pa.float64())]
    )
    unprojected = pa.struct([("entity", pa.int32()), ("reason", pa.string())])
    projection = pa.struct([("objective", pa.float64()), ("bound", pa.float64()), ("unprojected", pa.list_(unprojected))])
    return pa.schema(
        [("id", pa.string()), ("source", sentence), ("target", sentence), ("alignment", pa.list_(pa.list_(pa.float64()))),
         ("scores", pa.list_(score)), ("projection", projection)]
    )  # fmt: skip


def output_schema(given: Any, *, pairs: bool = True, numeric_ids: bool = False) -> Any:
    """The columns of results: those that came in, with our types where they are ours, then ours that are new."""
    import pyarrow as pa

    ours = schema()
    if not pairs:
        ours = pa.schema([(field.name, field.type) for field in ours.field("source").type])
    fields = []
    for field in given:
        known = field.name in ours.names and field.name != "id"
        fields.append(pa.field(field.name, ours.field(field.name).type if known else field.type))
    names = {field.name for field in fields}
    fields += [field for field in ours if field.name not in names and field.name != "id"]
    if not any(field.name == "extra" for field in fields):
        fields.append(pa.field("extra", pa.string()))
    return pa.schema(fields, metadata=None)


def to_table(records: Iterable[Mapping[str, Any]], given: Any) -> Any:
    """Records as a table; ``given`` are the columns that came in."""
    import pyarrow as pa

    records = list(records)
    pairs = "source" in given.names and "target" in given.names
    if not pairs and any("source" in record for record in records[:1]):
        # Texts came in, and pairs go out.
        pairs, given = True, pa.schema([field for field in given if field.name == "id"])
    fields = output_schema(given, pairs=pairs)
    return pa.Table.from_pylist([fold(record, fields.names) for record in records], schema=fields)


def fold(record: Mapping[str, Any], columns: Iterable[str]) -> dict[str, Any]:
    """A record as a row: what has no column goes into ``extra`` as JSON."""
    row = dict(record)
    if "source" in row and "target" in row:
        for side in ("source", "target"):
            row[side] = _fold_sentence(row[side])
        if isinstance(row.get("scores"), Mapping):
            names = ("entity", "start", "end", "score")
            row["scores"] = [
                {"name": name, **dict(zip(names, score, strict=True))} for name, list_ in row["scores"].items() for score in list_
            ]
        if row.get("alignment") is not None:
            # All values of a list have one type: the mark of a possible link is the number 0.
            row["alignment"] = [[0.0 if value == "p" else float(value) for value in link] for link in row["alignment"]]
    else:
        row = _fold_sentence(row, keep=columns)
    return _fold_extra(row, columns)


def _fold_sentence(sentence: Mapping[str, Any], keep: Iterable[str] = ()) -> dict[str, Any]:
    row = dict(sentence)
    if row.get("entities") is not None:
        row["entities"] = [_fold_extra(entity, _ENTITY) for entity in row["entities"]]
    if row.get("regions") is not None:
        row["regions"] = [json.dumps(region, ensure_ascii=False) for region in row["regions"]]
    if row.get("probabilities"):
        spans = row["probabilities"].get("spans") or []
        row["probabilities"] = {**row["probabilities"], "spans": [_fold_extra(span, _ENTITY) for span in spans]}
    return _fold_extra(row, (*_SENTENCE, *keep))


def _fold_extra(row: Mapping[str, Any], known: Iterable[str]) -> dict[str, Any]:
    known = set(known)
    kept = {name: value for name, value in row.items() if name in known and name != "extra"}
    extra = {name: value for name, value in row.items() if name not in known}
    if extra:
        kept["extra"] = json.dumps(extra, ensure_ascii=False)
    return kept


def unfold(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as a record: fields that are null are not there."""
    record = _unfold_extra(row)
    for side in ("source", "target"):
        if isinstance(record.get(side), Mapping):
            record[side] = _unfold_sentence(record[side])
    if isinstance(record.get("scores"), list):
        scores: dict[str, list[Any]] = {}
        for score in record["scores"]:
            scores.setdefault(score["name"], []).append([score["entity"], score["start"], score["end"], score["score"]])
        record["scores"] = scores
    if isinstance(record.get("projection"), Mapping):
        record["projection"] = _known(record["projection"])
    if isinstance(record.get("alignment"), list):
        record["alignment"] = [_link(link) for link in record["alignment"]]
    return dict(record) if "source" in record else _unfold_sentence(record)


def _link(link: list[Any]) -> list[Any]:
    """Places are whole numbers again, a fourth number is the mark of a possible link, and a probability of 1 goes without saying."""
    result: list[Any] = [int(value) if isinstance(value, float) and value.is_integer() else value for value in link[:2]]
    if len(link) > 2 and (link[2] != 1 or len(link) > 3):
        result.append(link[2])
    return [*result, "p"] if len(link) > 3 else result


def _unfold_sentence(sentence: Mapping[str, Any]) -> dict[str, Any]:
    record: dict[str, Any] = _unfold_extra(sentence)
    if isinstance(record.get("entities"), list):
        record["entities"] = [_unfold_extra(entity) for entity in record["entities"]]
    if isinstance(record.get("regions"), list):
        record["regions"] = [json.loads(region) if isinstance(region, str) else region for region in record["regions"]]
    if isinstance(record.get("probabilities"), Mapping):
        record["probabilities"] = _known(record["probabilities"])
        if record["probabilities"].get("spans"):
            record["probabilities"]["spans"] = [_unfold_extra(span) for span in record["probabilities"]["spans"]]
    return record


def _known(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


def _unfold_extra(row: Any) -> Any:
    if not isinstance(row, Mapping):
        return row
    record = _known(row)
    extra = record.get("extra")
    if isinstance(extra, str):
        try:
            fields = json.loads(extra)
        except ValueError:
            return record
        if isinstance(fields, dict):
            del record["extra"]
            record.update(fields)
    return record
