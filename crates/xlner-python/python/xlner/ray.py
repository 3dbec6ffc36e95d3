"""xlner on Ray Data: corpora that no machine holds.

    import ray, xlner.ray

    pairs = ray.data.read_parquet("s3://…/pairs/")
    xlner.ray.project(pairs).write_parquet("s3://…/projected/")

The work is done by actors, one a node, that load a model once and use the threads of their node; what is only counted is counted by tasks,
whose processes Ray keeps. They leave at least one CPU of the cluster to the tasks that read and write. What a worker that dies had in
its hands is done again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from os import PathLike
from typing import Any, TypedDict, Unpack

from . import _parts
from ._models import Aligner
from ._project import ProjectOptions
from ._tables import as_pyarrow
from ._xlner import Passes, empty


class Actors(TypedDict):
    """How many workers there are, and of what size."""

    concurrency: int
    num_cpus: int


def project(
    ds: Any, *, tagger: Any = None, actors: int | None = None, num_cpus: int | None = None, **options: Unpack[ProjectOptions]
) -> Any:
    """Projects the entities of the pairs of a dataset, as `xlner.project` does, to the byte.

    The built-in aligner is trained on the whole dataset where the pairs have no links, and the score ``span`` looks at all of it:
    the dataset is read several times. It is projected when the result is asked for.

    Args:
        ds: A ``ray.data.Dataset`` of pairs, with the columns that `xlner.project` takes.
        tagger: See `xlner.project`; it is loaded once a worker. No decision is made on what it is not sure of.
        actors: Workers; one a node.
        num_cpus: CPUs, and threads, of each; all but one of the node's.
        **options: See `xlner.ProjectOptions`. Without an encoder and aligners of your own.

    Returns:
        The dataset with the target's entities. Blocks are tables of pyarrow; columns that xlner does not know stay.

    Raises:
        OptionsError: Arguments do not go together.
        RecordError: A pair is not as it should be (inside ``ray.exceptions.RayTaskError``).
    """
    work, aligner = _parts.job(dict(options), tagger=tagger)
    return _run(ds, work, aligner, _actors(actors, num_cpus))


def label(
    ds: Any,
    *,
    lang: str,
    translator: Any,
    tagger: Any = "default",
    via: str = "en",
    actors: int | None = None,
    num_cpus: int | None = None,
    **options: Unpack[ProjectOptions],
) -> Any:
    """Finds the entities of the texts of a dataset by way of another language, as `xlner.label` does with ``decision="none"``.

    Args:
        ds: A ``ray.data.Dataset`` with a column ``text`` or ``tokens``, and maybe ``id``.
        lang: Their language (BCP 47).
        translator: From ``lang`` into ``via``; see `xlner.label`.
        tagger: Of the language ``via``; loaded once a worker.
        via: Language of the translations (BCP 47).
        actors: Workers; one a node.
        num_cpus: CPUs, and threads, of each; all but one of the node's.
        **options: See `project`.

    Returns:
        A dataset of pairs.

    Raises:
        Exception: As `project` does.
    """
    work, aligner = _parts.job(dict(options), tagger=tagger, translator=translator, langs=(lang, via))
    return _run(ds, work, aligner, _actors(actors, num_cpus))


def train_aligner(
    ds: Any, *, dictionary: Sequence[str | PathLike[str]] = (), actors: int | None = None, num_cpus: int | None = None
) -> Aligner:
    """Trains an aligner on the pairs of a dataset: the model that `xlner.Aligner.train` makes, to the byte, wherever it is cut.

    Args:
        ds: A ``ray.data.Dataset`` of pairs; entities and links are not looked at.
        dictionary: Files with lines ``word<TAB>translation``.
        actors: Workers; one a node.
        num_cpus: CPUs, and threads, of each; all but one of the node's.
    """
    size = _actors(actors, num_cpus)
    return _parts.train(lambda one: _count(ds, one, size), {"dictionary": list(dictionary)})


def _run(ds: Any, work: _parts.Job, aligner: Aligner | None, size: Actors) -> Any:
    try:
        first = ds.take_batch(1, batch_format="pyarrow")
    except ValueError:
        # Ray has no batch of a dataset without rows; what comes of one has the columns of pairs.
        return _empty()
    if work.prepares:
        ds = _by_actors(ds, _Prepare, (work, size["num_cpus"]), size).materialize()
    passes = _parts.start(work, aligner, work.langs is None and _parts.linked(first))
    passes = _parts.run_passes(passes, lambda one: _count(ds, one, size))
    return _by_actors(ds, _Apply, (work, _put(passes), size["num_cpus"]), size)


def _by_actors(ds: Any, worker: type, arguments: tuple[Any, ...], size: Actors) -> Any:
    """Work by actors, of which no more are started than there are blocks."""
    actors = (1, size["concurrency"])
    return ds.map_batches(
        worker,
        fn_constructor_args=arguments,
        batch_size=None,
        batch_format="pyarrow",
        concurrency=actors,
        num_cpus=size["num_cpus"],
    )


def _empty() -> Any:
    import ray

    return ray.data.from_arrow(as_pyarrow(empty(True)))


def _put(passes: Passes) -> Any:
    """A pass in the object store, which holds it once a node."""
    import ray

    return ray.put(_parts.Pass.of(passes))


def _count(ds: Any, one: _parts.Pass, size: Actors) -> Iterable[bytes]:
    import ray

    given = {"one": ray.put(one), "num_cpus": size["num_cpus"]}
    counts = ds.map_batches(_count_block, fn_kwargs=given, batch_size=None, batch_format="pyarrow", **size)
    return (row["counts"] for row in counts.iter_rows())


def _actors(actors: int | None, num_cpus: int | None) -> Actors:
    """One actor a node, with all its CPUs but one; at least one CPU of the cluster is left."""
    import ray

    if not ray.is_initialized():
        ray.init()
    nodes = [int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]]
    nodes = [cpus for cpus in nodes if cpus > 0] or [1]
    cpus = num_cpus or max(1, min(nodes) - 1)
    return {"concurrency": actors or max(1, min(len(nodes), (sum(nodes) - 1) // cpus)), "num_cpus": cpus}


def _threads(num_cpus: int) -> None:
    """Has this process use as many threads as it was promised CPUs."""
    os.environ.setdefault("RAYON_NUM_THREADS", str(num_cpus))


class _Prepare:
    def __init__(self, work: _parts.Job, num_cpus: int) -> None:
        _threads(num_cpus)
        self.work = work

    def __call__(self, block: Any) -> Any:
        return as_pyarrow(self.work.prepare(block))


def _count_block(block: Any, one: Any, num_cpus: int) -> Any:
    import pyarrow

    _threads(num_cpus)
    counts = [_got(one).open().count(_parts.pairs_of(block))]
    return pyarrow.table({"counts": pyarrow.array(counts, pyarrow.large_binary())})


class _Apply:
    def __init__(self, work: _parts.Job, one: Any, num_cpus: int) -> None:
        _threads(num_cpus)
        self.work, self.passes = work, _got(one).open()

    def __call__(self, block: Any) -> Any:
        return as_pyarrow(self.work.apply(block, self.passes))


def _got(one: Any) -> _parts.Pass:
    import ray

    found: _parts.Pass = ray.get(one) if isinstance(one, ray.ObjectRef) else one
    return found
