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
from common import COMMAND, best, command, samples

PAIRS = 100_000


def row(what: str, figures: tuple[float, float], goal: str = "") -> None:
    """Prints seconds and CPU seconds."""
    print(f"{what:44}{figures[0]:9.3f}{figures[1]:9.3f}  {goal}")


def main() -> None:
    for wheel in sys.argv[1:]:
        print(f"wheel: {Path(wheel).stat().st_size / 1e6:.2f} MB (goal: under 12)")
    print(f"{'':44}{'seconds':>9}{'CPU s':>9}")
    row("python", best(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True), 7))
    imported = best(lambda: subprocess.run([sys.executable, "-c", "import xlner"], check=True), 7)
    row("python, import xlner", imported, "goal: under .2 more")

    pairs = samples(66)
    aligner = xlner.Aligner.train(pairs)
    calls = best(lambda: [aligner.align([pairs[at % 66]], progress=False) for at in range(1000)])
    row("1,000 calls of Aligner.align, a pair each", calls, "goal: under 1")

    records = samples(PAIRS, linked=True)
    with tempfile.TemporaryDirectory() as made:
        path, output = Path(made, "pairs.parquet"), Path(made, "out.parquet")
        xlner.write(records, path)
        table = pq.read_table(path)
        row(f"{PAIRS:,} pairs with given links in Arrow", best(lambda: xlner.project(table, progress=False)), "goal: as the command")
        if not Path(COMMAND).exists():
            print(f"the command was not measured: there is no {COMMAND} (XLNER=…, built with the feature `parquet`)")
            return
        row("the command on the Parquet file", best(lambda: command("project", "--pairs", str(path), "-o", str(output))))
        same = pa.table(xlner.project(table, progress=False))["target"].equals(pq.read_table(output)["target"])
        print(f"the same target sentences: {same}")


if __name__ == "__main__":
    main()
