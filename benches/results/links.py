"""What is measured of the aligner's other uses: ranking source languages, finding pairs that are no translations."""

import itertools
import json
import os
import random
import re
import subprocess

from common import ROOT
from sections import LeftOut, command, data, figures, mark, script, section, shell, table, torch_python

LANGUAGES = ["en", "de", "es", "it"]
THRESHOLDS = [0.1, 0.15, 0.2, 0.25, 0.3, 0.4]
# Every fifth target sentence goes to another of them.
MISPLACED = 5
SETS = ["multi30k.en-de", "wmt-sample.en-de", "ntrex.en-es", "ntrex.en-ru", "ntrex.en-sw", "ntrex.en-yo"]


@section("Ranking source languages by the translations alone: does it agree with the F1 of projection? Europarl-NER, 12 directions")
def ranking(folder, arguments):
    file = lambda language: data("europarl-ner") / f"{language}-europarl.test.conll02"
    languages = LANGUAGES[:3] if arguments.small else LANGUAGES
    rows, pairs_right, pairs, first = [], 0, 0, 0
    for target in languages:
        sources = [language for language in languages if language != target]
        output, _, _ = command("align", "--rank", *map(file, sources), "--target", file(target), "--json")
        ranked = {next(s for s in sources if f"{s}-europarl" in found["file"]): found for found in json.loads(output)["candidates"]}
        f1 = {}
        for source in sources:
            out = folder / f"{source}-{target}.conll"
            command("project", "--source", file(source), "--target", file(target), "-o", out)
            f1[source] = figures(file(target), out)["micro"]["f1"]
        first += max(sources, key=f1.get) == next(iter(ranked))
        for one, other in itertools.combinations(sources, 2):
            pairs += 1
            pairs_right += (ranked[one]["score"] > ranked[other]["score"]) == (f1[one] > f1[other])
        for source, found in ranked.items():
            rows.append([f"{source} → {target}", f"{found['score']:.4f}", f"{found['entropy']:.3f}", f"{found['shared_names']:.3f}",
                         found["tokens"], f"{f1[source]:.4f}"])
    return "\n\n".join([
        shell("xlner align --rank en.conll02 es.conll02 it.conll02 --target de.conll02 --json",
              "xlner project --source en.conll02 --target de.conll02 -o projected.conll"),
        "Of each target the candidates in the order of the ranking; F1 of projecting the source's gold entities.",
        table(["direction", "score", "entropy, bits", "shared names", "source tokens", "F1"], rows),
        f"- pairs of candidates in the order of their F1: {pairs_right} of {pairs} {mark(2 * pairs_right > pairs)}\n"
        f"- the best one ranked first: {first} of {len(languages)}",
    ])


def shuffled(lines):
    """The lines with every fifth target sentence at the place of another of these; which ones they are."""
    places = list(range(0, len(lines), MISPLACED))
    order = places[1:] + places[:1]
    random.Random(1).shuffle(order)
    pairs = [line.split("\t") for line in lines]
    mixed = [list(pair) for pair in pairs]
    for place, other in zip(places, order):
        mixed[place][1] = pairs[other][1]
    return ["\t".join(pair) for pair in mixed], {place for place in places if mixed[place][1] != pairs[place][1]}


@section("Confidence of a pair: finding sentences that are no translations, every fifth target sentence misplaced on purpose")
def confidence(folder, arguments):
    rows, best = [], []
    for name in SETS[:1] if arguments.small else SETS:
        lines = (data("parallel") / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
        lines = [line for line in lines if line.count("\t") == 1 and all(side.strip() for side in line.split("\t"))][:2000]
        mixed, wrong = shuffled(lines)
        text, out = folder / f"{name}.tsv", folder / f"{name}.jsonl"
        text.write_text("\n".join(mixed) + "\n", encoding="utf-8")
        command("align", "--bitext", text, "--tokenize", "--min-confidence", 0, "-o", out)
        values = [json.loads(line)["confidence"] for line in out.read_text(encoding="utf-8").splitlines()]
        cells = []
        for threshold in THRESHOLDS:
            found = {at for at, value in enumerate(values) if value < threshold}
            right = len(found & wrong)
            cells.append(f"{100 * right / len(found) if found else 0:.0f} / {100 * right / len(wrong):.0f}")
        order = sorted(range(len(values)), key=values.__getitem__)
        # The probability that a misplaced pair has less confidence than a right one.
        below = itertools.accumulate(order, lambda sum, at: sum + (at in wrong), initial=0)
        area = sum(seen for seen, at in zip(below, order) if at not in wrong) / (len(wrong) * (len(order) - len(wrong)))
        best.append(area)
        rows.append([name, len(lines), f"{area:.3f}", *cells])
    head = ["text", "pairs", "area under the curve", *[f"below {threshold}: P / R, %" for threshold in THRESHOLDS]]
    return "\n\n".join([
        shell("xlner align --bitext mixed.tsv --tokenize --min-confidence 0 -o mixed.jsonl      # the field `confidence`"),
        "The aligner is trained on the text with the misplaced sentences in it, as a user's text has them. P: share of misplaced pairs "
        "among those below the threshold; R: share of misplaced pairs that are below it.",
        table(head, rows),
        f"- mean area under the curve: {sum(best) / len(best):.3f}",
    ])


# SimAlign's on mBERT, as published; what a laptop without a model is to come to.
SIMALIGN = {"en-es": 14.2, "en-ru": 15.4, "en-pt": 14.1, "en-it": 17.7}


@section("Word alignment with other text: XL-WA test, trained on all of `data/parallel` as well")
def alignment_more_text(folder, arguments):
    languages = ["en-ru"] if arguments.small else list(SIMALIGN)
    words = ["--split", "test", "--text", "all", "--only", f"^xl-wa.test.({'|'.join(languages)})$"]
    output = script("align.py", *words)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in output.split("\n") if line.startswith("|")]
    # The time of peers is in the section of the same text for all.
    untimed = "\n".join("|".join(line.split("|")[:-2]) + "|" for line in output.split("\n") if line.startswith("|"))
    head, ours = rows[0], next(row for row in rows if row[0] == "xlner")
    reached = []
    for language in languages:
        found = float(ours[next(at for at, cell in enumerate(head) if language in cell)])
        goal = SIMALIGN[language]
        reached.append(f"- {language}: {found} against {goal}, which SimAlign on mBERT is published with {mark(found <= goal)}")
    return "\n\n".join([
        shell("benches/peers/align.py --split test --text all --only '^xl-wa.test.(en-es|en-ru|en-pt|en-it)$'"),
        "In parentheses the pairs that are trained on: the set itself, the other sets of the two languages and all their files in `parallel/`, "
        "raw text cut into words by a pattern. No gold links are seen, text and options are chosen on XL-WA's development part. "
        "One thread.",
        untimed,
        "\n".join(reached),
    ])


@section("Parity: encoders of translation models as aligners (TransAlign) beside `transformers` and `peft`")
def transalign_parity(folder, arguments):
    python, top = torch_python(), ROOT / "target" / "parity"
    for name, made in [("seq2seq.py", "seq2seq"), ("transalign.py", "seq2seq/nllb-lora")]:
        if not (top / made).is_dir():
            done = subprocess.run([python, ROOT / "benches/parity" / name, top], cwd=ROOT, capture_output=True, text=True)
            if done.returncode != 0:
                raise LeftOut(f"benches/parity/{name}: {done.stderr.strip().splitlines()[-1:]}")
    words = ["test", "-p", "xlner-neural", "--test", "it", "--", "--nocapture", "seq2seq_encoder"]
    done = subprocess.run([os.environ.get("CARGO", "cargo"), *words], cwd=ROOT, env=dict(os.environ, XLNER_PARITY=str(top)),
                          capture_output=True, text=True)
    rows = re.findall(r"(\S+): (\d+) pairs, (\d+) links of pieces, largest difference of hidden states (\S+)", done.stdout)
    if not rows:
        raise SystemExit(done.stdout[-2000:] + done.stderr[-2000:])
    return "\n\n".join([
        "Random checkpoints of two layers; made-up pairs in 20 scripts, each side in its language. Hidden states after every layer (where "
        "they are large, the difference is relative), and the links of the last one by the formula of the published program; `-lora`: "
        "with an adapter of the encoder, as `peft` saves it.",
        table(["checkpoint", "pairs", "links of pieces", "largest difference of hidden states"], sorted(map(list, rows))),
        f"- pieces and links identical, hidden states within 1e-4 {mark(done.returncode == 0)}",
        shell("python benches/parity/seq2seq.py; python benches/parity/transalign.py",
              "XLNER_PARITY=target/parity cargo " + " ".join(words)),
    ])
