from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest
import torch
from draws import drawn_seed
from fixture_types import Alike, Export
from torch import Tensor, nn

from edgeattn_export.capture import Captured, capture
from edgeattn_export.capture.captured import OPSET
from edgeattn_export.capture.samples.read_samples import read_samples
from edgeattn_export.graph.axes import infer_axes
from edgeattn_export.graph.runner import SessionRunner
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.shapes import sized_inputs
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Quantized
from edgeattn_export.recover import recover
from edgeattn_runtime.bundle.manifest import Tensor as Described
from edgeattn_runtime.errors import BundleError, CaptureError, ModelError, SampleError

TOLERANCE = 1e-5  # of the output's scale: float sums in another order
WIDTH = 4
LENGTHS = (5, 3, 4)


def _raw(*lengths: int) -> list[dict[str, Tensor]]:
    generator = torch.Generator().manual_seed(drawn_seed(0))
    return [{"x": torch.randn(1, length, WIDTH, generator=generator)} for length in lengths or LENGTHS]


class ModelOutput(OrderedDict[str, Tensor | None]):
    """As transformers has it: a dict whose absent parts are None."""


class Answering(nn.Module):
    """A linear layer whose answer is given in some form."""

    def __init__(self, form: Callable[[Tensor], object]) -> None:
        super().__init__()
        torch.manual_seed(drawn_seed(0))
        self.layer = nn.Linear(WIDTH, WIDTH)
        self.form = form

    def forward(self, x: Tensor) -> object:
        return self.form(self.layer(x))


def test_the_graph_is_the_module(
    encoder: Captured, samples: Samples, scaled_error: Callable[..., float]
) -> None:
    assert encoder.model.opset_imports[""] == OPSET
    session = ORT_CPU.runner(encoder.model)
    for sizes in ({"batch": 1, "sequence": 1}, {"batch": 3, "sequence": 7}, {"batch": 2, "sequence": 32}):
        inputs = sized_inputs(samples, encoder.axes, sizes)
        assert scaled_error(encoder.reference(inputs), session(inputs)) < TOLERANCE


def test_names_and_axes_are_the_owners(encoder: Captured) -> None:
    assert encoder.graph.inputs == (
        Described("tokens", "int64", ("batch", "sequence"), table_rows=4096),
        Described("mask", "int64", ("batch", "sequence")),
    )
    assert encoder.graph.outputs == (
        Described("embedding", "float32", ("batch", 16)),  # as an inner value of the export is called, too
        Described("hidden", "float32", ("batch", "sequence", 16)),
    )
    symbols = {str(dim) for value in encoder.model.graph.inputs for dim in value.shape or ()}
    assert symbols == {"batch", "sequence"}
    names = [value.name for node in encoder.model.graph for value in node.outputs]
    assert len(set(names)) == len(names)


def test_axes_are_named_as_declared(exported: Export) -> None:
    captured, _ = exported(Answering(lambda y: y), _raw(5, 5, 5), {"x": ("rows", "places")})
    assert captured.graph.inputs == (Described("x", "float32", ("rows", "places", WIDTH)),)
    assert captured.graph.outputs == (Described("output", "float32", ("rows", "places", WIDTH)),)
    ones = {"x": np.ones((3, 2, WIDTH), np.float32)}
    assert ORT_CPU.runner(captured.model)(ones)["output"].shape == (3, 2, WIDTH)


@pytest.mark.parametrize(
    ("form", "names", "noted"),
    [
        (lambda y: (y, (y.sum(), y + 1)), ("output_0", "output_1.0", "output_1.1"), "output_1.0"),
        (lambda y: [y], ("output_0",), ""),
        (lambda y: ModelOutput(logits=y, again=y, loss=None), ("logits", "again"), "loss (None)"),
        (lambda y: {"boxes": [y, (y.argmax(-1), None)], "of_batch": torch.ones(3)},
            ("boxes.0", "boxes.1.0", "of_batch"), "boxes.1.1 (None)"),
        (lambda y: {"x": y}, ("x_output",), "since an input has the name"),
    ],
)  # fmt: skip
def test_every_form_of_answer(
    form: Callable[[Tensor], object], names: tuple[str, ...], noted: str, alike: Alike
) -> None:
    captured = alike(Answering(form), _raw())
    assert tuple(tensor.name for tensor in captured.graph.outputs) == names
    assert noted in " ".join(captured.notes)


def _drifting() -> Callable[[Tensor], Tensor]:
    calls = count(1.0)
    return lambda y: y * next(calls)


@pytest.mark.parametrize(
    ("form", "error", "named"),
    [
        (lambda y: y.bfloat16(), ModelError, "^output 'output': bfloat16"),
        (lambda y: y * torch.nan, ModelError, "^Answering .*sample 0 .*NaN .*'output'"),
        (lambda y: (y, y.shape[0]), CaptureError, "^output 'output_1': "),
        (lambda y: (y, y.shape[1]), CaptureError, "^output 'output_1': "),
        (lambda y: (y, list(y)), CaptureError, r"^output 'output_1\.\d': "),
        (_drifting(), CaptureError, "^Answering .*output 'output' "),
        (lambda y: y + torch.randn_like(y), CaptureError, "^Answering .*forward .*randn_like"),
    ],
)
def test_an_answer_that_no_graph_gives_is_refused(
    form: Callable[[Tensor], object], error: type[Exception], named: str, exported: Export
) -> None:
    with pytest.raises(error, match=named):
        exported(Answering(form), _raw())


@pytest.mark.parametrize(
    "form",
    [
        lambda y: y + torch.arange(5.0)[:, None],  # a table of one length
        lambda y: y * 2 if int(y.shape[1]) == 5 else y,
    ],
)
def test_an_axis_that_the_module_fixes_is_named(form: Callable[[Tensor], object], exported: Export) -> None:
    named = r"^input 'x': .*axis 1 \(sequence\) .*5 .*test_from_module\.py, line \d+, in <lambda>"
    with pytest.raises(CaptureError, match=named):
        exported(Answering(form), _raw(5, 5, 5), {"x": ("batch", "sequence")})


def test_inputs_that_must_be_equal_but_are_not_said_to_be(exported: Export) -> None:
    class Sum(nn.Module):
        def forward(self, a: Tensor, b: Tensor) -> Tensor:
            return a + b

    raw = [{"a": value["x"], "b": value["x"]} for value in _raw()]
    with pytest.raises(CaptureError, match="must match the size of tensor b"):
        exported(Sum(), raw, {"a": ("batch", "first"), "b": ("batch", "second")})


def test_a_graph_that_fails_where_the_module_does_not(
    exported: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(runner: SessionRunner, inputs: object) -> object:
        raise BundleError("the graph fails")

    monkeypatch.setattr(SessionRunner, "__call__", broken)
    with pytest.raises(CaptureError, match=r"^the model: .*{'x': \(1, 3, 4\)}"):
        exported(Answering(lambda y: y), _raw())


def test_a_module_that_fails_on_its_samples(exported: Export) -> None:
    with pytest.raises(ModelError, match=r"^Answering .*x \(1, 5, 5\): RuntimeError: "):
        exported(Answering(lambda y: y), [{"x": torch.ones(1, 5, WIDTH + 1)}] * 3)


def test_a_scalar_input_stays_one(alike: Alike) -> None:
    class Scaled(nn.Module):
        def forward(self, x: Tensor, factor: Tensor) -> Tensor:
            return x * factor

    captured = alike(Scaled(), [{**value, "factor": torch.tensor(0.5)} for value in _raw()])
    assert captured.graph.inputs[1] == Described("factor", "float32", ())


def test_a_table_that_forward_makes_anew_stays_the_modules(alike: Alike) -> None:
    class Positions(nn.Module):
        """Positions that training moved off those that a longer input gets (FSMT)."""

        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Parameter(torch.randn(32, WIDTH))

        def forward(self, x: Tensor) -> Tensor:
            places = torch.cumsum(x[..., 0].isfinite().int(), 1)
            if x.shape[1] >= self.table.shape[0]:
                self.table = nn.Parameter(torch.zeros(x.shape[1] + 1, WIDTH))
            return x + self.table[places]

    module = Positions()
    table = module.table
    captured = alike(module, _raw())
    assert module.table is table
    assert [symbol.max for symbol in captured.symbols.values()] == [None, 31]


class Kept(nn.Module):
    """A causal bias that forward computes at its first call and keeps while it suffices, as ALiBi's are."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("bias", None, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        size = x.shape[1]
        if self.bias is None or self.bias.shape[-1] < size:
            places = torch.arange(size)
            self.bias = -(places[:, None] - places).abs().float()
        return torch.softmax(x @ x.mT + self.bias[-size:, -size:], -1) @ x


def test_a_table_that_forward_keeps_is_as_long_as_any_sample() -> None:
    samples = read_samples(Kept().eval(), _raw(3, 4, 5, 9))
    axes = infer_axes(samples, None)
    captured = capture(Kept().eval(), samples[:3], axes, ORT_CPU, every=samples)
    assert captured.symbols[captured.axes.symbols[-1]].max == 9
    assert any("at most 9, as in the longest sample" in note for note in captured.notes)
    inputs = samples[3].inputs
    actual = ORT_CPU.runner(captured.model)(inputs)["output"]
    np.testing.assert_allclose(actual, captured.reference(inputs)["output"], rtol=TOLERANCE, atol=TOLERANCE)


def test_a_sample_beyond_what_the_graph_takes_is_named() -> None:
    class Folded(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x * 2 if x.shape[1] > 6 else x + 1

    samples = read_samples(Folded().eval(), _raw(3, 4, 5, 9))
    with pytest.raises(SampleError, match="sample 3: sequence 9 found, 1 to 6 expected"):
        capture(Folded().eval(), samples[:3], infer_axes(samples, None), ORT_CPU, every=samples)


def test_nothing_is_left_in_the_working_folder(
    exported: Export,
    int8_of: Callable[[ir.Model, Samples], Quantized],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    captured, samples = exported(Answering(lambda y: y), _raw())
    int8_of(recover(captured, samples).model, samples)
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")  # the exporter's advice is for its developers
