from __future__ import annotations

import pytest
import torch
from draws import drawn_seed
from fixture_types import Alike, Export
from size_dependent import SHORT, WIDTH, Attention, Int, OneRow, Otherwise, Padded, Parity, Resized
from torch import Tensor

from edgeattn_export.graph.scopes import module_of
from edgeattn_runtime.bundle.manifest import Symbol
from edgeattn_runtime.errors import CaptureError

TOLERANCE = 1e-4
UNSEEN = ((4, 5), (1, 7), (3, 11), (2, 10), (1, 17))  # rows and lengths that no sample has


def _raw(*sizes: tuple[int, int]) -> list[dict[str, Tensor]]:
    draw = torch.Generator().manual_seed(drawn_seed(0))
    return [{"x": torch.randn(*size, WIDTH, generator=draw)} for size in sizes]


@pytest.mark.parametrize(
    ("kind", "longest", "taken"),
    [(Int, 13, "bytecode"), (Resized, SHORT, "Exported at"), (Padded, 12, "Exported at")],
)
def test_a_size_that_was_made_a_number_stays_dynamic(
    kind: type[Attention], longest: int, taken: str, alike: Alike
) -> None:
    captured = alike(kind(), [*_raw((1, 3), (2, 6)), *_raw((2, longest))], _raw(*UNSEEN), TOLERANCE)
    assert captured.graph.inputs[0].dims == ("batch", "sequence", WIDTH)
    (note,) = captured.notes
    assert taken in note
    assert {"qkv", "out"} <= {module_of(node) for node in captured.model.graph}


def test_a_decision_by_a_size_bounds_it_to_the_samples(exported: Export) -> None:
    captured, _ = exported(Otherwise(), _raw((1, SHORT + 1), (2, 13), (1, 12)))
    assert captured.symbols["sequence"] == Symbol(SHORT + 1, None)
    assert any(note.startswith("sequence is at least 9") for note in captured.notes)


def test_a_module_of_one_row_is_exported_with_one(exported: Export) -> None:
    captured, _ = exported(OneRow(), _raw((1, 6), (1, 13), (1, 8)))
    assert captured.graph.inputs[0].dims == (1, "sequence", WIDTH)
    assert captured.notes[0].startswith("batch is 1, as the module takes no other")


def test_a_decision_between_the_samples_sizes_is_refused_at_its_line(exported: Export) -> None:
    with pytest.raises(CaptureError, match=r"at size_dependent\.py, line \d+, in forward \(if x\.shape\[1\]"):
        exported(Parity(), _raw((1, 6), (2, 13), (1, 9)))
