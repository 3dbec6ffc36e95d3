"""Where things are, and how a program is run and timed."""

import os
import resource
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / "target" / "peers"
CACHE = PEERS / "cache"


def shared():
    """The data folder: $XLNER_SHARED, or `shared` beside the repository."""
    path = Path(os.environ.get("XLNER_SHARED", ROOT.parent / "shared"))
    if not (path / "data").is_dir():
        sys.exit(f"{path}/data is not there: set XLNER_SHARED to the folder that holds data/")
    return path


def program(variable, default):
    """A program given by an environment variable, else by its usual place; None where it is not there."""
    path = Path(os.environ.get(variable, default))
    return path.resolve() if path.is_file() else None


def xlner():
    """The release binary: $XLNER, else the one that `cargo build --release` leaves."""
    return program("XLNER", ROOT / "target" / "release" / "xlner")


def run(command, **options):
    """Runs a program on one thread and returns its output and the CPU seconds it took (user + system)."""
    command = [str(part) for part in command]
    environment = dict(os.environ, OMP_NUM_THREADS="1", RAYON_NUM_THREADS="1")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, **options)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"{shlex.join(command)}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def example(crate, name):
    """Builds an example program of a crate and returns its path."""
    command = ["cargo", "build", "--quiet", "--release", "--package", crate, "--example", name]
    subprocess.run(command, check=True, cwd=ROOT)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return target / "release" / "examples" / name


def sentences(path):
    """Lists of (token, tag) of a column file: the first and the last column."""
    sentence = []
    for line in path.read_text(encoding="utf-8").split("\n"):
        fields = line.split()
        if fields:
            sentence.append((fields[0], fields[-1]))
        elif sentence:
            yield sentence
            sentence = []
    if sentence:
        yield sentence
