"""The options of generation: what is written from their schema in each language."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from edgeattn_runtime import GenerationOptions
from edgeattn_runtime.bundle.generation_options import OPTIONS

RUNTIME = Path(__file__).parents[2] / "runtime"
CALLERS = {"stop_sequences", "num_return_sequences", "seed"}
NEW = {"type": "integer", "minimum": 1, "maximum": 9, "description": "How many ways"}
SPELLED = {
    "cpp/include/edgeattn.h": ("int64_t way_count;  /* How many ways */",),
    "cpp/include/edgeattn_options.inc": (
        "BUNDLED(std::optional<std::int64_t>, way_count, std::nullopt, Limits().at_least(1).at_most(9))",
    ),
    "cpp/src/c_api/options.cpp": ("defaults.way_count = EDGEATTN_UNSET;",),
    "rust/src/generation.rs": (
        "pub way_count: Option<u32>,",
        "how.way_count = options.way_count.map_or(how.way_count, i64::from);",
    ),
    "swift/Sources/EdgeAttn/Generation.swift": (
        "public var wayCount: Int?  // How many ways",
        "if let value = options.wayCount { argument.way_count = Int64(max(value, 0)) }",
    ),
    "android/edgeattn/src/main/kotlin/edgeattn/Generation.kt": (
        "val wayCount: Int? = null,",
        '"way_count" to wayCount?.coerceAtLeast(0),',
    ),
    "web/src/generation-options.ts": ("/** How many ways. */", "readonly wayCount?: number;"),
    "python/edgeattn_runtime/bundle/generation_options.py": (
        "way_count: int | None",
        'way_count: int | None = _option(Count(least=1, most=9), "how many ways", None)',
    ),
}


@pytest.fixture
def generation(script: Callable[[Path], ModuleType]) -> ModuleType:
    return script(RUNTIME / "generation.py")


def test_every_language_has_what_the_schemas_say(generation: ModuleType) -> None:
    for file in generation.FILES:
        assert (RUNTIME / file).read_text("utf-8") == generation.written(file), "python runtime/generation.py"


def test_an_option_more_is_written_in_every_language(
    generation: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in (*generation.FILES, "manifest.schema.json"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(RUNTIME / file, tmp_path / file)
    schema = json.loads((RUNTIME / "generation.schema.json").read_text("utf-8"))
    schema["properties"]["way_count"] = NEW
    (tmp_path / "generation.schema.json").write_text(json.dumps(schema), "utf-8")
    monkeypatch.setattr(generation, "RUNTIME", tmp_path)
    assert set(generation.FILES) == set(SPELLED)
    for file, lines in SPELLED.items():
        text = generation.written(file)
        assert [line for line in lines if line not in text] == []
        others = re.sub(r".*(way_count|wayCount|How many ways).*\n", "", text)
        assert others == (RUNTIME / file).read_text("utf-8")


def test_python_heeds_the_defaults_and_says_what_each_does() -> None:
    assert {name for name, option in OPTIONS.items() if not option["bundled"]} == CALLERS
    settled = GenerationOptions().settled()
    assert (settled.stop, settled.num_beams, settled.temperature, settled.top_k) == ((), 1, 0, None)
    assert "\n    top_k: draws from this many of the likeliest tokens (all)\n" in str(
        GenerationOptions.__doc__
    )
