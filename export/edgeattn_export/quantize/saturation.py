"""Which int8 products come out otherwise on x86 without VNNI: simulated, so that any machine can tell."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import starmap

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeattn_export.graph.dataflow import constant
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.scopes import module_of
from edgeattn_export.graph.values import with_outputs
from edgeattn_export.quantize.affine import step_and_zero
from edgeattn_export.quantize.forms import Forms
from edgeattn_export.quantize.pairs import can_saturate, saturation_loss
from edgeattn_runtime.bundle.deviation import cosine

RISK_LIMIT = 0.9997  # a product below it is at risk: MiniLM has 24 in a row, and at 0.999 loses 0.004 in all
SIMULATED_SAMPLES = 16  # samples

Arrays = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class Risk:
    """What saturation does to one int8 product.

    Attributes:
        module: The PyTorch module.
        output: The product's name in the graph.
        saturated: The share of its pairs that saturate, over all samples.
        cosine: Of the product with saturation to the product without, on the worst sample.
    """

    module: str
    output: str
    saturated: float
    cosine: float


def at_risk(model: ir.Model, samples: Samples, engine: Engine, forms: Forms) -> tuple[Risk, ...]:
    """Return the int8 products whose cosine under saturation is below ``RISK_LIMIT``, in graph order."""
    return tuple(risk for risk in saturation(model, samples, engine, forms) if risk.cosine < RISK_LIMIT)


def saturation(model: ir.Model, samples: Samples, engine: Engine, forms: Forms) -> tuple[Risk, ...]:
    """Simulate every product of u8 activations with constant s8 weights on a few samples, one at a time.

    Args:
        model: An int8 graph; left as it is.
        samples: Real inputs.
        engine: What runs it.
        forms: Whose products they are.

    Returns:
        The products that some activations can make saturate, in the graph's order: those of unpaired forms.
        Unsigned, block-wise and float weights never saturate, nor do signed ones of which no two neighbors
        are large.
    """
    products = [product for node in model.graph if (product := _product(node, forms)) is not None]
    if not products:
        return ()
    names = dict.fromkeys(name for product in products for name in product.varying.values())
    answer = engine.runner(with_outputs(model, names))
    outcomes: list[list[_Outcome]] = [[] for _ in products]
    for sample in samples[:SIMULATED_SAMPLES]:
        values = answer(sample.inputs)
        for product, product_outcomes in zip(products, outcomes, strict=True):
            varying = {role: values[name] for role, name in product.varying.items()}
            product_outcomes.append(_simulate({**product.constants, **varying}))
    return tuple(starmap(_risk, zip(products, outcomes, strict=True)))


def dynamic_quantize(x: NDArray[np.float32]) -> tuple[NDArray[np.uint8], np.float32, np.uint8]:
    """Quantize activations as onnxruntime's dynamic operators do, with one scale and zero point a call.

    Returns:
        The numbers, of ``x``'s dims, their step, and the number that stands for 0.
    """
    step, zero = step_and_zero(x.min(initial=0), x.max(initial=0))
    return np.clip(np.rint(x / step) + np.float32(zero), 0, 255).astype(np.uint8), step, np.uint8(zero)


@dataclass(frozen=True, slots=True)
class _Product:
    """An int8 product: by role, its constant inputs, and the names of those that vary with the sample."""

    module: str
    output: str
    constants: Arrays
    varying: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """One product on one sample."""

    pairs: int
    saturated: int
    cosine: float


def _product(node: ir.Node, forms: Forms) -> _Product | None:
    product = forms.products.get((node.domain, node.op_type))
    inputs = {} if product is None else product.inputs_of(node)
    constants = {role: array for role, value in inputs.items() if (array := constant(value)) is not None}
    weight = constants.get("weight")
    if weight is None or weight.dtype != np.int8 or weight.ndim != 2 or not can_saturate(_int8(weight)):
        return None
    varying = {role: value.name or "" for role, value in inputs.items() if role not in constants}
    return _Product(module_of(node), node.outputs[0].name or "", constants, varying)


def _simulate(inputs: Arrays) -> _Outcome:
    weight = _int8(inputs["weight"])  # (D, N)
    x = inputs["x"].reshape(-1, len(weight))  # (T, D)
    step, zero = inputs.get("step", np.float32(1)), inputs.get("zero", np.uint8(0))
    if x.dtype == np.float32:
        x, step, zero = dynamic_quantize(x.astype(np.float32, copy=False))
    missing, saturated = saturation_loss(x.astype(np.uint8, copy=False), weight)
    pairs = len(x) * math.ceil(len(weight) / 2) * weight.shape[1]
    if not saturated:
        return _Outcome(pairs, 0, 1.0)
    zeros = inputs.get("weight zero", np.int8(0)).astype(np.float32)
    right = (x.astype(np.float32) - zero.astype(np.float32)) @ (weight.astype(np.float32) - zeros)
    scale = step.astype(np.float32) * inputs.get("scale", np.float32(1)).astype(np.float32)
    bias = inputs.get("bias", np.float32(0)).astype(np.float32)
    return _Outcome(pairs, saturated, cosine(right * scale + bias, (right - missing) * scale + bias))


def _int8(weight: NDArray[np.generic]) -> NDArray[np.int8]:
    return weight.astype(np.int8, copy=False)


def _risk(product: _Product, outcomes: list[_Outcome]) -> Risk:
    pairs = sum(outcome.pairs for outcome in outcomes)
    share = sum(outcome.saturated for outcome in outcomes) / max(1, pairs)
    return Risk(product.module, product.output, share, min(outcome.cosine for outcome in outcomes))
