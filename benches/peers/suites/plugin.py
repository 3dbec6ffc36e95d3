"""A plugin of pytest: what a test asks its library is asked of xlner as well. The answers are counted, and written to $ANSWERS."""

import functools
import importlib
import json
import math
import os
import warnings

import ours

COUNTS = {"compared": 0, "same": 0, "refused": 0, "not comparable": 0}
# Questions of one test that are passed on: some draw ten thousand of them.
MOST = 200
ASKED = {}
INSIDE = [False]
DIFFERENCES, REFUSALS = [], {}
TEST = [""]


def pytest_runtest_setup(item):
    TEST[0] = item.nodeid


def pytest_sessionfinish(session, exitstatus):
    with open(os.environ["ANSWERS"], "w", encoding="utf-8") as file:
        json.dump({"counts": COUNTS, "differences": DIFFERENCES, "refusals": REFUSALS}, file, ensure_ascii=False)


def compare(theirs, ask):
    """Compares figures (a dictionary, NaN counting as 0) with those that xlner is asked for."""
    ASKED[TEST[0]] = ASKED.get(TEST[0], 0) + 1
    if ASKED[TEST[0]] > MOST:
        return
    try:
        found = ask()
    except ours.Refused as problem:
        COUNTS["compared"] += 1
        COUNTS["refused"] += 1
        text = str(problem).split(": ", 2)[-1][:160]
        REFUSALS[text] = REFUSALS.get(text, 0) + 1
        return
    if found is None:
        COUNTS["not comparable"] += 1
        return
    COUNTS["compared"] += 1
    number = lambda value: 0.0 if value is None or math.isnan(value) else float(value)
    wrong = {key: [value, found.get(key)] for key, value in theirs.items() if abs(number(value) - number(found.get(key))) > 1e-9}
    if wrong:
        DIFFERENCES.append({"test": TEST[0], "theirs and ours": dict(list(wrong.items())[:4])})
    else:
        COUNTS["same"] += 1


def wrap(modules, name, ask):
    """Replaces a function in several modules by one that asks xlner too."""
    real = getattr(importlib.import_module(modules[0]), name)

    @functools.wraps(real)
    def wrapper(*arguments, **named):
        # Functions of a library that ask each other ask nothing of ours.
        if INSIDE[0]:
            return real(*arguments, **named)
        INSIDE[0] = True
        try:
            answer = real(*arguments, **named)
            ask(answer, *arguments, **named)
            return answer
        finally:
            INSIDE[0] = False

    for module in modules:
        if hasattr(importlib.import_module(module), name):
            setattr(importlib.import_module(module), name, wrapper)


# ---- seqeval

def comparable(y_true, y_pred):
    """Whether both are lists of tags that a file of columns can hold."""
    rows = [*y_true, *y_pred]
    return rows and all(isinstance(row, list) and row for row in rows) and all(
        tag and not tag.isspace() and "\t" not in tag for row in rows for tag in row)


def seqeval():
    from seqeval.metrics import sequence_labeling, v1
    report = {"default": sequence_labeling.classification_report, "strict": v1.classification_report}

    def check(y_true, y_pred, mode=None, scheme=None, suffix=False, sample_weight=None, zero_division="warn"):
        strict = mode == "strict" and scheme is not None

        def ask():
            if not comparable(y_true, y_pred) or suffix or sample_weight is not None or zero_division == 1:
                return None
            options = ["--mode", "strict", "--scheme", scheme.__name__.lower()] if strict else []
            return flat(ours.evaluate(y_true, y_pred, *options))

        def flat(figures):
            rows = {f"{average} {key}": value for average in ("micro", "macro", "weighted") for key, value in figures[average].items()}
            return rows | {f"{kind} {key}": value for kind, row in figures["types"].items() for key, value in row.items()}

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                more = {"scheme": scheme} if strict else {}
                rows = report["strict" if strict else "default"](y_true, y_pred, output_dict=True, zero_division=0, **more)
        except Exception:  # what seqeval refuses is not compared
            COUNTS["not comparable"] += 1
            return
        names = {"precision": "precision", "recall": "recall", "f1-score": "f1", "support": "support"}
        theirs = {f"{row.removesuffix(' avg')} {names[key]}": value for row, cells in rows.items() for key, value in cells.items()}
        compare(theirs, ask)

    def figure(_, y_true, y_pred, *rest, average="micro", suffix=False, mode=None, sample_weight=None, zero_division="warn",
               scheme=None, **__):
        check(y_true, y_pred, mode, scheme, suffix, sample_weight, zero_division)

    def accuracy(answer, y_true, y_pred):
        ask = lambda: {"accuracy": ours.evaluate(y_true, y_pred)["token_accuracy"]} if comparable(y_true, y_pred) else None
        compare({"accuracy": answer}, ask)

    def strict(_, y_true, y_pred, *, scheme=None, suffix=False, sample_weight=None, zero_division="warn", **__):
        check(y_true, y_pred, "strict", scheme, suffix, sample_weight, zero_division)

    both = ["seqeval.metrics.sequence_labeling", "seqeval.metrics"]
    for name in ("precision_score", "recall_score", "f1_score", "classification_report"):
        wrap(both, name, figure)
    wrap(both, "accuracy_score", accuracy)
    for name in ("classification_report", "precision_recall_fscore_support"):
        wrap(["seqeval.metrics.v1"], name, strict)


# ---- nervaluate

def nervaluate():
    from nervaluate import evaluator
    names = {"strict": "strict", "exact": "exact", "partial": "partial", "ent_type": "type"}
    counts = ("correct", "incorrect", "partial", "missed", "spurious")

    real = evaluator.Evaluator.evaluate

    def evaluate(self):
        answer = real(self)

        def ask():
            if self.min_overlap_percentage != 1.0:
                return None
            sides = []
            length = 1 + max((e.end for docs in (self.true, self.pred) for doc in docs for e in doc), default=0)
            for docs in (self.true, self.pred):
                sides.append([ours.tags(length, [(e.label, e.start, e.end + 1) for e in doc if e.label in self.tags]) for doc in docs])
            if not sides[0] or any(row is None for side in sides for row in side):
                return None
            found = ours.evaluate(*sides)["semeval2013"]
            return {f"{theirs} {count}": found[name][count] for theirs, name in names.items() for count in counts}

        compare({f"{name} {count}": getattr(answer["overall"][name], count) for name in names for count in counts}, ask)
        return answer

    evaluator.Evaluator.evaluate = evaluate


# ---- seqscore

SCHEMES = {"BIO": "iob2", "IOB": "iob1", "IO": "io", "BIOES": "iobes", "BILOU": "bilou", "BIOUL": "bilou"}


def seqscore():
    from seqscore import encoding, scoring
    real = scoring.compute_scores

    def told(score):
        rows = {"correct": score.true_pos, "predicted": score.true_pos + score.false_pos, "support": score.true_pos + score.false_neg}
        return {f"micro {key}": value for key, value in rows.items()} | {"micro f1": score.f1}

    def asked(gold, predicted):
        if not gold or any(row is None or not row for row in gold + predicted):
            return None
        return {f"micro {key}": value for key, value in ours.evaluate(gold, predicted)["micro"].items()}

    def scores(answer, pred_docs, ref_docs, **_):
        rows = lambda docs: [ours.tags(len(s.tokens), [(m.type, m.span.start, m.span.end) for m in s.mentions]) for doc in docs for s in doc]
        compare(told(answer[0]), lambda: asked(rows(ref_docs), rows(pred_docs)))

    def labels(answer, predicted, gold, name, *, repair=None):
        if name == "BIO" and repair != "discard":
            compare(told(answer[0]), lambda: asked([list(row) for row in gold], [list(row) for row in predicted]))

    modules = ["seqscore.scoring", "seqscore.conll"]
    wrap(modules, "compute_scores", scores)
    wrap(modules, "score_label_sequences", labels)
    real_encoding = encoding.get_encoding

    def get_encoding(name):
        found = real_encoding(name)
        scheme = SCHEMES.get(name)
        if scheme and not getattr(found, "asked", False):
            decode = found.decode_labels

            def decode_labels(row):
                answer = decode(row)
                row = list(row)
                theirs = {str(span): 1 for span in sorted((m.type, m.span.start, m.span.end) for m in answer)}
                ask = lambda: {str(span): 1 for span in ours.entities([row], scheme)[0]} if row and any(tag != "O" for tag in row) else None
                # Entities of ours that are not theirs count, too.
                compare(theirs, lambda: (lambda found: found and (found if set(found) <= set(theirs) else {}))(ask()))
                return answer

            found.decode_labels, found.asked = decode_labels, True
        return found

    for module in ("seqscore.encoding", "seqscore.conll", "seqscore.scoring", "seqscore.validation"):
        if hasattr(importlib.import_module(module), "get_encoding"):
            setattr(importlib.import_module(module), "get_encoding", get_encoding)


globals()[os.environ["PEER"]]()
