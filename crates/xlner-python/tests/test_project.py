"""Projection: as the command, and with stages of one's own."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
from pathlib import Path
from typing import Any

import pytest
import xlner
from conftest import entities


def test_as_the_command(pairs: Any, samples: Any) -> None:
    projected = xlner.project(pairs)
    expected = xlner.read(samples / "en-sw.projected.jsonl")
    assert isinstance(projected, list) and len(projected) == len(pairs)
    assert projected.report["sentences"] == 66
    assert entities(projected) == entities(expected)


def test_the_bytes_of_the_command(pairs: Any, tmp_path: Path) -> None:
    command = os.environ.get("XLNER")
    if command is None:
        print("skipped: XLNER names no command to compare with")
        pytest.skip("XLNER names no command")
    xlner.write(pairs, tmp_path / "pairs.jsonl")
    subprocess.run([command, "-q", "project", "--pairs", "pairs.jsonl", "-o", "command.jsonl"], cwd=tmp_path, check=True)
    xlner.write(xlner.project(pairs), tmp_path / "python.jsonl")
    assert (tmp_path / "python.jsonl").read_bytes() == (tmp_path / "command.jsonl").read_bytes()


def test_what_came_in_stays_as_it_was(pairs: Any) -> None:
    before = copy.deepcopy(pairs)
    pairs[0]["wiki"] = {"Q": [1, 2**70]}
    projected = xlner.project(pairs)
    assert projected[0]["wiki"] == {"Q": [1, 2**70]}
    del pairs[0]["wiki"]
    assert pairs == before


def test_given_links() -> None:
    pair = {
        "source": {"tokens": ["Obama", "spoke"], "entities": [{"start": 0, "end": 1, "label": "PER"}]},
        "target": {"tokens": ["sprach", "Obama"]},
    }
    found = xlner.project([pair], aligner=lambda batch: [[(0, 1), (1, 0)] for _ in batch])
    assert entities(found) == [[(1, 2, "PER")]]
    assert found.report["alignment"] == "given"


def test_trained_aligner(pairs: Any, tmp_path: Any) -> None:
    aligner = xlner.Aligner.train(pairs)
    expected = entities(xlner.project(pairs))
    assert entities(xlner.project(pairs, aligner=aligner)) == expected
    for other in (pickle.loads(pickle.dumps(aligner)), _saved(aligner, tmp_path)):
        assert entities(xlner.project(pairs, aligner=other)) == expected
    linked = aligner.align(pairs, confidence=True)
    assert linked[0]["alignment"] and 0 <= linked[0]["confidence"] <= 1


def _saved(aligner: Any, folder: Any) -> Any:
    aligner.save(folder / "model.xla")
    again = pickle.loads(pickle.dumps(xlner.Aligner.load(folder / "model.xla")))
    stale = pickle.dumps(again)
    (folder / "model.xla").write_bytes(b"other")
    with pytest.raises(xlner.ModelError, match="has changed"):
        pickle.loads(stale)
    return again


def test_built_in_tagger(pairs: Any) -> None:
    for pair in pairs:
        pair["source"] = {"tokens": pair["source"]["tokens"]}
    projected = xlner.project(pairs, tagger="default")
    assert sum(map(len, entities(projected))) > 80
    assert projected.report["decision"]["abstained"] in (True, False)


@pytest.mark.parametrize("answer", ["dicts", "tuples", "tags"])
def test_own_tagger(pairs: Any, answer: str) -> None:
    expected = [pair["source"]["entities"] for pair in pairs]
    known = {tuple(pair["source"]["tokens"]): pair["source"]["entities"] for pair in pairs}
    sizes = []

    def of(sentence: Any) -> Any:
        found = known[tuple(sentence["tokens"])]
        if answer == "dicts":
            return found
        spans = [(e["start"], e["end"], e["label"]) for e in found]
        if answer == "tuples":
            return spans
        tags = ["O"] * len(sentence["tokens"])
        for start, end, label in spans:
            tags[start:end] = [f"B-{label}"] + [f"I-{label}"] * (end - start - 1)
        return tags

    def tagger(batch: Any) -> Any:
        sizes.append(len(batch))
        return [of(sentence) for sentence in batch]

    bare = [{**pair, "source": {"tokens": pair["source"]["tokens"]}} for pair in pairs]
    projected = xlner.project(bare, tagger=tagger, batch_size=32)
    assert sizes == [32, 32, 2]
    if answer != "tags" or all(e["end"] for sentence in expected for e in sentence):
        assert entities(projected) == entities(xlner.project(pairs))


def test_label_and_transfer(pairs: Any) -> None:
    there = {" ".join(p["target"]["tokens"]): " ".join(p["source"]["tokens"]) for p in pairs}
    labelled = xlner.label([" ".join(p["target"]["tokens"]) for p in pairs], lang="sw", translator=lambda t: [_near(there, x) for x in t])
    assert labelled[0]["target"]["lang"] == "sw" and labelled[0]["source"]["lang"] == "en"
    assert sum(map(len, entities(labelled))) > 80
    made = xlner.transfer([p["source"] for p in pairs], to="sw", translations=[" ".join(p["target"]["tokens"]) for p in pairs])
    assert sum(map(len, entities(made))) > 150


def _near(table: Any, text: str) -> str:
    plain = "".join(text.split())
    return next(value for key, value in table.items() if "".join(key.split()) == plain)


def test_encoder() -> None:
    pair = {
        "source": {"tokens": ["a", "b"], "entities": [{"start": 0, "end": 1, "label": "X"}]},
        "target": {"tokens": ["B", "A"]},
    }
    vectors = {"a": [1.0, 0.0], "A": [1.0, 0.1], "b": [0.0, 1.0], "B": [0.1, 1.0]}
    found = xlner.project([pair], encoder=lambda batch: [[vectors[t] for t in s["tokens"]] for s in batch])
    assert entities(found) == [[(1, 2, "X")]]


def test_repr_html(pairs: Any) -> None:
    projected = xlner.project(pairs)
    assert "<svg" in projected[0]._repr_html_() and "PER" in projected._repr_html_()
    assert pickle.loads(pickle.dumps(projected)).report == projected.report


def test_evaluate_report_tune(pairs: Any, samples: Any, tmp_path: Any) -> None:
    projected, gold = xlner.project(pairs), xlner.read(samples / "sw.conll")
    figures = xlner.evaluate(gold, projected)
    assert 0.8 < figures.f1 <= 1 and figures["ci95"]["f1"][0] <= figures.f1
    assert "<table" in figures._repr_html_()
    several = xlner.evaluate(gold, {"a": projected, "b": gold}, bootstrap=0)
    assert [system["name"] for system in several["systems"]] == ["a", "b"]
    page = xlner.report(projected, gold=gold)
    assert page.startswith("<!DOCTYPE html>")
    for pair, sentence in zip(pairs, gold, strict=True):
        pair["gold"] = sentence["entities"]
    learnt = xlner.tune(pairs, tmp_path / "mine.decision", tagger="default")
    assert learnt["pairs"] == 66 and (tmp_path / "mine.decision").exists()


def test_files(pairs: Any, samples: Any, tmp_path: Any) -> None:
    projected = xlner.project(pairs)
    xlner.write(projected, tmp_path / "p.jsonl")
    assert xlner.read(tmp_path / "p.jsonl") == projected
    xlner.write(projected, tmp_path / "p.conll")
    assert [s["entities"] for s in xlner.read(tmp_path / "p.conll")]
    assert xlner.convert(samples / "en.conll", tmp_path / "en.jsonl") == 66
    assert xlner.read(tmp_path / "en.jsonl") == xlner.read(samples / "en.conll")
    assert xlner.convert(samples / "en.conll", tmp_path / "en.conll", to_scheme="bilou") == 66
    assert "U-PER" in (tmp_path / "en.conll").read_text()
    # Of pairs the target, unless a side is named.
    assert xlner.convert(tmp_path / "p.jsonl", tmp_path / "target.conll") == 66
    assert (tmp_path / "target.conll").read_text() == (tmp_path / "p.conll").read_text()
    assert xlner.convert(tmp_path / "p.jsonl", tmp_path / "source.conll", side="source") == 66
    assert (tmp_path / "source.conll").read_text() == (samples / "en.conll").read_text()


def test_texts_are_tokenised_for_formats_of_tokens(tmp_path: Any) -> None:
    xlner.write([{"text": "Obama spoke."}], tmp_path / "a.conll")
    assert (tmp_path / "a.conll").read_text() == "Obama\tO\nspoke\tO\n.\tO\n\n"
    (tmp_path / "a.txt").write_text("Obama spoke.\n")
    assert xlner.convert(tmp_path / "a.txt", tmp_path / "b.conll") == 1
    assert (tmp_path / "b.conll").read_text() == (tmp_path / "a.conll").read_text()


def test_train_a_tagger(pairs: Any, tmp_path: Any) -> None:
    tagger = xlner.Tagger.train(xlner.project(pairs), tmp_path / "sw.tagger")
    tagged = pickle.loads(pickle.dumps(tagger)).tag(["Amina Otieno alitembelea Nairobi ."])
    assert {e["label"] for e in tagged[0]["entities"]} & {"PER", "LOC"}
