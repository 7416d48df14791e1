"""A process that forks: a session's threads stay behind, and a call in the child would wait for them forever.

A session of one thread answers in the child as in the parent. One of several, and one that another thread was
calling at that moment, stays behind: the child learns it, and never waits for it.
"""

from __future__ import annotations

import ctypes
import os
from threading import get_ident
from weakref import WeakSet

import onnxruntime

from edgeattn_runtime.errors import InputError

_ALONE = ["CPUExecutionProvider"]  # others may have threads of their own


class ForkGuard:
    """Around each call of a session: refuses those that would hang, since this process was forked."""

    __slots__ = ("__weakref__", "_callers", "_label", "_session", "_stayed")

    def __init__(self, session: onnxruntime.InferenceSession, label: str) -> None:
        self._session, self._label = session, label
        self._callers: set[int] = set()
        self._stayed = False
        _GUARDS.add(self)

    def __enter__(self) -> None:
        """Begin a call; raises InputError."""
        if self._stayed:
            raise InputError(
                f"{self._label}: opened before this process was forked, and its threads stayed behind; load "
                "the bundle here, or open it with threads=1 and fork while no call runs"
            )
        self._callers.add(get_ident())

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._callers.discard(get_ident())

    def after_fork(self) -> None:
        """Take note, in the child, of what stayed behind."""
        if not self._stayed and (self._callers or self._has_threads()):
            self._stayed = True
            # What ends it would wait too, at the latest when Python ends: it is never let go of.
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._session))
        self._callers.clear()

    def _has_threads(self) -> bool:
        threads: int = self._session.get_session_options().intra_op_num_threads
        providers: list[str] = self._session.get_providers()
        return threads != 1 or providers != _ALONE


_GUARDS: WeakSet[ForkGuard] = WeakSet()


def _after_fork() -> None:
    for guard in _GUARDS:
        guard.after_fork()


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_after_fork)
