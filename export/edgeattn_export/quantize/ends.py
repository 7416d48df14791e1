"""Inputs at the ends of a contract, made of real samples: they tell how far values reach, no more.

One position alone, or one that a mask leaves, drives values where no real text does: a mean over it is as far
from 0 as no mean over many. In fixed steps such an answer would be clipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from edgeattn_export.capture.captured import Captured
from edgeattn_export.graph.edge_cases import Ground, edge_cases
from edgeattn_export.graph.samples import Inputs, Samples
from edgeattn_export.graph.trials import sizes_seen
from edgeattn_runtime.rows import Padding


def ends(captured: Captured, samples: Samples, padding: Padding | None) -> Iterator[Inputs]:
    """Yield the edge cases that a real input is like, up to the samples' own sizes: fixed ones end there.

    Args:
        captured: The contract.
        samples: Real inputs.
        padding: How it is told; None where no input tells it.
    """
    seen = sizes_seen(samples, captured.axes)
    symbols = {
        name: replace(symbol, max=max(seen[name])) if name in seen else symbol
        for name, symbol in captured.symbols.items()
    }
    ground = Ground(
        graph=captured.graph,
        symbols=symbols,
        axes=captured.axes,
        samples=samples,
        padding=padding,
        rows=None,
    )
    yield from (case.inputs for case in edge_cases(ground) if not case.beyond)
