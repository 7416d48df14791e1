"""Where the loss comes from: PyTorch module by module against the float graph against int8."""

from edgeattn.judge.trace.trace import trace
from edgeattn.results.trace import Trace

__all__ = ["Trace", "trace"]
