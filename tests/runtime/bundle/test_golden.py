from __future__ import annotations

import json
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from listing import relist
from safetensors.numpy import load_file

from edgeattn_runtime import BundleError, load
from edgeattn_runtime.__main__ import main
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.bundle.golden import GoldenVectors, Sample, read_golden, replay, write_golden

GOLDEN = "golden.safetensors"
ONES = np.ones((2, 3), np.float32)


UNIT = {"y": np.ones(1, np.float32)}


def _golden(output: object, *spread: float) -> GoldenVectors:
    sample = Sample({"x": ONES}, {"y": np.asarray(output, np.float32)})
    return GoldenVectors((sample,), {"y": np.array(spread or [1], np.float32)})


def test_keys_and_bytes(tmp_path: Path) -> None:
    transposed, scalar = np.arange(6, dtype=np.int64).reshape(2, 3).T, np.array(2.5)
    path = tmp_path / "g.safetensors"
    samples = Sample({"ids": transposed}, {"y": scalar}), Sample({"ids": transposed[:1]}, {"y": scalar})
    write_golden(path, GoldenVectors(samples, UNIT))
    tensors = load_file(path)
    assert sorted(tensors) == ["0.input.ids", "0.output.y", "1.input.ids", "1.output.y", "spread.y"]
    np.testing.assert_array_equal(tensors["0.input.ids"], transposed, strict=True)
    np.testing.assert_array_equal(tensors["1.output.y"], scalar, strict=True)


def test_reads_what_was_written(good: Path) -> None:
    files = open_bundle(good)
    write_golden(files.path(GOLDEN), read_golden(files))
    assert open_bundle(good) == files  # its sha256 is the same


def test_missing_and_spare_tensors(good: Path) -> None:
    files = open_bundle(good)
    golden = read_golden(files)
    samples = golden.samples
    write_golden(files.path(GOLDEN), replace(golden, samples=samples[:3]))
    with pytest.raises(BundleError, match=r"'3\.input\.tokens'"):
        read_golden(open_bundle(relist(good, GOLDEN)))
    spare = Sample(samples[3].inputs, {**samples[3].outputs, "extra": ONES})
    write_golden(files.path(GOLDEN), replace(golden, samples=(*samples[:3], spare)))
    with pytest.raises(BundleError, match=r"'3\.output\.extra'"):
        read_golden(open_bundle(relist(good, GOLDEN)))


def test_a_count_beyond_all_memory_is_refused(good: Path) -> None:
    files = open_bundle(good)
    golden = replace(files.manifest.golden, samples=2**53 - 1)
    with pytest.raises(BundleError, match=r"'4\.input\.tokens'"):
        read_golden(replace(files, manifest=replace(files.manifest, golden=golden)))


def test_not_safetensors(good: Path) -> None:
    (good / GOLDEN).write_bytes(b"text")
    with pytest.raises(BundleError, match=r"golden\.safetensors: no safetensors file"):
        read_golden(open_bundle(relist(good, GOLDEN)))


def test_a_file_that_changed_since_it_was_checked_is_not_read(good: Path) -> None:
    files = open_bundle(good)
    content = files.path(GOLDEN).read_bytes()
    files.path(GOLDEN).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(BundleError, match=r"golden\.safetensors: sha256 .* \(changed\)"):
        read_golden(files)


def test_a_dtype_that_numpy_lacks(good: Path) -> None:
    # No BF16, which numpy knows as soon as anything imports ml_dtypes.
    header = json.dumps({"x": {"dtype": "F8_E4M3", "shape": [1], "data_offsets": [0, 1]}}).encode()
    (good / GOLDEN).write_bytes(struct.pack("<Q", len(header)) + header + bytes(1))
    with pytest.raises(BundleError, match=r"golden\.safetensors: no safetensors file of numpy's dtypes"):
        read_golden(open_bundle(relist(good, GOLDEN)))


@pytest.mark.parametrize(
    ("values", "ok", "error", "max_abs"),
    [
        ([1, 1], True, 0.0, 0.0),
        ([3, 3], False, 2.0, 2.0),  # the same direction: a cosine of 1
        ([1, 0], True, np.sqrt(0.5), 1.0),
        ([np.nan, 1], False, None, None),
        ([np.inf, 1], False, None, None),
        ([1, 1, 1], False, None, None),
        ([[1, 1]], False, None, None),
    ],
)
def test_replay_compares_every_output(
    values: list[float], ok: bool, error: float | None, max_abs: float | None
) -> None:
    answer = np.asarray(values, np.float32)
    (result,) = replay(lambda x: {"y": answer, "more": x}, _golden([1, 1]), tolerance={"y": 0.9})
    assert (result.sample, result.output, result.ok) == (0, "y", ok)
    assert result.error == error
    assert result.max_abs == max_abs


def test_tolerance_is_the_limit() -> None:
    answer = np.array([1, 0], np.float32)
    for tolerance, ok in ((0.5, True), (0.49, False)):
        (result,) = replay(
            lambda x: {"y": answer}, _golden([1, 0.5], 1, 1), tolerance={"y": tolerance * 0.5**0.5}
        )
        assert result.ok is ok


def test_each_number_is_measured_by_its_channel() -> None:
    answer = np.array([[300, 0.002], [301, 0.004]], np.float32)
    wrong = np.array([[300, -0.002], [301, -0.004]], np.float32)  # a sign that no cosine sees
    golden = _golden(answer, 1, 0.001)
    (right,), (result,) = (
        replay(lambda x, y=y: {"y": y}, golden, tolerance={"y": 0.1}) for y in (answer, wrong)
    )
    assert right.error == 0
    assert result.error == pytest.approx(np.sqrt((4**2 + 8**2) / 4), rel=1e-5)


def test_a_spread_is_broadcast_along_the_axes_of_length_one() -> None:
    spread = np.float32([[[1, 10]], [[100, 1000]]])  # of dims (2, 3, 2)
    answer = np.zeros((2, 2, 3, 2), np.float32)
    for index in np.ndindex(answer.shape):
        moved = answer.copy()
        moved[index] = unit = spread[index[1], 0, index[3]]
        golden = replace(_golden(answer), spreads={"y": spread})
        (result,) = replay(lambda x, y=moved: {"y": y}, golden, tolerance={"y": 1.0})
        assert result.error == pytest.approx(np.sqrt(1 / 24))
        assert result.max_abs == unit


def test_a_bundle_without_golden_vectors_loads_and_has_no_results(
    conformance: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = conformance / "golden-none.edge"
    with load(bundle) as model:
        assert model.manifest.golden is None
        assert model.check() == ()
    for verb in ("check", "bench"):
        assert main([verb, str(bundle)]) == 2
        assert "packed without golden vectors" in capsys.readouterr().err
