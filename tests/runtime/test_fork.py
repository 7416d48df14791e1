"""A process that forks after it loaded a model: its child is answered, or told why not, and never waits."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no process forks here")

# Prints what a call says in a child, which then closes the model, loads it again and ends as processes do.
FORKS = """
import os, signal, sys, threading
import edgeattn_runtime as rt
from edgeattn_runtime.golden import read_golden

bundle, threads, is_called = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "called"
net = rt.load(bundle, threads=threads)
inputs = read_golden(net.files)[0].inputs
expected = net(**inputs)
if is_called:  # for longer than it takes to fork
    begun, ended = threading.Event(), threading.Event()
    run = net.session._session.run
    net.session._session.run = lambda *given: (begun.set(), ended.wait(), run(*given))[-1]
    caller = threading.Thread(target=lambda: net(**inputs))
    caller.start()
    begun.wait()
child = os.fork()
if child == 0:
    signal.alarm(60)
    try:
        answer = net(**inputs)
        print(all((answer[name] == expected[name]).all() for name in expected))
    except rt.InputError as error:
        print(error)
    net.close()
    del net
    with rt.load(bundle, threads=threads) as again:
        again(**inputs)
    sys.exit()
if is_called:
    ended.set()
    caller.join()
assert os.waitpid(child, 0)[1] == 0
net(**inputs)
"""


@pytest.mark.parametrize(
    ("threads", "call", "message"),
    [
        (1, "idle", "True"),
        (2, "idle", "its threads stayed behind"),
        (1, "called", "its threads stayed behind"),
    ],
)
def test_a_child_is_answered_or_told(threads: int, call: str, message: str, conformance: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", FORKS, str(conformance / "good.edge"), str(threads), call],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert message in ended.stdout
