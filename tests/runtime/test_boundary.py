"""What the libraries of others raise over hostile bundles: each leaves as an error of edgeattn's own."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from listing import relist

from edgeattn_runtime import (
    BundleError,
    EdgeAttnError,
    IncompatibleRuntimeError,
    InputError,
    Model,
    ResourceError,
    load,
)
from edgeattn_runtime.boundary import READ, REASON, reason_of, refusing, text_of
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.bundle.golden import read_golden
from edgeattn_runtime.engine.session import open_session
from edgeattn_runtime.errors import LONGEST
from edgeattn_runtime.graph import Tensor
from edgeattn_runtime.processing.text import Text, prepare_text
from edgeattn_runtime.processing.tokenizer import open_tokenizer

CPU = "CPUExecutionProvider"

# A tokenizer.json of which one part panics in Rust, which is no Exception in Python.
PANICS: dict[str, dict[str, Any]] = {
    "a regular expression that gives up": {
        "pre_tokenizer": {
            "type": "Split",
            "pattern": {"Regex": "(a+)+$"},
            "behavior": "Isolated",
            "invert": False,
        }
    },
    "pieces of no length": {"pre_tokenizer": {"type": "FixedLength", "length": 0}},
    "a template without its token": {
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                {"SpecialToken": {"id": "[CLS]", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
            ],
            "pair": [],
            "special_tokens": {},
        }
    },
}
GARBAGE = {"normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAAA"}}
STRIP = {"decoder": {"type": "Strip", "content": "a", "start": 10**9, "stop": 10**9}}
SHORT_OF = Path(__file__).parent / "faults" / "short_of.py"


def _tokenizer(bundle: Path, **parts: object) -> Path:
    table = json.loads((bundle / "tokenizer.json").read_text("utf-8"))
    (bundle / "tokenizer.json").write_text(json.dumps({**table, **parts}))
    return relist(bundle, "tokenizer.json")


@pytest.mark.parametrize("parts", PANICS.values(), ids=PANICS)
def test_a_panic_over_a_text_is_refused(parts: dict[str, Any], copied: Callable[[str], Path]) -> None:
    model = load(_tokenizer(copied("processed"), **parts))
    with pytest.raises(InputError, match=r"cannot be tokenized"):
        model.prepare(text="a" * 31 + "!")


def test_a_panic_over_a_file_is_refused(copied: Callable[[str], Path]) -> None:
    model = load(_tokenizer(copied("processed"), **GARBAGE))
    with pytest.raises(BundleError, match=r"tokenizer\.json: "):
        model.prepare(text="the cat")


def test_a_panic_over_tokens_is_refused(copied: Callable[[str], Path]) -> None:
    model = load(_tokenizer(copied("processed"), **STRIP))
    with pytest.raises(InputError, match="no text can be made"):
        model.decode([0, 1, 2])


def test_a_token_id_beyond_its_input_is_the_bundles_fault(copied: Callable[[str], Path]) -> None:
    path = _tokenizer(
        copied("processed"), model={"type": "WordLevel", "vocab": {"a": 2**31}, "unk_token": "a"}
    )
    text = Text(tokenizer="tokenizer.json", ids="ids", mask=None, types=None, longest=None)
    tokenizer = open_tokenizer(text, path / "tokenizer.json")
    with pytest.raises(BundleError, match=r"^tokenizer\.json: .* ids: int32\[batch, sequence\] cannot hold"):
        prepare_text(text, tokenizer, {"ids": Tensor("ids", "int32", ("batch", "sequence"))}, ["a"])


def test_an_output_of_another_rank_is_the_bundles_fault(copied: Callable[[str], Path]) -> None:
    def deeper(manifest: Any) -> None:
        manifest["graphs"]["model"]["outputs"][0]["dims"].append(1)

    bundle = copied("buckets")
    inputs = read_golden(open_bundle(bundle)).samples[0].inputs
    model = load(relist(bundle, change=deeper))
    with pytest.raises(BundleError, match=r"of 2 dims found, 3 expected"):
        model(**inputs)


@pytest.mark.parametrize("name", [b"\xff\xfe\xff\xfe", b"\x1b[2J"])
def test_a_name_that_is_no_text(name: bytes, good: Path) -> None:
    # Of an operator, which the engine has no kernel for and names.
    model = (good / "model.onnx").read_bytes()
    operator = b"Gather"
    assert model.count(operator)
    hostile = model.replace(operator, (name + b"xxxxxx")[: len(operator)])
    with pytest.raises((BundleError, IncompatibleRuntimeError), match=r"^model: ") as caught:
        open_session(hostile, providers=[CPU])
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("length", [1000, 50_000])
def test_a_reason_is_short_however_long_a_name_is(length: int) -> None:
    engine = "[ONNXRuntimeError] : 1 : FAIL : Load model from x.onnx failed:/src/a/graph.cc:12 Status f(int) "
    reason = reason_of(ValueError(f'{engine}In Node, ("{"x" * length}", y) : no such operator'))
    assert len(reason) <= REASON
    assert reason.startswith("In Node, ")
    assert reason.endswith("no such operator")


@pytest.mark.parametrize("words", ["x", "x.h:1 ", ".h:1", "Load model from ", "f(", "a.cc:1 f(b) "])
def test_no_text_of_an_engine_costs_more_than_its_ends(words: str) -> None:
    text = words * 100_000  # of which each letter may begin what is dropped
    assert len(text_of(ValueError(text))) <= READ
    assert len(reason_of(ValueError(text))) <= REASON


def test_the_text_of_an_error_is_bounded_and_printable() -> None:
    message = str(BundleError("\x1b[2J" + "x" * 10**6))
    assert len(message) < LONGEST + 10
    assert message.isprintable()


@pytest.mark.parametrize("own", [InputError("mine"), BundleError("mine"), KeyboardInterrupt(), SystemExit(3)])
def test_errors_of_our_own_and_interrupts_pass(own: BaseException) -> None:
    with pytest.raises(type(own)) as caught, refusing(BundleError, "x", "broken", "export again"):
        raise own
    assert caught.value is own


def test_what_a_library_raises_is_the_cause() -> None:
    error = ZeroDivisionError("of a library")
    with (
        pytest.raises(BundleError, match=r"^x: broken \(of a library\); export again$") as caught,
        refusing(BundleError, "x", "broken", "export again"),
    ):
        raise error
    assert caught.value.__cause__ is error


def test_a_reason_without_words_is_its_class() -> None:
    assert reason_of(AssertionError()) == "AssertionError"


@pytest.mark.parametrize(
    ("error", "lack"),
    [
        (MemoryError("Unable to allocate 8 PiB"), "memory"),
        (OSError(errno.EMFILE, "Too many open files"), "file descriptors"),
        (OSError(errno.ENOSPC, "No space left on device"), "space on the disk"),
        (RuntimeError("open file x failed: Too many open files"), "file descriptors"),
        (RuntimeError("std::bad_alloc"), "memory"),
    ],
)
def test_what_the_machine_lacks_is_said(error: Exception, lack: str) -> None:
    with (
        pytest.raises(ResourceError, match=rf"^x\.onnx: out of {lack} \("),
        refusing(BundleError, "x.onnx", "broken", "export again"),
    ):
        raise error


@pytest.mark.skipif(sys.platform != "linux", reason="limits of a process as Linux keeps them")
def test_a_process_out_of_files_says_so(conformance: Path) -> None:
    opened = len(list(Path("/proc/self/fd").iterdir()))
    assert opened > 3
    assert "out of file descriptors" in _short_of(conformance / "good.edge", "RLIMIT_NOFILE", 3)


@pytest.mark.skipif(sys.platform != "linux", reason="limits of a process as Linux keeps them")
def test_a_process_out_of_memory_says_so(conformance: Path) -> None:
    assert "out of memory" in _short_of(conformance / "good.edge", "RLIMIT_AS", 1 << 20)


def _short_of(bundle: Path, limit: str, value: int) -> str:
    process = subprocess.run(
        [sys.executable, str(SHORT_OF), str(bundle), limit, str(value)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return process.stdout


def test_an_array_beyond_all_memory_is_told(copied: Callable[[str], Path]) -> None:
    def vast(manifest: Any) -> None:
        for graph in manifest["graphs"].values():
            for tensor in (*graph["inputs"], *graph["outputs"]):
                if len(tensor["dims"]) == 4:
                    tensor["dims"][1] = 2**50

    model: Model = load(relist(copied("decoder"), change=vast))
    with pytest.raises(EdgeAttnError, match=r"no array can have this size|out of memory"):
        model(tokens=np.array([[1, 2]]))
