"""Where fuzzers begin: files of runtime/conformance, and tokenizers of real checkpoints' components."""

from __future__ import annotations

import hashlib
import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "runtime" / "conformance"))
from make import made  # noqa: E402

CONFORMANCE = made()
SERIES = ("rain in mm", "wind")  # the columns that a CSV file is read for

# What each tokenizer that is read has to cut.
TEXTS = ("", " ", "The café's 12 漢[MASK]\n", "e\N{COMBINING ACUTE ACCENT}\N{GRINNING FACE} a  a")

_LONGEST_WORD = 60  # bytes of a dictionary's word
_WORDS = 2000  # of a dictionary at most
_EACH = 10  # of the conformance cases' texts one is taken


def tokenizers() -> Iterator[bytes]:
    """Yield tokenizer.json of each kind of checkpoint."""
    sys.path.append(str(ROOT / "tests" / "runtime" / "cpp"))
    from tokenizers_of_checkpoints import KINDS, tokenizer

    for kind in KINDS:
        yield tokenizer(kind).to_str().encode()


def seeds_of(subject: str) -> Iterator[bytes]:
    """Yield the inputs that a fuzzer of this subject begins with."""
    yield from _SEEDS.get(subject, lambda: ())()


def dictionary_of(seeds: Iterable[bytes]) -> str:
    """Return libFuzzer's dictionary of all keys and texts in seeds of JSON."""
    words: set[str] = set()
    for seed in seeds:
        try:
            words |= set(_words(json.loads(seed)))
        except ValueError:
            continue
    quoted = (json.dumps(word).encode() for word in sorted(words)[:_WORDS])
    return "".join(f'"{_escaped(word)}"\n' for word in quoted if len(word) <= _LONGEST_WORD)


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for part in value.values():
            yield from _words(part)
    elif isinstance(value, list):
        for part in value:
            yield from _words(part)


def _escaped(word: bytes) -> str:
    return "".join(chr(letter) if letter not in b'"\\' else f"\\x{letter:02x}" for letter in word)


def _files(pattern: str) -> Callable[[], Iterator[bytes]]:
    return lambda: (path.read_bytes() for path in sorted(CONFORMANCE.glob(pattern)))


def _arrays() -> Iterator[bytes]:
    for array in (np.arange(6, dtype=np.float32).reshape(2, 3), np.zeros((1, 0), np.int64), np.array(True)):
        file = io.BytesIO()
        np.savez(file, x=array, tokens=array)
        yield file.getvalue()


def _frames() -> Iterator[bytes]:
    content = b"any"
    digest = hashlib.sha256(content).hexdigest()
    settings = {"threads": 1, "spinning": False, "arena": True, "memory_pattern": True}
    graph = {
        "name": "model.onnx",
        "files": {"model.onnx": digest},
        "providers": ["CPUExecutionProvider"],
        "options": {},
        "settings": settings,
    }
    call = {"graph": graph, "inputs": digest}
    both = {"calls": [call, call], "in_turn": True}
    rounds = {"least": 1, "most": 2, "seconds": None, "warmup": 0}
    clock = {"kind": "wall", "threads": 1, "pause": 0.0}
    pace = {"rounds": 1, "unit": 1, "window": 1, "seconds": 0.0}
    machine = {"system": "Linux", "threads": 1}
    messages = (
        {"verb": "describe"},
        {"verb": "answer", **call},
        {"verb": "time", "races": [{"calls": [call, both], "clock": clock, "rounds": rounds}]},
        {"verb": "race", "calls": [call], "pace": pace},
        {
            "verb": "bench",
            "files": {"a/b": digest},
            "threads": [1],
            "target": "cpu",
            "rounds": 1,
            "kernels": True,
        },
        {"runtime": "0.1.0", "machine": machine, "providers": ["CPUExecutionProvider"], "threads": 1},
        {"steadiness": {"before": 1.0, "after": 1.0, "best": 1.0, "slept": 0.0}},
        {"error": "InputError", "reason": "none"},
    )
    arrays = save({"0": np.frombuffer(content, np.uint8)})
    piece = {"sha256": digest, "start": 0, "size": len(content)}
    for message in messages:
        yield json.dumps({**message, "bytes": 0}).encode() + b"\n"
        yield json.dumps({**message, "pieces": [piece], "bytes": len(arrays)}).encode() + b"\n" + arrays


def _reports() -> Iterator[bytes]:
    latency = {"p50": 1.0, "p90": 2.0, "p99": 3.0, "count": 9}
    machine = {
        "cpu": "Abacus",
        "instruction_sets": ["avx2"],
        "cores": 2,
        "memory_mb": 1000,
        "system": "Linux",
        "versions": {"python": "3.13.0", "onnxruntime": "1.31.0", "numpy": "2.3.0"},
    }
    timing = {"sample": 0, "shape": {"batch": 1}, "latency_ms": latency}
    device = {
        "schema": 1,
        "model": "tiny",
        "target": "cpu",
        "graphs": {"model.onnx": "0" * 64},
        "machine": machine,
        "load_ms": 1.0,
        "peak_memory_mb": None,
        "golden": [{"sample": 0, "output": "y", "error": 0.0, "max_abs": None, "ok": True}],
        "runs": [{"threads": 1, "timings": [timing], "warmup": 2, "steady": True, "surroundings": None}],
    }
    report = {
        "schema": 2,
        "model": "tiny",
        "target": "cpu",
        "recipe": "dynamic-int8",
        "verdict": "pass",
        "machine": machine,
        "samples": {"calibration": 1, "selection": 1, "evaluation": 1},
        "checks": [{"name": "cosine", "measured": 0.99, "limit": 0.9, "ok": True, "bound": 0.98}],
        "accuracy": {
            "outputs": [
                {
                    "output": "y",
                    "kind": "numbers",
                    "by": "",
                    "r2": 0.98,
                    "r2_channel_min": 0.97,
                    "channel": [3],
                    "r2_float": 1.0,
                }
            ],
            "cosine_mean": 0.99,
            "cosine_min": 0.98,
            "cosine_float_min": 1.0,
            "max_abs": 0.1,
            "snr_db": 20.0,
            "metric_pytorch": None,
            "metric_int8": None,
        },
        "size_mb": {"pytorch": 1.0, "float": 1.0, "int8": 0.5},
        "latency_ms": {
            "latencies": {"int8": latency},
            "conditions": {"threads": 1, "shape": {"batch": 1}, "samples": 1, "rounds": 9},
        },
        "memory_mb": 1.0,
        "operators": {"Attention": 1},
        "fused": {"attention": 1},
        "refused": [],
        "layers": [{"module": "encoder.0", "form": "int8", "noun": "linear layer", "r2": None}],
        "devices": [device],
    }
    yield from (json.dumps(each).encode() for each in (device, report))


def _texts() -> Iterator[bytes]:
    yield from (text.encode() for text in TEXTS)
    texts = json.loads((CONFORMANCE / "prepare" / "texts.json").read_text("utf-8"))
    yield from (word.encode() for word in sorted(set(_words(texts)), key=len)[::_EACH])


_SEEDS: dict[str, Callable[[], Iterable[bytes]]] = {
    "manifest": _files("*.edge/manifest.json"),
    "safetensors": _files("*.edge/golden.safetensors"),
    "wav": _files("prepare/files/*.wav"),
    "csv": _files("prepare/files/*.csv"),
    "image": _files("prepare/files/*.[jp][pn]*g"),
    "tokenizer": tokenizers,
    "text": _texts,
    "npz": _arrays,
    "frame": _frames,
    "report": _reports,
    "signature": _files("*.edge/manifest.sig"),
}
