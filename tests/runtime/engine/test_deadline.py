"""Calls that would never end: an endless Loop, alone and in a bundle."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from endless import X

from edgeattn_runtime import BundleError, Deadline, DeadlineError, InputError, Model, generate, load
from edgeattn_runtime.commands.untrusted import check_untrusted
from edgeattn_runtime.engine.graph_session import GraphSession
from edgeattn_runtime.engine.session import open_session
from edgeattn_runtime.graph import Graph, Tensor

SOON = 0.3  # seconds
LATER = 20.0  # by when a busy machine has ended what was to end soon

linux = pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no process")


@pytest.fixture(scope="module")
def endless(endless_model: bytes) -> GraphSession:
    graph = Graph((Tensor("x", "float32", (1,)),), (Tensor("y", "float32", (1,)),))
    return GraphSession(graph, open_session(endless_model, providers=["CPUExecutionProvider"]), "endless")


def test_a_call_ends_by_its_deadline(endless: GraphSession) -> None:
    start = time.monotonic()
    with pytest.raises(DeadlineError, match=r"^endless: not done within 0.3 s; "), Deadline(seconds=SOON):
        endless.run(X)
    assert SOON <= time.monotonic() - start < LATER


def test_a_bound_call_does_too(endless: GraphSession) -> None:
    call = endless.bind(X, {"y": np.ones(1, np.float32)})
    with pytest.raises(DeadlineError), Deadline(seconds=SOON):
        call()


@pytest.mark.parametrize("seconds", [None, 3600])
def test_a_call_is_cancelled_from_another_thread(endless: GraphSession, seconds: float | None) -> None:
    with Deadline(seconds) as deadline:
        timer = threading.Timer(SOON, deadline.cancel)
        timer.start()
        with pytest.raises(DeadlineError, match=r"^endless: cancelled$"):
            endless.run(X)
        assert deadline.is_over
        timer.join()


def test_a_call_that_comes_too_late_is_not_begun(conformance: Path) -> None:
    net = load(conformance / "good.edge")
    arrays = {"tokens": np.array([[1, 2]]), "mask": np.ones((1, 2), np.float32)}
    with Deadline() as deadline:
        net(**arrays)
        deadline.cancel()
        with pytest.raises(DeadlineError):
            net(**arrays)
        with pytest.raises(DeadlineError):
            net.run_many([arrays])
    net(**arrays)


def test_generation_ends_too(decoder: Model) -> None:
    with Deadline() as deadline:
        tokens = iter(generate(decoder, [1, 2]))
        assert isinstance(next(tokens), int)
        deadline.cancel()
        with pytest.raises(DeadlineError):
            list(tokens)


def test_another_threads_calls_go_on(conformance: Path) -> None:
    net = load(conformance / "good.edge")
    arrays = {"tokens": np.array([[1, 2]]), "mask": np.ones((1, 2), np.float32)}
    answers: list[object] = []
    with Deadline() as deadline:
        deadline.cancel()
        thread = threading.Thread(target=lambda: answers.append(net(**arrays)))
        thread.start()
        thread.join()
    assert answers


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_seconds_are_a_number_above_0(seconds: float) -> None:
    with pytest.raises(InputError, match="deadline"):
        Deadline(seconds=seconds)


@linux
def test_an_untrusted_check_ends(endless_bundle: Path) -> None:
    start = time.monotonic()
    with pytest.raises(BundleError, match=r"good\.edge: its check took more than 3 s"):
        check_untrusted(endless_bundle, ["check", str(endless_bundle)], seconds=3)
    assert time.monotonic() - start < LATER


@pytest.mark.skipif(sys.platform != "linux", reason="other systems end no process with its parent")
def test_an_untrusted_check_ends_with_its_starter(endless_bundle: Path) -> None:
    check = subprocess.Popen(
        [sys.executable, "-m", "edgeattn_runtime", "check", "--untrusted", str(endless_bundle)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    children = Path(f"/proc/{check.pid}/task/{check.pid}/children")
    while not _has_limits(children.read_text().split()):
        time.sleep(0.05)
    check.terminate()
    check.communicate(timeout=10 * LATER)  # returns where both have closed their streams
    assert check.returncode == -signal.SIGTERM


def _has_limits(processes: list[str]) -> bool:
    limits = [Path(f"/proc/{each}/limits").read_text() for each in processes]
    return any(re.search(r"Max address space +\d", each) for each in limits)


@linux
def test_an_untrusted_check_has_so_much_memory(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (good / "holes").open("wb") as file:
        file.truncate(2**40)  # of which a disk holds nothing
    monkeypatch.setattr("edgeattn_runtime.commands.untrusted.MEMORY", 2**26)  # Python itself takes more
    with pytest.raises(BundleError, match=r"good\.edge: its check was cut short, by (code|signal) "):
        check_untrusted(good, ["check", str(good)])


@linux
@pytest.mark.parametrize(("name", "code"), [("good", 0), ("golden-wrong", 1), ("file-changed", 2)])
def test_an_untrusted_check_says_what_a_check_does(
    name: str, code: int, conformance: Path, command: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    given = ("check", conformance / f"{name}.edge", "--json")
    here, apart = command(*given), command(*given, "--untrusted", "--threads=1")
    assert (here.returncode, apart.returncode) == (code, code)
    assert apart.stderr == here.stderr
    if here.stdout:
        assert json.loads(apart.stdout)["results"] == json.loads(here.stdout)["results"]
