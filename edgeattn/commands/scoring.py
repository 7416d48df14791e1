"""The options of edgeattn validate that choose samples, and the processes that score them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeattn_runtime.errors import BadInput

if TYPE_CHECKING:  # brings PyTorch
    from edgeattn.judge.evaluation import Scoring
    from edgeattn.source.source import Source
    from edgeattn_runtime.bundle.folder import BundleFiles


ReadOn = Annotated[bool, typer.Option("--all", help="Evaluate also on the samples that follow the export's.")]
Workers = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Compare samples in partitions, in N processes here.")
]
Scheduler = Annotated[
    str | None,
    typer.Option(metavar="tcp://HOST:PORT", help="Compare them on the workers of this Dask scheduler."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringOptions:
    """Which samples are scored, and by which processes.

    Attributes:
        read_on: Whether a stream of samples is read to its end.
        workers: Processes of this machine; None for none.
        scheduler: Of workers elsewhere; None for none.
        kernels: Whether sessions take the library of kernels, as ``edgeattn_runtime.load`` has it.
    """

    read_on: bool
    workers: int | None
    scheduler: str | None
    kernels: bool

    def check(self, *, model: str | None, trace: bool) -> None:
        """Check that the options go together.

        Raises:
            BadInput: It does not.
        """
        if not self.read_on and self.workers is None and self.scheduler is None:
            return
        if model is None:
            raise BadInput("--all, --workers, --scheduler: no model found; name the bundle's original")
        if trace:
            raise BadInput("--trace: found with --all, --workers or --scheduler; leave one out")
        if self.workers is not None and self.scheduler is not None:
            raise BadInput("--workers: found with --scheduler, which has workers of its own; leave one out")

    @contextmanager
    def scoring(
        self, files: BundleFiles, model: str, samples: Path | None, source: Source
    ) -> Iterator[Scoring]:
        """Yield what compares samples, for as long as its workers run."""
        if self.workers is None and self.scheduler is None:
            from edgeattn.judge.evaluation import score_here

            yield score_here
            return
        from edgeattn.partitions.cluster import connected
        from edgeattn.partitions.scoring import scoring_on

        with connected(self.scheduler, self.workers) as client:
            yield scoring_on(client, files, model, samples, source)
