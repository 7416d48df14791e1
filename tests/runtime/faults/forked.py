"""Forks after it loaded a model, and prints what a call says in the child: True where it answers alike.

    python forked.py BUNDLE THREADS idle|called

The child then closes the model, loads it again and ends as processes do. "called" forks amid a call.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

import edgeattn_runtime
from edgeattn_runtime.bundle.golden import read_golden

PATIENCE = 60  # seconds


def main(bundle: str, threads: int, *, is_called: bool) -> None:
    """Fork, and have both processes use the model."""
    net = edgeattn_runtime.load(bundle, threads=threads)
    inputs = read_golden(net.files).samples[0].inputs
    expected = net(**inputs)
    begun, ended = threading.Event(), threading.Event()
    caller = threading.Thread(target=lambda: net(**inputs))
    if is_called:
        session = net.session._session
        run = session.run
        session.run = lambda *arguments: (begun.set(), ended.wait(), run(*arguments))[-1]
        caller.start()
        begun.wait()
    child = os.fork()
    if child == 0:
        signal.alarm(PATIENCE)
        try:
            answer = net(**inputs)
            print(all((answer[name] == expected[name]).all() for name in expected))
        except edgeattn_runtime.InputError as error:
            print(error)
        net.close()
        del net
        with edgeattn_runtime.load(bundle, threads=threads) as again:
            again(**inputs)
        sys.exit()
    ended.set()
    if is_called:
        caller.join()
    assert os.waitpid(child, 0)[1] == 0
    net(**inputs)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), is_called=sys.argv[3] == "called")
