"""The peers that the bench knows: every `PEERS` of the files in tests/bench/peers, ours first."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from protocol.peer import Peer

OURS = "edgeattn"
FOLDER = Path(__file__).parents[1] / "peers"


def peers() -> dict[str, Peer]:
    """Return every peer by name."""
    modules = sorted((file.stem for file in FOLDER.glob("*.py")), key=lambda name: (name != OURS, name))
    return {peer.name: peer for module in modules for peer in _of(module)}


def find(module: str, name: str) -> Peer:
    """Return a peer by its file and its name."""
    return {peer.name: peer for peer in _of(module)}[name]


def _of(module: str) -> tuple[Peer, ...]:
    return tuple(import_module(f"peers.{module}").PEERS)
