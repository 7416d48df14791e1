"""What passes between the modules of a PyTorch model in one call, each tensor by where it is first seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from edgeattn_export.capture.original.reference import Reference
from edgeattn_export.graph.samples import Inputs
from edgeattn_export.graph.tree import tensors_in

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a tensor was first seen.

    Attributes:
        owner: The module that computed it: the one that returned it, or that called another with it.
        module: The one that returned it, or was called with it.
        end: Which of the two.
        call: How often the module had been called before.
        number: Of the tensor, among all that were returned or given.
    """

    owner: str
    module: str
    end: Literal["output", "input"]
    call: int
    number: int


Recorded = Mapping[Origin, Floats]  # in the order in which they were seen


def recorded(reference: Reference, inputs: Inputs) -> Recorded:
    """Call a model once, and return the float tensors that its modules pass to one another.

    A tensor that goes through unchanged, as through a dropout that is off, belongs to whoever computed it.

    Raises:
        ModelError: As the reference does.
    """
    recorder = _Recorder()
    with recorder.hooked(reference.module):
        reference(inputs)
    return {origin: tensor.cpu().numpy() for origin, tensor in recorder.tensors.items()}


class _Recorder:
    def __init__(self) -> None:
        self.tensors: dict[Origin, torch.Tensor] = {}
        self._running = [""]  # paths of the modules that are being called, the innermost last
        self._calls: Counter[str] = Counter()
        # By identity, a tensor, kept so that no other gets its identity, and what it held.
        self._seen: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    @contextmanager
    def hooked(self, module: nn.Module) -> Iterator[None]:
        """Listen to every module inside the block."""
        with ExitStack() as stack:
            for path, inner in module.named_modules():
                if path:
                    before = inner.register_forward_pre_hook(self._entering(path), with_kwargs=True)
                    stack.callback(before.remove)
                stack.callback(inner.register_forward_hook(self._leaving(path)).remove)
            yield

    def _entering(self, path: str) -> Any:
        def hook(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            for i, tensor in enumerate(tensors_in((args, kwargs))):
                self._note(Origin(self._running[-1], path, "input", self._calls[path], i), tensor)
            self._running.append(path)

        return hook

    def _leaving(self, path: str) -> Any:
        def hook(_: nn.Module, __: tuple[Any, ...], returned: object) -> None:
            if path:
                self._running.pop()
            for i, tensor in enumerate(tensors_in(returned)):
                self._note(Origin(path, path, "output", self._calls[path], i), tensor)
            self._calls[path] += 1

        return hook

    def _note(self, origin: Origin, tensor: torch.Tensor) -> None:
        if not tensor.is_floating_point():
            return
        before = self._seen.get(id(tensor))
        if before is not None and torch.equal(before[1], tensor):  # else it was written into
            return
        snapshot = tensor.detach().clone()
        self._seen[id(tensor)] = tensor, snapshot
        self.tensors[origin] = snapshot
