"""Read the six novels of Jane Austen out of the Debian package r-cran-janeaustenr, chapter by chapter."""

from __future__ import annotations

import re
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import rdata

PACKAGE = "r-cran-janeaustenr"
DATA = "usr/lib/R/site-library/janeaustenr/data/Rdata"
HEADING = re.compile(r"^chapter [ivxl\d]+\.?$", re.IGNORECASE | re.MULTILINE)
NOTE = re.compile(r"[\[*]|finis", re.IGNORECASE)
EDITORS_NOTE = "A NOTE ON THE TEXT"  # after the last chapter of Northanger Abbey
LENGTH_BYTES = 4  # each value of R's database is its length, then a zlib stream


def novels() -> Iterator[str]:
    """Download the package and yield its six books as printed, in the alphabetical order of their names."""
    with TemporaryDirectory() as folder:
        subprocess.run(["apt-get", "download", PACKAGE], cwd=folder, check=True)
        (package,) = Path(folder).glob("*.deb")
        subprocess.run(["dpkg", "-x", package, folder], check=True)
        data = Path(folder) / DATA
        places = rdata.read_rds(data.with_suffix(".rdx"))["variables"]
        values = data.with_suffix(".rdb").read_bytes()
    for _name, (start, size) in sorted(places.items()):
        value = zlib.decompress(values[start + LENGTH_BYTES : start + size])
        yield "\n".join(rdata.conversion.convert(rdata.parser.parse_data(value, extension=".rds")))


def prose(chapter: str) -> str:
    """Return the paragraphs of `chapter`, one a line, without headings, notes and marks of italics."""
    paragraphs = (" ".join(each.replace("_", "").split()) for each in chapter.split("\n\n"))
    return "".join(f"{each}\n" for each in paragraphs if re.search("[a-z]", each) and not NOTE.match(each))


def chapters() -> tuple[str, str]:
    """Return the text to train on and the held-out text: the middle chapter of each novel."""
    kept, held_out = [], []
    for novel in novels():
        parts = [prose(part) for part in HEADING.split(novel.partition(EDITORS_NOTE)[0])[1:]]
        held_out.append(parts.pop(len(parts) // 2))
        kept += parts
    return "".join(kept), "".join(held_out)
