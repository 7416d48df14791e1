"""Tasks for workers, one each: the next is handed over when one has ended.

Dask counts the end of a worker against all tasks that it holds, begun or not: behind a model that ends
its worker time and again, others would be given up with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import TypeVar

from distributed import Client, Future

from edgeattn.partitions.cluster import hosts
from edgeattn.partitions.waiting import first_ended

Key = TypeVar("Key")
Found = TypeVar("Found")


def one_each(
    client: Client, tasks: Mapping[Key, Callable[[], Future[Found]]]
) -> Iterator[tuple[Key, Future[Found]]]:
    """Yield tasks as they end, in that order.

    Args:
        client: Of workers that declare the resource ``HOST``.
        tasks: What submits each, by what it is yielded with.

    Raises:
        EdgeAttnError: No worker is left, or the scheduler was lost.
    """
    waiting = iter(tasks.items())
    begun: dict[Future[Found], Key] = {}
    while True:
        free = max(1, hosts(client)) - len(begun)
        for key, submit in islice(waiting, max(0, free)):
            begun[submit()] = key
        if not begun:
            return
        future = first_ended(client, begun)
        yield begun.pop(future), future
