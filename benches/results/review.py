"""How much looking the review page saves."""

import json

from sections import LeftOut, command, data, section, table
from labelling import wants

LANGUAGES = ["bam", "bbj", "ewe", "fon", "lug", "mos", "pcm", "tsn", "twi", "wol", "yor"]
GOALS = [0.8, 0.9]


def effort(records, *more):
    output, _, _ = command("review", "simulate", records, "--ignore", "MISC,DATE", "--goals", ",".join(map(str, GOALS)), "--json", *more)
    return json.loads(output)


def serbian(folder):
    """Serbian through Apertium and an English tagger, as experiments/serbian.toml has it."""
    wants("apertium")
    gold, english = data("uner-sr-set") / "sr.test.conll", data("uner-en-ewt")
    tagger, records = folder / "ewt.tagger", folder / "sr.jsonl"
    command("train", "--train", english / "train.iob2", "--dev", english / "dev.iob2", "--model-type", "crf", "-o", tagger)
    command("label", "--from", "sr", "--via", "en", "--engine", "apertium", "--tagger", tagger, gold, "-o", records)
    return effort(records, "--gold", gold)


@section("Review: sentences to look at until the whole is good enough, simulated on gold")
def review_effort(folder, arguments):
    pairs = data("masakhaner2-mafand-pairs")
    found = {}
    for language in LANGUAGES[:1] if arguments.small else LANGUAGES:
        records = folder / f"{language}.jsonl"
        command("project", "--pairs", pairs / f"{language}.dev.pairs.jsonl", "-o", records)
        found[language] = effort(records)
    note = ""
    if not arguments.small:
        try:
            found["srp"] = serbian(folder)
        except LeftOut as reason:
            note = f"\n\nSerbian is left out: {reason}."
    percent = lambda share: "–" if share is None else f"{100 * share:.1f} %"
    rows = []
    for language, figures in found.items():
        row = [language, f"{figures['sentences']}", f"{figures['f1']:.3f}"]
        for goal in figures["goals"]:
            order, alone, queue = goal["in_order"], goal["queue_alone"], goal["queue"]
            row += [percent(order), percent(alone), percent(queue)]
            row.append("–" if not order or queue is None else f"{queue / order:.2f} {'✓' if queue <= order / 2 else '✗'}")
        rows.append(row)
    head = ["", "sentences", "F1 at first"]
    for goal in GOALS:
        head += [f"to {goal:.2f} in order", "queue", "queue, learning", "of in order"]
    return (
        "Gold plays the person: a sentence that is looked at is gold from then on. *In order*: as the file has them. *Queue*: most expected "
        "errors first, every tenth a random one. *Learning*: after every ten sentences new suggestions for the rest, repeats of "
        "corrected forms among them, and a new order. The share of sentences to look at until micro F1 of the whole (PER, LOC, ORG) reaches .80 and "
        ".90; ✓ where the page takes at most half of what reading in order takes. The share of random ones, and how often a form must have been named to be put in, were chosen on Croatian, German, Spanish, Italian and Serbian, its row here among them; nothing was tuned on the eleven African languages.\n\n"
        "`xlner project --pairs LANG.dev.pairs.jsonl -o LANG.jsonl; xlner review simulate LANG.jsonl --ignore MISC,DATE`; "
        "Serbian: `xlner label --from sr --via en --engine apertium` with a tagger trained on UNER EWT, and `--gold sr.test.conll`.\n\n"
        + table(head, rows) + note
    )
