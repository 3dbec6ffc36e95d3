"""Tables and spaCy's objects: what comes in goes out."""

from __future__ import annotations

from typing import Any

import pytest
import xlner
from conftest import entities, records_of, table_of

pa = pytest.importorskip("pyarrow")


@pytest.fixture()
def table(pairs: Any) -> Any:
    return table_of(pairs)


@pytest.fixture()
def expected(pairs: Any) -> list[Any]:
    return entities(xlner.project(pairs))


def test_arrow(pairs: Any, table: Any, expected: list[Any]) -> None:
    projected = xlner.project(table)
    assert isinstance(projected, pa.Table)
    projected.validate(full=True)
    assert records_of(projected) == xlner.project(pairs)
    batch = table.combine_chunks().to_batches()[0]
    assert isinstance(xlner.project(batch), pa.RecordBatch)
    reader = xlner.project(table.to_reader())
    assert isinstance(reader, pa.RecordBatchReader) and reader.read_all().num_rows == len(pairs)
    # Once more, from what came out.
    assert len(entities(records_of(xlner.project(projected)))) == len(pairs)
    empty = xlner.project(table.slice(0, 0))
    assert empty.num_rows == 0 and empty.schema == projected.schema


def _cast(kind: Any, change: Any) -> Any:
    """A type with its texts and lists changed."""
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(field.name, _cast(field.type, change)) for field in kind])
    if pa.types.is_list(kind):
        return change(pa.list_(_cast(kind.value_type, change)))
    return change(kind)


def _large(kind: Any) -> Any:
    if pa.types.is_list(kind):
        return pa.large_list(kind.value_type)
    return pa.large_string() if pa.types.is_string(kind) else kind


def _view(kind: Any) -> Any:
    return pa.string_view() if pa.types.is_string(kind) else kind


@pytest.mark.parametrize("change", [_large, _view])
def test_kinds_of_strings_and_lists(table: Any, expected: list[Any], change: Any) -> None:
    schema = pa.schema([pa.field(field.name, _cast(field.type, change)) for field in table.schema])
    rows = table.to_pylist()
    other = pa.Table.from_pylist(rows, schema=schema)
    assert entities(records_of(xlner.project(other))) == expected


def test_dictionaries(table: Any, expected: list[Any]) -> None:
    source = table["source"].combine_chunks()
    given = source.field("entities")
    labels = given.values.field("label").dictionary_encode()
    fields = [given.values.field("start"), given.values.field("end"), labels]
    items = pa.StructArray.from_arrays(fields, ["start", "end", "label"])
    own = pa.ListArray.from_arrays(given.offsets, items)
    languages = pa.array(["en"] * table.num_rows).dictionary_encode()
    other = pa.StructArray.from_arrays([source.field("tokens"), own, languages], ["tokens", "entities", "lang"])
    found = xlner.project(table.set_column(1, "source", other))
    assert entities(records_of(found)) == expected and records_of(found)[0]["source"]["lang"] == "en"


def test_slices_and_numbers_of_other_types(table: Any, expected: list[Any]) -> None:
    linked = xlner.Aligner.train(table).align(table)
    whole = entities(records_of(xlner.project(linked)))
    assert entities(records_of(xlner.project(linked.slice(7, 20)))) == whole[7:27]
    rows = table.to_pylist()
    for row in rows:
        row["source"]["entities"] = [{**entity, "start": float(entity["start"])} for entity in row["source"]["entities"]]
    assert entities(records_of(xlner.project(pa.Table.from_pylist(rows)))) == expected


def test_a_requested_schema(table: Any) -> None:
    from xlner._xlner import Table

    own = Table.of(table)
    assert own is not None
    wanted = pa.schema([pa.field(field.name, _cast(field.type, _large)) for field in table.schema])
    reader = pa.RecordBatchReader.from_stream(own, schema=wanted)
    assert reader.schema == wanted and reader.read_all().to_pylist() == table.to_pylist()
    with pytest.raises(ValueError, match="requested schema"):
        pa.RecordBatchReader.from_stream(own, schema=pa.schema([("x", pa.int8())]))


def test_columns_that_are_not_ours_stay(table: Any) -> None:
    years = pa.array([2026] * table.num_rows, pa.int16())
    numbers = pa.array(range(table.num_rows), pa.int64())
    table = table.append_column("year", years).set_column(0, "id", numbers)
    projected = xlner.project(table)
    assert projected["year"].combine_chunks() == years and projected["id"].combine_chunks() == numbers
    assert projected["extra"].null_count == table.num_rows


def test_fields_that_are_not_ours_stay(table: Any) -> None:
    rows = table.to_pylist()
    rows[3]["source"]["wiki"] = "Q1"
    rows[3]["source"]["entities"][0]["wiki"] = {"q": 76}
    found = records_of(xlner.project(pa.Table.from_pylist(rows)))
    assert found[3]["source"]["wiki"] == "Q1" and found[3]["source"]["entities"][0]["wiki"] == {"q": 76}


def test_polars(pairs: Any, table: Any, expected: list[Any]) -> None:
    polars = pytest.importorskip("polars")
    frame = xlner.project(polars.from_arrow(table))
    assert isinstance(frame, polars.DataFrame)
    assert entities(records_of(frame)) == expected
    assert isinstance(xlner.project(polars.from_arrow(table).lazy()), polars.LazyFrame)


def test_pandas(pairs: Any, table: Any, expected: list[Any]) -> None:
    pandas = pytest.importorskip("pandas")
    given = table.to_pandas().set_index(pandas.Index([f"row {at}" for at in range(table.num_rows)]))
    frame = xlner.project(given)
    assert isinstance(frame, pandas.DataFrame) and list(frame.index) == list(given.index)
    assert entities(records_of(frame)) == expected


def test_datasets(pairs: Any, table: Any, expected: list[Any]) -> None:
    datasets = pytest.importorskip("datasets")
    dataset = xlner.project(datasets.Dataset(table))
    assert isinstance(dataset, datasets.Dataset) and entities(records_of(dataset)) == expected


def test_arro3(table: Any, expected: list[Any]) -> None:
    arro3 = pytest.importorskip("arro3.core")
    found = xlner.project(arro3.Table.from_arrow(table))
    assert isinstance(found, arro3.Table) and entities(records_of(found)) == expected


def test_duckdb(table: Any, expected: list[Any]) -> None:
    duckdb = pytest.importorskip("duckdb")
    assert entities(records_of(xlner.project(duckdb.from_arrow(table)))) == expected


def test_sentences(pairs: Any) -> None:
    texts = pa.table({"id": [1, 2], "text": ["Barack Obama visited Berlin .", None]})
    with pytest.raises(xlner.RecordError, match="`text` or `tokens`") as error:
        xlner.Tagger.load().tag(texts)
    assert error.value.record == "2" and error.value.number == 2
    tagged = xlner.Tagger.load().tag(texts.slice(0, 1))
    assert tagged["id"].to_pylist() == [1] and len(tagged["entities"][0]) == 2
    there = {"Obama tembelea Berlin .": "Obama visited Berlin ."}
    swahili = pa.table({"id": [7], "text": list(there)})
    labelled = xlner.label(swahili, lang="sw", translator=there)
    assert isinstance(labelled, pa.Table) and labelled["id"].to_pylist() == [7]
    assert records_of(labelled) == xlner.label(swahili.to_pylist(), lang="sw", translator=there)


def test_an_aligner_and_a_tagger_of_ones_own(pairs: Any, table: Any) -> None:
    def links(batch: Any) -> Any:
        return [[(0, 0)] for _ in batch]

    found = xlner.project(table, aligner=links, tagger=lambda batch: [[(0, 1, "PER")] for _ in batch])
    assert records_of(found)[0]["target"]["entities"][0]["label"] == "PER"


def test_bad_rows(table: Any) -> None:
    with pytest.raises(xlner.OptionsError, match="no column target"):
        xlner.project(table.drop_columns(["target"]))
    with pytest.raises(xlner.OptionsError, match="two columns are called id"):
        xlner.project(pa.table([table["id"], *table.columns], names=["id", *table.column_names]))
    rows = table.to_pylist()
    rows[4]["source"]["entities"][0]["end"] = 999
    with pytest.raises(xlner.RecordError) as error:
        xlner.project(pa.Table.from_pylist(rows))
    assert error.value.record == "s5" and error.value.number == 5
    scored = [{**row, "scores": [{"name": "nmt", "entity": 0, "start": 0, "end": 1, "score": float("nan")}]} for row in table.to_pylist()]
    with pytest.raises(xlner.RecordError, match="NaN"):
        xlner.project(pa.Table.from_pylist(scored))
    with pytest.raises(xlner.RecordError, match="missing field"):
        xlner.project(pa.table({"source": table["source"], "target": pa.nulls(table.num_rows, table.schema.field("target").type)}))


def test_spacy(pairs: Any, expected: list[Any]) -> None:
    spacy = pytest.importorskip("spacy")
    from xlner.spacy import to_doc

    vocab = spacy.blank("xx").vocab
    docs = [(to_doc(pair["source"], vocab), to_doc(pair["target"], vocab)) for pair in pairs]
    projected = xlner.project(docs)
    found = [[(e.start, e.end, e.label_) for e in target.ents] for _, target in projected]
    assert projected[0][1] is docs[0][1] and found == expected
    bins = tuple(spacy.tokens.DocBin(docs=side, store_user_data=True) for side in zip(*docs, strict=True))
    sources, targets = xlner.project(bins)
    assert len(sources) == len(targets) == len(pairs)


def test_spacy_stage_and_component(pairs: Any) -> None:
    spacy = pytest.importorskip("spacy")
    import xlner.spacy

    xlner.spacy.register()
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "LOC", "pattern": "Nairobi"}])
    projected = xlner.project(pairs, tagger=nlp)
    assert any(e["label"] == "LOC" for pair in projected for e in pair["target"]["entities"])
    ours = spacy.blank("en")
    ours.add_pipe("xlner_tagger")
    assert [e.text for e in ours("Barack Obama visited Berlin .").ents]
