"""What is measured of domain-specific fine-tuning; see sections.py."""

import json
import statistics

from common import ROOT, shared
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
        out = [value - results.f1(test, "general") for test, value in values.items() if method != f"tuned to {test}" and test != "wikineural"]
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
    rows = [[method, *[percent(results.cell(language, method)["token_accuracy"]) for language in languages]] for method in methods]
    return table(["token accuracy", *languages], rows)


def intervals(results, methods):
    """F1 with its own 95 % interval."""
    languages = ENGLISH_SOURCE + FRENCH_SOURCE
    rows = []
    for method in methods:
        cells = [results.cell(language, method) for language in languages]
        rows.append([method, *["–".join(percent(end) for end in cell["ci95"]["f1"]) for cell in cells]])
    return table(["95 % interval of F1", *languages], rows)
