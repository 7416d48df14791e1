"""What Dask is set to in processes that measure, so that they take no longer than an app's own.

Its sampling profiler stops a worker's thread every 10 ms, and keeps what lives in its frames alive. Each of
its processes wakes up every 20 ms to see that it can. And its nannies set MALLOC_TRIM_THRESHOLD_, with which
glibc maps an array of more than 128 KB anew each time, and its pages are cleared in the time that is
measured: an MLP of PyTorch's then takes up to 2.6 times as long.
"""

from __future__ import annotations

ONE_THREAD = {"OMP_NUM_THREADS": 1, "MKL_NUM_THREADS": 1, "OPENBLAS_NUM_THREADS": 1}

UNDISTURBED = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.nanny.pre-spawn-environ": ONE_THREAD,
}
