"""What is measured of silver test sets and of filters; see sections.py."""

import json
import os
import subprocess

from common import ROOT
from decision import ENGLISH
from sections import command, data, figures, mark, section, shell, table

# Sentences that are judged, and samples that are drawn.
SIZE, DRAWS = 200, 1000
COVERED, WIDTH = 0.93, 0.40
FILTERS = {
    "none": ["--decision", "none"],
    "comp-src": ["--decision", "none", "--filter", "comp-src"],
    "comp-tgt": ["--decision", "none", "--filter", "comp-tgt"],
    "comp-ins": ["--decision", "none", "--filter", "comp-ins"],
    "all three": ["--decision", "none", "--filter", "comp-src,comp-tgt,comp-ins"],
    "restrict-target": ["--decision", "none", "--restrict-target"],
    "the decision": [],
    "the decision, comp-src, comp-tgt": ["--filter", "comp-src,comp-tgt"],
}


def tagged(folder, language, model="default"):
    """Pairs of MasakhaNER 2 dev with a tagger's entities and probabilities."""
    name = "built-in" if model == "default" else "ewt"
    out = folder / f"{language}.{name}.tagged.jsonl"
    if not out.exists():
        pairs = data("masakhaner2-mafand-pairs") / f"{language}.dev.pairs.jsonl"
        command("tag", "--model", model, "--probabilities", pairs, "-o", out)
    return out


@section("Silver test sets: the interval of 200 judged sentences, by simulation on MasakhaNER 2 dev", heavy=True)
def silver(folder, arguments):
    other = folder / "ewt.tagger"
    command("train", "--train", data("uner-en-ewt") / "train.iob2", "-o", other)
    words = []
    for language in ENGLISH[:1] if arguments.small else ENGLISH:
        ours, theirs = tagged(folder, language), tagged(folder, language, other)
        routes = [folder / f"{language}.{route}.jsonl" for route in "abc"]
        command("project", "--pairs", ours, "-o", routes[0])
        command("project", "--pairs", ours, "--method", "heuristic", "-o", routes[1])
        command("project", "--pairs", theirs, "--decision", "none", "-o", routes[2])
        words.append(f"{language}=" + ",".join(map(str, [ours, *routes])))
    measure = os.environ.get("XLNER_SILVER", "").split() or ["cargo", "run", "--release", "-q", "-p", "xlner", "--example", "silver", "--"]
    done = subprocess.run([*measure, "--size", str(SIZE), "--draws", str(DRAWS), "--ignore", "DATE", *words], cwd=ROOT,
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"example silver: {done.stderr}")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    rows = [[row["set"], row["sentences"], f"{row['f1']:.4f}", f"{row['stratified']['covered']:.3f}", f"{row['stratified']['width']:.4f}",
             f"{row['random']['covered']:.3f}", f"{row['random']['width']:.4f}", f"{row['width']:.2f}",
             f"{row['stratified']['covered_corrected']:.3f}"] for row in found]
    least, widest = min(row["stratified"]["covered"] for row in found), max(row["width"] for row in found)
    return "\n\n".join([
        shell("cargo run --release -p xlner --example silver -- --ignore DATE lug=lug.tagged.jsonl,a.jsonl,b.jsonl,c.jsonl …"),
        f"Three routes: the built-in tagger with the decision; the same tagger, ranges of links; a tagger learnt from UNER-EWT, without a "
        f"decision. Gold plays the person. {DRAWS:,} samples of {SIZE} sentences each; *random* is a random sample of as many, whose interval "
        "is that of a ratio by the delta method.",
        table(["", "sentences", "F1 of the majority", "covers it", "width", "random covers it", "width", "width / random",
               "covers that of the corrected set"], rows),
        f"- covers in {least:.3f} of the draws at least, goal {COVERED} {mark(least >= COVERED)}\n"
        f"- {widest:.2f} as wide as a random sample's at most, goal {WIDTH} {mark(widest <= WIDTH)}. What varies from sentence to "
        "sentence is mostly errors on which the routes agree, or what all of them missed, and their agreement does not foretell these.",
    ])


@section("Filters: COMP-SRC, COMP-TGT, COMP-INS and restrict_target beside the decision, MasakhaNER 2 dev", heavy=True)
def filters(folder, arguments):
    languages = ENGLISH[:1] if arguments.small else ENGLISH
    rows = []
    for name, options in FILTERS.items():
        cells, sums = [], [0.0, 0.0, 0.0]
        for language in languages:
            pairs, out = tagged(folder, language), folder / f"{language}.filtered.jsonl"
            command("project", "--pairs", pairs, *options, "-o", out)
            micro = figures(pairs, out, "--ignore", "DATE,MISC")["micro"]
            sums = [a + micro[key] for a, key in zip(sums, ["f1", "precision", "recall"])]
            cells.append(f"{micro['f1']:.4f}")
        rows.append([name, *cells, *[f"{value / len(languages):.4f}" for value in sums]])
    return "\n\n".join([
        shell("xlner tag --model default --probabilities pairs.jsonl -o tagged.jsonl",
              "xlner project --pairs tagged.jsonl --decision none --filter comp-src,comp-tgt,comp-ins -o out.jsonl"),
        "Entities that a filter rejects are dropped, as in translate-test; the built-in English tagger.",
        table(["", *languages, "mean F1", "precision", "recall"], rows),
    ])
