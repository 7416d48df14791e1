"""Where the loss comes from: PyTorch module by module against the float graph against int8."""

from edgeattn.judge.trace.trace import Trace, trace

__all__ = ["Trace", "trace"]
