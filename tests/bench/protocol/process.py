"""The leading process's end of a worker: it starts one and asks it, line by line."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from protocol.peer import Peer

BENCH = Path(__file__).parents[1]


class PeerFailed(Exception):  # noqa: N818 - it is an outcome of the bench, not a mistake
    """A peer cannot be installed, exported or run; the message is the reason that its row shows."""


class Process:
    """A worker of one peer, started on entering and ended on leaving; its log has what it said on stderr."""

    def __init__(self, peer: Peer, python: Path, *, threads: int, log: Path) -> None:
        self.peer = peer
        limits = {
            name: str(threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        }
        quiet = {"HF_HUB_OFFLINE": "1", "ORT_DISABLE_TELEMETRY": "1", "PYTHONPATH": str(BENCH)}
        with log.open("a", encoding="utf-8") as stderr:
            self._process = subprocess.Popen(
                [python, "-m", "protocol.worker", peer.module, peer.name],
                env={**os.environ, **limits, **quiet},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                encoding="utf-8",
            )
        self._log = log

    def __enter__(self) -> Process:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def ask(self, do: str, *, limit: float, **request: object) -> dict[str, Any]:
        """Ask and wait for the answer.

        Args:
            do: What the worker is to do: see protocol/worker.py.
            limit: Seconds after which the worker is ended.
            **request: What JSON can carry.

        Raises:
            PeerFailed: The worker answers with an error, ends, or takes longer than `limit`.
        """
        timer = threading.Timer(limit, self._process.kill)
        timer.start()
        try:
            answer = self._exchange(json.dumps({"do": do, **request}))
        except (BrokenPipeError, EOFError):
            code = self._process.wait()
            late = not timer.is_alive()
            reason = f"took over {limit:.0f} s" if late else f"its process ended with code {code}"
            raise PeerFailed(f"{do}: {reason}; see {self._log}") from None
        finally:
            timer.cancel()
        if "error" in answer:
            raise PeerFailed(f"{do}: {answer['error']}")
        return answer

    def close(self) -> None:
        """End the worker."""
        self._process.kill()
        self._process.communicate()

    def _exchange(self, line: str) -> dict[str, Any]:
        if self._process.stdin is None or self._process.stdout is None:
            raise EOFError("the worker has no pipes")
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise EOFError("the worker ended")
        return dict(json.loads(answer))
