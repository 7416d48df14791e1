"""The release, which every package of this project says: shows it, or sets it in all of them.

python runtime/version.py          # a line a package; exit code 1 where they differ
python runtime/version.py 0.2.0    # sets it
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLACES = {  # by file, what stands before the release
    "runtime/python/edgeattn_runtime/__init__.py": '^__version__ = "',
    "runtime/cpp/include/edgeattn_export.h": '^#define EDGEATTN_VERSION "',
    "runtime/kernels/include/edgeattn_kernels.h": '^#define EDGEATTN_KERNELS_VERSION "',
    "runtime/rust/Cargo.toml": '^version = "',
    "runtime/web/package.json": r'"name": "edgeattn-web",\s+"version": "',
    "runtime/web/package-lock.json": r'"name": "edgeattn-web",\s+"version": "',
    "CITATION.cff": "^version: ",
}

_RELEASE = r"\d+\.\d+\.\d+"


def releases(root: Path = ROOT) -> dict[str, str]:
    """Return what each package says, by file."""
    found = {file: _pattern(file).findall((root / file).read_text("utf-8")) for file in PLACES}
    return {file: ", ".join(sorted({release for _, release in said})) for file, said in found.items()}


def set_release(release: str, root: Path = ROOT) -> None:
    """Have every package say a release, such as "0.2.0"."""
    for file in PLACES:
        text = (root / file).read_text("utf-8")
        (root / file).write_text(_pattern(file).sub(rf"\g<1>{release}", text), encoding="utf-8")


def _pattern(file: str) -> re.Pattern[str]:
    return re.compile(f"({PLACES[file]})({_RELEASE})", re.MULTILINE)


def main(arguments: list[str]) -> int:
    """Set the release where one is given; print what each package says, and return the exit code."""
    if arguments:
        if len(arguments) != 1 or not re.fullmatch(_RELEASE, arguments[0]):
            sys.stderr.write("a release such as 0.2.0 expected\n")
            return 2
        set_release(arguments[0])
    found = releases()
    sys.stdout.writelines(f"{release}  {file}\n" for file, release in found.items())
    return int(len(set(found.values())) > 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
