#!/usr/bin/env python3
"""Runs the test suites of peers with xlner beside them; see README.md.

    benches/peers/suites/run.py [--json] [--only PEER]
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from common import PEERS, program, xlner  # noqa: E402

PLACE = PEERS / "suites"
PYTHON = PLACE / "venv" / "bin" / "python"
NEEDS = ["pytest", "numpy", "scikit-learn", "click", "pydantic", "tabulate", "setuptools", "setuptools_scm", "wheel"]
VERSIONS = {"seqeval": "1.2.2", "nervaluate": "1.2.1", "seqscore": "0.9.0", "iobes": "1.5.1"}


class Skipped(Exception):
    """A peer cannot be had."""


def quiet(*words, **more):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, **more)
    if done.returncode:
        raise Skipped(f"{Path(str(words[0])).name}: {(done.stderr or done.stdout).strip().splitlines()[-1:]}")
    return done.stdout


def source(peer):
    """The unpacked source distribution of a peer."""
    name = f"{peer}-{VERSIONS[peer]}"
    if not PYTHON.exists():
        quiet(sys.executable, "-m", "venv", PLACE / "venv")
        quiet(PYTHON, "-m", "pip", "install", "--quiet", *NEEDS)
    archive = PLACE / f"{name}.tar.gz"
    if not archive.exists():
        quiet(PYTHON, "-m", "pip", "download", "--quiet", "--no-deps", "--no-build-isolation", "--no-binary", peer,
              "--dest", PLACE, f"{peer}=={VERSIONS[peer]}")
    if not (PLACE / name).is_dir():
        with tarfile.open(archive) as packed:
            packed.extractall(PLACE, filter="data")
    # The files that some tests read are not in every distribution: a checkout of the peer has them.
    checkout = os.environ.get(peer.upper())
    for path in Path(checkout, "tests").iterdir() if checkout else []:
        if path.is_dir():
            shutil.copytree(path, PLACE / name / "tests" / path.name, dirs_exist_ok=True)
    return PLACE / name


def environment(folder, **more):
    library = folder / "src" if (folder / "src").is_dir() else folder
    return dict(os.environ, XLNER=str(xlner()), PYTHONPATH=f"{HERE}:{library}:{folder}", PYTHONDONTWRITEBYTECODE="1", **more)


def suite(peer):
    """Runs a suite of pytest; returns how its tests ended, and the answers."""
    folder = source(peer)
    # seqeval's tests look for conlleval.pl where they are run, the others for their files above.
    here = folder / "tests" if (folder / "tests" / "conlleval.pl").exists() else folder
    with tempfile.TemporaryDirectory() as temporary:
        answers = Path(temporary) / "answers.json"
        done = subprocess.run([str(PYTHON), "-m", "pytest", "-q", "-p", "plugin", "-p", "no:cacheprovider", "-o", "addopts=",
                               # Twenty thousand runs of conlleval, which is a peer of its own here.
                               "-k", "not test_statistical_tests", folder / "tests"], cwd=here,
                              env=environment(folder, ANSWERS=str(answers), PEER=peer), capture_output=True, text=True)
        if not answers.exists():
            raise Skipped(f"pytest: {(done.stderr or done.stdout).strip().splitlines()[-1:]}")
        told = done.stdout.strip().splitlines()[-1]
        return re.sub(r" in [0-9.]+s.*|=", "", told).strip(), json.loads(answers.read_text(encoding="utf-8"))


def by_chance(peer, folder, *words):
    output = quiet(PYTHON, HERE / "by_chance.py", peer, *words, env=environment(folder))
    return "no suite: sequences drawn by chance", json.loads(output)


def conlleval():
    folder = source("seqeval")
    script = folder / "tests" / "conlleval.pl"
    if not shutil.which("perl") or not script.is_file():
        raise Skipped("there is no perl, or no conlleval.pl")
    return by_chance("conlleval", folder, script)


def atools():
    fast_align = program("FAST_ALIGN", "fast_align")
    if fast_align is None or not fast_align.with_name("atools").is_file():
        raise Skipped("there is no fast_align with atools beside it; give it in $FAST_ALIGN")
    tests, answers = by_chance("atools", HERE, fast_align.with_name("atools"))
    return tests.replace("sequences", "links of both directions"), answers


PEER_SUITES = {
    "seqeval 1.2.2": lambda: suite("seqeval"),
    "nervaluate 1.2.1": lambda: suite("nervaluate"),
    "seqscore 0.9.0": lambda: suite("seqscore"),
    "iobes 1.5.1": lambda: by_chance("iobes", source("iobes")),
    "conlleval": conlleval,
    "atools": atools,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    if not xlner():
        sys.exit("no release binary: cargo build --release, or set XLNER")
    PLACE.mkdir(parents=True, exist_ok=True)
    found = {}
    for name, ask in PEER_SUITES.items():
        if options.only not in name:
            continue
        try:
            tests, answers = ask()
            found[name] = {"tests": tests, **answers}
        except Skipped as reason:
            found[name] = {"skipped": str(reason)}
            print(f"skipped: {name}: {reason}", file=sys.stderr)
    if options.json:
        print(json.dumps(found, ensure_ascii=False))
        return
    for name, answers in found.items():
        print(name, answers.get("tests") or f"skipped: {answers['skipped']}", answers.get("counts", ""))
        for difference in answers.get("differences", []):
            print("   differs:", difference)
        for problem, count in answers.get("refusals", {}).items():
            print(f"   refused {count} times: {problem}")


if __name__ == "__main__":
    main()
