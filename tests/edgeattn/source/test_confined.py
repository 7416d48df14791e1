"""Under these, a library neither unpickles what is no tensor nor reaches a hub."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from pickle import UnpicklingError  # noqa: TID251 - an error, which unpickles nothing

import pytest
import torch

from edgeattn.source.confined import ANY_OBJECT, TENSORS_ONLY, legible_logs, offline, tensors_only


class Evil:
    """Calls a function where it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("ran",)


@pytest.mark.filterwarnings("ignore:Validating sparse tensor invariants")  # of newer PyTorch, at every pickle
@pytest.mark.parametrize("variables", [{}, {ANY_OBJECT: "1"}, {TENSORS_ONLY: "0"}])
def test_what_is_no_tensor_is_not_unpickled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (ANY_OBJECT, TENSORS_ONLY):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    torch.save(Evil(), "evil.pt")
    torch.save({"x": torch.ones(2)}, "tensors.pt")
    with tensors_only():
        assert torch.load("tensors.pt", weights_only=False)["x"].tolist() == [1, 1]
        with pytest.raises(UnpicklingError):
            torch.load("evil.pt", weights_only=False)
    assert not Path("ran").exists()
    assert {
        name: value for name, value in os.environ.items() if name in (ANY_OBJECT, TENSORS_ONLY)
    } == variables


def test_no_hub_is_reached() -> None:
    hub = pytest.importorskip("huggingface_hub")
    errors = pytest.importorskip("huggingface_hub.errors")
    utils = pytest.importorskip("huggingface_hub.utils")
    utils.get_session()  # one that was opened before
    before = hub.constants.HF_HUB_OFFLINE
    with offline(), pytest.raises(errors.OfflineModeIsEnabled):
        utils.get_session().get("http://127.0.0.1:9/api")
    assert before == hub.constants.HF_HUB_OFFLINE


def test_logs_are_legible_for_a_while(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("a library")
    with legible_logs():
        logger.warning("\x1b[1mUNEXPECTED\x1b[0m %s\n%d", "x\x1b]0;owned\x07", 2)
    logger.warning("\x1b[0m")
    words = [record.msg for record in caplog.records]
    assert words == ["UNEXPECTED x\\x1b]0;owned\\x07\n2", "\x1b[0m"]
