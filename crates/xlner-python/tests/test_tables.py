"""Tables and spaCy's objects: what comes in goes out."""

from __future__ import annotations

from typing import Any

import pytest
import xlner
from conftest import entities
from xlner._tables import to_table, unfold

pa = pytest.importorskip("pyarrow")


@pytest.fixture()
def table(pairs: Any) -> Any:
    return to_table(pairs, pa.schema([("id", pa.string())]).append(pa.field("source", pa.null())).append(pa.field("target", pa.null())))


def test_arrow(pairs: Any, table: Any) -> None:
    expected = entities(xlner.project(pairs))
    projected = xlner.project(table)
    assert isinstance(projected, pa.Table)
    assert entities(map(unfold, projected.to_pylist())) == expected
    batch = table.combine_chunks().to_batches()[0]
    assert isinstance(xlner.project(batch), pa.RecordBatch)
    assert isinstance(xlner.project(table.to_reader()), pa.RecordBatchReader)
    # Once more, from what came out.
    assert entities(map(unfold, xlner.project(projected).to_pylist()))
    assert xlner.project(table.slice(0, 0)).num_rows == 0


def test_columns_that_are_not_ours_stay(table: Any) -> None:
    table = table.append_column("year", pa.array([2026] * table.num_rows, pa.int16()))
    projected = xlner.project(table)
    assert projected.schema.field("year").type == pa.int16() and projected["year"][3].as_py() == 2026


def test_polars(pairs: Any, table: Any) -> None:
    polars = pytest.importorskip("polars")
    frame = xlner.project(polars.from_arrow(table))
    assert isinstance(frame, polars.DataFrame)
    assert entities(map(unfold, frame.to_dicts())) == entities(xlner.project(pairs))


def test_pandas(pairs: Any, table: Any) -> None:
    pandas = pytest.importorskip("pandas")
    frame = xlner.project(table.to_pandas())
    assert isinstance(frame, pandas.DataFrame)
    assert entities(map(unfold, pa.Table.from_pandas(frame).to_pylist())) == entities(xlner.project(pairs))


def test_datasets(pairs: Any, table: Any) -> None:
    datasets = pytest.importorskip("datasets")
    expected = entities(xlner.project(pairs))
    dataset = xlner.project(datasets.Dataset(table))
    assert isinstance(dataset, datasets.Dataset) and entities(map(unfold, dataset)) == expected


def test_a_missing_column(table: Any) -> None:
    with pytest.raises(xlner.OptionsError, match="no column target"):
        xlner.project(table.drop_columns(["target"]))


def test_spacy(pairs: Any) -> None:
    spacy = pytest.importorskip("spacy")
    from xlner.spacy import to_doc

    vocab = spacy.blank("xx").vocab
    docs = [(to_doc(pair["source"], vocab), to_doc(pair["target"], vocab)) for pair in pairs]
    projected = xlner.project(docs)
    expected = entities(xlner.project(pairs))
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
