"""What a device unpickles: tasks that name ``perform``, and nothing else that a pickle could call.

Dask sends tasks as pickles, and a pickle may call whatever it names. All of distributed unpickles by
``distributed.protocol.pickle.loads``; a device puts one in its place whose names are on a list. Any other
name becomes a refusal: inert while the pickle is read, so that the connection which brought it goes on, and
an error once its task is run.
"""

from __future__ import annotations

import io
import pickle  # noqa: TID251 - the unpickler that is restricted here
from collections.abc import Iterable
from typing import Any

from distributed.protocol import pickle as dask_pickle

from edgeattn.devices.on_device import verbs
from edgeattn_runtime.errors import BadInput

ALLOWED = frozenset(
    {
        (verbs.__name__, verbs.perform.__name__),
        ("dask._task_spec", "Task"),
    }
)


class RefusedPickleError(BadInput):
    """A task that names what a device does not run."""


class _Refused(type):
    """The class of refusals, which are inert while their pickle is read; calling one later is an error."""

    is_read: bool = False

    def __call__(cls, *_: object, **__: object) -> Any:
        if cls.is_read:
            raise RefusedPickleError(f"{cls.__name__}: not run; a device performs its own verbs alone")
        return cls.__new__(cls)  # type: ignore[call-overload]


class _Unpickler(pickle.Unpickler):
    """Replaces what is not on the list by refusals."""

    def __init__(self, content: bytes, buffers: Iterable[Any]) -> None:
        super().__init__(io.BytesIO(content), buffers=buffers)
        self._refusals: list[_Refused] = []

    def find_class(self, module: str, name: str) -> Any:
        """Return what a pickle names, or a refusal of it."""
        if (module, name) in ALLOWED:
            return super().find_class(module, name)
        self._refusals.append(
            _Refused(f"{module}.{name}", (), {"__call__": _refuse, "__setstate__": _ignore})
        )
        return self._refusals[-1]

    def load(self) -> Any:
        """Read the pickle."""
        found = super().load()
        for refusal in self._refusals:
            refusal.is_read = True
        return found


def loads(content: bytes, *, buffers: Iterable[Any] = ()) -> Any:
    """Unpickle a task of ours, or plain data; whatever else a pickle names is never imported or called."""
    return _Unpickler(content, buffers).load()


def guard() -> None:
    """Restrict all of distributed in this process to what a device unpickles."""
    dask_pickle.loads = loads


def _refuse(self: object, *_: object, **__: object) -> None:
    type(self)()


def _ignore(*_: object) -> None:
    """Take no state."""
