"""One race: the workers of all peers, on one case, with the same threads, in rounds that take turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from protocol.cases import Case
from protocol.environment import python_of
from protocol.exports import variants_of
from protocol.neighbors import Embeddings, Neighbors, recall_at_10
from protocol.networks import Network
from protocol.peer import Peer
from protocol.process import PeerFailed, Process
from protocol.stored import Failure, Result

from edgeattn_runtime.bundle.deviation import cosine

LIMIT = 1200  # seconds that one request may take


@dataclass(frozen=True)
class Setting:
    """How to race.

    Attributes:
        threads: Of every peer.
        rounds: Of each peer.
        seconds: A round takes at least.
        cache: The folder of environments and exports.
        ready: Variants exported before, by the name of their peer.
        neighbors: Texts that each peer is to find the nearest of; None asks for none.
    """

    threads: int
    rounds: int
    seconds: float
    cache: Path
    ready: Mapping[str, Sequence[Path]]
    neighbors: Neighbors | None = None

    @property
    def logs(self) -> Path:
        """The folder of what the workers said and answered."""
        folder = self.cache / "logs"
        folder.mkdir(parents=True, exist_ok=True)
        return folder


class Racer:
    """A peer in a race: its first failure ends it there and stands in its row."""

    def __init__(self, peer: Peer, case: Case, network: Network, setting: Setting) -> None:
        self.peer = peer
        self._case, self._network, self._setting = case, network, setting
        self._length = case.shape.length if peer.fixed else None
        self._worker: Process | None = None
        self._loaded: dict[str, Any] = {}
        self._rounds: list[tuple[float, ...]] = []
        self._cosines: tuple[float, ...] = ()
        self._recall: float | None = None
        self._failure: str | None = None

    def attempt(self, step: Callable[[], None]) -> None:
        """Take a step unless one has failed."""
        if self._failure is None:
            try:
                step()
            except PeerFailed as error:
                self._failure = str(error)

    def open(self, stack: ExitStack) -> None:
        """Install, export, load and bind the inputs; `stack` ends the worker.

        Raises:
            PeerFailed: One of these fails.
        """
        peer, case, setting = self.peer, self._case, self._setting
        python = python_of(peer, setting.cache)
        variants = setting.ready.get(peer.name)
        if variants is None:
            variants = variants_of(peer, case, self._network, python, setting.cache)
        log = setting.logs / f"{peer.name}-{case.name}.log"
        self._worker = stack.enter_context(Process(peer, python, threads=setting.threads, log=log))
        self._loaded = self._worker.ask(
            "load",
            limit=LIMIT,
            variants=[str(variant) for variant in variants],
            threads=setting.threads,
            samples=str(case.samples),
            batch=case.shape.batch,
            length=self._length,
        )

    def time(self) -> None:
        """Take one round.

        Raises:
            PeerFailed: The peer fails.
        """
        answer = self._asked("time", seconds=self._setting.seconds)
        self._rounds.append(tuple(answer["ms"]))

    def answer(self) -> None:
        """Compare the embeddings of all evaluation samples to PyTorch's, where they fit the peer's shape.

        Raises:
            PeerFailed: The peer fails.
        """
        found = self._embeddings(self._network.evaluation)
        if found is not None:
            pairs = zip(found, self._network.reference, strict=True)
            self._cosines = tuple(cosine(each, expected) for each, expected in pairs)

    def find(self) -> None:
        """Look for the nearest texts, where they fit the peer's shape.

        Raises:
            PeerFailed: The peer fails.
        """
        texts = self._setting.neighbors
        found = None if texts is None else self._embeddings(texts.samples)
        if texts is not None and found is not None:
            self._recall = recall_at_10(found, texts.reference)

    def _embeddings(self, samples: Path) -> Embeddings | None:
        """Return the peer's embeddings of samples, (N, W); None where they do not fit its shape."""
        if self._length is not None and self._length < self._network.longest:
            return None
        file = self._setting.logs / f"{self.peer.name}-{samples.stem}.npy"
        shape = {"batch": self._case.shape.batch, "length": self._length}
        self._asked("answer", samples=str(samples), **shape, to=str(file))
        return np.load(file)

    def outcome(self) -> Result | Failure:
        """Return the peer's row."""
        if self._failure is not None:
            return Failure(self.peer.name, self._failure)
        return Result(
            peer=self.peer.name,
            variant=self._loaded["variant"],
            tried=self._loaded["tried"],
            padded=self._length,
            rounds=tuple(self._rounds),
            size=self._loaded["bytes"],
            cosines=self._cosines,
            recall_at_10=self._recall,
            title=self._loaded["title"],
        )

    def _asked(self, do: str, **request: object) -> dict[str, Any]:
        if self._worker is None:
            raise PeerFailed(f"{do}: nothing is open")
        return self._worker.ask(do, limit=LIMIT, **request)


def race(peers: Sequence[Peer], case: Case, network: Network, setting: Setting) -> list[Result | Failure]:
    """Race the peers; one that fails stops no other."""
    racers = [Racer(peer, case, network, setting) for peer in peers]
    with ExitStack() as stack:
        for racer in racers:
            racer.attempt(partial(racer.open, stack))
        for turn in range(setting.rounds):
            first = turn % max(len(racers), 1)  # so that none always follows the same one
            for racer in racers[first:] + racers[:first]:
                racer.attempt(racer.time)
        for racer in racers:
            racer.attempt(racer.answer)
            racer.attempt(racer.find)
    return [racer.outcome() for racer in racers]
