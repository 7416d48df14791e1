"""The results as markdown tables, one a case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from protocol.stored import Failure, Result

HEAD = (
    "peer",
    "variant",
    "median ms",
    "10 % to 90 %",
    "/ edgeattn",
    "cosine mean",
    "worst",
    "recall@10",
    "MB",
)


def table(title: str, outcomes: Sequence[Result | Failure], ours: str) -> str:
    """Return one case's table: a row a peer, the failed ones with their reason."""
    medians = [each.median for each in outcomes if isinstance(each, Result) and each.peer == ours]
    rows = [_row(each, medians[0] if medians else None) for each in outcomes]
    lines = (f"### {title}", "", _line(HEAD), _line(["---"] * len(HEAD)), *map(_line, rows), "")
    return "\n".join((*lines, *_share_of_best(outcomes, ours)))


def _share_of_best(outcomes: Sequence[Result | Failure], ours: str) -> Iterator[str]:
    """Yield how much of the best peer's time ours takes; peers of our own name are none."""
    results = [each for each in outcomes if isinstance(each, Result)]
    others = [each for each in results if not each.peer.startswith(ours)]
    for own in (each for each in results if each.peer == ours):
        if others:
            best = min(others, key=lambda each: each.median)
            yield f"{ours} takes {own.median / best.median:.2f} of the time of {best.peer}, the best peer."
            yield ""


def _row(outcome: Result | Failure, ours: float | None) -> Iterator[str]:
    yield outcome.peer
    if isinstance(outcome, Failure):
        yield from (outcome.reason.replace("|", "/"), *[""] * (len(HEAD) - 2))
        return
    low, high = outcome.spread
    fixed = f", fixed to {outcome.padded} tokens" if outcome.padded else ""
    others = [f"{name} {ms:.4g}" for name, ms in outcome.tried.items() if name != outcome.variant]
    yield outcome.variant + fixed + (f" ({', '.join(others)})" if others else "")
    yield f"{outcome.median:.4g}"
    yield f"{low:.4g} to {high:.4g}"
    yield f"{outcome.median / ours:.2f}" if ours else ""
    yield f"{np.mean(outcome.cosines):.5f}" if outcome.cosines else ""
    yield f"{min(outcome.cosines):.5f}" if outcome.cosines else ""
    yield "" if outcome.recall_at_10 is None else f"{100 * outcome.recall_at_10:.1f} %"
    yield f"{outcome.size / 1e6:.1f}"


def _line(cells: Sequence[str] | Iterator[str]) -> str:
    return f"| {' | '.join(cells)} |"
