from __future__ import annotations

import pytest

from edgeattn.devices.files import SIZE, in_requests


@pytest.mark.parametrize(
    ("sizes", "requests"),
    [
        ([3, 4, 5], [[3, 4, 5]]),
        ([SIZE - 1, 1, 1], [[SIZE - 1, 1], [1]]),
        ([2 * SIZE + 7, 9], [[SIZE], [SIZE], [7, 9]]),
        ([0], [[0]]),
        ([], []),
    ],
)
def test_small_files_go_together_and_large_ones_in_pieces(
    sizes: list[int], requests: list[list[int]]
) -> None:
    contents = {str(place): bytes([place]) * size for place, size in enumerate(sizes)}
    sent = list(in_requests(contents))
    assert [[len(content) for _, content in request] for request in sent] == requests
    joined = dict.fromkeys(contents, b"")
    for piece, content in (each for request in sent for each in request):
        assert piece.start == len(joined[piece.sha256])
        assert piece.size == len(contents[piece.sha256])
        joined[piece.sha256] += content
    assert joined == contents
