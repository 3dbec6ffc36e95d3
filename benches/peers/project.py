#!/usr/bin/env python3
"""The published projection programs and xlner on the same links of Europarl-NER: F1, objective, seconds as a Markdown table.

    THESIS_CODE=…/master-thesis PAPER_CODE=…/Projection-Data-Transfer-Cross-Lingual-NER benches/peers/project.py
    benches/peers/project.py --links fast_align.gdfa --exact 40
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from common import PEERS, example, run, shared

LINKS = ["eflomal-prefix4.gdfa", "eflomal-prefix4.intersect", "eflomal.gdfa", "fast_align.gdfa"]
LANGUAGES = ["de", "es", "it"]
# Our method beside each of theirs, where the names differ.
OURS = {
    "aligned, greedy, candidates sorted": "aligned, greedy",
    "n-grams, greedy (paper)": "n-grams, greedy",
    "n-grams, exact; published: greedy": "n-grams, exact",
}


def published(arguments, links, language):
    """What the programs that are there answer, by method."""
    answer = {}
    for program in ["thesis", "paper"]:
        code = os.environ.get(f"{program.upper()}_CODE")
        if not code:
            print(f"{program} left out: {program.upper()}_CODE is not set", file=sys.stderr)
            continue
        python = PEERS / "venv" / "bin" / "python"
        script = Path(__file__).with_name("projectors.py")
        folder = shared() / "data" / "europarl-ner"
        options = ["--times", arguments.times, "--exact", arguments.exact]
        output, _ = run([python, script, program, code, folder, links, language, *options])
        answer.update(json.loads(output.splitlines()[-1]))
    return answer


def ours(arguments):
    """Our F1, objective, seconds by links, language, method and number of sentences."""
    command = example("xlner-project", "project_links")
    answer = {}
    for sentences in {799, arguments.exact or 799}:
        environment = dict(os.environ, XLNER_SHARED=str(shared()))
        call = [str(command), str(max(5, arguments.times)), str(sentences)]
        output = subprocess.run(call, check=True, capture_output=True, text=True, env=environment).stdout
        for line in output.splitlines():
            method, links, language, f1, objective, _, seconds = line.split("\t")
            answer[links, language, method, sentences] = float(f1), float(objective), float(seconds)
    return answer


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--links", choices=LINKS, action="append", help="only these links")
    parser.add_argument("--languages", choices=LANGUAGES, action="append", help="only these languages")
    parser.add_argument("--times", type=int, default=3, help="runs; the median of theirs and the best of ours count")
    parser.add_argument("--exact", type=int, default=0, help="the published exact methods (HiGHS through cvxpy) on that "
                        "many first sentences; they take seconds a sentence")
    arguments = parser.parse_args()
    mine = ours(arguments)
    print("Europarl-NER, gold English entities, one thread; objective: sum of alignment scores; seconds: whole projection step.\n")
    print("| method | links | language | sentences | F1 published | F1 xlner | objective published | objective xlner | s published | s xlner | ratio |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for links in arguments.links or LINKS:
        for language in arguments.languages or LANGUAGES:
            theirs = published(arguments, links, language)
            if "n-grams, greedy" in theirs:
                # Exact on all sentences would take the published programs an hour: their greedy stands beside ours.
                theirs["n-grams, exact; published: greedy"] = theirs["n-grams, greedy"]
            rows = [(name, theirs[name]) for name in theirs]
            rows += [(name, None) for (l, x, name, count) in mine
                     if (l, x, count) == (links, language, 799) and name not in {OURS.get(n, n) for n in theirs}]
            for name, peer in rows:
                count = peer["sentences"] if peer else 799
                f1, objective, seconds = mine[links, language, OURS.get(name, name), count]
                cells = [name, links, language, str(count)]
                cells += [f"{peer['f1']:.4f}" if peer else "", f"{f1:.4f}"]
                cells += [f"{peer['objective']:.3f}" if peer and peer["objective"] is not None else "", f"{objective:.3f}"]
                cells += [f"{peer['seconds']:.4f}" if peer else "", f"{seconds:.5f}"]
                cells.append(f"{peer['seconds'] / seconds:,.0f}×" if peer else "")
                print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
