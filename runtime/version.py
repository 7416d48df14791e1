"""The release, which every package of this project says: shows it, or sets it in all of them.

python runtime/version.py          # a line a package; exit code 1 where they differ
python runtime/version.py 0.2.0    # sets it
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLACES = {  # by file, what stands before the release and behind it
    "runtime/python/edgeattn_runtime/__init__.py": ('__version__ = "', '"'),
    "runtime/cpp/include/edgeattn_export.h": ('#define EDGEATTN_VERSION "', '"'),
    "runtime/web/package.json": ('"version": "', '"'),
    "runtime/rust/Cargo.toml": ('version = "', '"'),
}

_RELEASE = r"\d+\.\d+\.\d+"


def releases(root: Path = ROOT) -> dict[str, str]:
    """Return what each package says, by file."""
    return {file: _pattern(file).findall((root / file).read_text("utf-8"))[0] for file in PLACES}


def set_release(release: str, root: Path = ROOT) -> None:
    """Have every package say a release, such as "0.2.0"."""
    for file, (before, after) in PLACES.items():
        text = (root / file).read_text("utf-8")
        changed = _pattern(file).sub(lambda _, ends=(before, after): release.join(ends), text, count=1)
        (root / file).write_text(changed, encoding="utf-8")


def _pattern(file: str) -> re.Pattern[str]:
    before, after = map(re.escape, PLACES[file])
    return re.compile(f"{before}({_RELEASE}){after}")


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
