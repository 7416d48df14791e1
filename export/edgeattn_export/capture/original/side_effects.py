"""Side effects of a module's call: the numbers it draws first, the buffers it writes."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.overrides import TorchFunctionMode

from edgeattn_export.capture.user_code import user_line


@dataclass(frozen=True, slots=True)
class RandomDraw:
    """Random numbers that were drawn.

    Attributes:
        owner: The module whose forward did.
        where: `` at FILE, line N, in FUNCTION (CODE)``.
        function: PyTorch's name of what drew them.
        numbers: A copy of what came out; None where it was no tensor.
    """

    owner: nn.Module
    location: str
    function: str
    numbers: Tensor | None


class CallWatch(TorchFunctionMode):
    """Notes what the calls of PyTorch inside of this context do.

    Attributes:
        draw: The first draw.
        written: Where each buffer was first written in place, by its name in the module.
        running: The modules that run, the innermost last.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.draw: RandomDraw | None = None
        self.written: dict[str, str] = {}
        self.running = [module]
        self._buffers = {_memory(value): (name, value) for name, value in module.named_buffers()}

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Pass a call on, and note what it did."""
        kwargs = kwargs or {}
        generator = kwargs.get("generator") or torch.default_generator
        name, buffer = self._buffers.get(_memory(args[0]) if args else 0, ("", None))
        state, version = generator.get_state(), _version(buffer)
        result = func(*args, **kwargs)
        if self.draw is None and not torch.equal(state, generator.get_state()):
            numbers = result.clone() if isinstance(result, Tensor) else None
            self.draw = RandomDraw(self.running[-1], _current_line(), getattr(func, "__name__", ""), numbers)
        if version != _version(buffer):
            self.written.setdefault(name, _current_line())
        return result


@contextmanager
def watch_calls(module: nn.Module) -> Iterator[CallWatch]:
    """Watch the calls of a module inside the block."""
    watch = CallWatch(module)
    hooks = (
        register_module_forward_pre_hook(lambda inner, _: watch.running.append(inner)),
        register_module_forward_hook(lambda *_: _leave(watch), always_call=True),
    )
    try:
        with watch:
            yield watch
    finally:
        for hook in hooks:
            hook.remove()


def _leave(watch: CallWatch) -> None:
    watch.running.pop()


def _memory(value: Any) -> int:
    """Return where a tensor's numbers lie, those of its views too; 0 for what is none."""
    return (
        value.untyped_storage().data_ptr()
        if isinstance(value, Tensor) and value.layout == torch.strided
        else 0
    )


def _version(value: Tensor | None) -> int:
    """Return how often a tensor was written; what inference mode made does not count."""
    return 0 if value is None or value.is_inference() else value._version


def _current_line() -> str:
    return user_line(traceback.extract_stack())
