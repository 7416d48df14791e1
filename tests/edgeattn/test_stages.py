from __future__ import annotations

import errno
import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeattn import pipeline
from edgeattn.__main__ import main
from edgeattn.judge import independence, padding
from edgeattn.judge.request import Objective, Request
from edgeattn.progress import Silent
from edgeattn.source import module
from edgeattn.source.module import ModuleSource
from edgeattn.stages import staged
from edgeattn_export.recover.rules import projections
from edgeattn_runtime.errors import BundleError, InputError, ModelError, ResourceError, StageError

TINY = Path(__file__).with_name("tiny.py")

PLACES = {  # what the pipeline calls, and the stage that it is part of
    "capture": (module, "capture"),
    "recover": (pipeline, "recover"),
    "cache": (pipeline, "with_cache"),
    "lower": (pipeline, "lower_for"),
}

KINDS = (ValueError, KeyError, AssertionError, OSError, RuntimeError, SystemExit, StopIteration)


def _raising(error: BaseException) -> Callable[..., object]:
    def planted(*_: object) -> object:
        raise error

    return planted


@pytest.mark.usefixtures("instant_capture")
@pytest.mark.parametrize("stage", PLACES)
def test_what_a_stage_raises_is_one_line_with_its_cause(
    source: ModuleSource, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = ZeroDivisionError("none\n of those")
    monkeypatch.setattr(*PLACES[stage], _raising(planted))
    request = Request.read("cpu", source.budget, Objective("size"), has_metric=True)
    with pytest.raises(StageError) as caught:
        pipeline.run(source, request, Silent())
    assert caught.value.__cause__ is planted
    assert "ZeroDivisionError: none of those" in str(caught.value)
    assert str(caught.value).startswith(f"tiny: stage {stage!r} failed")


@pytest.mark.usefixtures("instant_capture")
def test_a_graph_that_the_export_made_is_not_to_be_exported_again(
    source: ModuleSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = BundleError("the graph: fails on inputs that its contract allows (Concat); export again")
    monkeypatch.setattr(*PLACES["lower"], _raising(planted))
    request = Request.read("cpu", source.budget, Objective("size"), has_metric=True)
    with pytest.raises(StageError) as caught:
        pipeline.run(source, request, Silent())
    assert caught.value.__cause__ is planted
    assert str(caught.value) == (
        "tiny: stage 'lower': a graph that the export made fails: the graph: fails on inputs that its "
        "contract allows (Concat); please report it"
    )


def _fail(error: BaseException) -> None:
    with staged("tiny", Silent()) as progress:
        progress.stage("lower")
        raise error


@given(st.sampled_from(KINDS), st.text())
def test_every_exception_ends_in_one_line(kind: type[BaseException], text: str) -> None:
    planted = kind(text)
    with pytest.raises(StageError) as caught:
        _fail(planted)
    assert caught.value.__cause__ is planted
    assert len(str(caught.value).splitlines()) == 1
    assert "'lower'" in str(caught.value)
    assert kind.__name__ in str(caught.value)


@pytest.mark.parametrize("error", [ModelError("as it is"), KeyboardInterrupt()])
def test_what_is_told_already_goes_through(error: BaseException) -> None:
    with pytest.raises(type(error)) as caught:
        _fail(error)
    assert caught.value is error


@pytest.mark.parametrize(
    ("error", "lack"),
    [
        (MemoryError(), "memory"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "space on the disk"),
        (OSError(errno.EMFILE, os.strerror(errno.EMFILE)), "file descriptors"),
        (
            FileNotFoundError(errno.ENOENT, "No usable temporary directory found"),
            "temporary folders",
        ),
        (RuntimeError("SaveModel failed: No space left on device"), "space on the disk"),
    ],
)
def test_what_the_machine_lacks_is_said(error: Exception, lack: str) -> None:
    with pytest.raises(ResourceError, match=rf"^tiny: stage 'lower': out of {lack} \("):
        _fail(error)


def test_a_place_that_may_not_be_written_is_said() -> None:
    with pytest.raises(InputError, match=r"^tiny: stage 'lower': cannot write there .*Read-only"):
        _fail(OSError(errno.EROFS, os.strerror(errno.EROFS), "/tmp/x"))


@pytest.mark.usefixtures("instant_capture")
def test_the_command_shows_the_cause_where_it_is_asked_to(
    tmp_path: Path,
    refused: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(pipeline, "recover", _raising(ZeroDivisionError("planted")))
    command = ["export", str(TINY), "-o", str(tmp_path / "out.edge")]
    refused(*command)
    assert main([*command, "--verbose"]) == 2
    shown = capsys.readouterr().err.splitlines()
    assert shown[0].startswith("Traceback")
    assert "ZeroDivisionError: planted" in shown
    assert shown[-1].startswith("edgeattn: tiny: stage 'recover'")


@pytest.mark.usefixtures("instant_capture")
def test_what_an_export_can_do_without_is_left_out_with_a_note(
    source: ModuleSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = _raising(ZeroDivisionError("planted"))
    monkeypatch.setattr(import_module("edgeattn_export.incremental.stages"), "is_decoder", planted)
    monkeypatch.setattr(independence, "independent_rows", planted)
    monkeypatch.setattr(padding, "find_padding", planted)
    monkeypatch.setattr(projections, "keys_and_values", planted)
    request = Request.read("cpu", source.budget, Objective("size"), has_metric=True)
    bundle = pipeline.run(source, request, Silent())
    assert bundle.report.verdict == "pass"
    refused = {refusal.rule: refusal.reason for refusal in bundle.report.refused}
    notes = " ".join(bundle.report.notes)
    assert "ZeroDivisionError: planted" in refused["cache"]
    assert "ZeroDivisionError: planted" in refused["projections"]
    assert "the independence of rows is left out" in notes
    assert "the reading of padding is left out" in notes
