"""What of a module's answers its graph gives: the tensors, named by their paths; all else is left out.

Before: {"boxes": [a, b], "mask": mask, "loss": None, "kind": "text"}, where mask is an input
After:  {"boxes.0": a, "boxes.1": b}
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from textwrap import shorten

import numpy as np
import torch

from edgeattn_export.graph.tree import Path, is_holder, leaves, tensors_in
from edgeattn_runtime.errors import CaptureError, ModelError

_RENAMED = "_output"  # behind the name of an output that an input has too
LONGEST_TEXT = 60  # characters of a text that is left out


@dataclass(frozen=True, slots=True)
class OutputForm:
    """The form of a module's answers: one graph gives the same outputs whatever its inputs are.

    Attributes:
        computed: Paths of the tensors that forward computes, the graph's outputs.
        passthrough: By path, tensors that are an input, and the input's name.
        constants: By path, what is no tensor, in words.
        inputs: Names that no output of the graph can have.
    """

    computed: tuple[Path, ...]
    passthrough: Mapping[Path, str]
    constants: Mapping[Path, str]
    inputs: frozenset[str] = frozenset()

    @classmethod
    def of(cls, raw: object, inputs: Mapping[str, torch.Tensor], left_out: frozenset[str]) -> OutputForm:
        """Return the form of one answer to inputs, without the outputs ``left_out``, such as a cache.

        Raises:
            ModelError: It holds no tensor that is computed, or a numpy array, or two parts have one name.
        """
        parts = dict(_parts(raw, left_out))
        _check_names(parts)
        tensors = {path: part for path, part in parts.items() if isinstance(part, torch.Tensor)}
        names = {id(tensor): name for name, tensor in inputs.items()}
        passthrough = {path: names[id(tensor)] for path, tensor in tensors.items() if id(tensor) in names}
        constants = {path: _constant_text(part) for path, part in parts.items() if path not in tensors}
        computed = tuple(path for path in tensors if path not in passthrough)
        form = cls(computed, passthrough, constants, frozenset(inputs))
        if not form.computed:
            raise ModelError(
                f"outputs: {_listing(form._kinds) or 'nothing'} found; expected at least one tensor that "
                "forward computes"
            )
        return form

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the graph's outputs."""
        return tuple(output_name(path, self.inputs) for path in self.computed)

    @property
    def passed(self) -> Mapping[str, str]:
        """By name, what is an input, and the input's name."""
        return {output_name(path): name for path, name in self.passthrough.items()}

    @property
    def notes(self) -> tuple[str, ...]:
        """What is left out, and how a tensor inside of others is named, a line each."""
        inner = (output_name(path) for path in self.computed if len(path) > 1)
        renamed = (name for name in map(output_name, self.computed) if name in self.inputs)
        lines = {
            "Outputs named by their paths in what forward returns:": ", ".join(inner),
            f"Outputs that end in {_RENAMED}, since an input has the name:": ", ".join(renamed),
            "Not among the outputs, since forward returns its input unchanged:": ", ".join(self.passed),
            "Not among the outputs, since they are no tensors:": _listing(self.constants),
        }
        return tuple(f"{words} {names}." for words, names in lines.items() if names)

    def check(self, other: OutputForm) -> None:
        """See that another answer has the same form.

        Raises:
            CaptureError: It has not.
        """
        for path in {**self._kinds, **other._kinds}:
            expected, actual = (form._kinds.get(path, "nothing") for form in (self, other))
            if expected != actual:
                raise CaptureError(
                    f"output {output_name(path)!r}: {_shortened(actual)} found where another sample has "
                    f"{_shortened(expected)}; a graph gives the same outputs whatever its inputs are: return "
                    "tensors, and what varies in number along one axis of a tensor"
                )

    @property
    def _kinds(self) -> Mapping[Path, str]:
        inputs = {path: f"the input {name}" for path, name in self.passthrough.items()}
        return {**dict.fromkeys(self.computed, "a tensor"), **inputs, **self.constants}


def named_outputs(raw: object) -> dict[str, object]:
    """Return what a module returned, by the names of a dict or an object, else ``output_0``, ``output_1``...

    A single output is called ``output``.
    """
    match raw:
        case Mapping():  # a dict, or a transformers ModelOutput
            return {str(name): value for name, value in raw.items()}
        case tuple() | list():
            return {f"output_{i}": value for i, value in enumerate(raw)}
        case _ if is_holder(raw) and tensors_in(raw):
            return dict(vars(raw))
        case _:
            return {"output": raw}


def output_name(path: Path, inputs: Collection[str] = ()) -> str:
    """Return the name of an output: ``boxes.0.scores``; of one that an input has, ``mask_output``."""
    name = ".".join(path)
    return f"{name}{_RENAMED}" if name in inputs else name


def output_tensors(
    raw: object, left_out: frozenset[str] = frozenset(), inputs: Collection[str] = ()
) -> dict[str, torch.Tensor]:
    """Return the tensors by name that a module returned for inputs of some names, but those ``left_out``."""
    tensors = ((path, part) for path, part in _parts(raw, left_out) if isinstance(part, torch.Tensor))
    return {output_name(path, inputs): part for path, part in tensors}


def _parts(raw: object, left_out: frozenset[str]) -> Iterator[tuple[Path, object]]:
    """Yield parts by path; the tensors of an object, such as a Cache, are numbered in its own order."""
    relevant = {name: piece for name, piece in named_outputs(raw).items() if name not in left_out}
    for path, leaf in leaves(relevant) if relevant else ():
        tensors = () if isinstance(leaf, torch.Tensor) else tensors_in(leaf)
        yield from (((*path, str(i)), tensor) for i, tensor in enumerate(tensors))
        if not tensors:
            yield path, leaf


def _check_names(parts: Mapping[Path, object]) -> None:
    for name, count in Counter(map(output_name, parts)).items():
        if count > 1:
            raise ModelError(f"outputs: two are called {name!r}; give each a name of its own")


def _constant_text(part: object) -> str:
    match part:
        case None | bool() | int() | float() | str() | tuple() | list() | Mapping():
            return repr(part)
        case np.ndarray():
            raise ModelError("outputs: a numpy array found; expected a tensor; compute it with torch")
    return f"of type {type(part).__name__}"


def _listing(parts: Mapping[Path, str]) -> str:
    return ", ".join(f"{output_name(path)} ({_shortened(kind)})" for path, kind in parts.items())


def _shortened(kind: str) -> str:
    return shorten(kind, LONGEST_TEXT, placeholder="...")
