"""Size of the wheel, time of the import, single pairs, and tables: what the package must hold, and what it does.

    python benches/python/speed.py [WHEEL]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import xlner
from common import best, command, samples

PAIRS = 100_000


def main() -> None:
    for wheel in sys.argv[1:]:
        print(f"wheel                                       {Path(wheel).stat().st_size / 1e6:8.2f} MB  (goal: under 12)")
    bare = best(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True), 5)
    loaded = best(lambda: subprocess.run([sys.executable, "-c", "import xlner"], check=True), 5)
    print(f"import xlner                                {loaded - bare:8.3f} s   (goal: under .2; Python alone takes {bare:.3f})")

    pairs = samples(66)
    aligner = xlner.Aligner.train(pairs)
    seconds = best(lambda: [aligner.align([pairs[at % 66]], progress=False) for at in range(1000)])
    print(f"1,000 calls of Aligner.align, a pair each   {seconds:8.3f} s   (goal: under 1)")

    records = samples(PAIRS, linked=True)
    with tempfile.TemporaryDirectory() as made:
        path = Path(made, "pairs.parquet")
        xlner.write(records, path)
        table = pq.read_table(path)
        ours = best(lambda: xlner.project(table, progress=False))
        theirs = min(command("project", "--pairs", str(path), "-o", str(Path(made, "out.parquet")))[0] for _ in range(3))
        whole = best(lambda: pq.write_table(xlner.project(pq.read_table(path), progress=False), Path(made, "own.parquet")))
        print(f"{PAIRS:,} pairs with given links in Arrow      {ours:8.3f} s   (goal: at least as fast as the command)")
        print(f"  read from Parquet and written to it       {whole:8.3f} s")
        print(f"  the command on the Parquet file           {theirs:8.3f} s")
        same = pa.table(xlner.project(table, progress=False))["target"] == pq.read_table(Path(made, "out.parquet"))["target"]
        print(f"  the same target sentences                 {same!s:>8}")


if __name__ == "__main__":
    main()
