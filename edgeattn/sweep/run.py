"""A sweep from its plan to the outcome of every row: what is done stays done, the rest goes to workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import TypeVar

from distributed import Client, Future, KilledWorker

from edgeattn.partitions.cluster import first_ended, hosts
from edgeattn.partitions.scheduler import HOST
from edgeattn.sweep.events import TOPIC, Watch, forward
from edgeattn.sweep.index import Index
from edgeattn.sweep.plan import Plan
from edgeattn.sweep.row import Model, Outcome, Row, key_of
from edgeattn.sweep.work import Identification, export, identify
from edgeattn_export.pack.pack import versions

Key = TypeVar("Key")
Result = TypeVar("Result")
Machines = Mapping[str | None, str]

LOST = (
    "its worker ended again and again, as where memory runs out; take a larger machine, or fewer workers: "
    "--workers 1"
)


def run(plan: Plan, index: Index, client: Client, machines: Machines, watch: Watch) -> dict[Row, Outcome]:
    """Return what every row comes to, in the plan's order.

    Args:
        plan: The rows.
        index: Of what is done; a row's outcome is put there as soon as it is known.
        client: Of the workers.
        machines: By the device that a row names, what it is; by None, where the workers are.
        watch: Follows how far the rows have come.

    Raises:
        BadInput: The index cannot be written.
        EdgeAttnError: No worker is left, or the scheduler was lost.
    """
    client.subscribe_topic(TOPIC, lambda event: forward(watch, event[1]))
    try:
        return _run(plan, index, client, machines, watch)
    finally:
        client.unsubscribe_topic(TOPIC)


def _run(plan: Plan, index: Index, client: Client, machines: Machines, watch: Watch) -> dict[Row, Outcome]:
    models = _identified(plan, client)
    outcomes: dict[Row, Outcome] = {}
    questions: dict[Row, Mapping[str, object]] = {}
    for row in plan.rows:
        identification = models[row.model]
        if identification.identity is None:
            outcomes[row] = Outcome(None, identification.reason)
            continue
        question = row.question(identification.identity, machines[row.device], versions())
        done = index.get(key_of(question))
        if done is not None:
            outcomes[row] = done
        else:
            questions[row] = question
    watch.begin(len(outcomes), len(plan.rows))
    # By its key, two sweeps on one scheduler that ask the same share the work.
    tasks = {
        row: partial(
            client.submit, export, row, question, key=f"edgeattn-row-{key_of(question)}", resources={HOST: 1}
        )
        for row, question in questions.items()
    }
    for row, future in one_each(client, tasks):
        outcomes[row] = _result(future, Outcome(None, LOST))
        index.put(key_of(questions[row]), outcomes[row])
        watch.end(row.words)
        future.release()
    return {row: outcomes[row] for row in plan.rows}


def _identified(plan: Plan, client: Client) -> Mapping[Model, Identification]:
    """Return every model by its content; they are loaded side by side."""
    tasks = {
        model: partial(client.submit, identify, model, pure=False, resources={HOST: 1})
        for model in plan.models
    }
    lost = Identification(None, LOST)
    return {model: _result(future, lost) for model, future in one_each(client, tasks)}


def _result(future: Future[Result], lost: Result) -> Result:
    try:
        return future.result()
    except KilledWorker:
        return lost


def one_each(
    client: Client, tasks: Mapping[Key, Callable[[], Future[Result]]]
) -> Iterator[tuple[Key, Future[Result]]]:
    """Yield tasks as they end, in that order; a worker gets its next task when the one before has ended.

    Dask counts the end of a worker against all tasks that it holds, begun or not: behind a model that ends
    its worker time and again, others would be given up with it.

    Raises:
        EdgeAttnError: No worker is left, or the scheduler was lost.
    """
    waiting = iter(tasks.items())
    running: dict[Future[Result], Key] = {}
    while True:
        free = max(1, hosts(client)) - len(running)
        for key, submit in islice(waiting, max(0, free)):
            running[submit()] = key
        if not running:
            return
        future = first_ended(client, running)
        yield running.pop(future), future
