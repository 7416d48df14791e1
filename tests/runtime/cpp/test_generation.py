"""Generation in the core: the sequences, scores and drawn tokens of the Python runtime."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgeattn_runtime import InputError, generate_many

CONFORMANCE = Path(__file__).parents[3] / "runtime" / "conformance" / "build"
WORDS = 16  # in the vocabulary of both bundles
RUNS = 60  # of each bundle


def _entry(
    bundle: Path, prompts: list[list[int]], start: list[int], settings: dict[str, Any]
) -> dict[str, Any]:
    """Return what conformance asks, with the answer of the Python runtime."""
    entry: dict[str, Any] = {"prompts": prompts, "start": start, "settings": settings}
    try:
        answers = generate_many(bundle, prompts, start=start, **settings)
    except InputError:
        return {**entry, "error": "InputError"}
    return {**entry, "sequences": [[[list(each.tokens), each.score] for each in row] for row in answers]}


def _tokens(chance: random.Random, most: int) -> list[int]:
    return [chance.randrange(WORDS) for _ in range(chance.randint(1, most))]


def _settings(chance: random.Random) -> dict[str, Any]:
    beams = chance.choice([1, 1, 2, 3, 8, 9])
    settings: dict[str, Any] = {
        "num_beams": beams,
        "num_return_sequences": chance.randint(1, min(beams, 8)),
        "length_penalty": chance.choice([1.0, 0.0, -0.5, 2.0]),
        "early_stopping": chance.choice([True, False, "never"]),
        "repetition_penalty": chance.choice([1.0, 1.0, 1.3, 0.7, 0.0]),
        "stop": chance.sample(range(WORDS), chance.choice([0, 0, 1, 3])),
        "stop_sequences": [_tokens(chance, 3) for _ in range(chance.choice([0, 0, 1, 2]))],
        "max_new_tokens": chance.choice([None, 1, 4, 9]),
    }
    if beams == 1:
        settings |= {
            "temperature": chance.choice([0.0, 0.7, 2.0]),
            "top_k": chance.choice([None, 1, 5]),
            "top_p": chance.choice([None, 0.5, 0.9]),
            "seed": chance.choice([0, 7, 2**40]),
        }
    return settings


def _entries(bundle: Path, *, start: bool) -> Iterator[dict[str, Any]]:
    chance = random.Random(bundle.name)
    for _ in range(RUNS):
        prompts = [_tokens(chance, 8) for _ in range(chance.choice([1, 2, 5]))]
        yield _entry(bundle, prompts, _tokens(chance, 3) if start else [], _settings(chance))


def test_the_core_generates_as_python_does(run: Any, gcc: Path, tmp_path: Path) -> None:
    """Beams, prompts of unequal length, stops, penalties and seeds: 120 runs drawn at random."""
    cases = []
    for name, start in (("decoder.edge", False), ("encoder-decoder.edge", True)):
        (tmp_path / name).symlink_to(CONFORMANCE / name)
        entries = list(_entries(CONFORMANCE / name, start=start))
        assert {"error", "sequences"} <= {key for entry in entries for key in entry}
        cases.append({"bundle": name, "verdict": "accepted", "error": None, "generate_many": entries})
    (tmp_path / "cases.json").write_text(json.dumps(cases), encoding="utf-8")
    lines = map(json.loads, run(gcc / "tests" / "edgeattn-conformance", tmp_path).stdout.splitlines())
    assert [line for line in lines if not line["agrees"]] == []
