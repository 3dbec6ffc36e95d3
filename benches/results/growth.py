"""How time grows with the length of what was once quadratic; see sections.py."""

import json
import os
import subprocess

from common import ROOT, xlner
from sections import mark, section, shell, table

STEP = 10
MOST = 12
SAMPLES = ROOT / "samples"


def words(name, count):
    """So many tokens of a bundled file, over and over, without its sentences' ends."""
    lines = [line for line in (SAMPLES / name).read_text(encoding="utf-8").splitlines() if line]
    return [lines[at % len(lines)] for at in range(count)]


def columns(name, count):
    return "\n".join(words(name, count)) + "\n\n"


def tokens(count):
    return " ".join(line.split("\t")[0] for line in words("sw.conll", count))


def pair(folder, count):
    (folder / "s.conll").write_text(columns("en.conll", count), encoding="utf-8")
    (folder / "t.conll").write_text(columns("sw.conll", count), encoding="utf-8")


def whisper(folder, count):
    (folder / "in.json").write_text(json.dumps({"segments": [{"text": " " + tokens(count), "start": 0, "end": 9}]}), encoding="utf-8")


def cue(folder, count):
    (folder / "in.vtt").write_text(f"WEBVTT\n\n00:01.000 --> 09:04.000\n{tokens(count)}\n", encoding="utf-8")


def page(folder, count):
    region = "<TextRegion id='r{0}'><TextLine><TextEquiv><Unicode>Zoë {0}.</Unicode></TextEquiv></TextLine></TextRegion>"
    regions = "".join(region.format(number) for number in range(count))
    order = "<ReadingOrder><RegionRef regionRef='none'/></ReadingOrder>"
    (folder / "in.xml").write_text(f"<PcGts><Page imageWidth='9' imageHeight='9'>{order}{regions}</Page></PcGts>", encoding="utf-8")


# What is made, the command that reads it, and the smaller of two sizes.
CASES = {
    "Whisper, a segment without words": (whisper, "convert in.json --from-format whisper -o out.jsonl", 20_000, "tokens"),
    "WebVTT, a cue": (cue, "convert in.vtt -o out.jsonl", 10_000, "tokens"),
    "PAGE, regions outside the reading order": (page, "convert in.xml --from-format page -o out.jsonl", 6_000, "regions"),
    "`project`, one pair": (pair, "project --source s.conll --target t.conll -o out.jsonl", 1_000, "tokens on each side"),
    "`project --scores align=1`, one pair": (pair, "project --source s.conll --target t.conll --scores align=1 -o out.jsonl", 1_000, "tokens on each side"),
    "`align`, one pair": (pair, "align --source s.conll --target t.conll -o out.pharaoh", 1_000, "tokens on each side"),
    "`eval`, one sentence": (pair, "eval --gold t.conll --pred t.conll -o out.txt", 50_000, "tokens"),
    "`report`, one sentence": (pair, "report --gold t.conll --pred t.conll -o out.html", 50_000, "tokens"),
}


def seconds(folder, make, command, size):
    """Processor seconds of a command, the least of three."""
    folder.mkdir()
    make(folder, size)

    def once():
        process = subprocess.Popen([str(xlner()), "-q", "--threads", "1", *command.split()], cwd=folder)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"failed: {command}")
        return usage.ru_utime + usage.ru_stime

    return min(once() for _ in range(3))


@section("Growth: ten times the length, how many times the time")
def growth(folder, arguments):
    start = seconds(folder / "start", lambda *_: None, "--version", 0)
    rows, worst = [], 0
    for number, (name, (make, command, size, unit)) in enumerate(CASES.items()):
        times = [seconds(folder / f"{number} {factor}", make, command, size * factor) for factor in (1, STEP)]
        # What takes a blink is measured in the noise of starting.
        ratio = times[1] / max(times[0] - start, 0.01)
        worst = max(worst, ratio)
        rows.append([name, f"{size:,} {unit}", f"{times[0]:.2f}", f"{times[1]:.2f}", f"{ratio:.1f}"])
    make, command, _, _ = CASES["`project`, one pair"]
    one = seconds(folder / "one", make, command, 4_000)
    told = [
        shell("benches/results/run --only growth"),
        table(["", "length", "CPU s", f"CPU s, {STEP} times the length", "times"], rows),
        f"- {STEP} times the length takes at most {MOST} times the time: {worst:.1f} {mark(worst <= MOST)}",
        f"- `project` of a pair of 4,000 tokens on either side under 2 s: {one:.2f} s {mark(one < 2)}",
    ]
    return "\n\n".join(told[:2]) + "\n\n" + "\n".join(told[2:])
