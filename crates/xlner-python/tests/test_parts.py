"""Corpora in parts, on Ray and Spark with two workers: the same bytes as in one place, wherever they are cut, whoever dies."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import xlner
from conftest import lines, table_of
from xlner import _parts
from xlner._xlner import Passes

pa = pytest.importorskip("pyarrow")


def _engine(name: str) -> Any:
    try:
        return __import__(name)
    except ImportError:
        print(f"skipped: {name} is not installed (pip install {name})")
        pytest.skip(f"{name} is not installed")


@pytest.fixture()
def table(pairs: Any) -> Any:
    return table_of(pairs)


@pytest.fixture()
def expected(table: Any) -> list[str]:
    return lines(xlner.project(table))


@pytest.mark.parametrize("cut", [1, 2, 7])
def test_any_partitioning_gives_the_same_bytes(table: Any, expected: list[str], cut: int, tmp_path: Path) -> None:
    size = -(-table.num_rows // cut)
    parts = [table.slice(first, size) for first in range(0, table.num_rows, size)][::-1]
    work, _ = _parts.job({})

    def count_all(one: _parts.Pass) -> Iterator[bytes]:
        return (one.open().count(_parts.table_of(part)) for part in parts)

    passes = _parts.run_passes(_parts.start(work, None, False), count_all)
    found = pa.concat_tables([pa.table(work.apply(part, passes)) for part in parts])
    assert lines(found) == expected
    trained = _parts.train(count_all, {})
    trained.save(tmp_path / "parts.xla")
    xlner.Aligner.train(table).save(tmp_path / "whole.xla")
    assert (tmp_path / "parts.xla").read_bytes() == (tmp_path / "whole.xla").read_bytes()


def test_given_links_and_given_aligners_make_no_passes(table: Any, pairs: Any) -> None:
    aligner = xlner.Aligner.train(table)
    linked = aligner.align(table)
    assert _parts.start(_parts.job({})[0], None, True).next is None
    passes = _parts.start(_parts.job({})[0], None, True)
    found, _ = passes.apply(_parts.table_of(linked))
    assert lines(found) == lines(xlner.project(linked))
    assert _parts.start(_parts.job({})[0], aligner, False).next == "names"


def test_what_parts_cannot_do(table: Any) -> None:
    for options, problem in [
        ({"decision": "default"}, "decision"),
        ({"min_probability": 0.5}, "decision"),
        ({"bitext": ["more.tsv"]}, "bitext"),
    ]:
        with pytest.raises(xlner.OptionsError, match=problem):
            _parts.start(_parts.job(options)[0], None, False)
    for options in ({"aligner": lambda batch: []}, {"encoder": lambda batch: []}):
        with pytest.raises(xlner.OptionsError, match="cannot be had here"):
            _parts.job(options)
    passes = _parts.start(_parts.job({})[0], None, False)
    with pytest.raises(xlner.OptionsError, match="damaged"):
        passes.advance([b"nonsense"])
    with pytest.raises(xlner.OptionsError, match="not counted to the end"):
        passes.apply(_parts.table_of(table))
    with pytest.raises(xlner.OptionsError, match="damaged"):
        Passes.restore("{}", False, b"nonsense")


# Workers find neither the module of the tests nor what was killed already: both go along by value and by file.
def killer(flag: Path) -> Any:
    """A tagger that kills the process that runs it, once."""

    def tag(batch: list[Any]) -> list[Any]:
        if not os.path.exists(flag):
            open(flag, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return [[(0, 1, "PER")] for _ in batch]

    return tag


def translator(pairs: Any) -> Any:
    """A translator that knows the Swahili sentences, however their tokens are joined."""
    known = {"".join(pair["target"]["tokens"]): " ".join(pair["source"]["tokens"]) for pair in pairs}

    def translate(batch: list[str]) -> list[str]:
        return [known["".join(text.split())] for text in batch]

    return translate


@pytest.fixture(scope="module")
def ray() -> Iterator[Any]:
    ray = _engine("ray")
    ray.init(num_cpus=3, include_dashboard=False, log_to_driver=False, logging_level="ERROR", _node_ip_address="127.0.0.1")
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield ray
    ray.shutdown()


def _rows(ds: Any) -> Any:
    import ray

    # Ray hands on blocks without rows without their columns, and asks nobody.
    return pa.concat_tables([block for block in ray.get(ds.to_arrow_refs()) if block.num_rows])


def _dataset(ray: Any, table: Any, blocks: int) -> Any:
    """A dataset of so many blocks, and one without rows."""
    size = -(-table.num_rows // blocks)
    parts = [table.slice(first, size) for first in range(0, table.num_rows, size)]
    return ray.data.from_arrow([*parts, table.slice(0, 0)])


@pytest.mark.parametrize("blocks", [1, 2, 8])
def test_ray(ray: Any, table: Any, expected: list[str], blocks: int) -> None:
    import xlner.ray

    found = xlner.ray.project(_dataset(ray, table, blocks), actors=2, num_cpus=1).materialize()
    assert lines(_rows(found)) == expected
    assert found.schema().base_schema.equals(xlner.project(table).schema)


def test_ray_trains_the_same_aligner(ray: Any, table: Any, tmp_path: Path) -> None:
    import xlner.ray

    xlner.ray.train_aligner(_dataset(ray, table, 3), actors=2, num_cpus=1).save(tmp_path / "ray.xla")
    xlner.Aligner.train(table).save(tmp_path / "here.xla")
    assert (tmp_path / "ray.xla").read_bytes() == (tmp_path / "here.xla").read_bytes()


def test_ray_labels_and_loses_nothing_when_a_worker_dies(ray: Any, pairs: Any, tmp_path: Path) -> None:
    import xlner.ray

    texts = pa.table({"id": [p["id"] for p in pairs], "tokens": [p["target"]["tokens"] for p in pairs]})
    options: Any = {"lang": "sw", "translator": translator(pairs)}
    ds = _dataset(ray, texts, 4)
    found = _rows(xlner.ray.label(ds, tagger=killer(tmp_path / "killed"), actors=2, num_cpus=1, **options))
    assert (tmp_path / "killed").exists()
    assert lines(found) == lines(xlner.label(texts, tagger=killer(tmp_path / "killed"), decision="none", **options))


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    _engine("pyspark")
    from pyspark.sql import SparkSession

    os.environ.update(PYSPARK_PYTHON=sys.executable, SPARK_LOCAL_IP="127.0.0.1")
    builder = SparkSession.builder.master("local[2,4]").appName("xlner")
    for name, value in {
        "spark.ui.enabled": "false",
        "spark.driver.memory": "1g",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": "2",
    }.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()


def _frame(spark: Any, table: Any, parts: int) -> Any:
    return spark.createDataFrame(table).repartition(parts)


@pytest.mark.parametrize("parts", [1, 3])
def test_spark(spark: Any, table: Any, expected: list[str], parts: int) -> None:
    import xlner.spark

    assert lines(xlner.spark.project(_frame(spark, table, parts)).toArrow()) == expected


def test_spark_trains_the_same_aligner(spark: Any, table: Any, tmp_path: Path) -> None:
    import xlner.spark

    xlner.spark.train_aligner(_frame(spark, table, 3)).save(tmp_path / "spark.xla")
    xlner.Aligner.train(table).save(tmp_path / "here.xla")
    assert (tmp_path / "spark.xla").read_bytes() == (tmp_path / "here.xla").read_bytes()


def test_spark_labels_and_loses_nothing_when_a_worker_dies(spark: Any, pairs: Any, tmp_path: Path) -> None:
    import xlner.spark

    texts = pa.table({"id": [p["id"] for p in pairs], "tokens": [p["target"]["tokens"] for p in pairs]})
    options: Any = {"lang": "sw", "translator": translator(pairs)}
    frame = _frame(spark, texts, 4)
    found = xlner.spark.label(frame, tagger=killer(tmp_path / "killed"), **options).toArrow()
    assert (tmp_path / "killed").exists()
    assert lines(found) == lines(xlner.label(texts, tagger=killer(tmp_path / "killed"), decision="none", **options))


SCRIPT = """
from pyspark.sql import SparkSession
import xlner, xlner.spark

spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
spark.sparkContext.setLogLevel("OFF")
try:
    xlner.spark.train_aligner(spark.range(1))
except xlner.OptionsError as error:
    print("OptionsError:", error)
"""


def test_spark_says_what_its_workers_lack(tmp_path: Path) -> None:
    import subprocess
    import venv

    _engine("pyspark")
    venv.create(tmp_path / "bare", with_pip=False)
    settings = {"PYSPARK_PYTHON": str(tmp_path / "bare" / "bin" / "python"), "SPARK_LOCAL_IP": "127.0.0.1"}
    found = subprocess.run(
        [sys.executable, "-c", SCRIPT], env={**os.environ, **settings}, capture_output=True, text=True, timeout=300
    )
    assert "OptionsError: Spark's workers" in found.stdout, found.stderr[-2000:]
    assert "set PYSPARK_PYTHON to a Python that has xlner and pyarrow" in found.stdout
