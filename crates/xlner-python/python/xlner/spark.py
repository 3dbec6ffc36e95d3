"""xlner on Spark: corpora that no machine holds.

    import xlner.spark

    pairs = spark.read.parquet("s3://…/pairs/")
    xlner.spark.project(pairs).write.parquet("s3://…/projected/")

The work is done in Python workers (``mapInArrow``), which keep what they have loaded. The Python of the workers, ``PYSPARK_PYTHON``,
must have xlner and pyarrow. A task that fails is run again by Spark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from os import PathLike
from typing import Any, Unpack

from . import _parts
from ._errors import OptionsError
from ._models import Aligner
from ._project import ProjectOptions
from ._tables import as_pyarrow
from ._xlner import Table, empty

#: Applications whose workers were found to have xlner.
_checked: set[str] = set()


def project(df: Any, *, tagger: Any = None, **options: Unpack[ProjectOptions]) -> Any:
    """Projects the entities of the pairs of a data frame, as `xlner.project` does, to the byte.

    The built-in aligner is trained on the whole frame where the pairs have no links, and the score ``span`` looks at all of it: the
    frame is read several times; ``df.cache()`` it where that is dear. It is projected when the result is asked for.

    Args:
        df: A ``pyspark.sql.DataFrame`` of pairs, with the columns that `xlner.project` takes.
        tagger: See `xlner.project`; it is loaded once a worker. No decision is made on what it is not sure of.
        **options: See `xlner.ProjectOptions`. Without an encoder and aligners of your own.

    Returns:
        The frame with the target's entities; columns that xlner does not know stay.

    Raises:
        OptionsError: Arguments do not go together, or the workers have no xlner.
        RecordError: A pair is not as it should be (inside ``pyspark.errors.PythonException``).
    """
    work, aligner = _parts.job(dict(options), tagger=tagger)
    return _run(df, work, aligner)


def label(
    df: Any, *, lang: str, translator: Any, tagger: Any = "default", via: str = "en", **options: Unpack[ProjectOptions]
) -> Any:
    """Finds the entities of the texts of a data frame by way of another language, as `xlner.label` does with ``decision="none"``.

    Args:
        df: A ``pyspark.sql.DataFrame`` with a column ``text`` or ``tokens``, and maybe ``id``.
        lang: Their language (BCP 47).
        translator: From ``lang`` into ``via``; see `xlner.label`.
        tagger: Of the language ``via``; loaded once a worker.
        via: Language of the translations (BCP 47).
        **options: See `project`.

    Returns:
        A frame of pairs.

    Raises:
        Exception: As `project` does.
    """
    work, aligner = _parts.job(dict(options), tagger=tagger, translator=translator, langs=(lang, via))
    return _run(df, work, aligner)


def train_aligner(df: Any, *, dictionary: Sequence[str | PathLike[str]] = ()) -> Aligner:
    """Trains an aligner on the pairs of a data frame: the model that `xlner.Aligner.train` makes, to the byte, wherever it is cut.

    Args:
        df: A ``pyspark.sql.DataFrame`` of pairs; entities and links are not looked at.
        dictionary: Files with lines ``word<TAB>translation``.
    """
    _check(df.sparkSession)
    return _parts.train(lambda one: _count(df, one), {"dictionary": list(dictionary)})


def _run(df: Any, work: _parts.Job, aligner: Aligner | None) -> Any:
    _check(df.sparkSession)
    linked = False
    if work.langs is None:
        first = df.select("alignment").limit(1).collect() if "alignment" in df.columns else []
        linked = bool(first) and first[0]["alignment"] is not None
    if work.prepares:
        ship, _ = _ship(df, work)
        fields = _columns(df, keep=lambda name: work.langs is None or name == "id")
        df = df.mapInArrow(lambda batches: _each(batches, ship().prepare), fields).persist()
    passes = _parts.run_passes(_parts.start(work, aligner, linked), lambda one: _count(df, one))
    ship_both, _ = _ship(df, (work, _parts.Pass.of(passes)))

    def apply(batches: Iterator[Any]) -> Iterator[Any]:
        job, one = ship_both()
        return _each(batches, lambda table: job.apply(table, one.open()))

    return df.mapInArrow(apply, _columns(df))


def _count(df: Any, one: _parts.Pass) -> Iterable[bytes]:
    ship, forget = _ship(df, one)

    def count(batches: Iterator[Any]) -> Iterator[Any]:
        import pyarrow

        rows = [batch for batch in batches if batch.num_rows]
        if rows:
            counts = ship().open().count(_parts.table_of(pyarrow.Table.from_batches(rows)))
            yield pyarrow.record_batch({"counts": pyarrow.array([counts], pyarrow.binary())})

    try:
        return [bytes(row["counts"]) for row in df.mapInArrow(count, "counts binary").collect()]
    finally:
        forget()


def _each(batches: Iterator[Any], work: Callable[[Any], Table]) -> Iterator[Any]:
    """The rows of each batch, worked on; batches without rows give none."""
    for batch in batches:
        if batch.num_rows:
            yield from as_pyarrow(work(batch)).to_batches()


def _ship(df: Any, value: Any) -> tuple[Callable[[], Any], Callable[[], object]]:
    """What gives a value at the workers, where a process unpacks it once; and what frees it when nobody asks for it any more."""
    from pyspark import cloudpickle

    packed = cloudpickle.dumps(value)
    session = df.sparkSession
    # Spark Connect has no broadcast variables: there the value goes with each task.
    held = session.sparkContext.broadcast(packed) if hasattr(session, "_jsparkSession") else None
    here = packed if held is None else None
    key = hash(packed)

    def value_at_worker() -> Any:
        return _unpacked(key, held.value if held is not None else here)

    return value_at_worker, (held.destroy if held is not None else lambda: None)


_values: dict[int, Any] = {}


def _unpacked(key: int, packed: Any) -> Any:
    import pickle

    if key not in _values:
        # Those of earlier passes are not asked for again.
        while len(_values) > 3:
            _values.pop(next(iter(_values)))
        _values[key] = pickle.loads(packed)
    return _values[key]


def _columns(df: Any, keep: Callable[[str], bool] = lambda name: True) -> str:
    """The columns of pairs that are made of a frame, as a DDL string: those that it has, and ours."""
    ours = {field.name: _ddl(field.type) for field in as_pyarrow(empty(True)).schema}
    given = {field.name: field.dataType.simpleString() for field in df.schema if keep(field.name)}
    types = {name: ours[name] if name in ours and name != "id" else kind for name, kind in given.items()}
    types |= {name: kind for name, kind in ours.items() if name != "id" and name not in types}
    return ", ".join(f"`{name.replace('`', '``')}` {kind}" for name, kind in types.items())


def _ddl(kind: Any) -> str:
    """A type of pyarrow's as Spark writes it."""
    import pyarrow

    if pyarrow.types.is_struct(kind):
        return f"struct<{', '.join(f'`{field.name}`: {_ddl(field.type)}' for field in kind)}>"
    if pyarrow.types.is_list(kind):
        return f"array<{_ddl(kind.value_type)}>"
    return {"int32": "int", "double": "double", "float": "float", "string": "string"}[str(kind)]


def _check(session: Any) -> None:
    """Checks that the workers' Python has xlner.

    Raises:
        OptionsError: It has not, or is of another version than this one.
    """
    import sys

    key = str(session.conf.get("spark.app.id", ""))
    if key in _checked:
        return

    def probe(batches: Iterator[Any]) -> Iterator[Any]:
        import sys

        import pyarrow

        try:
            import xlner.spark  # noqa: F401

            problem = ""
        except ImportError as error:
            problem = f"{sys.executable}: {error}"
        for _ in batches:
            yield pyarrow.record_batch({"problem": pyarrow.array([problem])})

    cure = "; set PYSPARK_PYTHON to a Python that has xlner and pyarrow before the session is started"
    try:
        found = session.range(1).mapInArrow(probe, "problem string").collect()
    except Exception as error:
        text = str(error)
        if "PYTHON_VERSION_MISMATCH" in text or "No module named" in text or "Cannot run program" in text:
            last = [line for line in text.splitlines() if line.strip()]
            here = f"this is Python {sys.version.split()[0]}, {sys.executable}"
            raise OptionsError(f"Spark's workers cannot run this Python ({here}): {last[-1].strip()}{cure}") from error
        raise
    for row in found:
        if row["problem"]:
            raise OptionsError(f"Spark's workers have no xlner ({row['problem']}){cure}")
    _checked.add(key)
