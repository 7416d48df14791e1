"""The options of generation: one schema, and what is written from it in each language."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

import pytest

from edgeattn_runtime import GenerationOptions, InputError
from edgeattn_runtime.bundle.generation_options import OPTIONS, NamedOptions
from edgeattn_runtime.errors import ModelError

RUNTIME = Path(__file__).parents[2] / "runtime"
SCHEMA: dict[str, Any] = json.loads((RUNTIME / "generation.schema.json").read_text("utf-8"))
CALLERS = {"stop_sequences", "num_return_sequences", "seed"}
SPOKEN = {  # options of records, which a caller spells; the others stand where these do
    "cpp/include/edgeattn.h": ("int64_t num_beams;", "options.seed = EDGEATTN_UNSET;"),
    "cpp/include/edgeattn_options.inc": (
        "EDGEATTN_BUNDLED(std::optional<std::int64_t>, num_beams, 1, Limits().at_least(1).at_most(8))",
        "EDGEATTN_CALLERS(std::optional<std::uint64_t>, seed, std::nullopt, Limits().at_least(0))",
    ),
    "swift/Sources/EdgeAttn/Generation.swift": ("public var topP: Double?", "argument.seed = Int64(value)"),
    "android/edgeattn/src/main/kotlin/edgeattn/Generation.kt": ("val topP: Double? = null,", '"top_p" to topP,'),
    "web/src/generation-options.ts": ("readonly earlyStopping?: boolean | 'never';",),
    "python/edgeattn_runtime/bundle/generation_options.py": ("temperature: float\n", "seed: int | None = _option("),
}


@pytest.fixture(scope="module")
def generation() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generation", RUNTIME / "generation.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where a dataclass looks its annotations up
    spec.loader.exec_module(module)
    return module
