"""Loads a bundle again and again where its process may have so much more of something, until it is told.

python short_of.py BUNDLE RLIMIT_NOFILE|RLIMIT_AS VALUE
"""

from __future__ import annotations

import resource
import sys

import edgeattn_runtime


def main(bundle: str, limit: int, value: int) -> None:
    """Load until it is refused."""
    nets = [edgeattn_runtime.load(bundle)]  # what onnxruntime keeps for all sessions is there from now on
    resource.setrlimit(limit, (value, resource.getrlimit(limit)[1]))
    try:
        while len(nets) < 1000:  # what was let go of before may serve a few
            nets.append(edgeattn_runtime.load(bundle))
    except edgeattn_runtime.ResourceError as error:
        print(error)


if __name__ == "__main__":
    main(sys.argv[1], getattr(resource, sys.argv[2]), int(sys.argv[3]))
