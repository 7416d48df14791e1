"""Inputs as a person sees them: a picture, lines, a text or numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeattn.judge.input_views import LONGEST_TEXT, array_view, input_views, printable
from edgeattn.source.own_processing import OwnProcessing
from edgeattn_runtime.graph import Graph, Tensor

TOKENIZER = Path(__file__).parents[3] / "runtime/conformance/build/processed.edge/tokenizer.json"
PROCESSING = {
    "text": {"tokenizer": TOKENIZER, "ids": "ids", "mask": None, "types": "types", "longest": None},
    "image": {
        "input": "pixels",
        "height": 2,
        "width": 3,
        "channels": "L",
        "layout": "NCHW",
        "resample": "nearest",
        "scale": 1,
        "mean": [0],
        "std": [1],
    },
    "audio": {"input": "wave", "rate": 8000, "channels": 1},
}


@pytest.mark.parametrize(
    ("shape", "dtype", "seen"),
    [
        *(
            ((*shape,), "float32", "picture")
            for shape in ((3, 9, 9), (9, 9, 3), (1, 9, 9), (9, 9), (8, 9, 3))
        ),
        *(((*shape,), "float32", 8) for shape in ((8, 40), (40, 8))),
        ((8,), "float32", 1),
        *((dims, "float32", 0) for dims in ((2, 9, 9), (7, 9, 3), (7,), (9, 0), (0,), ())),
        ((20,), "int64", 0),
    ],
)
def test_an_array_is_a_picture_lines_or_numbers(shape: tuple[int, ...], dtype: str, seen: object) -> None:
    view = array_view("x", np.ones(shape, dtype))
    assert ("picture" if view.picture else len(view.curves)) == seen
    assert view.text.startswith("x".join(map(str, shape)) if seen else "1" * (0 not in shape))


def test_what_is_not_finite_is_written() -> None:
    assert array_view("x", np.full((9, 9), np.nan)).text.startswith("9x9, with NaN or infinity: nan")


def test_an_input_is_shown_as_what_was_prepared() -> None:
    inputs = {
        "ids": np.array([[2, 3]]),
        "types": np.array([[4, 7]]),
        "pixels": np.zeros((1, 1, 2, 3), np.float32),
        "wave": np.zeros((1, 16), np.float32),
        "size": np.array(7),
    }
    graph = Graph(tuple(Tensor(name, it.dtype.name, it.shape) for name, it in inputs.items()), ())
    own = OwnProcessing.read(PROCESSING)
    views = [(view.name, view.text) for view in input_views(graph, own, inputs, [inputs])]
    others = [("pixels", "L, 2x3"), ("wave", "0.002 s at 8000 Hz"), ("size", "7")]
    assert views == [("ids", "the cat"), *others]
    (unsaid, *_) = input_views(graph, own, {**inputs, "ids": np.array([[99, 98]])}, [inputs])
    assert unsaid.text == "99 98"  # of no word


def test_a_long_text_is_cut() -> None:
    assert printable("a" * LONGEST_TEXT) == "a" * LONGEST_TEXT
    assert printable("a" * LONGEST_TEXT + "b") == "a" * LONGEST_TEXT + "…"
