"""What cases prepare: raw inputs and what becomes of each, in two files next to cases.json."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

FOLDER = "prepare"  # of the files


@dataclass(frozen=True, slots=True)
class Preparation:
    """Raw inputs, and what a bundle makes of them.

    Attributes:
        of: "text", "pair", "image", "audio" or "series".
        given: The name of the file of ``raw`` inputs.
        expected: The name of the file of ``results``, None where an input is refused.
        needs: What a reader may lack for it.
        tolerance: The largest difference of two numbers.
        files: That raw inputs name, by their paths.
    """

    of: str
    given: str
    raw: Sequence[Any]
    expected: str
    results: Sequence[Any]
    needs: str | None = None
    tolerance: float = 0
    files: Mapping[str, bytes] = field(default_factory=dict)

    def entry(self) -> dict[str, Any]:
        """Return what cases.json holds of it."""
        return {
            "of": self.of,
            "given": _path(self.given),
            "expected": _path(self.expected),
            **({"needs": self.needs} if self.needs else {}),
            **({"tolerance": self.tolerance} if self.tolerance else {}),
        }

    def written(self) -> dict[str, bytes]:
        """Return its files, by their paths next to cases.json."""
        tables = {_path(self.given): _lines(self.raw), _path(self.expected): _lines(self.results)}
        return {**self.files, **tables}


def of_files(
    of: str, given: str, files: Iterable[tuple[str, bytes, Any]], *, tolerance: float = 0
) -> Preparation:
    """Return what a bundle makes of files, by their names, what they hold and what they become.

    ``given`` is the name of the bundle and the kind of the files, such as "stereo.wavs".
    """
    rows = {f"{FOLDER}/files/{name}": (data, numbers) for name, data, numbers in files}
    return Preparation(
        of,
        given,
        [{"file": path} for path in rows],
        f"{given}.numbers",
        [numbers for _, numbers in rows.values()],
        needs=given.rpartition(".")[2].removesuffix("s"),
        tolerance=tolerance,
        files={path: data for path, (data, _) in rows.items()},
    )


def batch(item: Any) -> list[Any]:
    """Return a raw input as a batch; a list is one already."""
    return item if isinstance(item, list) else [item]


def _path(name: str) -> str:
    return f"{FOLDER}/{name}.json"


def _lines(items: Iterable[Any]) -> bytes:
    lines = ",\n".join(json.dumps(item, separators=(",", ":")) for item in items)
    return f"[\n{lines}\n]\n".encode("ascii")
