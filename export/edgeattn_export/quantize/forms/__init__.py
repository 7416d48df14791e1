"""The forms that a recipe may give a layer: what one is, and all that an engine computes.

How to add one:

1. A file in the folder of its engine, with a subclass of ``LinearForm`` and its instance. ``emit`` writes the
   operators, ``unfit`` says why a layer cannot have the form. The instance states the rest: ``grid``,
   ``calibrated``, ``bytes_per_weight``. The docstring opens with the graph before and after.
2. It is ``paired`` unless its weights cannot saturate (unsigned, float) or no device of its engine adds
   products in 16 bits.
3. A line in the ``FORMS`` of a target, and a treatment with it among the target's ``Candidates``.
4. A test in tests/export/quantize/forms/, and a row in docs/recipes.md.

What is no linear layer, such as an embedding, gets a function under ``@rewrite``, in ``Forms.others``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import onnx_ir as ir

from edgeattn_export.graph.functions import Body
from edgeattn_export.graph.rule import Rule
from edgeattn_export.quantize.forms.form import FLOAT, LinearForm, Rewrite, WholeForm
from edgeattn_export.quantize.layers.layout import Layout


@dataclass(frozen=True)
class Forms:
    """The forms of one engine.

    Attributes:
        linears: Of linear layers, except float, which every engine has.
        others: Of what is no linear layer, such as embeddings.
        finish: Rules for the graph that forms were written into, in their order; they change no number.
        whole: Of all that flows between layers; None leaves it float.
        layouts: Of the layers that get a form; others are computed as they stand, or as ``whole`` has them.
        bodies: Of nodes of the domain ``edgeattn``, by operator.
    """

    linears: tuple[LinearForm, ...]
    others: tuple[Rewrite, ...] = ()
    finish: tuple[Rule, ...] = ()
    whole: WholeForm | None = None
    layouts: tuple[type[Layout], ...] = (Layout,)
    bodies: Mapping[str, Body] = field(default_factory=dict, hash=False)

    @cached_property
    def linear(self) -> Mapping[str, LinearForm]:
        """Forms of linear layers by name, float last."""
        return {form.name: form for form in (*self.linears, FLOAT)}

    @cached_property
    def rewrites(self) -> Mapping[str, Rewrite]:
        """Forms of what is no linear layer by name."""
        return {rewrite.name: rewrite for rewrite in self.others}

    def noun(self, form: str) -> str:
        """Return what a form is one of, in the singular, such as "embedding" for "int8 rows"."""
        if self.whole is not None and form == self.whole.name:
            return self.whole.noun
        return (self.linear.get(form) or self.rewrites[form]).noun

    def floats(self, model: ir.Model) -> frozenset[str]:
        """Return the names of the values that stay float for their own sake, whatever a recipe says."""
        return frozenset() if self.whole is None else self.whole.floats(model)

    @cached_property
    def rest(self) -> str:
        """The name of what layers are in that have no form of their own."""
        return FLOAT.name if self.whole is None else self.whole.name


__all__ = ["FLOAT", "Forms", "LinearForm", "Rewrite"]
