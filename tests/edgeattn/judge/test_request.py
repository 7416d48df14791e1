from __future__ import annotations

from dataclasses import replace

import pytest

from edgeattn.judge.budget import Budget
from edgeattn.judge.request import FASTEST, Objective, Request, check_measurable
from edgeattn.measure.place import Place
from edgeattn_export.graph.files import ONNX
from edgeattn_export.graph.hosts import Elsewhere
from edgeattn_export.graph.hosts.environment import PythonEnvironment
from edgeattn_export.search.candidates import NO_KERNELS
from edgeattn_export.targets import TARGETS
from edgeattn_runtime.engine.kernels import kernels_here
from edgeattn_runtime.errors import BadInput, BudgetError
from edgeattn_runtime.timing.machine import Machine


def test_what_is_asked_is_one_value() -> None:
    request = Request.read("cpu", {"size_mb": 24}, Objective("size"))
    assert request.target is TARGETS["cpu"]
    assert request.budget.explicit == {"size_mb"}
    assert request.objective.prefer == "size"
    assert request.machine == Machine.here(kernels_here())
    assert hash(request.target)


def test_an_unknown_target_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BadInput, match=rf"'toaster'.*{', '.join(TARGETS)}"):
        Request.read("toaster", None, FASTEST)


def test_a_drop_needs_a_metric() -> None:
    with pytest.raises(BudgetError, match="budget metric_drop: "):
        Request.read("cpu", {"metric_drop": 0.1}, FASTEST)
    assert "metric_drop" in Request.read("cpu", {"metric_drop": 0.1}, FASTEST, has_metric=True).budget


def _on(kernels: str | None, target: str = "cpu") -> Request:
    """Return a request on this machine, as if it had these kernels."""
    place = Place.here()
    place = replace(place, machine=replace(place.machine, kernels=kernels))
    return Request.read(target, None, FASTEST, places=[place])


def test_measurements_belong_to_a_processor_and_an_engine() -> None:
    request = _on(None)
    machine = request.machine
    assert request.rig().device == request.device
    for told in (machine.cpu, *machine.instruction_sets, machine.versions["onnxruntime"]):
        assert told in request.device
    assert request.rig().candidates is TARGETS["cpu"].candidates


def test_kernels_are_tried_where_they_are_installed_and_measurements_belong_to_them() -> None:
    request = _on("kernels 1.0 (AVX3_DL)")
    assert request.rig().candidates.kernels == TARGETS["cpu"].kernels != NO_KERNELS
    assert request.device == f"{_on(None).device}; kernels 1.0 (AVX3_DL)"
    assert _on("kernels 1.0 (AVX3_DL)", "cpu-1.21").rig().candidates.kernels == NO_KERNELS


def test_targets_are_named_once_and_at_least_one() -> None:
    with pytest.raises(BadInput, match="target 'cpu': "):
        Request.read(["cpu", "cpu"], None, FASTEST)
    with pytest.raises(BadInput, match=", ".join(TARGETS)):
        Request.read([], None, FASTEST)
    (alone,) = Request.read(["cpu"], None, FASTEST).each()
    assert alone.target is TARGETS["cpu"]


@pytest.mark.parametrize(
    ("emulated", "limit"), [(False, "memory_mb"), (True, "memory_mb"), (True, "latency_ratio")]
)
def test_what_cannot_be_measured_of_a_target_is_no_limit(emulated: bool, limit: str) -> None:
    host = Elsewhere(PythonEnvironment("apart", ()), emulated=emulated)
    apart = replace(TARGETS["cpu"], engine=replace(TARGETS["cpu"].engine, host=host))
    with pytest.raises(BudgetError, match=limit):
        check_measurable(apart, Budget.read({limit: 2.0}))
    check_measurable(apart, Budget.read({"cosine": 0.9}))


def test_a_target_whose_compiler_is_not_here_is_told_at_once() -> None:
    compiled = replace(ONNX, compiler=Elsewhere(PythonEnvironment("no-such", ())))
    apart = replace(TARGETS["cpu"], engine=replace(TARGETS["cpu"].engine, format=compiled))
    with pytest.raises(BadInput, match="--install no-such"):
        check_measurable(apart, Budget.read({}))
