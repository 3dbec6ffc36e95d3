"""Bad input: one exception, with the record's id."""

from __future__ import annotations

import os
import pickle
import signal
import threading
import time
from typing import Any

import pytest
import xlner

BROKEN: list[tuple[str, Any]] = [
    ("no target", lambda p: p.pop("target")),
    ("source is a number", lambda p: p.update(source=7)),
    ("tokens is a text", lambda p: p["source"].update(tokens="Obama")),
    ("a token is null", lambda p: p["source"]["tokens"].__setitem__(0, None)),
    ("NaN", lambda p: p["source"]["entities"][0].update(score=float("nan"))),
    ("infinity", lambda p: p.update(scores={"nmt": [[0, 0, 1, float("inf")]]})),
    ("span outside", lambda p: p["source"]["entities"][0].update(end=999)),
    ("empty span", lambda p: p["source"]["entities"][0].update(end=0)),
    ("negative", lambda p: p["source"]["entities"][0].update(start=-1)),
    ("no label", lambda p: p["source"]["entities"][0].pop("label")),
    ("link outside", lambda p: p.update(alignment=[[0, 999]])),
    ("regions of other length", lambda p: p["source"].update(regions=[1])),
    ("an object", lambda p: p.update(wiki=object())),
    ("lone surrogate", lambda p: p["source"].update(text="\ud800", tokens=["\ud800"])),
]


@pytest.mark.parametrize("change", [case for _, case in BROKEN], ids=[name for name, _ in BROKEN])
def test_a_broken_record(pairs: Any, change: Any) -> None:
    change(pairs[4])
    with pytest.raises(xlner.RecordError) as error:
        xlner.project(pairs)
    assert error.value.record == "s5" and error.value.number == 5
    assert "s5" in str(error.value)
    again = pickle.loads(pickle.dumps(error.value))
    assert (type(again), str(again), again.record) == (type(error.value), str(error.value), "s5")


@pytest.mark.parametrize("what", ["text", {"source": {}}, None, 7])
def test_no_records(what: Any) -> None:
    with pytest.raises(xlner.OptionsError):
        xlner.project(what)


def test_an_item_that_is_no_record(pairs: Any) -> None:
    with pytest.raises(xlner.RecordError, match="record 2: a mapping"):
        xlner.project([pairs[0], "text"])


@pytest.mark.parametrize("options", [{"scores": "nothing=x"}, {"solver": "gurobi"}, {"nonsense": 1}, {"max_length": 0}, {"max_length": -1}])
def test_bad_options(pairs: Any, options: Any) -> None:
    with pytest.raises(xlner.OptionsError):
        xlner.project(pairs, **options)


def test_what_a_stage_raises_comes_through(pairs: Any) -> None:
    class Mine(Exception):
        pass

    mine = Mine("the server is down")

    def tagger(batch: Any) -> Any:
        if any("Berlin" in s["tokens"] or s["tokens"] == pairs[6]["source"]["tokens"] for s in batch):
            raise mine
        return [[] for _ in batch]

    with pytest.raises(Mine) as error:
        xlner.project(pairs, tagger=tagger)
    assert error.value is mine
    assert any("s7" in note for note in error.value.__notes__)


GARBAGE: list[tuple[str, Any]] = [
    ("too few", lambda b: [[]] * (len(b) - 1)),
    ("too many", lambda b: [[]] * (len(b) + 1)),
    ("none", lambda b: None),
    ("text", lambda b: "O"),
    ("numbers", lambda b: [7] * len(b)),
    ("no label", lambda b: [[{"start": 0, "end": 1}]] * len(b)),
    ("outside", lambda b: [[(0, 99, "PER")]] * len(b)),
    ("floats", lambda b: [[(0.5, 1, "PER")]] * len(b)),
    ("label is a number", lambda b: [[(0, 1, 7)]] * len(b)),
    ("NaN", lambda b: [[(0, 1, "PER", float("nan"))]] * len(b)),
    ("tags of other length", lambda b: [["O"] * 99] * len(b)),
]


@pytest.mark.parametrize("answer", [case for _, case in GARBAGE], ids=[name for name, _ in GARBAGE])
def test_garbage_of_a_tagger(pairs: Any, answer: Any) -> None:
    with pytest.raises(xlner.RecordError) as error:
        xlner.project(pairs, tagger=answer)
    assert error.value.record is not None and error.value.record in str(error.value)


def test_garbage_of_a_translator(pairs: Any) -> None:
    for answer in (lambda b: [None] * len(b), lambda b: b[:-1], lambda b: "x"):
        with pytest.raises(xlner.RecordError) as error:
            xlner.label([{"id": "t1", "text": "a b"}], lang="sw", translator=answer)
        assert error.value.record == "t1"
    with pytest.raises(KeyError):
        xlner.label(["a b"], lang="sw", translator={})


def test_garbage_of_an_aligner_and_an_encoder(pairs: Any) -> None:
    for answer in (lambda b: [[(0, 999)]] * len(b), lambda b: b[:-1]):
        with pytest.raises(xlner.RecordError) as error:
            xlner.project(pairs, aligner=answer)
        assert error.value.record
    for answer in (lambda b: [[[1.0]]] * len(b), lambda b: [[["x"]] * len(s["tokens"]) for s in b]):
        with pytest.raises(xlner.RecordError):
            xlner.project(pairs, encoder=answer)


def test_files_that_are_not_there(tmp_path: Any) -> None:
    with pytest.raises(xlner.FileError) as error:
        xlner.read(tmp_path / "no.conll")
    assert error.value.file == str(tmp_path / "no.conll") and isinstance(error.value, OSError)
    (tmp_path / "bad.jsonl").write_text('{"text":"a"}\n{"tex\n')
    with pytest.raises(xlner.FormatError) as bad:
        xlner.read(tmp_path / "bad.jsonl")
    assert bad.value.line == 2
    for load in (xlner.Aligner.load, xlner.Tagger.load):
        with pytest.raises(xlner.XlnerError):
            load(tmp_path / "no.model")


def test_files_whose_name_tells_no_format(pairs: Any, tmp_path: Any) -> None:
    (tmp_path / "a.conll").write_text("Obama\tB-PER\n\n")
    for work in (
        lambda: xlner.write(pairs, tmp_path / "b.abc"),
        lambda: xlner.convert(tmp_path / "a.conll", tmp_path / "b.abc"),
    ):
        with pytest.raises(xlner.FormatError, match="the name does not tell the format") as error:
            work()
        assert error.value.file == str(tmp_path / "b.abc")
    (tmp_path / "a.xla").write_bytes(b"no model")
    with pytest.raises(xlner.FileError) as bad:
        xlner.Aligner.load(tmp_path / "a.xla")
    assert str(bad.value).count("a.xla") == 1


def test_nothing_to_decide(pairs: Any, tmp_path: Any) -> None:
    with pytest.raises(xlner.RecordError) as error:
        xlner.tune(pairs, tmp_path / "mine.decision")
    assert error.value.record == "s1"
    with pytest.raises(xlner.OptionsError, match="probabilities"):
        xlner.tune([{**pair, "gold": []} for pair in pairs], tmp_path / "mine.decision")
    assert list(tmp_path.iterdir()) == []


def test_sentences_that_do_not_belong_together(pairs: Any) -> None:
    sources = [pair["source"] for pair in pairs]
    with pytest.raises(xlner.OptionsError, match="pred: 65 sentences, and gold has 66"):
        xlner.evaluate(sources, sources[1:])
    with pytest.raises(xlner.RecordError, match="tokens are not those") as error:
        xlner.evaluate(sources, sources[1:] + sources[:1])
    assert error.value.number == 1
    with pytest.raises(xlner.OptionsError, match="bootstrap"):
        xlner.evaluate(sources, sources, bootstrap=10**9)


def test_nothing_half_written(pairs: Any, tmp_path: Any) -> None:
    pairs[3]["source"]["entities"] = [{"start": 0, "end": 99, "label": "PER"}]
    with pytest.raises(xlner.RecordError):
        xlner.write(pairs, tmp_path / "out.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_is_answered(pairs: Any) -> None:
    many = pairs * 200
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        while time.monotonic() - start < 30:
            xlner.project(many, progress=lambda *_: None)


def test_progress_and_its_exceptions(pairs: Any) -> None:
    heard: list[Any] = []
    xlner.project(pairs, progress=lambda *event: heard.append(event))
    assert {stage for stage, _, _ in heard} >= {"read", "train", "project"}

    def fail(*event: Any) -> None:
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        xlner.project(pairs, progress=fail)


def test_a_fork_works_on(pairs: Any) -> None:
    import multiprocessing

    xlner.project(pairs)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        found = pool.map_async(xlner.project, [pairs, pairs]).get(timeout=120)
    assert found[0] == found[1] == xlner.project(pairs)


def test_stages_may_call_xlner(pairs: Any) -> None:
    tagger = xlner.Tagger.load()
    projected = xlner.project(pairs, tagger=lambda batch: [s["entities"] for s in tagger.tag(batch)])
    assert any(pair["target"]["entities"] for pair in projected)
