"""Bad inputs: conformance bundles with something changed, and data of all kinds that a call takes."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import time
from collections.abc import Callable, Mapping
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
import onnxruntime
from attempt import Worker
from figures import BAD, BadInputs
from mutation import mutated_bytes, mutated_json
from safetensors.numpy import load as load_tensors

CONFORMANCE: Final = Path(__file__).parents[2] / "runtime" / "conformance" / "build"
BUNDLES: Final = (
    *(
        "good",
        "processed",
        "bytes",
        "unigram",
        "wordpiece",
        "decoder",
        "encoder-decoder",
        "sources",
        "positions",
    ),
    *("buckets", "fixed", "preferred", "several", "signed", "tuned", "indexed", "engine-option"),
    *("series-hold", "log-mel", "stereo", "mono", "bilinear", "bicubic", "nearest"),
)
TOKENIZED: Final = ("processed", "bytes", "unigram", "wordpiece")
MANIFEST: Final = "manifest.json"

Case = dict[str, Any]


def try_inputs(seconds: float, draw: Random, place: Path, bundles: list[Path]) -> list[BadInputs]:
    """Try bad inputs of every kind in turn until the time is up.

    Args:
        seconds: The time.
        draw: What chooses them.
        place: A folder for them. What turns out bad stays there.
        bundles: Exported ones, beside those of conformance.
    """
    end = time.monotonic() + seconds
    kinds = _Kinds(draw, place, bundles)
    rows = {name: BadInputs(name) for name in kinds.makers}
    with Worker() as worker:
        for number, (name, make) in enumerate(cycle(kinds.makers.items())):
            if time.monotonic() > end and number >= len(rows):
                break
            folder = place / f"{number}"
            case = make(folder)
            outcome, words = worker.attempt(case)
            rows[name].note(outcome, f"{words} ({folder})")
            if outcome not in BAD:
                shutil.rmtree(folder, ignore_errors=True)
            else:
                folder.mkdir(exist_ok=True)
                (folder / "case.txt").write_text(f"{name}: {outcome}: {words}\n{json.dumps(case)}\n")
    return list(rows.values())


class _Kinds:
    """Makes bad inputs, each in a folder of its own.

    Attributes:
        makers: By kind, what makes a case of it.
    """

    def __init__(self, draw: Random, place: Path, bundles: list[Path]) -> None:
        self._draw = draw
        self._place = place
        self._bundles = [CONFORMANCE / f"{name}.edge" for name in BUNDLES] + bundles
        self._tokenized = [CONFORMANCE / f"{name}.edge" for name in TOKENIZED]
        whole = (CONFORMANCE / "good.edge", *bundles)
        self._ort = [_with_ort_graph(bundle, place / "ort") for bundle in whole]
        self.makers: Mapping[str, Callable[[Path], Case]] = {
            "manifests": self._manifest,
            "graphs, ONNX": lambda folder: self._rehashed(folder, self._bundles, ".onnx"),
            "graphs, ORT": lambda folder: self._rehashed(folder, self._ort, ".ort"),
            "golden files": lambda folder: self._rehashed(folder, self._bundles, ".safetensors"),
            "tokenizers": self._tokenizer,
            "files unlike their hashes": self._unlike,
            "signed files": self._signed,
            "arrays, .npz": self._npz,
            "arrays that break the contract": self._breaking,
            "texts": self._text,
            **{f"files, {suffix}": self._file(suffix) for suffix in (".png", ".jpg", ".wav", ".csv")},
        }

    def _manifest(self, folder: Path) -> Case:
        _copy(self._draw.choice(self._bundles), folder)
        manifest = folder / MANIFEST
        manifest.write_bytes(mutated_json(self._draw, json.loads(manifest.read_text("utf-8"))))
        return _bundle(folder)

    def _rehashed(self, folder: Path, bundles: list[Path], suffix: str) -> Case:
        base = self._draw.choice([each for each in bundles if list(each.glob(f"*{suffix}"))])
        _copy(base, folder)
        path = self._draw.choice(sorted(folder.glob(f"*{suffix}")))
        path.write_bytes(mutated_bytes(self._draw, path.read_bytes()))
        return _bundle(_relisted(folder, path.name))

    def _tokenizer(self, folder: Path) -> Case:
        _copy(self._draw.choice(self._tokenized), folder)
        path = folder / "tokenizer.json"
        path.write_bytes(mutated_json(self._draw, json.loads(path.read_text("utf-8"))))
        return _bundle(_relisted(folder, path.name))

    def _unlike(self, folder: Path) -> Case:
        _copy(self._draw.choice(self._bundles), folder)
        listed = sorted(json.loads((folder / MANIFEST).read_text("utf-8"))["files"])
        return {**_bundle(folder), "changed": _changed(self._draw, folder / self._draw.choice(listed))}

    def _signed(self, folder: Path) -> Case:
        _copy(CONFORMANCE / "trusted.edge", folder)
        key = json.loads((folder / MANIFEST).read_text("utf-8"))["signature"]["key"]
        path = self._draw.choice([each for each in sorted(folder.rglob("*")) if each.is_file()])
        return {**_bundle(folder), "keys": [key], "changed": _changed(self._draw, path)}

    def _npz(self, folder: Path) -> Case:
        base = self._draw.choice(self._bundles)
        whole = io.BytesIO()
        np.savez(whole, **_golden_inputs(base))
        return _input(base, _written(folder / "x.npz", mutated_bytes(self._draw, whole.getvalue())))

    def _breaking(self, folder: Path) -> Case:
        base = self._draw.choice([each for each in self._bundles if _takes_numbers(each)])
        inputs = _golden_inputs(base)
        name = self._draw.choice(sorted(inputs))
        how = self._draw.choice(sorted(BREAKING))
        broken = BREAKING[how](inputs[name])
        inputs = {each: array for each, array in inputs.items() if each != name}
        if broken is not None:
            inputs[name] = broken
        folder.mkdir()
        np.savez(folder / "x.npz", **inputs)
        return {**_input(base, folder / "x.npz"), "changed": True}

    def _text(self, _: Path) -> Case:
        length = self._draw.choice((0, 1, 20, 2000))
        text = "".join(chr(self._draw.choice(RANGES)(self._draw)) for _ in range(length))
        text *= self._draw.choice((1, 1, 1, 300))
        return {**_input(self._draw.choice(self._tokenized), None), "text": text}

    def _file(self, suffix: str) -> Callable[[Path], Case]:
        seeds = _seeds(suffix)

        def make(folder: Path) -> Case:
            base, content = self._draw.choice(seeds)
            return _input(base, _written(folder / f"x{suffix}", mutated_bytes(self._draw, content)))

        return make


def _bundle(folder: Path) -> Case:
    return {"try": "bundle", "folder": str(folder), "keys": None, "changed": False}


def _input(bundle: Path, file: Path | None) -> Case:
    file_name = None if file is None else str(file)
    return {"try": "input", "folder": str(bundle), "file": file_name, "text": None, "changed": False}


def _copy(bundle: Path, folder: Path) -> None:
    shutil.copytree(bundle, folder)


def _written(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


def _relisted(folder: Path, file: str) -> Path:
    """Have the manifest list a file as it is now, as whoever changed it would."""
    content, path = (folder / file).read_bytes(), folder / MANIFEST
    manifest = json.loads(path.read_text("utf-8"))
    manifest["files"][file] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    path.write_text(json.dumps(manifest), "utf-8")
    return folder


def _changed(draw: Random, path: Path) -> bool:
    """Change a file; say whether it differs then."""
    content = path.read_bytes()
    path.write_bytes(mutated_bytes(draw, content))
    return path.read_bytes() != content


def _with_ort_graph(bundle: Path, place: Path) -> Path:
    """Return a copy of a bundle whose main graph is in onnxruntime's own format."""
    folder = place / bundle.name
    shutil.copytree(bundle, folder)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(folder / "model.ort")
    options.add_session_config_entry("session.save_model_format", "ORT")
    onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
    for path in folder.glob("model.onnx*"):
        path.unlink()
    text = (folder / MANIFEST).read_text("utf-8").replace('"model.onnx"', '"model.ort"')
    manifest = json.loads(text)
    manifest["files"] = {name: entry for name, entry in manifest["files"].items() if (folder / name).exists()}
    (folder / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    return _relisted(folder, "model.ort")


def _golden_inputs(bundle: Path) -> dict[str, Any]:
    tensors = load_tensors((bundle / "golden.safetensors").read_bytes())
    first = "0.input."
    return {name.removeprefix(first): tensors[name] for name in tensors if name.startswith(first)}


def _takes_numbers(bundle: Path) -> bool:
    return all(array.ndim and array.dtype.kind in "if" for array in _golden_inputs(bundle).values())


def _nan(array: Any) -> Any:
    broken = array.astype(np.float32) if array.dtype.kind != "f" else array.copy()
    broken.flat[0] = np.nan
    return broken


# What a call refuses by the contract of any graph, whose inputs have dims and are integers or floats.
BREAKING: Final[Mapping[str, Callable[[Any], Any]]] = {
    "another dtype": lambda array: array.astype(np.complex64),
    "a lower rank": lambda array: array[0],
    "a higher rank": lambda array: array[None],
    "a NaN": _nan,
    "none": lambda _: None,
    "texts": lambda array: array.astype(str),
    "no elements": lambda array: array[:0],
}
RANGES: Final[tuple[Callable[[Random], int], ...]] = (
    lambda draw: draw.randrange(32, 127),
    lambda draw: draw.randrange(0x300, 0x370),  # combining
    lambda draw: draw.randrange(0x1F300, 0x1F700),  # emoji
    lambda draw: draw.choice((0, 9, 10, 0x200D, 0x202E, 0xFEFF, 0xFFFD)),
    lambda draw: draw.randrange(0xD800),
)
_TAKERS: Final = {  # of files of conformance, by how they begin
    ".png": {"": "bilinear"},
    ".jpg": {"": "bicubic"},
    ".wav": {"log-mel": "log-mel", "stereo": "stereo"},
    ".csv": {"": "series-hold"},
}


def _seeds(suffix: str) -> list[tuple[Path, bytes]]:
    """Return files of a kind, each with the bundle that takes it."""
    return [
        (CONFORMANCE / f"{taker}.edge", path.read_bytes())
        for path in sorted((CONFORMANCE / "prepare" / "files").glob(f"*{suffix}"))
        for beginning, taker in _TAKERS[suffix].items()
        if path.name.startswith(beginning)
    ]
