"""Where two products are added in 16 bits: onnxruntime's kernel on x86 without VNNI, emulated.

    python tests/isa/saturating_kernel.py [--cache FOLDER]

Products of many sizes run there. Exit code 1 where one differs from sums of two neighbors in 16 bits by more
than float32 rounding, where none saturates, or where a weight does that ``quantize.arithmetic.pairs`` bound.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx_ir as ir
from emulators import CACHE, haswell
from numpy.typing import NDArray
from onnx_ir.tape import Tape

from edgeattn_export.graph.apply import MICROSOFT
from edgeattn_export.graph.dataflow import embed
from edgeattn_export.quantize.arithmetic.affine import step_and_zero
from edgeattn_export.quantize.arithmetic.pairs import bound

HERE = Path(__file__).parent
ROWS, WIDTHS, CHANNELS = (1, 2, 7), (64, 66, 513, 1000), (5, 16, 40)  # whole and broken tiles of the kernel
ROUNDING = 1e-6  # of the largest output


@dataclass(frozen=True)
class Product:
    """``x @ weight``: x float32 (T, D), weight int8 (D, N)."""

    name: str
    x: NDArray[np.float32]
    weight: NDArray[np.int8]
    is_bound: bool = False

    def predicted(self) -> tuple[NDArray[np.float32], int]:
        """Return what x86 without VNNI makes of it, and how many pairs saturate."""
        step, zero = step_and_zero(self.x.min(), self.x.max())
        weight = np.pad(self.weight.astype(np.int64), ((0, len(self.weight) % 2), (0, 0)))
        stored = np.pad((np.rint(self.x / step) + zero).astype(np.int64), ((0, 0), (0, len(self.weight) % 2)))
        pairs = stored[:, 0::2, None] * weight[0::2] + stored[:, 1::2, None] * weight[1::2]  # (T, D / 2, N)
        sums = np.clip(pairs, np.iinfo(np.int16).min, np.iinfo(np.int16).max)
        product = (sums.sum(1) - int(zero) * weight.sum(0)) * step
        return product.astype(np.float32), int((sums != pairs).sum())


def main() -> int:
    """Run, compare, print."""
    parser = argparse.ArgumentParser(description="Compare sums in 16 bits with the emulated kernel's.")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where emulators are kept")
    cache = parser.parse_args().cache
    products = _products()
    with tempfile.TemporaryDirectory(prefix="edgeattn-isa-") as folder:
        model, inputs, outputs = (str(Path(folder) / name) for name in ("model.onnx", "x.npz", "y.npz"))
        ir.save(_model(products), model)
        np.savez(inputs, **{product.name: product.x for product in products})
        haswell(cache).python(str(HERE / "run_graph.py"), model, inputs, outputs)
        found = dict(np.load(outputs))
    worst, pairs, bound_pairs = 0.0, 0, 0
    for product in products:
        expected, saturated = product.predicted()
        worst = max(worst, np.abs(found[f"{product.name}.y"] - expected).max() / np.abs(expected).max())
        if product.is_bound:
            bound_pairs += saturated
        else:
            pairs += saturated
    print(
        f"{len(products)} products, {pairs} saturated pairs, {bound_pairs} of weights that are bound: "
        f"{worst:.1e} of the largest output apart"
    )
    return int(worst > ROUNDING or pairs == 0 or bound_pairs > 0)


def _products() -> list[Product]:
    generator = np.random.default_rng(0)
    products = []
    for rows, width, channels in itertools.product(ROWS, WIDTHS, CHANNELS):
        weight = generator.integers(-127, 128, (width, channels)).astype(np.int8)
        weight[:, ::3] = np.abs(weight[:, ::3]).clip(100)
        for sign, x in (
            ("signed", generator.standard_normal((rows, width))),
            ("ones", np.ones((rows, width))),
        ):
            name, x32 = f"{sign}_{rows}_{width}_{channels}", x.astype(np.float32)
            products.append(Product(name, x32, weight))
            products.append(Product(f"{name}_bound", x32, bound(weight), is_bound=True))
    return products


def _model(products: list[Product]) -> ir.Model:
    tape, inputs, outputs = Tape(), [], []
    for product in products:
        x = ir.val(product.name, ir.DataType.FLOAT, product.x.shape)
        y = ir.val(f"{product.name}.y", ir.DataType.FLOAT, (len(product.x), product.weight.shape[1]))
        weight = embed(tape, product.weight, f"{product.name}.weight")
        step = embed(tape, np.ones(1, np.float32), f"{product.name}.step")
        tape.op("DynamicQuantizeMatMul", [x, weight, step], domain=MICROSOFT, output=y)
        inputs.append(x)
        outputs.append(y)
    imports = {"": 23, MICROSOFT: 1}
    graph = ir.Graph(
        inputs,
        outputs,
        nodes=tape.nodes,
        initializers=tape.initializers,
        opset_imports=imports,
        name="products",
    )
    return ir.Model(graph, ir_version=10)


if __name__ == "__main__":
    sys.exit(main())
