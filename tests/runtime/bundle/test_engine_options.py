"""The options that a bundle may have: one list, in each place that holds it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from edgeattn_runtime.bundle.engine_options import ENGINES, OPTIONS, options_of
from edgeattn_runtime.bundle.variant import Engine
from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.fields import Field

RUNTIME = Path(__file__).parents[3] / "runtime"


def test_every_reader_has_the_same_list() -> None:
    schema = json.loads((RUNTIME / "manifest.schema.json").read_text("utf-8"))["$defs"]
    assert tuple(schema["options"]["propertyNames"]["enum"]) == OPTIONS
    assert tuple(schema["engine"]["if"]["properties"]["name"]["enum"]) == ENGINES
    core = (RUNTIME / "cpp" / "src" / "options.hpp").read_text("utf-8")
    assert tuple(re.findall(r'^    "(.+)",$', core, re.MULTILINE)) == OPTIONS
    assert tuple(re.findall(r'engine == "(.+?)"', core)) == ENGINES
    page = (RUNTIME / "README.md").read_text("utf-8").partition("### options")[2].partition("\n#")[0]
    assert tuple(re.findall(r"^\| `(.+?)` \|", page, re.MULTILINE)) == OPTIONS


@pytest.mark.parametrize("value", [4, 0.5, True, "htp", "FP32", "CPUAndNeuralEngine", "a_1"])
def test_an_option_is_a_number_a_boolean_or_a_word(value: object) -> None:
    assert options_of(Field("options", {OPTIONS[-1]: value})) == {OPTIONS[-1]: value}


def test_options_of_an_engine_that_no_reader_drives_are_its_own() -> None:
    table = {"name": "unheard-of", "version": "1", "providers": ["any"], "options": {"path": "a/b"}}
    assert Engine.from_field(Field("engine", table)).options == {"path": "a/b"}
    with pytest.raises(BundleError, match="unknown option"):
        Engine.from_field(Field("engine", {**table, "name": "onnxruntime-web"}))
