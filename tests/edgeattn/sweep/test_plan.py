from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest

from edgeattn.sweep.plan import Plan
from edgeattn.sweep.row import Model, Row, key_of
from edgeattn_runtime.errors import BadInput

TINY = str(Path(__file__).parents[1] / "tiny.py")


def test_every_model_meets_every_budget_target_and_device() -> None:
    plan = Plan.read([TINY], ["cosine=0.99", "cosine=0.999,size_mb=5"], ["cpu", "web"], ["pi4", "server"])
    assert len(plan.rows) == 8
    assert plan.rows[0] == Row(Model(TINY), (("cosine", 0.99),), "cpu", "pi4")
    assert plan.rows[-1].words == "tiny cosine=0.999,size_mb=5 web on server"
    assert plan.models == (Model(TINY),)


def test_without_a_budget_each_model_keeps_its_own() -> None:
    (row,) = Plan.read([TINY], [], ["cpu"]).rows
    assert row.budget == "its own"
    assert shlex.split(row.command) == ["edgeattn", "export", TINY, "--target", "cpu"]


def test_a_row_says_what_makes_its_bundle() -> None:
    row = Row(Model("a b.onnx", "x.npz"), (("cosine", 0.9999999),), "cpu", "pi4")
    command = "edgeattn export 'a b.onnx' x.npz --budget cosine=0.9999999 --target cpu --on pi4"
    assert row.command == command


def test_an_onnx_file_is_followed_by_its_samples(tmp_path: Path) -> None:
    model, samples = tmp_path / "m.onnx", tmp_path / "m.npz"
    model.touch()
    samples.touch()
    (row, _) = Plan.read([str(model), str(samples), TINY], [], ["cpu"]).rows
    assert row.model == Model(str(model), str(samples))
    assert row.model.name == "m"


@pytest.mark.parametrize(
    ("models", "budgets", "targets", "named"),
    [
        ([TINY, f"{Path(TINY).parent}/../edgeattn/tiny.py"], [], ["cpu"], r"^model .*tiny\.py: "),
        (
            [TINY],
            ["cosine=0.9,size_mb=5", "size_mb=5.0,cosine=0.9"],
            ["cpu"],
            "^budget size_mb=5.0,cosine=0.9: ",
        ),
        ([TINY], [], ["cpu", "cpu"], "^target cpu: "),
        ([TINY], [], ["tpu"], "^target 'tpu': "),
        ([TINY], ["cosine=0.9,cosine=0.8"], ["cpu"], "^budget cosine: "),
        ([TINY], ["speed=3"], ["cpu"], "^budget 'speed': "),
        (["nowhere.py"], [], ["cpu"], "^nowhere.py: "),
        (["nowhere.at.all"], [], ["cpu"], "^nowhere.at.all: "),
        (["m.onnx"], [], ["cpu"], "^m.onnx: .*.npz"),
        (["m.onnx", TINY], [], ["cpu"], "^m.onnx: .*tiny.py .*.npz"),
        (["m.onnx", "m.npz"], [], ["cpu"], "^m.onnx: "),
        (["m.npz"], [], ["cpu"], "^m.npz: "),
    ],
)
def test_what_cannot_be_swept_is_refused(
    models: Sequence[str], budgets: Sequence[str], targets: Sequence[str], named: str
) -> None:
    with pytest.raises(BadInput, match=named):
        Plan.read(models, budgets, targets)


def test_all_that_an_outcome_depends_on_makes_another_key() -> None:
    row = Row(Model(TINY), (("cosine", 0.9), ("size_mb", 5.0)), "cpu")
    same = Row(Model("elsewhere.py"), (("size_mb", 5.0), ("cosine", 0.9)), "cpu")
    asked = {"identity": "1", "machine": "a", "versions": {"torch": "2"}}
    key = key_of(row.question(**asked))  # type: ignore[arg-type]
    assert key_of(same.question(**asked)) == key  # type: ignore[arg-type]
    others = [
        Row(row.model, row.limits[:1], "cpu").question(**asked),  # type: ignore[arg-type]
        Row(row.model, row.limits, "web").question(**asked),  # type: ignore[arg-type]
        Row(row.model, row.limits, "cpu", "pi4").question(**asked),  # type: ignore[arg-type]
        row.question("2", "a", {"torch": "2"}),
        row.question("1", "b", {"torch": "2"}),
        row.question("1", "a", {"torch": "3"}),
    ]
    assert len({key, *map(key_of, others)}) == 7
    assert all(json.loads(json.dumps(each)) == each for each in others)
