"""Times calls of a bundle, as an app makes them.

    python latency.py NAME.edge TEXT|IMAGE.png CALLS

For each line that comes, so many in a row, of which the least and the median are printed, in ms.
"""

from __future__ import annotations

import sys
import time

import edgeattn_runtime


def main(bundle: str, given: str, calls: str) -> None:
    net = edgeattn_runtime.load(bundle)
    inputs = net.prepare(image=given) if given.endswith(".png") else net.prepare(text=given)
    for _ in sys.stdin:
        times = []
        for _ in range(int(calls)):
            start = time.perf_counter()
            net.run(inputs)
            times.append(1e3 * (time.perf_counter() - start))
        times.sort()
        print(times[0], times[len(times) // 2], flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
