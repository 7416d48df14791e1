from __future__ import annotations

import pytest

from edgeattn.devices.pieces import SIZE, in_tasks


@pytest.mark.parametrize(
    ("sizes", "tasks"),
    [
        ([3, 4, 5], [[3, 4, 5]]),
        ([SIZE - 1, 1, 1], [[SIZE - 1, 1], [1]]),
        ([2 * SIZE + 7, 9], [[SIZE], [SIZE], [7, 9]]),
        ([0], [[0]]),
        ([], []),
    ],
)
def test_small_files_go_together_and_large_ones_in_pieces(sizes: list[int], tasks: list[list[int]]) -> None:
    contents = {str(place): bytes([place]) * size for place, size in enumerate(sizes)}
    sent = list(in_tasks(contents))
    assert [[len(piece["piece"]) for piece in task] for task in sent] == tasks
    found = dict.fromkeys(contents, b"")
    for piece in (piece for task in sent for piece in task):
        assert piece["start"] == len(found[piece["sha256"]])
        assert piece["size"] == len(contents[piece["sha256"]])
        found[piece["sha256"]] += piece["piece"]
    assert found == contents
