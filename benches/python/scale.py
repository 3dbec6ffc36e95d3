"""A corpus through Ray, Spark, Python and the command: time, peak memory, a worker killed half-way, and whether the bytes are the same.

    python benches/python/scale.py [--pairs N] [--kill] [command] [python] [ray] [spark]

The pairs are the bundled ones again and again, without links: the default method. Memory is that of all processes of a way together, as
far as they do not share it (USS), looked at five times a second. `--kill` kills a worker of Ray and of Spark half-way.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import xlner
from common import COMMAND, samples

WAYS = ("command", "python", "ray", "spark")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("ways", nargs="*", default=[])
    parser.add_argument("--pairs", type=int, default=1_000_000)
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        way, given, made = arguments.work
        return globals()[f"run_{way}"](given, made, arguments.kill)
    with tempfile.TemporaryDirectory() as folder:
        given = str(Path(folder, "pairs.parquet"))
        base = samples(66)
        rows = ({"id": f"{at:08}", **{k: v for k, v in base[at % 66].items() if k != "id"}} for at in range(arguments.pairs))
        xlner.write(list(rows), given)
        print(f"{arguments.pairs:,} pairs, {Path(given).stat().st_size / 1e6:.1f} MB of Parquet; {os.cpu_count()} cores")
        print(f"{'':10} {'seconds':>9} {'peak MB':>9}  bytes of the records, sorted by id")
        for way in arguments.ways or WAYS:
            made = str(Path(folder, way))
            seconds, memory = watched(way, given, made, arguments.kill)
            print(f"{way:10} {seconds:9.1f} {memory:9.0f}  {digest(made)}", flush=True)


def watched(way: str, given: str, made: str, kill: bool) -> tuple[float, float]:
    """Seconds and peak memory, in MB, of one way, in processes of its own."""
    start = time.perf_counter()
    command = [sys.executable, __file__, "--work", way, given, made, *(["--kill"] if kill else [])]
    peak = 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        errors: list[str] = []
        reader = threading.Thread(target=lambda: errors.extend(process.stderr or []))
        reader.start()
        while process.poll() is None:
            peak = max(peak, memory(process.pid))
            time.sleep(0.2)
        reader.join()
    if process.returncode:
        sys.exit(f"{way}: {''.join(errors[-20:])}")
    return time.perf_counter() - start, peak / 1e6


def memory(pid: int) -> int:
    """What a process and its children hold for themselves alone."""
    total = 0
    try:
        for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
            try:
                total += process.memory_full_info().uss
            except psutil.Error:
                pass
    except psutil.Error:
        pass
    return total


def digest(made: str) -> str:
    """A checksum of the records, sorted by their ids."""
    table = pq.read_table(made).sort_by("id").combine_chunks()
    hash = hashlib.sha256()
    for batch in table.to_batches(max_chunksize=10_000):
        for line in xlner._xlner.Table.of(pa.Table.from_batches([batch])).lines():  # type: ignore[union-attr]
            hash.update(line.encode())
    return hash.hexdigest()[:16]


def run_command(given: str, made: str, kill: bool) -> None:
    subprocess.run([COMMAND, "--quiet", "project", "--pairs", given, "-o", f"{made}.parquet"], check=True)
    os.rename(f"{made}.parquet", made)


def run_python(given: str, made: str, kill: bool) -> None:
    pq.write_table(xlner.project(pq.read_table(given), progress=False), made)


def killed_later(name: str) -> None:
    """Kills, half a minute from now or as soon as there is one, a process of that name among ours."""

    def work() -> None:
        time.sleep(30)
        while True:
            for process in psutil.Process().children(recursive=True):
                try:
                    if name in " ".join(process.cmdline()) or name in process.name():
                        print(f"killed {process.pid} {process.name()}", file=sys.stderr)
                        return process.send_signal(signal.SIGKILL)
                except psutil.Error:
                    pass
            time.sleep(0.2)

    threading.Thread(target=work, daemon=True).start()


def run_ray(given: str, made: str, kill: bool) -> None:
    import ray
    import xlner.ray

    ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR", object_store_memory=4 << 30)
    if kill:
        killed_later("ray::MapWorker")
    xlner.ray.project(ray.data.read_parquet(given, override_num_blocks=16)).write_parquet(made)


def run_spark(given: str, made: str, kill: bool) -> None:
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder: Any = SparkSession.builder.master("local[2,4]").config("spark.ui.enabled", "false")
    session = builder.config("spark.driver.memory", "4g").config("spark.driver.maxResultSize", "4g").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    import xlner.spark

    if kill:
        killed_later("pyspark.daemon")
    xlner.spark.project(session.read.parquet(given).repartition(8)).write.parquet(made)
    session.stop()


if __name__ == "__main__":
    main()
