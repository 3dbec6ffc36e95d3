"""Word aligners run on a bitext: fast_align, eflomal, xlner. Each returns lines of Pharaoh links and its CPU seconds."""

import hashlib
import json
import os
import tempfile
from pathlib import Path

from common import CACHE, PEERS, program, run, xlner

SYMMETRIZATIONS = ["intersect", "grow-diag-final-and"]


def fast_align():
    return program("FAST_ALIGN", "/nonexistent")


def atools():
    """Symmetrises the links of both peers; it is built with fast_align, so it is looked for beside it."""
    return program("ATOOLS", (fast_align() or Path("/nonexistent")).parent / "atools")


def eflomal():
    return program("EFLOMAL", PEERS / "venv" / "bin" / "eflomal-align")


def run_fast_align(pairs, folder):
    """fast_align with the options its authors recommend, both directions."""
    # It refuses a pair with an empty side; a lone token in its place costs one link, which is dropped again.
    text = "".join(f"{source or '∅'} ||| {target or '∅'}\n" for source, target in pairs)
    (folder / "text").write_text(text, encoding="utf-8")
    forward, a = run([fast_align(), "-i", folder / "text", "-d", "-o", "-v"])
    reverse, b = run([fast_align(), "-i", folder / "text", "-d", "-o", "-v", "-r"])
    return blank_empty(pairs, forward), blank_empty(pairs, reverse), a + b


def run_eflomal(pairs, folder, prefix):
    """eflomal model 3, its defaults, both directions. It lower-cases by itself; `prefix` 0 keeps the whole words."""
    for side, name in enumerate("st"):
        (folder / name).write_text("".join(pair[side] + "\n" for pair in pairs), encoding="utf-8")
    command = [eflomal(), "-m", "3", "-s", folder / "s", "-t", folder / "t", "-f", folder / "f", "-r", folder / "r"]
    if prefix:
        command += ["--source-prefix", prefix, "--target-prefix", prefix]
    _, seconds = run(command)
    forward, reverse = ((folder / name).read_text(encoding="utf-8") for name in "fr")
    return blank_empty(pairs, forward), blank_empty(pairs, reverse), seconds


def blank_empty(pairs, links):
    """One line per pair; no links where a side is empty."""
    lines = links.split("\n")[: len(pairs)]
    assert len(lines) == len(pairs), f"{len(lines)} lines of links for {len(pairs)} pairs"
    return [line if source and target else "" for line, (source, target) in zip(lines, pairs)]


def symmetrize(forward, reverse, method, folder):
    (folder / "forward").write_text("".join(line + "\n" for line in forward), encoding="utf-8")
    (folder / "reverse").write_text("".join(line + "\n" for line in reverse), encoding="utf-8")
    links, seconds = run([atools(), "-c", method, "-i", folder / "forward", "-j", folder / "reverse"])
    return links.split("\n")[: len(forward)], seconds


PEER_RUNS = {
    "fast_align": (fast_align, run_fast_align),
    "fast_align lower": (fast_align, lambda pairs, folder: run_fast_align(lower(pairs), folder)),
    "eflomal": (eflomal, lambda pairs, folder: run_eflomal(pairs, folder, 0)),
    "eflomal prefix4": (eflomal, lambda pairs, folder: run_eflomal(pairs, folder, 4)),
}


def lower(pairs):
    return [(source.lower(), target.lower()) for source, target in pairs]


def peer(name, pairs, fresh=False):
    """`{"forward", "reverse", *SYMMETRIZATIONS: links, "seconds": x}` of a peer, or None where its program is not
    there. The links are kept and found again by what went in; with `fresh` it is run again."""
    binary, align = PEER_RUNS[name]
    if binary() is None or atools() is None:
        return None
    content = json.dumps([name, pairs], ensure_ascii=False).encode()
    cached = CACHE / f"{hashlib.sha256(content).hexdigest()[:24]}.json"
    if cached.exists() and not fresh:
        return json.loads(cached.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        forward, reverse, seconds = align(pairs, folder)
        result = {"forward": forward, "reverse": reverse}
        for method in SYMMETRIZATIONS:
            result[method], more = symmetrize(forward, reverse, method, folder)
        result["seconds"] = seconds + more
    CACHE.mkdir(parents=True, exist_ok=True)
    unfinished = cached.with_suffix(f".{os.getpid()}")
    unfinished.write_text(json.dumps(result, ensure_ascii=False), encoding="utf-8")
    unfinished.rename(cached)
    return result


def xlner_align(pairs, symmetrize=None, options=()):
    """Links of `xlner align`, trained on the pairs, and its CPU seconds."""
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "text.bitext"
        text.write_text("".join(f"{source} ||| {target}\n" for source, target in pairs), encoding="utf-8")
        command = [xlner(), "--threads", "1", "--quiet", "align", "--bitext", text, "-o", Path(folder) / "links.pharaoh"]
        if symmetrize:
            command += ["--symmetrize", symmetrize]
        _, seconds = run([*command, *options])
        links = (Path(folder) / "links.pharaoh").read_text(encoding="utf-8").split("\n")[:-1]
    assert len(links) == len(pairs), f"{len(links)} lines of links for {len(pairs)} pairs"
    return links, seconds
