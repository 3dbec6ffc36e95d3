"""What is measured of self-training; see sections.py."""

import json

from sections import command, data, section, shell, table

# Language and the pairs that are learnt from; the rest of its file is tested on. Filters are chosen on the first.
HALVES = {"lug": 1658, "yor": 618}
# Filter and rounds.
FILTERS = {
    "no filter": ("", 0),
    "complete": ("complete", 0),
    "score ≥ 2": ("score>=2", 0),
    "score ≥ 4": ("score>=4", 0),
    "margin ≥ 1": ("margin>=1", 0),
    "margin ≥ 3": ("margin>=3", 0),
    "agreement": ("agreement", 2),
    "agreement, else the tagger at ≥ 0.9": ("agreement,probability>=0.9", 2),
    "agreement, else the tagger at ≥ 0.6": ("agreement,probability>=0.6", 2),
    "margin ≥ 1, else the tagger at ≥ 0.6": ("margin>=1,probability>=0.6", 2),
}
UNLABELLED = "with the test half's text unlabelled, tagger at ≥ 0.9"


def learn(folder, language, pairs, filter, rounds, *more):
    """Figures of self-training, round by round, measured on the test half; the last round counts, whichever is best."""
    words = ["self-train", "--pairs", pairs, "--filter", filter, "--rounds", rounds, "--folds", 4, *more]
    output, _, _ = command(*words, "--dev", folder / f"{language}.test.jsonl", "--json", "-o", folder / "tagger")
    return json.loads(output)["rounds"]


def entities(folder, language):
    """Projected pairs to learn from, and the gold test half."""
    source = data("masakhaner2-mafand-pairs") / f"{language}.dev.pairs.jsonl"
    half, projected = folder / f"{language}.half.jsonl", folder / f"{language}.projected.jsonl"
    test, text = folder / f"{language}.test.jsonl", folder / f"{language}.text.conll"
    command("convert", source, "--limit", HALVES[language], "-o", half)
    command("project", "--pairs", half, "-o", projected)
    command("convert", source, "--gold", "--skip", HALVES[language], "--ignore", "DATE", "-o", test)
    command("convert", test, "--side", "target", "-o", text)
    return projected, text


@section("Self-training: what the filters keep of projected entities, and a CRF that learns from it, Luganda and Yoruba")
def self_training(folder, arguments):
    languages = ["yor"] if arguments.small else list(HALVES)
    found = {}
    for language in languages:
        projected, text = entities(folder, language)
        for name, (filter, rounds) in FILTERS.items():
            found[language, name] = learn(folder, language, projected, filter, rounds)
    f1 = lambda language, name: found[language, name][-1]["dev"]["micro"]["f1"]
    filters = [name for name in FILTERS if name != "no filter"]
    chosen = max(filters, key=lambda name: f1(languages[0], name))
    for language in languages:
        projected, text = folder / f"{language}.projected.jsonl", folder / f"{language}.text.conll"
        filter, _ = FILTERS[chosen]
        filter = ",".join([part for part in filter.split(",") if part and "probability" not in part] + ["probability>=0.9"])
        found[language, UNLABELLED] = learn(folder, language, projected, filter, 2, "--unlabelled", text)
    rows = []
    for name in [*FILTERS, UNLABELLED]:
        row = [name]
        for language in languages:
            last = found[language, name][-1]
            row += [last["projected"], last["relabelled"], last["dropped"], last["entities"], f"{100 * f1(language, name):.1f}"]
        rows.append(row)
    head = ["", *[f"{language}: {what}" for language in languages for what in ["projected", "relabelled", "dropped", "entities", "F1"]]]
    rounds = []
    for language in languages:
        for name in [chosen, UNLABELLED]:
            for number, figures in enumerate(found[language, name]):
                agreeing = "" if figures["agreeing"] is None else figures["agreeing"]
                kept = [figures[what] for what in ["projected", "relabelled", "dropped", "unlabelled", "entities"]]
                rounds.append([language, name, number, *kept, agreeing, f"{100 * figures['dev']['micro']['f1']:.1f}"])
    plain, best = f1(languages[-1], "no filter"), f1(languages[-1], chosen)
    return "\n\n".join([
        shell("xlner project --pairs half.jsonl -o projected.jsonl", f"xlner self-train --pairs projected.jsonl --filter '{FILTERS[chosen][0]}' "
              f"--rounds {FILTERS[chosen][1]} --folds 4 --dev test.jsonl -o tagger"),
        "Pairs of the first half of the file, whose source entities a plain CRF found, projected; sentences that pass are learnt from; F1 "
        "(%) of the last round's tagger on the other half.",
        table(head, rows),
        "Round by round:",
        table(["", "filter", "round", "projected", "relabelled", "dropped", "unlabelled", "entities", "agreeing", "F1"], rounds),
        f"- chosen on {languages[0]}: {chosen}; on {languages[-1]} it gives {100 * best:.1f}, without a filter {100 * plain:.1f} "
        f"({100 * (best - plain):+.1f})",
    ])
