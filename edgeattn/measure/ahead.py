"""A slow runner, asked at once for all that will be needed: its workers answer side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from edgeattn_export.graph.agreement import Outputs
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs
from edgeattn_runtime.settings import available_cores


class Ahead:
    """Answers of a runner, by the very inputs that they are of; it is asked for any others as ever.

    Args:
        runner: Whose answers they are.
        begun: Inputs, and the answers that are under way.
    """

    def __init__(self, runner: Runner, begun: Iterable[tuple[Inputs, Future[Outputs]]]) -> None:
        self._runner = runner
        self._begun = {id(inputs): (inputs, answer) for inputs, answer in begun}

    def __call__(self, inputs: Inputs) -> Outputs:
        """Answer once; raises as the runner does."""
        _, answer = self._begun.get(id(inputs), (inputs, None))
        return self._runner(inputs) if answer is None else answer.result()

    def bind(self, inputs: Inputs) -> Callable[[], object]:
        """Return the runner's own call."""
        return self._runner.bind(inputs)


@contextmanager
def ahead(runner: Runner, every: Iterable[Inputs]) -> Iterator[Runner]:
    """Begin to answer inputs, as many at a time as there are cores; what is not begun at the end is left.

    Args:
        runner: May be called from several threads.
        every: Answered in this order.
    """
    pool = ThreadPoolExecutor(available_cores())
    try:
        yield Ahead(runner, [(inputs, pool.submit(runner, inputs)) for inputs in every])
    finally:
        pool.shutdown(cancel_futures=True)
