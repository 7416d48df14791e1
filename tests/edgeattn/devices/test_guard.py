from __future__ import annotations

import os
import pickle  # noqa: TID251 - what is sent to a device
from typing import Any

import pytest
from dask._task_spec import Task

from edgeattn.devices.on_device.guard import RefusedPickleError, loads
from edgeattn.devices.on_device.verbs import perform


class Hostile:
    """What would call a function as soon as it is unpickled."""

    def __init__(self, *call: Any) -> None:
        self._call = call

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        function, *arguments = self._call
        return function, tuple(arguments)


def test_a_task_that_names_a_verb_is_read() -> None:
    task = loads(pickle.dumps(Task("key", perform, "dance", {"bytes": b"1", "number": 1.5})))
    assert task.func is perform
    assert "verb 'dance'" in task()["reason"]


def test_a_pickle_calls_nothing_when_it_is_read(tmp_path: Any) -> None:
    mark = tmp_path / "mark"
    for call in ((os.mkdir, str(mark)), (os.system, f"touch {mark}"), (eval, f"open({str(mark)!r}, 'w')")):
        inert = loads(pickle.dumps({"within": [Hostile(*call)]}))
        assert not mark.exists()
        with pytest.raises(RefusedPickleError, match="own verbs alone"):
            inert["within"][0]()


def test_a_task_of_another_function_fails_when_it_is_run() -> None:
    task = loads(pickle.dumps(Task("key", os.getcwd)))
    with pytest.raises(RefusedPickleError, match=r"posix\.getcwd: not run"):
        task()


@pytest.mark.parametrize("name", ["perform.__globals__", "VERBS", "os", "subprocess.run"])
def test_a_name_within_a_module_of_ours_is_no_way_in(name: str) -> None:
    module = perform.__module__
    sent = (
        b"\x80\x04\x8c"
        + bytes([len(module)])
        + module.encode()
        + b"\x8c"
        + bytes([len(name)])
        + name.encode()
    )
    found = loads(sent + b"\x93.")
    assert isinstance(found, type)
    with pytest.raises(RefusedPickleError):
        found()
