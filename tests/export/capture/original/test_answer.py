from __future__ import annotations

from collections import OrderedDict, namedtuple
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from edgeattn_export.capture.original.answer import OutputForm, named_outputs, output_tensors
from edgeattn_export.capture.original.reference import Call, Reference
from edgeattn_runtime.errors import CaptureError, ModelError

X, Y, Z = torch.ones(1, 2), torch.ones(1, 3), torch.ones(1, 4)
NOTHING: frozenset[str] = frozenset()

Pair = namedtuple("Pair", "first second")


@dataclass
class Detections:
    boxes: Tensor
    others: object


class Cache:
    def __init__(self, *held: Tensor) -> None:
        self.layers, self.length = [[tensor] for tensor in held], 7


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        (Y, ["output"]),
        ((Y, Z), ["output_0", "output_1"]),
        ({"a": Y, "b": Z}, ["a", "b"]),
        ({"a": (Y, [Z, None])}, ["a.0", "a.1.0"]),
        ((Y, {"boxes": Z}), ["output_0", "output_1.boxes"]),
        (OrderedDict(a=None, b=Pair(Y, Z)), ["b.0", "b.1"]),
        ({"a": Y, "kept": Cache(Y, Z)}, ["a", "kept.0", "kept.1"]),
        (Detections(Y, {"scores": Z}), ["boxes", "others.scores"]),
        ({"a": Y, "again": Y}, ["a", "again"]),
        ({"a": Y, "none": [], "kind": "text", "type": int, "count": 3}, ["a"]),
    ],
)
def test_tensors_are_named_by_their_paths(raw: object, names: list[str]) -> None:
    assert list(output_tensors(raw)) == names
    assert OutputForm.of(raw, {}, NOTHING).outputs == tuple(names)


def test_an_input_that_comes_back_is_no_output() -> None:
    answer = OutputForm.of({"x": X, "y": Y, "copy": X.clone()}, {"x": X}, NOTHING)
    assert answer.outputs == ("y", "copy")
    assert [note.rpartition(": ")[2] for note in answer.notes] == ["x."]


def test_an_output_that_is_called_as_an_input_is_renamed() -> None:
    raw, inputs = {"y": Y, "x": Z, "again": X}, {"x": X}
    answer = OutputForm.of(raw, inputs, NOTHING)
    assert answer.outputs == ("y", "x_output")
    assert answer.notes[0].endswith("since an input has the name: x.")
    assert list(output_tensors(raw, inputs=inputs)) == ["y", "x_output", "again"]


def test_what_is_left_out_counts_as_nothing() -> None:
    raw = {"y": Y, "past": [Z, None]}
    answer = OutputForm.of(raw, {}, frozenset({"past"}))
    assert (answer.outputs, answer.notes) == (("y",), ())
    assert list(output_tensors(raw, frozenset({"past"}))) == ["y"]


def test_what_is_no_tensor_is_said() -> None:
    (note,) = OutputForm.of({"y": Y, "a": None, "b": ["text", 3], "c": int, "d": ()}, {}, NOTHING).notes
    assert note.endswith("a (None), b.0 ('text'), b.1 (3), c (of type type), d (()).")


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (None, "output (None)"),
        ("seven", "output ('seven')"),
        ({}, "nothing"),
        ({"a": [], "x": X}, "x (the input x)"),
        ({"y": Y, "n": np.ones(3)}, "a numpy array"),
        ({"a.b": Y, "a": {"b": Z}}, "two are called 'a.b'"),
    ],
)
def test_an_answer_without_outputs_of_their_own_is_refused(raw: object, found: str) -> None:
    with pytest.raises(ModelError, match=r"^outputs: ") as refusal:
        OutputForm.of(raw, {"x": X}, NOTHING)
    assert found in str(refusal.value)


@pytest.mark.parametrize(
    ("other", "name"),
    [
        ({"y": [Y, Z], "kind": "text"}, "y.1"),
        ({"y": [], "kind": "text"}, "y.0"),
        ({"y": [None], "kind": "text"}, "y.0"),
        ({"y": [Y], "kind": "image"}, "kind"),
        ({"y": [X], "kind": "text"}, "y.0"),
        ({"y": [Y]}, "kind"),
    ],
)
def test_an_answer_of_another_form_is_refused(other: dict[str, object], name: str) -> None:
    first = OutputForm.of({"y": [Y], "kind": "text", "z": Z}, {"x": X}, NOTHING)
    first.check(OutputForm.of({"y": [Y + 1], "kind": "text", "z": Z}, {"x": X}, NOTHING))
    with pytest.raises(CaptureError, match=f"^output '{name}': "):
        first.check(OutputForm.of({**other, "z": Z}, {"x": X}, NOTHING))


def test_pieces_are_what_a_user_calls_outputs() -> None:
    cache = Cache(Y)
    assert named_outputs((Y, cache)) == {"output_0": Y, "output_1": cache}
    assert list(named_outputs(Detections(Y, None))) == ["boxes", "others"]


class Growing(nn.Module):
    def forward(self, x: Tensor) -> object:
        return {"rows": list(x + 1)}


def test_a_reference_holds_every_answer_to_its_first_form() -> None:
    reference = Reference(Growing(), Call()).with_form({"x": np.ones((1, 2), "float32")})
    assert list(reference({"x": np.ones((1, 5), "float32")})) == ["rows.0"]
    with pytest.raises(CaptureError, match=r"^output 'rows\.1': "):
        reference({"x": np.ones((2, 2), "float32")})
