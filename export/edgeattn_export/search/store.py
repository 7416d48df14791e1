"""What was measured before, on disk: content-addressed, so that a search resumes and repeats itself."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np
import onnx_ir as ir

from edgeattn_export.graph.files import serialize
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.weight_files import WeightLayout

FOLDER_VARIABLE = "EDGEATTN_CACHE"  # names another folder than the user's own cache

Question = Mapping[str, object]  # all that an answer depends on, as JSON has it
Answer = Mapping[str, object]


@dataclass(slots=True)
class Store:
    """Answers by question; a file each.

    Attributes:
        folder: Where they lie; None remembers nothing.
        ignored: How many files were met that answer another question or cannot be read.
    """

    folder: Path | None
    ignored: int = field(default=0, init=False)

    @classmethod
    def of_user(cls) -> Store:
        """Open the user's own: $EDGEATTN_CACHE, or edgeattn in $XDG_CACHE_HOME or ~/.cache."""
        named = os.environ.get(FOLDER_VARIABLE)
        cache = os.environ.get("XDG_CACHE_HOME")
        return cls(Path(named) if named else (Path(cache) if cache else Path.home() / ".cache") / "edgeattn")

    def get(self, question: Question) -> Answer | None:
        """Return the answer to a question, or None; what cannot be trusted is ignored, and counted."""
        path = self._path(question)
        if path is None:
            return None
        try:
            if not path.is_file():
                return None
            entry = json.loads(path.read_text(encoding="utf-8"))
            if entry["question"] != json.loads(_canonical(question)):
                raise ValueError("another question")
            answer: Answer = dict(entry["answer"])
        except (OSError, ValueError, KeyError, TypeError):
            self.ignored += 1
            return None
        return answer

    def put(self, question: Question, answer: Answer) -> None:
        """Remember an answer; a folder that cannot be written to remembers nothing."""
        path = self._path(question)
        if path is None:
            return
        text = json.dumps({"question": question, "answer": answer}, indent=1) + "\n"
        part = path.with_suffix(f".{os.getpid()}")
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                part.write_text(text, encoding="utf-8")
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)

    def _path(self, question: Question) -> Path | None:
        if self.folder is None:
            return None
        return self.folder / f"{hashlib.sha256(_canonical(question).encode()).hexdigest()}.json"


def fingerprint(model: ir.Model, *samples: Samples) -> str:
    """Hash a graph with its weights and the samples that it is run on."""
    layout = WeightLayout("")
    digest = hashlib.sha256(serialize(layout.graph(model)))
    for weight in layout.weights:
        digest.update(weight.tobytes())
    for sample in chain(*samples):
        for name, value in sample.inputs.items():
            digest.update(f"{name} {value.dtype} {value.shape}".encode())
            digest.update(np.ascontiguousarray(value).tobytes())
    return digest.hexdigest()


def _canonical(question: Question) -> str:
    return json.dumps(question, sort_keys=True)
