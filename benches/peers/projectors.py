#!/usr/bin/env python3
"""Runs one of the published projection programs on Europarl-NER with given links; prints a JSON object by method:
F1 (seqeval), objective where there is one, seconds (median), sentences. Called by project.py.

    projectors.py thesis|paper CODE FOLDER LINKS LANGUAGE --times 3 --exact 40
"""

import argparse
import contextlib
import io
import json
import logging
import statistics
import sys
import time
import types
from pathlib import Path

from seqeval.metrics import f1_score

ABSENT = {"datasets": ["Dataset"], "torch": ["Tensor"], "nmtscore": ["NMTScorer"], "transformers": [],
          "nltk": [], "nltk.tokenize": ["TreebankWordDetokenizer"]}


def stand_in():
    """The programs import heavy packages that projection itself does not use."""
    for name, classes in ABSENT.items():
        module = types.ModuleType(name)
        for item in classes:
            setattr(module, item, type(item, (), {}))
        sys.modules[name] = module


def read_conll(path):
    blocks = path.read_text(encoding="utf-8").strip("\n").split("\n\n")
    rows = [[line.split("\t") for line in block.split("\n")] for block in blocks]
    return [([row[0] for row in block], [row[1] for row in block]) for block in rows]


def entities(tags):
    found = []
    for at, tag in enumerate(tags):
        if tag.startswith("B-"):
            found.append({"start_idx": at, "end_idx": at + 1, "label": tag[2:]})
        elif tag.startswith("I-"):
            found[-1]["end_idx"] = at + 1
    return found


def read(folder, links, language):
    source = read_conll(folder / "en-europarl.test.conll02")
    target = read_conll(folder / f"{language}-europarl.test.conll02")
    lines = (folder / "links" / f"{links}.en-{language}.pharaoh").read_text().split("\n")[: len(source)]
    pairs = [[tuple(map(int, link.split("-"))) for link in line.split()] for line in lines]
    rows = [
        {"src_words": words, "src_entities": entities(tags), "tokens": target_words, "word_alignments": links}
        for (words, tags), (target_words, _), links in zip(source, target, pairs)
    ]
    return rows, [tags for _, tags in target]


def thesis(exact):
    """Methods of Shkalikov's thesis: name, projection of a row to tags and objective, number of rows (None: all)."""
    from src.pipeline.cand_extractor import AlignedContiniousSubrangeExtractor, ContiniousSubrangeExtractor
    from src.pipeline.projection import HeuriticsProjection, RangeILPProjection

    def heuristic(**options):
        method = HeuriticsProjection(merge_distance=1, merge_only_i_labels=False, **options)

        def project(row):
            return method.project(row["tokens"], row["src_words"], row["src_entities"], row["word_alignments"]), None

        return project

    def matching(aligned, solver, ordered=False):
        extractor = (AlignedContiniousSubrangeExtractor if aligned else ContiniousSubrangeExtractor)(max_words=10)
        method = RangeILPProjection(n_projected=1, proj_constraint="LESS_OR_EQUAL", solver=solver)

        def project(row):
            if not row["src_entities"]:
                return ["O"] * len(row["tokens"]), 0
            more = [row["src_entities"], row["word_alignments"]] if aligned else []
            candidates = extractor.extract(row["tokens"], *more)
            row = dict(row, tgt_candidates=sorted(candidates) if ordered else candidates)
            tags, total, _ = method.project(row)
            return tags, total

        return project

    yield "heuristic, ratio .8, d=1, k=1", heuristic(project_top_k=1, length_ratio_threshold=0.8), None
    yield "heuristic, ratio 0, d=1, k=1", heuristic(project_top_k=1, length_ratio_threshold=None), None
    yield "aligned, greedy", matching(True, "GREEDY"), None
    # The aligned candidates are a set, and ties fall by the order of its hash table; xlner's are in order.
    yield "aligned, greedy, candidates sorted", matching(True, "GREEDY", ordered=True), None
    yield "n-grams, greedy", matching(False, "GREEDY"), None
    if exact:
        yield "aligned, exact", matching(True, "HIGHS"), exact
        yield "n-grams, exact", matching(False, "HIGHS"), exact


def paper(_):
    """Methods of the paper (Politov et al. 2025)."""
    from src.pipelines.align.matching import match_entities_based_on_word_alignments
    from src.pipelines.candidates.extractors import DummySubrangeExtractor
    from src.pipelines.candidates.projection import (
        ArgmaxCandidatesMatchingProjectionTransform,
        BipartiteCandidatesMatchingProjectionTransform,
    )

    def turned(row):
        return [(target, source) for source, target in row["word_alignments"]]

    def heuristic(ratio):
        def project(row):
            words = row["tokens"], row["src_words"]
            return match_entities_based_on_word_alignments(*words, row["src_entities"], turned(row), ratio, 1), None

        return project

    def matching(method):
        extractor, method = DummySubrangeExtractor(max_words=10), method("tokens")

        def project(row):
            if not row["src_entities"]:
                return ["O"] * len(row["tokens"]), None
            candidates = extractor.extract(row["tokens"])
            row = dict(row, entities=row["src_entities"], word_alignments=turned(row), tgt_candidates=candidates)
            return next(iter(method([row])))["labels"], None

        return project

    yield "heuristic, ratio .8, d=1", heuristic(0.8), None
    yield "heuristic, ratio 0, d=1", heuristic(0.0), None
    yield "n-grams, greedy (paper)", matching(ArgmaxCandidatesMatchingProjectionTransform), None
    yield "n-grams, bipartite", matching(BipartiteCandidatesMatchingProjectionTransform), None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", choices=["thesis", "paper"])
    parser.add_argument("code", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("links")
    parser.add_argument("language")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--exact", type=int, default=0, help="exact methods on that many first sentences, 0: not at all")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    stand_in()
    sys.path.insert(0, str(arguments.code))
    rows, gold = read(arguments.folder, arguments.links, arguments.language)
    answer = {}
    for name, project, count in {"thesis": thesis, "paper": paper}[arguments.program](arguments.exact):
        chosen, seconds = rows[:count], []
        for _ in range(1 if count else arguments.times):
            with contextlib.redirect_stdout(io.StringIO()):
                start = time.process_time()
                results = [project(row) for row in chosen]
                seconds.append(time.process_time() - start)
        totals = [total for _, total in results]
        answer[name] = {
            "f1": f1_score(gold[: len(chosen)], [tags for tags, _ in results]),
            "objective": None if None in totals else float(sum(totals)),
            "seconds": statistics.median(seconds),
            "sentences": len(chosen),
        }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
