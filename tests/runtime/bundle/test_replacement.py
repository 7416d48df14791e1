from __future__ import annotations

import errno
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from listing import relist

from edgeattn_runtime import BadInput, BundleError, CheckFailed, ResourceError, install, load
from edgeattn_runtime.bundle import replacement
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.bundle.folder_lock import lock, unlock
from edgeattn_runtime.bundle.golden import read_golden, write_golden
from edgeattn_runtime.bundle.replacement import restore, staged

linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked and killed as Linux does it")


@pytest.fixture
def new(good: Path) -> Path:
    """A bundle to be told from the good one by its name."""
    manifest = good / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace('"name": "tiny"', '"name": "newer"'), "utf-8")
    return good


@pytest.fixture
def old(conformance: Path, tmp_path: Path) -> Path:
    """A bundle in use, in a folder of its own."""
    return shutil.copytree(conformance / "good.edge", tmp_path / "apps" / "x.edge")


def _name(folder: Path) -> str:
    return open_bundle(folder).manifest.name


@pytest.mark.parametrize("exchanges", [True, False])
def test_a_bundle_is_installed(
    exchanges: bool, new: Path, old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if exchanges:
        for path in (*old.iterdir(), old):  # as copied from where it may only be read
            path.chmod(0o555)
    else:
        monkeypatch.setattr(replacement, "_exchanged", lambda *_: False)
    results = install(new, over=old)
    assert results
    assert all(result.ok for result in results)
    assert _name(old) == "newer"
    assert [path.name for path in old.parent.iterdir()] == ["x.edge"]
    assert _name(new) == "newer"  # and stays


def test_one_is_installed_where_none_was(new: Path, tmp_path: Path) -> None:
    install(new, over=tmp_path / "deep" / "x.edge")
    assert _name(tmp_path / "deep" / "x.edge") == "newer"


def test_a_signed_bundle_is_installed_with_its_signature(conformance: Path, tmp_path: Path) -> None:
    for _ in range(2):
        install(conformance / "signed.edge", over=tmp_path / "x.edge")
    assert (tmp_path / "x.edge" / "manifest.sig").is_file()
    open_bundle(tmp_path / "x.edge")


def test_one_that_answers_otherwise_is_not(new: Path, old: Path) -> None:
    _shift_golden(new, 1)
    with pytest.raises(CheckFailed, match=rf"^{re.escape(str(new))}: .* not installed"):
        install(new, over=old)
    assert _name(old) == "tiny"
    assert [path.name for path in old.parent.iterdir()] == ["x.edge"]


def test_one_that_is_cut_is_not(new: Path, old: Path) -> None:
    (new / "model.onnx").write_bytes(b"")
    with pytest.raises(BundleError, match="truncated"):
        install(new, over=old)
    assert _name(old) == "tiny"


def test_what_is_no_bundle_is_left(new: Path, old: Path) -> None:
    (old / "notes.txt").write_text("mine")
    with pytest.raises(BadInput, match=r"notes\.txt"):
        install(new, over=old)
    assert (old / "notes.txt").read_text() == "mine"


def test_a_full_disk_says_so(new: Path, old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ResourceError, match=r"x\.edge: out of space on the disk"):
        install(new, over=old)
    assert _name(old) == "tiny"
    assert [path.name for path in old.parent.iterdir()] == ["x.edge"]


def test_a_model_that_is_loaded_goes_on(new: Path, old: Path) -> None:
    model = load(old)
    arrays = dict(read_golden(model.files).samples[0].inputs)
    before = model(**arrays)
    install(new, over=old)
    for name, array in model(**arrays).items():
        np.testing.assert_array_equal(array, before[name])


def test_a_variant_that_was_replaced_is_not_opened(
    copied: Callable[[str], Path], new: Path, conformance: Path
) -> None:
    folder = copied("buckets")
    model = load(folder)
    sizes = [variant.sizes for variant in model.variants]
    assert len(sizes) > 1
    arrays = [dict(sample.inputs) for sample in read_golden(model.files).samples]
    later = [each for each in arrays if model.answering(each) != model.variants[0]]
    assert later
    install(conformance / "buckets.edge", over=folder)
    with pytest.raises(BundleError, match="replaced"):
        model(**later[0])


def test_the_folder_of_a_living_process_is_left(old: Path) -> None:
    with staged(old) as staging:
        for name in ("manifest.json", "model.onnx"):
            shutil.copyfile(old / name, staging / name)
        restore(old)
        assert staging.is_dir()
    assert not staging.exists()


@linux
def test_a_file_system_that_cannot_exchange_moves_aside(
    new: Path, old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ctypes

    class Library:
        @staticmethod
        def renameat2(*_: object) -> int:
            ctypes.set_errno(errno.EINVAL)
            return -1

    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: Library)
    install(new, over=old)
    assert _name(old) == "newer"
    assert [path.name for path in old.parent.iterdir()] == ["x.edge"]


def test_a_folder_that_is_gone_is_not_locked(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert lock(tmp_path / "gone") is None  # as where its process removed it a moment ago
    assert lock(tmp_path / "file") is None
    unlock(lock(tmp_path))


OUTPUT, MODEL, GOLDEN = "embedding", "model.onnx", "golden.safetensors"


def _tamper(bundle: Path, scale: float, offset: float) -> None:
    """Have the graph answer ``scale * y + offset``."""
    model = ir.from_proto(onnx.load(bundle / MODEL))
    output = model.graph.outputs[0]
    inner, output.name = output.producer(), "whole"
    tape = ir.tape.Tape()
    factor, added = (ir.tensor(np.float32(number)) for number in (scale, offset))
    values = [tape.op("Constant", [], {"value": each}) for each in (factor, added)]
    answer = ir.val(OUTPUT, ir.DataType.FLOAT, output.shape)
    tape.op("Add", [tape.op("Mul", [output, values[0]]), values[1]], output=answer)
    assert inner is not None
    model.graph.extend(tape.nodes)
    model.graph.outputs[0] = answer
    (bundle / MODEL).write_bytes(ir.to_proto(model).SerializeToString())
    relist(bundle, MODEL)


def _shift_golden(bundle: Path, offset: float) -> None:
    """Have the golden vectors expect an offset, which decides a cosine alone."""
    golden = read_golden(open_bundle(bundle))
    samples = tuple(
        replace(each, outputs={OUTPUT: each.outputs[OUTPUT] + np.float32(offset)}) for each in golden.samples
    )
    write_golden(bundle / GOLDEN, replace(golden, samples=samples))
    relist(bundle, GOLDEN)


@pytest.mark.parametrize(
    ("expected", "scale", "offset", "ok"),
    [
        (0, 1, 0, True),
        (10, 1, 10, True),
        (0, 2, 0, False),  # twice
        (3, 0, 3, False),  # always 3
        (10, 0, 10, False),  # always 10
        (10, -1, 10, False),  # 10 - y
    ],
)
def test_a_graph_that_answers_something_else_is_refused(
    good: Path, tmp_path: Path, expected: float, scale: float, offset: float, ok: bool
) -> None:
    _shift_golden(good, expected)
    _tamper(good, scale, offset)
    with load(good) as model:
        assert all(result.ok for result in model.check()) is ok
    place = tmp_path / "apps" / "x.edge"
    if ok:
        assert install(good, over=place)
        shutil.rmtree(place)
        return
    with pytest.raises(CheckFailed, match="miss the tolerance"):
        install(good, over=place)
    assert not place.exists()


@linux
@pytest.mark.parametrize(
    ("verb", "way"), [("install", "exchange"), ("install", "aside"), ("save", "exchange")]
)
def test_killed_at_each_step_one_of_the_two_stands_there(
    verb: str, way: str, new: Path, conformance: Path, tmp_path: Path
) -> None:
    script = Path(__file__).parents[1] / "faults" / "killed.py"
    places = (conformance / "good.edge", new, tmp_path / "apps")
    process = subprocess.run(
        [sys.executable, str(script), verb, way, *map(str, places)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    seen = json.loads(process.stdout)
    assert len(seen["left"]) > 20
    assert seen["left"][0] == "tiny"
    assert seen["left"][-1] == "newer"
    assert set(seen["restored"]) == {"tiny", "newer"}
    assert seen["strays"] == ["x.edge"]
    if way == "exchange":
        assert set(seen["left"]) == {"tiny", "newer"}
