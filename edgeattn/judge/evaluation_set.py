"""The evaluation samples that are run: of sizes that the graphs take, and on an emulator as time allows.

Only sizes and time decide what is left out, never an answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

from edgeattn.judge.output_metrics import OutputMetrics
from edgeattn.judge.statistics import count_for
from edgeattn.measure.runners import takes
from edgeattn_export.graph.output_kinds import Outputs
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs, Samples, stratified
from edgeattn_runtime.bundle.session_settings import available_cores
from edgeattn_runtime.errors import SampleError

EMULATOR_SECONDS = 180.0  # that an emulator may take for them, about
FEWEST_SAMPLES = count_for()  # samples in any case: fewer decide no limit on a worst one


class PrefetchingRunner:
    """Answers of a runner, by the very inputs that they are of; it is asked for any others as ever."""

    def __init__(self, runner: Runner, answers: Iterable[tuple[Inputs, Future[Outputs]]]) -> None:
        self._runner = runner
        self._begun = {id(inputs): (inputs, answer) for inputs, answer in answers}

    def __call__(self, inputs: Inputs) -> Outputs:
        """Answer once; raises as the runner does."""
        _, answer = self._begun.get(id(inputs), (inputs, None))
        return self._runner(inputs) if answer is None else answer.result()

    def bind(self, inputs: Inputs) -> Callable[[], object]:
        """Return the runner's own call."""
        return self._runner.bind(inputs)


@contextmanager
def prefetching(runner: Runner, every: Iterable[Inputs]) -> Iterator[Runner]:
    """Begin to answer inputs, as many at a time as there are cores; what is not begun at the end is left."""
    pool = ThreadPoolExecutor(available_cores())
    try:
        yield PrefetchingRunner(runner, [(inputs, pool.submit(runner, inputs)) for inputs in every])
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def evaluation_set(
    int8: Runner, samples: Samples, output_metrics: OutputMetrics, *, emulated: bool
) -> Iterator[tuple[Runner, Samples, tuple[str, ...]]]:
    """Yield what answers, the samples to evaluate on, at least one, and what was left out, a line each.

    An emulator's answers are begun at once, on all cores.

    Raises:
        SampleError: The graphs take none of them.
    """
    fitting = tuple(sample for sample in samples if takes(int8, sample.inputs))
    if not fitting:
        raise SampleError(
            f"none of the {len(samples)} evaluation samples has a size that the graphs fix for the others; "
            "yield more samples of the same sizes"
        )
    notes = _size_note(len(samples) - len(fitting))
    if not emulated:
        yield int8, replace(samples, items=fitting), notes
        return
    inputs = [sample.inputs for sample in fitting]
    least = max(FEWEST_SAMPLES, *(metric.least for metric, _ in output_metrics), _affordable(int8, inputs))
    count = min(least, len(fitting))
    spread = tuple(fitting[i * len(fitting) // count] for i in range(count))
    with prefetching(int8, (sample.inputs for sample in spread)) as answering:
        yield answering, replace(samples, items=spread), (*notes, *_time_note(count, len(fitting)))


def _affordable(int8: Runner, inputs: Sequence[Inputs]) -> int:
    """Return how many inputs there is time for, by one of median size."""
    (middle,) = stratified(inputs, 1)
    start = time.perf_counter()
    int8(middle)
    return int(EMULATOR_SECONDS / (time.perf_counter() - start) * available_cores())


def _size_note(count: int) -> tuple[str, ...]:
    if not count:
        return ()
    words = "1 evaluation sample is" if count == 1 else f"{count} evaluation samples are"
    return (
        f"{words} of no size that the graphs take, and {'was' if count == 1 else 'were'} not run: sizes are "
        "chosen from the other samples. Such an input is an error on the device, or goes to the next target.",
    )


def _time_note(count: int, of: int) -> tuple[str, ...]:
    if count == of:
        return ()
    return (
        f"An emulator is slow: {count} of {of} evaluation samples were run, evenly spread, and what is shown "
        "of all inputs follows from these.",
    )
