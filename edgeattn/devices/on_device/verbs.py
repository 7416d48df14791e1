"""All that a device does for a host: three verbs, on plain data.

A request names files by their content, and may bring pieces of them, which are kept. Where a file is missing
the answer says so, and nothing else is done.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

from safetensors.numpy import save

from edgeattn.devices.on_device.calls import Plain, Sessions, wanted
from edgeattn.devices.on_device.ends import Ends
from edgeattn.devices.on_device.files import Files
from edgeattn.devices.on_device.steadiness import Watch
from edgeattn_runtime.errors import BadInput, EdgeAttnError
from edgeattn_runtime.turns import Clock, Rounds, timed

FOLDER_VARIABLE = "EDGEATTN_DEVICE_FILES"
LIMIT_VARIABLE = "EDGEATTN_DEVICE_MB"
BEGUN = "begun"  # the folder of what is worked on, beside the files that were sent
IDLE = "import edgeattn_runtime.command_line, edgeattn_runtime.system as m; print(m.peak_memory_mb())"

Answer = dict[str, Any]

_TURN = threading.Lock()  # one measurement at a time, whoever asks
_WATCH = Watch()


def perform(verb: str, request: Plain) -> Answer:
    """Do what a host asks, and nothing else.

    Args:
        verb: One of ``VERBS``.
        request: What it is done with: numbers, texts, lists, tables and bytes. Its ``pieces`` of files are
            kept first; its ``id`` tells it from others.

    Returns:
        The answer; ``error`` and ``reason`` where it cannot be done, ``missing`` where files are.
    """
    try:
        if verb not in VERBS:
            raise BadInput(f"verb {verb!r}: one of {', '.join(VERBS)} expected")
        with _TURN:
            files = files_of_device()
            for piece in request["pieces"]:
                files.keep(piece["sha256"], piece["start"], piece["size"], piece["piece"])
            with Ends(files.folder / BEGUN / "requests.json").counted(request["id"]):
                return VERBS[verb](files, request)
    except EdgeAttnError as error:
        return {"error": type(error).__name__, "reason": str(error)}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"{verb}: a request that this runtime does not understand ({error!r})"
        return {"error": "BadInput", "reason": f"{reason}; install the same edgeattn on device and host"}
    except OSError as error:
        return {"error": "BadInput", "reason": f"{error.strerror or error}: {error.filename or 'a file'}"}


def _time(files: Files, request: Plain) -> Answer:
    """Time calls side by side, each race after the other, between two reference calls."""
    races = request["races"]
    calls = [call for race in races for call in race["calls"]]
    if missing := files.missing(wanted(calls)):
        return {"missing": missing}
    before = _WATCH.read()
    times = []
    for race in races:
        with ExitStack() as stack:
            sessions = Sessions(files, stack)
            bound = {i: sessions.call(told) for i, told in enumerate(race["calls"])}
            found = timed(bound, Clock(**race["clock"]), Rounds(**race["rounds"]))
            times.append([found[i] for i in bound])
    return {"times": times, "steadiness": _WATCH.told(before, _WATCH.read())}


def _answer(files: Files, request: Plain) -> Answer:
    """Answer inputs once each."""
    if missing := files.missing(wanted(request["calls"])):
        return {"missing": missing}
    answers = []
    with ExitStack() as stack:
        sessions = Sessions(files, stack)
        for told in request["calls"]:
            call, names = sessions.bound(told["graph"], told["inputs"])
            answers.append(save(dict(zip(names, call(), strict=True))))
    return {"answers": answers}


def _bench(files: Files, request: Plain) -> Answer:
    """Benchmark a bundle in a process of its own, as ``python -m edgeattn_runtime bench`` does."""
    if missing := files.missing(request["files"]):
        return {"missing": missing}
    before = _WATCH.read()
    with files.laid_out(request["files"]) as folder:
        options = ["--rounds", str(int(request["rounds"])), "--json"]
        if request["threads"]:
            options += ["--threads", ",".join(str(int(count)) for count in request["threads"])]
        if request["target"] is not None:
            options += ["--target", str(request["target"])]
        told = json.loads(_python("-m", "edgeattn_runtime", "bench", str(folder), *options))
        idle = json.loads(_python("-c", IDLE).replace("None", "null"))
    return {"bench": told, "idle_mb": idle, "steadiness": _WATCH.told(before, _WATCH.read())}


VERBS: Mapping[str, Callable[[Files, Plain], Answer]] = {
    "time": _time,
    "answer": _answer,
    "bench": _bench,
}


def _python(*arguments: str) -> str:
    process = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    if process.returncode:
        words = process.stderr.strip().splitlines()
        raise BadInput(words[-1] if words else f"the benchmark ended with code {process.returncode}")
    return process.stdout


@cache
def files_of_device() -> Files:
    """Return this device's files, as its command line told its worker."""
    return Files(Path(os.environ[FOLDER_VARIABLE]), int(float(os.environ[LIMIT_VARIABLE]) * 1e6))
