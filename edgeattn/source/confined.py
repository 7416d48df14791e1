"""What libraries may do while they open a file of others: unpickle tensors, and fetch and command nothing."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from typing import Any

from edgeattn_runtime.legible import printable

TENSORS_ONLY = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"  # of torch.load, over what its caller asks for
ANY_OBJECT = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"
_COLOR = re.compile(r"\x1b\[[\d;]*m")  # which libraries log on a terminal


@contextmanager
def tensors_only() -> Iterator[None]:
    """Have ``torch.load`` refuse all objects but tensors, also where a library asks for them."""
    variables = {name: os.environ.get(name) for name in (TENSORS_ONLY, ANY_OBJECT)}
    os.environ.pop(ANY_OBJECT, None)
    os.environ[TENSORS_ONLY] = "1"
    try:
        yield
    finally:
        for name, value in variables.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def offline() -> Iterator[None]:
    """Have huggingface_hub refuse every request, also where a library has asked for local files only."""
    if find_spec("huggingface_hub") is None:
        yield
        return
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = True
    _forget_sessions()
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before
        _forget_sessions()


@contextmanager
def legible_logs() -> Iterator[None]:
    """Keep commands to a terminal out of logs: a file names its weights as it likes."""
    before = logging.getLogRecordFactory()

    def record(*args: Any, **kwargs: Any) -> logging.LogRecord:
        made = before(*args, **kwargs)
        with suppress(TypeError, ValueError):  # a library's own mistake, which logging reports
            made.msg, made.args = printable(_COLOR.sub("", made.getMessage())), ()
        return made

    logging.setLogRecordFactory(record)
    try:
        yield
    finally:
        logging.setLogRecordFactory(before)


def _forget_sessions() -> None:
    """Let go of connections that were opened under the other setting."""
    from huggingface_hub import utils

    for name in ("reset_sessions", "close_session"):  # before 1.0, and since
        getattr(utils, name, lambda: None)()
