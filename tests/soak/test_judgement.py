"""What a soak must find, planted: each is found, and a whole one passes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from io import StringIO
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parent))

import attempt
import bad_inputs
import figures
import leaks
import soak
import threads
import trial

from edgeattn_runtime import load

CONFORMANCE = Path(__file__).parents[2] / "runtime" / "conformance" / "build"
REPLIES = "import sys\nfor line in sys.stdin: print({reply!r}, flush=True)"
FINE = {"outcome": "refused", "message": "", "seconds": 0.1, "bytes": 0}


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="what a process holds, as Linux tells it")


def _attempt(program: str, patience: float = 60.0) -> str:
    with attempt.Worker((sys.executable, "-c", program), patience) as worker:
        return worker.attempt({})[0]


def _reply(**fields: object) -> str:
    return REPLIES.format(reply=json.dumps({**FINE, **fields}))


@pytest.mark.parametrize(
    ("program", "outcome"),
    [
        (_reply(), figures.REFUSED),
        (_reply(outcome="accepted"), figures.ACCEPTED),
        (_reply(outcome="wrong"), figures.WRONG),
        (_reply(outcome="foreign"), figures.CRASHED),
        (_reply(seconds=attempt.SECONDS + 1), figures.OVER_TIME),
        (_reply(bytes=attempt.BYTES + 1), figures.OVER_MEMORY),
        ("import os, sys; sys.stdin.readline(); os.abort()", figures.CRASHED),
        ("import os; os._exit(1)", figures.CRASHED),
    ],
)
def test_an_input_is_in_the_column_of_what_it_does(program: str, outcome: str) -> None:
    assert _attempt(program) == outcome


def test_one_that_hangs_is_over_time_and_the_next_has_another_process() -> None:
    hangs = "import sys, time; sys.stdin.readline(); time.sleep(99)"
    with attempt.Worker((sys.executable, "-c", hangs), 1) as worker:
        assert worker.attempt({})[0] == figures.OVER_TIME
        worker._command = (sys.executable, "-c", _reply())
        worker._patience = 60.0
        assert worker.attempt({})[0] == figures.REFUSED


def _case(folder: Path, **fields: object) -> dict[str, Any]:
    return {"try": "bundle", "folder": str(folder), "keys": None, "changed": False, **fields}


@on_linux
def test_a_bundle_is_accepted_refused_or_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    assert trial.outcome_of(_case(CONFORMANCE / "good.edge"))["outcome"] == trial.ACCEPTED
    assert trial.outcome_of(_case(CONFORMANCE / "golden-wrong.edge"))["outcome"] == trial.REFUSED
    assert trial.outcome_of(_case(CONFORMANCE / "file-changed.edge"))["outcome"] == trial.REFUSED
    assert trial.outcome_of(_case(CONFORMANCE / "good.edge", changed=True))["outcome"] == trial.WRONG
    monkeypatch.setattr(trial.Model, "check", lambda _: ())  # one that finds nothing
    found = trial.outcome_of(_case(CONFORMANCE / "golden-wrong.edge"))
    assert (found["outcome"], "its check passed" in found["message"]) == (trial.WRONG, True)
    monkeypatch.setattr(trial.Model, "check", lambda _: 1 / 0)
    assert trial.outcome_of(_case(CONFORMANCE / "good.edge"))["outcome"] == trial.FOREIGN


@on_linux
def test_an_answer_that_changes_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    case = {"try": "input", "folder": str(CONFORMANCE / "processed.edge"), "file": None, "changed": False}
    assert trial.outcome_of({**case, "text": "the cat"})["outcome"] == trial.ACCEPTED
    numbers = count()
    monkeypatch.setattr(trial.Model, "__call__", lambda *_, **__: {"y": np.full(1, next(numbers))})
    assert trial.outcome_of({**case, "text": "the cat"})["outcome"] == trial.WRONG


def test_every_kind_of_bad_input_is_made_anew(tmp_path: Path) -> None:
    kinds = bad_inputs._Kinds(Random(0), tmp_path, [])
    for name, make in kinds.makers.items():
        case = make(tmp_path / name.replace(",", "").replace(" ", "-"))
        assert case["try"] in trial.TRIED, name


@on_linux
def test_a_leak_is_found() -> None:
    bundle = CONFORMANCE / "good.edge"
    leaking = leaks.life("leak", "leak", bundle, 2000, 60.0)
    assert leaking.leaked > 10**8
    assert list(leaking.faults())
    whole = leaks.life("run", "run", bundle, 20_000, 60.0)
    assert (whole.inferences >= 20_000, list(whole.faults())) == (True, [])


def test_more_descriptors_and_threads_are_found() -> None:
    life = figures.Life("x", inferences=1, loads=0, resident=10**8, grown=10**6, descriptors=1, threads=1)
    assert life.leaked == 0
    assert len(list(life.faults())) == 2


def test_a_mismatch_is_found() -> None:
    numbers = count()
    row = threads.compared("x", [lambda: next(numbers)], 0.1)
    assert row.mismatches == row.calls > threads.COUNT - 1
    assert list(row.faults())
    with load(CONFORMANCE / "decoder.edge") as net:
        row = threads.compared("decoder", threads.calls_of(net), 0.1)
    assert (row.calls >= threads.COUNT, row.mismatches) == (True, 0)


def _rows() -> Iterator[figures.Row]:
    yield figures.BadInputs("manifests", tried=3, refused=2)
    yield figures.Faults("kills", injected=4)
    yield figures.Life("run", inferences=5, loads=6, resident=10**8, grown=0, descriptors=0, threads=0)
    yield figures.Threads("digits", threads=32, calls=7, mismatches=0)


@pytest.mark.parametrize(
    ("place", "name", "value"),
    [
        (0, "bad", {figures.WRONG: 1}),
        (0, "bad", {figures.OVER_MEMORY: 1}),
        (0, "tried", 0),
        (1, "lost", ["words"]),
        (1, "injected", 0),
        (2, "grown", 3 * 10**6),
        (2, "inferences", 0),
        (3, "mismatches", 1),
        (3, "calls", 0),
    ],
)
def test_what_is_bad_and_what_was_not_done_fails(place: int, name: str, value: object) -> None:
    rows = list(_rows())
    assert figures.faults_of(rows) == []
    setattr(rows[place], name, value)
    assert len(figures.faults_of(rows)) == 1


def test_the_table_has_each_heading_once() -> None:
    out = StringIO()
    figures.printed([*_rows(), *_rows()][:2], "x", Console(file=out, width=soak.WIDTH))
    assert out.getvalue().count("refused cleanly") == 1
    assert "survived" in out.getvalue()


def test_the_exit_code_is_the_table_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    counts = tmp_path / "counts.json"
    whole = {"name": "fuzzer", "tried": 9, "refused": 9, **dict.fromkeys(figures.BAD, 0)}
    monkeypatch.setattr(soak, "soak", lambda *_: list(_rows()))
    monkeypatch.setattr(sys, "argv", ["soak", "5m", "--fuzzed", str(counts), "--core", "core.so"])
    for crashed, code in ((0, 0), (1, 1)):
        counts.write_text(json.dumps([{**whole, "crashed": crashed}]))
        assert soak.main() == code


def test_a_time_has_a_unit() -> None:
    assert [soak.seconds_of(text) for text in ("90s", "5m", "1h")] == [90, 300, 3600]
    with pytest.raises(Exception, match="a time such as 5m"):
        soak.seconds_of("5")
