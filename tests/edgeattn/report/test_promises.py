from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edgeattn.report.promises import promises, role
from edgeattn_runtime.manifest import Manifest
from edgeattn_runtime.rows import Padding, Rows, Stack
from edgeattn_runtime.settings import SessionSettings

CONFORMANCE = Path(__file__).parents[3] / "runtime" / "conformance"


def read(name: str) -> Manifest:
    return Manifest.from_json((CONFORMANCE / f"{name}.edge" / "manifest.json").read_text())


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("encoder-decoder", "token by token, as an encoder-decoder; "),
        ("decoder", "token by token, as a decoder; "),
        ("decoder", " tokens at most in all; the cache grows"),
        ("decoder-in-place", "; the cache is kept in place"),
    ],
)
def test_what_generates_says_how(name: str, told: str) -> None:
    words = promises(read(name))
    assert told in words["Generates"]
    assert "Rows" not in words


def test_graphs_have_roles_where_they_generate() -> None:
    manifest = read("encoder-decoder")
    assert [role(name, manifest.generation) for name in manifest.graphs] == ["the decoder", "the encoder"]
    assert role("lookup", None) == "lookup"


def test_rows_say_how_many_run_in_a_call() -> None:
    rows = Rows("batch", Padding("mask", 0), (Stack({"sequence": 18}, 8), Stack({"sequence": 52}, 1)))
    good = read("good")
    assert promises(replace(good, rows=rows))["Rows"] == (
        "independent, without the padding that mask tells; 8 in a call up to sequence 18; "
        "beyond that one by one"
    )
    assert promises(replace(good, rows=Rows("batch", None)))["Rows"] == "independent; run one by one"
    assert promises(replace(good, rows=None))["Rows"] == "not known to be independent: run as they are given"


def test_a_session_says_what_it_was_set_to() -> None:
    session = SessionSettings(threads=2, spinning=False, arena=False)
    words = promises(replace(read("good"), session=session))
    assert words["Session"] == "2 threads, no spinning, no arena, memory pattern"
