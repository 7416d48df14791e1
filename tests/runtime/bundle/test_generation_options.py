"""The options of generation: their limits, and who goes before whom."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeattn_runtime import GenerationOptions, InputError
from edgeattn_runtime.bundle.generation_options import NO_OPTIONS, OPTIONS


@pytest.mark.parametrize(
    ("options", "pattern"),
    [
        ({"start": 3}, "start: token ids expected"),
        ({"stop_sequences": 3}, "stop_sequences: int "),
        ({"stop_sequences": [3]}, r"stop_sequences\[0\]: token ids expected"),
        ({"max_new_tokens": 0}, "max_new_tokens: 0 .*1 "),
        ({"max_new_tokens": 2.0}, r"max_new_tokens: 2\.0 "),
        ({"max_new_tokens": "3"}, "max_new_tokens: '3' "),
        ({"num_beams": 0}, "num_beams: 0 .*8 "),
        ({"num_beams": 9}, "num_beams: 9 .*8 "),
        ({"num_return_sequences": 0}, "num_return_sequences: 0 "),
        ({"length_penalty": np.nan}, "length_penalty: nan "),
        ({"length_penalty": "1"}, "length_penalty: '1' "),
        ({"early_stopping": "always"}, "early_stopping: 'always' "),
        ({"early_stopping": 1}, "early_stopping: 1 "),
        ({"repetition_penalty": 0}, "repetition_penalty: 0 .*above 0 "),
        ({"repetition_penalty": np.inf}, "repetition_penalty: inf "),
        ({"temperature": -0.1}, r"temperature: -0\.1 .*at least 0 "),
        ({"temperature": True}, "temperature: True "),
        ({"top_k": 0}, "top_k: 0 "),
        ({"top_p": 0.0}, r"top_p: 0\.0 .*above 0 and at most 1 "),
        ({"top_p": 1.01}, r"top_p: 1\.01 "),
        ({"seed": -1}, "seed: -1 "),
    ],
)
def test_what_is_out_of_its_limits_is_refused(options: dict[str, Any], pattern: str) -> None:
    with pytest.raises(InputError, match=f"^{pattern}"):
        GenerationOptions(**options)


def test_limits_belong_to_what_they_limit() -> None:
    least: dict[str, Any] = {"num_beams": np.int64(1), "top_p": np.float32(1), "temperature": 0, "seed": 0}
    options = GenerationOptions(**least, stop={4}, stop_sequences=iter([[1, 2]]))
    assert (type(options.num_beams), options.stop, options.stop_sequences) == (int, (4,), ((1, 2),))
    assert GenerationOptions(num_beams=8, length_penalty=-2, early_stopping="never").num_beams == 8


def test_who_is_asked_first_goes_before() -> None:
    caller, bundle = GenerationOptions(top_k=3, stop=()), GenerationOptions(top_k=5, stop=(1,), top_p=0.5)
    assert caller.over(bundle) == GenerationOptions(top_k=3, stop=(), top_p=0.5)
    assert NO_OPTIONS.over(bundle) == bundle
    assert GenerationOptions(temperature=0).over(GenerationOptions(temperature=0.7)).temperature == 0


def test_beams_draw_nothing() -> None:
    beams, drawn = GenerationOptions(num_beams=4, top_k=2), GenerationOptions(temperature=0.7)
    assert drawn.over(beams) == GenerationOptions(temperature=0.7, top_k=2)
    assert beams.over(drawn) == beams
    assert drawn.over(beams).settled().num_beams == 1
    assert GenerationOptions(num_beams=1).over(drawn).temperature == 0.7


def test_words_of_a_command_line() -> None:
    words = {"stop": "0,3", "stop_sequences": ["8,8", "5"], "top_p": "0.5", "num_beams": "2", "other": "x"}
    assert GenerationOptions.parse(words | {"early_stopping": "false", "seed": None}) == GenerationOptions(
        stop=(0, 3), stop_sequences=((8, 8), (5,)), top_p=0.5, num_beams=2, early_stopping=False
    )
    for name, option in OPTIONS.items():
        if name != "early_stopping":
            with pytest.raises(InputError, match=rf"^--{name.replace('_', '-')}: 'x' "):
                GenerationOptions.parse({name: ["x"] if option["kind"].is_repeated else "x"})
    with pytest.raises(InputError, match=r"^--early-stopping: 'True' found, true, false or never expected"):
        GenerationOptions.parse({"early_stopping": "True"})
