"""Makes build/: the bundles that every runtime must accept or refuse, and cases.json with what each is for.

    python runtime/conformance/make.py                # ten seconds; at once where the sources are the same
    python runtime/conformance/make.py --to FOLDER    # whatever is in build/
    python runtime/conformance/make.py --record       # and SHA256SUMS, after a change of the cases

The exit code is 1 where a file is not as SHA256SUMS has it. One process makes build/ at a time, and others
wait. The digest of the sources is written last: bundles whose making was interrupted are made again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
BUILD = HERE / "build"
SUMS = "SHA256SUMS"  # as sha256sum writes it
_MADE_OF = "sources.sha256"
_RUNTIME = HERE.parent / "python" / "edgeattn_runtime"  # which writes manifests and golden vectors


def made() -> Path:
    """Return the folder of the bundles, made where they are missing or of other sources.

    Raises:
        subprocess.CalledProcessError: They cannot be made, as where a device lacks onnx.
    """
    if not _is_current():
        subprocess.run([sys.executable, __file__, "--unchecked"], check=True)
    return BUILD


def write(folder: Path) -> None:
    """Write every bundle, the cases and their digests into ``folder``."""
    from cases import CASES

    for case in CASES:
        bundle = {f"{case.bundle}.edge/{name}": data for name, data in case.files.items()}
        for name, data in {**bundle, **case.besides}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    lines = ",\n".join(json.dumps(case.table(), allow_nan=False) for case in CASES)
    (folder / "cases.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8", newline="\n")
    (folder / SUMS).write_text(sums(folder), encoding="utf-8", newline="\n")


def sums(folder: Path) -> str:
    """Return the digest of each file that was written, a line each."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    lines = (f"{_digest(folder / name)}  {name}\n" for name in names if name not in (SUMS, _MADE_OF))
    return "".join(lines)


def _make() -> None:
    import fcntl  # Windows, which has none, takes a release's bundles

    with Path(__file__).open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_current():
            shutil.rmtree(BUILD, ignore_errors=True)
            write(BUILD)
            (BUILD / _MADE_OF).write_text(_sources(), encoding="utf-8")


def _is_current() -> bool:
    path = BUILD / _MADE_OF
    return path.exists() and path.read_text("utf-8") == _sources()


def _sources() -> str:
    """Return the digest of all that bundles are made of."""
    digest = hashlib.sha256()
    for path in (
        *_files(HERE, "*.py"),
        *_files(HERE, "*.json"),
        *_files(HERE / "recorded", "**/*"),
        *_files(_RUNTIME, "**/*.py"),
    ):
        digest.update(f"{path.relative_to(HERE.parent).as_posix()} {_digest(path)}\n".encode())
    return digest.hexdigest()


def _files(folder: Path, pattern: str) -> Iterator[Path]:
    return (path for path in sorted(folder.glob(pattern)) if path.is_file())


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    """Make the bundles, and hold them against the recorded digests."""
    parser = argparse.ArgumentParser(description="Make the bundles that every runtime must accept or refuse.")
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="a new one, in the place of build/")
    parser.add_argument("--record", action="store_true", help="write SHA256SUMS anew")
    parser.add_argument("--unchecked", action="store_true", help="do not compare with SHA256SUMS")
    args = parser.parse_args()
    if args.to is not None and args.to.exists():
        parser.error(f"{args.to} is there already: name a new folder")
    try:
        write(args.to) if args.to else _make()
    except ModuleNotFoundError as error:
        sys.exit(f"no {error.name}: install edgeattn[dev], or unpack a release's bundles in {BUILD}")
    found, recorded = ((args.to or BUILD) / SUMS).read_text("utf-8"), HERE / SUMS
    if args.record:
        recorded.write_text(found, encoding="utf-8", newline="\n")
    elif not args.unchecked:
        other = set(found.splitlines()) ^ set(recorded.read_text("utf-8").splitlines())
        if other:
            names = sorted({line.rpartition("  ")[2] for line in other})
            sys.exit(f"not as {SUMS} has them, see --record: {', '.join(names)}")


if __name__ == "__main__":
    main()
