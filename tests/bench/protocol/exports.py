"""What a peer exported: kept in the cache folder until the peer's file, the network or its samples change."""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from protocol.cases import Case
from protocol.catalog import FOLDER
from protocol.networks import Network
from protocol.peer import Peer
from protocol.process import Process

LIMIT = 3600  # seconds


def variants_of(peer: Peer, case: Case, network: Network, python: Path, cache: Path) -> list[Path]:
    """Return the folders of a peer's variants for a case, exported now if they are not there.

    Raises:
        PeerFailed: The export fails.
    """
    shape = case.shape
    fixed = f"-{shape.batch}x{shape.length}" if peer.fixed else ""
    stored = cache / peer.module / "exports" / f"{peer.name}{fixed}"
    folder = stored / _digest(peer, network)
    variants = folder / "variants"
    if not (folder / "done").is_file():
        shutil.rmtree(stored, ignore_errors=True)  # with what an older file of the peer exported
        variants.mkdir(parents=True)
        print(f"exporting with {peer.name}", file=sys.stderr)
        with Process(peer, python, threads=1, log=folder / "log.txt") as worker:
            worker.ask("export", limit=LIMIT, folder=str(variants), **_request(peer, case, network))
        _keep_variants(folder)
    return sorted(variants.iterdir())


def _request(peer: Peer, case: Case, network: Network) -> dict[str, object]:
    return {
        "weights": str(network.weights),
        "handover": str(network.handover),
        "calibration": str(network.calibration),
        "example": str(case.samples),
        "batch": case.shape.batch,
        "length": case.shape.length if peer.fixed else None,
    }


def _keep_variants(folder: Path) -> None:
    for left in folder.iterdir():
        if left.is_dir() and left.name != "variants":
            shutil.rmtree(left)
        elif left.name not in ("variants", "log.txt"):
            left.unlink()
    (folder / "done").touch()


def _digest(peer: Peer, network: Network) -> str:
    files = [network.handover, FOLDER / f"{peer.module}.py"]
    files += [network.calibration] if peer.calibrates else []
    files += [file for source in peer.sources for file in _files(source)]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def _files(source: Path) -> Iterator[Path]:
    return iter(sorted(source.rglob("*.py")) if source.is_dir() else [source])
