"""Files on their way to a device: cut where they are large, and gathered where they are small."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from edgeattn.devices.on_device.calls import Plain

SIZE = 4_000_000  # bytes that one task carries


def in_tasks(contents: Mapping[str, bytes]) -> Iterator[list[Plain]]:
    """Yield the pieces of files, task by task, as every verb takes them.

    Args:
        contents: Of the files, by their sha256.
    """
    gathered: list[Plain] = []
    held = 0
    for piece in _pieces(contents):
        size = len(piece["piece"])
        if gathered and held + size > SIZE:
            yield gathered
            gathered, held = [], 0
        gathered.append(piece)
        held += size
    if gathered:
        yield gathered


def _pieces(contents: Mapping[str, bytes]) -> Iterator[Plain]:
    for digest, content in contents.items():
        for start in range(0, max(len(content), 1), SIZE):
            piece = content[start : start + SIZE]
            yield {"sha256": digest, "start": start, "size": len(content), "piece": piece}
