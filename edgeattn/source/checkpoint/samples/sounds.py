"""A folder of WAV files, with a CSV of what is said in them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from edgeattn.source.checkpoint.samples.csv_table import read_csv

SOUNDS = frozenset({".wav"})


def read_sounds(folder: Path) -> Iterator[dict[str, object]]:
    """Yield the path of each ``audio``, with the columns that the folder's CSV has for it.

    The CSV's first column names files of the folder, as LibriSpeech's and Common Voice's metadata do.
    Without one, the name of a sound's folder is its ``label``, as Speech Commands has it.

    Raises:
        ValueError: The folder has several CSVs, or its CSV cannot be read or has no row for a sound.
    """
    tables = sorted(folder.glob("*.csv"))
    if len(tables) > 1:
        raise ValueError(f"{len(tables)} CSV files found, one of transcripts at most expected")
    rows: dict[str, dict[str, str]] = {}
    if tables:
        try:
            rows = {next(iter(row.values())): row for row in read_csv(tables[0])}
        except ValueError as error:
            raise ValueError(f"{tables[0].name}, {error}") from error
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in SOUNDS)
    labeled = not tables and any(entry.is_dir() for entry in folder.iterdir())
    if labeled:
        random.Random(0).shuffle(files)  # so that each part of the samples has every label
    for file in files:
        if labeled:
            yield {"audio": file, "label": file.parent.name}
            continue
        name = file.relative_to(folder).as_posix()
        if tables and name not in rows:
            raise ValueError(f"{name}: not in {tables[0].name}; a row for each sound expected")
        yield {**dict(list(rows.get(name, {}).items())[1:]), "audio": file}
