from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnxruntime.capi.onnxruntime_pybind11_state import EPFail, Fail

from edgeattn_runtime import load
from edgeattn_runtime.bundle import session_settings as settings
from edgeattn_runtime.bundle.session_settings import PLAIN, SessionSettings, available_cores
from edgeattn_runtime.engine.graph_session import failure
from edgeattn_runtime.engine.session import open_session
from edgeattn_runtime.errors import BadInput, BundleError, IncompatibleRuntimeError, InputError
from edgeattn_runtime.timing.benchmark import bench

CPU = "CPUExecutionProvider"


def _open(model: bytes | Path, **options: Any) -> onnxruntime.InferenceSession:
    return open_session(model, providers=[CPU], **options)


def test_path_and_bytes_are_one_model(good: Path) -> None:
    inputs = {"tokens": np.array([[1, 2]]), "mask": np.ones((1, 2), np.float32)}
    path = good / "model.onnx"
    by_path, by_bytes = (_open(model).run(None, inputs)[0] for model in (path, path.read_bytes()))
    np.testing.assert_array_equal(by_path, by_bytes, strict=True)


def test_options_of_the_engine_and_of_its_providers(good: Path) -> None:
    options = {"session.dynamic_block_base": 4, "session.set_denormal_as_zero": True, f"{CPU}.use_arena": "0"}
    session = _open(good / "model.onnx", options=options)
    entry = session.get_session_options().get_session_config_entry
    assert entry("session.dynamic_block_base") == "4"
    assert entry("session.set_denormal_as_zero") == "1"
    with pytest.raises(RuntimeError):
        entry(f"{CPU}.use_arena")


@pytest.mark.parametrize(
    ("provider", "option"),
    [("OpenVINOExecutionProvider", "num_of_threads"), ("XnnpackExecutionProvider", "intra_op_num_threads")],
)
def test_a_provider_with_threads_of_its_own_gets_as_many(
    provider: str, option: str, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []

    class Session:
        def __init__(
            self, model: str, options: object, *, providers: list[tuple[str, dict[str, str]]], **_: object
        ) -> None:
            opened.extend(providers)

        def get_providers(self) -> list[str]:
            return [provider, CPU]

        def disable_fallback(self) -> None:
            pass

    monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
    options = {f"{provider}.device_type": "CPU"}
    open_session(good / "model.onnx", providers=[provider, CPU], options=options, threads=3)
    assert opened == [(provider, {option: "3", "device_type": "CPU"}), (CPU, {})]
    opened.clear()
    open_session(good / "model.onnx", providers=[provider], options={f"{provider}.{option}": 1}, threads=3)
    assert opened == [(provider, {option: "1"})]


def test_a_session_that_goes_without_its_provider_is_refused(good: Path) -> None:
    provider = "OpenVINOExecutionProvider"
    with (
        pytest.warns(UserWarning, match=provider),
        pytest.raises(IncompatibleRuntimeError, match=provider),
    ):
        open_session(good / "model.onnx", providers=[provider])


@pytest.mark.parametrize("option", ["session.dynamic_block_base", "x" * 2000])
def test_an_option_that_is_refused(good: Path, option: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(IncompatibleRuntimeError, match=r"model\.onnx: .*CPUExecutionProvider") as caught:
        _open(good / "model.onnx", options={option: "none"})
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().out == ""


def test_a_provider_that_fails_is_told(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object, **__: object) -> None:
        raise EPFail("[ONNXRuntimeError] : 11 : EP_FAIL : no device")

    monkeypatch.setattr(onnxruntime, "InferenceSession", failing)
    with pytest.raises(BundleError, match=r"model\.onnx: .*\(no device\)"):
        _open(good / "model.onnx")


def test_weights_beyond_the_file(several: Path) -> None:
    (vectors,) = _open(several / "lookup.onnx").run(None, {"tokens": np.array([[3]])})
    table = np.fromfile(several / "weights" / "lookup.bin", np.float32).reshape(16, 8)
    np.testing.assert_array_equal(vectors[0, 0], table[3])


def test_weights_beyond_the_file_need_a_path(several: Path) -> None:
    with pytest.raises(BundleError, match=r"^model: .*External data"):
        _open((several / "lookup.onnx").read_bytes())


@pytest.mark.parametrize("threads", [0, -1, 1024, 2**31, 2**64, 1.5])
def test_threads_are_an_integer_from_one_to_some_a_core(good: Path, threads: Any) -> None:
    with pytest.raises(BadInput, match=f"{threads} threads") as caught:
        _open(good / "model.onnx", threads=threads)
    assert "\n" not in str(caught.value)


def test_a_core_may_have_several_threads(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeattn_runtime.engine.session.available_cores", lambda: 1)
    assert _open(good / "model.onnx", threads=8).get_session_options().intra_op_num_threads == 8
    with pytest.raises(BadInput, match="9 threads; expected at most 8, 8 a core"):
        _open(good / "model.onnx", threads=9)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"none\.onnx: "):
        _open(tmp_path / "none.onnx")


@pytest.mark.parametrize("model", [b"", b"text", b"\x08\x0a"])
def test_no_model(model: bytes) -> None:
    with pytest.raises(BundleError, match=r"^model: "):
        _open(model)


def test_a_file_is_named_once(tmp_path: Path) -> None:
    path = tmp_path / "text.onnx"
    path.write_bytes(b"text")
    with pytest.raises(BundleError) as caught:
        _open(path)
    assert str(caught.value).count(str(path)) == 1


# A model that holds an IR version and an opset, and no more, is enough to be found too new.
IR_VERSION_99 = b"\x08\x63" + b"\x42\x02\x10\x17"
OPSET_99 = b"\x08\x0a" + b"\x42\x02\x10\x63"
EMPTY_GRAPH = b"\x3a\x03\x12\x01g"


@pytest.mark.parametrize(
    ("model", "pattern"),
    [
        (IR_VERSION_99 + EMPTY_GRAPH, r"Unsupported model IR version: 99"),
        (OPSET_99 + EMPTY_GRAPH, r"Opset 99 is under development"),
    ],
)
def test_a_model_of_the_future(model: bytes, pattern: str) -> None:
    with pytest.raises(IncompatibleRuntimeError, match=rf"^model: .*{pattern}") as caught:
        _open(model)
    assert "\n" not in str(caught.value)
    assert "/onnxruntime" not in str(caught.value)  # where in its own sources is of no help


def test_a_file_of_onnxruntimes_own_format_and_another_version(good: Path) -> None:
    file, options = good / "model.ort", onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(file)
    options.add_session_config_entry("session.save_model_format", "ORT")
    onnxruntime.InferenceSession(str(good / "model.onnx"), options, providers=[CPU])
    content = file.read_bytes()
    length = content.rindex(b"\x01\x00\x00\x00")  # of the version's text, the last thing in the file
    file.write_bytes(content[: length + 4] + b"9" + content[length + 5 :])
    with pytest.raises(IncompatibleRuntimeError, match=r"version \[9\]"):
        _open(file)
    file.write_bytes(content[:100])
    with pytest.raises(BundleError, match=r"model\.ort"):
        _open(file)


ARRAYS = {"mask": np.ones((1, 3), np.float32), "tokens": np.array([[7, 500, 3]])}
RUNNING = "[ONNXRuntimeError] : 1 : FAIL : Non-zero status code returned while running MatMul node. "
BEYOND = "indices element out of data bounds, idx={} must be within the inclusive range [-40,39]"


@pytest.mark.parametrize(
    ("reason", "kind", "phrases"),
    [
        (BEYOND.format(500), InputError, ("'tokens' holds 500", "40 rows", "0 to 39")),
        (BEYOND.format(40), InputError, ("index 40", "40 rows")),
        (
            "/core/framework/bfc_arena.cc:360 void* onnxruntime::BFCArena::AllocateRawInternal(size_t, bool, "
            "onnxruntime::Stream*) Failed to allocate memory for requested buffer of size 400",
            InputError,
            ("mask (1, 3), tokens (1, 3)", "Failed to allocate memory for requested buffer of size 400"),
        ),
        (
            "/core/providers/cpu/tensor/reshape_helper.h:91 onnxruntime::ReshapeHelper::ReshapeHelper(const "
            "onnxruntime::TensorShape&, bool) input_shape_size == requested_shape_size was false.",
            BundleError,
            ("returned while running MatMul node. input_shape_size == requested_shape_size was false.",),
        ),
    ],
)
def test_what_failed_and_why_is_told(reason: str, kind: type[Exception], phrases: tuple[str, ...]) -> None:
    error = failure("x.onnx", Fail(RUNNING + reason), ARRAYS)
    assert type(error) is kind
    assert str(error).startswith("x.onnx: ")
    assert [words for words in phrases if words not in str(error)] == []
    assert "/core" not in str(error)


MANY_CORES, ONE_CORE = 64, 1
PROVIDERS = ("CPUExecutionProvider",)


@pytest.mark.parametrize(("cores", "threads"), [(MANY_CORES, 2), (ONE_CORE, 1)])
def test_a_bundle_opens_as_it_says_within_the_machines_cores(
    conformance: Path, monkeypatch: pytest.MonkeyPatch, cores: int, threads: int
) -> None:
    monkeypatch.setattr(settings, "available_cores", lambda: cores)
    net = load(conformance / "tuned.edge")
    assert net.settings == SessionSettings(threads=threads, arena=False)
    (run,) = bench(conformance / "tuned.edge", rounds=1).runs
    assert run.threads == threads


def test_the_caller_may_say_otherwise(conformance: Path) -> None:
    assert load(conformance / "tuned.edge", threads=3).settings == SessionSettings(threads=3, arena=False)
    assert load(conformance / "several.edge", threads=3).graph("lookup").settings.threads == 3


def test_a_bundle_that_says_nothing_opens_plain(good: Path) -> None:
    assert load(good).settings == PLAIN == SessionSettings()


@pytest.mark.parametrize(
    "settings", [PLAIN, SessionSettings(threads=2, spinning=True, arena=False, memory_pattern=False)]
)
def test_every_option_reaches_the_engine(good: Path, settings: SessionSettings) -> None:
    options = open_session(good / "model.onnx", providers=PROVIDERS, settings=settings).get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (settings.threads, 1)
    assert options.enable_cpu_mem_arena is settings.arena
    assert options.enable_mem_pattern is settings.memory_pattern
    spins = options.get_session_config_entry("session.intra_op.allow_spinning")
    assert spins == ("1" if settings.spinning else "0")


def test_cores_are_those_that_the_process_may_use() -> None:
    assert 1 <= available_cores() <= (os.cpu_count() or 1)
