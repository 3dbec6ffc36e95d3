"""What is measured of `label`, `transfer` and the experiments; see sections.py."""

import json
import os
import random
import re
import signal
import subprocess
import time

from common import ROOT, shared, xlner
from sections import LeftOut, command, data, mark, section, shell, table


def experiment(name, *words):
    """Runs an experiment of the repository and returns its table, a heading level lower."""
    kept = ROOT / "target" / "results" / "experiments" / name
    output, _, _ = command("experiment", ROOT / "experiments" / f"{name}.toml", "--set", f"data={shared() / 'data'}", "--run", kept, *words)
    lines = [f"##{line}" if line.startswith("## ") else line for line in output.splitlines() if not line.startswith("# ")]
    return shell(f"xlner experiment experiments/{name}.toml --run work/") + "\n" + "\n".join(lines).rstrip()


def wants(*programs):
    for program in programs:
        if subprocess.run(["which", program], capture_output=True).returncode != 0:
            raise LeftOut(f"{program} is not installed")


@section("Translate-test end to end: Serbian, Apertium, a CRF trained on English web text")
def serbian(folder, arguments):
    data("uner-sr-set")
    wants("apertium")
    return experiment("serbian")


@section("Translate-test end to end: Spanish, Apertium, a CRF trained on English WikiNEuRal")
def spanish(folder, arguments):
    data("wikiann")
    wants("apertium")
    return experiment("spanish")


@section("MasakhaNER 2 × MAFAND, five languages, from English originals tagged by the built-in tagger")
def masakhaner2(folder, arguments):
    data("masakhaner2-mafand-pairs")
    return "\n\n".join([
        experiment("masakhaner2-mafand"),
        "This is the part of `experiments/masakhaner2.toml` that the development data holds. The other thirteen languages want the files of "
        "`xlner data fetch masakhaner2`, a build with the feature `transformers`, and an NLLB-200 checkpoint (`--set nllb=FOLDER`); they were not run.",
    ])


@section("PAN-X: Spanish, Apertium, a CRF trained on English WikiNEuRal")
def panx(folder, arguments):
    data("wikiann")
    wants("apertium")
    return "\n\n".join([
        experiment("panx-es"),
        "This is the part of `experiments/panx.toml` that the development data holds. The other languages want the files of `xlner data fetch "
        "wikiann wikineural`, and German, Dutch, Polish and Russian a translator into English that Debian's Apertium is not: an NLLB-200 "
        "checkpoint (`--engine nllb`); they were not run.",
    ])


@section("Translate-train: a CRF trained on projected entities beside one trained on gold, Luganda and Yoruba")
def translate_train(folder, arguments):
    data("masakhaner2-mafand-pairs")
    return experiment("translate-train")


@section("Translate-train: alignment and markers (EasyProject) through Apertium, Serbian and Spanish")
def markers(folder, arguments):
    data("uner-sr-set")
    wants("apertium")
    return "\n\n".join([
        experiment("markers"),
        "Apertium takes brackets for formatting and moves them with the words, so it loses no marker. But it translates what stands "
        "between them for itself: articles and word order round a name suffer (*el [Comisión]*), and a tagger learns that.",
    ])


def lookup_input(folder, sentences):
    """English–Spanish text, repeated to so many different sentences, and the table that translates it."""
    lines = []
    for path in sorted(data("parallel").glob("*.en-es.tsv")):
        lines += path.read_text(encoding="utf-8").split("\n")[:-1]
    pairs = [line.split("\t") for line in lines]
    # Punctuation with a space before it would be put together otherwise than it is in the table.
    pairs = [(source, target.strip()) for source, target in pairs if 3 < len(source.split()) < 40 and not re.search(r"\s[^\w\s]", target)]
    text, lookup = folder / "in.txt", folder / "table.tsv"
    with text.open("w", encoding="utf-8") as inputs, lookup.open("w", encoding="utf-8") as tables:
        for number in range(sentences):
            source, target = pairs[number % len(pairs)]
            inputs.write(f"{target} {number}\n")
            tables.write(f"{target} {number}\t{source} {number}\n")
    return text, lookup


@section("A million sentences through `label`: memory, time by stage, two threads against one", heavy=True)
def label_at_scale(folder, arguments):
    sentences = 5_000 if arguments.small else 1_000_000
    text, lookup = lookup_input(folder, sentences)
    rows, seconds, largest = [], {}, 0
    for threads in [1, 2]:
        report = folder / f"report{threads}.json"
        words = ["label", "--threads", threads, "--from", "es", "--via", "en", "--engine", "lookup", "--model", lookup]
        _, seconds[threads], memory = command(*words, text, "-o", folder / "out.conll", "--report", report)
        largest = max(largest, memory)
        stages = json.loads(report.read_text())["stages"]
        by_stage = [f"{stages[stage]['seconds']:.0f}" for stage in ["translate", "tag", "train", "project"]]
        rows.append([threads, f"{seconds[threads]:.0f}", f"{sentences / seconds[threads]:,.0f}", *by_stage, f"{memory / 1e6:,.0f}"])
    faster = seconds[1] / seconds[2]
    return "\n\n".join([
        "Spanish sentences whose translations are in a table (`--engine lookup`), the built-in English tagger, the aligner trained on the "
        "first 100,000. Stages work beside each other, so their seconds add up to more than the whole.",
        table(["threads", "s", "sentences/s", "translate", "tag", "train", "project", "MB"], rows),
        f"- under 1 GB: {largest / 1e6:,.0f} MB {mark(largest < 1e9)}\n- two threads {faster:.2f}× as fast as one, goal 1.7 {mark(faster >= 1.7)}",
    ])


# Plays Apertium: the words of every text turned round. With faults it crashes, hangs, leaves answers out or empty, gives
# one twice, or garbage, at random.
PLAYER = """#!/usr/bin/env python3
import os, random, sys, time
if sys.argv[1:2] == ["-l"]:
    print("  spa-eng")
    sys.exit()
dice, faulty = random.Random(os.getpid()), os.environ.get("FAULTS") == "1"
write, buffer = sys.stdout.buffer.write, b""
while chunk := os.read(0, 65536):
    buffer += chunk
    while b"\\0" in buffer:
        text, buffer = buffer.split(b"\\0", 1)
        if text == b"[xlner]":
            write(text + b"\\0")
        else:
            mark, rest = text.split(b"]", 1)
            mark += b"]"
            answer = mark + b" ".join(reversed(rest[: -len(mark)].split(b" "))) + mark + b"\\0"
            throw = dice.random() * 3000 if faulty else 9
            if throw < 1:
                os._exit(1)
            elif throw < 1.2:
                time.sleep(3600)
            elif throw < 3:
                write(b"")
            elif throw < 4:
                write(mark + mark + b"\\0")
            elif throw < 5:
                write(answer + answer)
            elif throw < 6:
                write(mark + b"\\xff\\xfe" + mark + b"\\0")
            else:
                write(answer)
    sys.stdout.buffer.flush()
"""


@section("`label --run` killed twenty times, with a translator that fails: the same bytes as undisturbed", heavy=True)
def kills(folder, arguments):
    sentences, wanted = (2_000, 3) if arguments.small else (20_000, 20)
    text, _ = lookup_input(folder, sentences)
    player = folder / "bin" / "apertium"
    player.parent.mkdir()
    player.write_text(PLAYER, encoding="utf-8")
    player.chmod(0o755)
    environment = dict(os.environ, PATH=f"{player.parent}{os.pathsep}{os.environ['PATH']}")
    words = ["label", "--from", "es", "--via", "en", text, "--engine", "apertium", "--timeout", 5, "--train-pairs", 5000]

    def start(name, faults):
        line = [xlner(), *words, "--run", folder / name, "-o", folder / f"{name}.jsonl"]
        return subprocess.Popen(
            list(map(str, line)), env=dict(environment, FAULTS=faults), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    clock = time.monotonic()
    if start("calm", "0").wait() != 0:
        raise SystemExit("the undisturbed run failed")
    whole = time.monotonic() - clock
    dice, killed, starts, through = random.Random(1), 0, 0, 0
    while True:
        process = start("disturbed", "1")
        starts += 1
        try:
            if process.wait(timeout=dice.uniform(0.02, 0.15) * whole if killed < wanted else None) != 0:
                raise SystemExit("the disturbed run failed")
            if killed >= wanted:
                break
            # It came through before it was killed; the next start finds everything done.
            through += 1
            (folder / "disturbed.jsonl").unlink()
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            killed += 1
    same = (folder / "calm.jsonl").read_bytes() == (folder / "disturbed.jsonl").read_bytes()
    return (
        f"{sentences:,} sentences through a program that plays Apertium and, about once in five hundred texts, crashes, hangs, leaves an "
        f"answer out or empty, gives it twice, or garbage; `label` killed (SIGKILL) at {killed} random moments in {starts} starts, "
        f"{through} of which came through.\n\n- byte-identical {mark(same)}"
    )
