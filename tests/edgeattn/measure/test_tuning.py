"""What makes a bundle fast beyond its graph: session settings, stacks, and which way is the cheapest."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest

from edgeattn.bundle import Bundle
from edgeattn.measure import tuning as module
from edgeattn.measure.tuning import Way, cheapest, choose_settings, measure_stacks, tune
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.output_kinds import Outputs
from edgeattn_export.graph.runner import SessionRunner
from edgeattn_export.graph.samples import Inputs, SampleSplit
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize import Quantized
from edgeattn_export.quantize.graphs import Graphs as Parts8
from edgeattn_export.quantize.graphs import QuantizedGraph
from edgeattn_export.targets.cpu import DYNAMIC_INT8
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH, Manifest
from edgeattn_runtime.bundle.rows import Rows, Stack, rows_per_call
from edgeattn_runtime.bundle.session_settings import PLAIN, SessionSettings
from edgeattn_runtime.graph import Graph, Symbol, Tensor


@pytest.fixture(scope="module")
def parts(bundle: Bundle) -> Parts8:
    """The graph of the session's bundle."""
    model = ir.from_proto(ir.serde.onnx.ModelProto.FromString(bundle.packed.files["model.onnx"]))
    graph = bundle.manifest.graphs[MAIN_GRAPH]
    return Parts8(
        {MAIN_GRAPH: QuantizedGraph(Quantized(model, DYNAMIC_INT8, ()), graph)}, bundle.manifest.symbols
    )


@pytest.fixture
def inputs(samples: SampleSplit) -> list[Inputs]:
    return [sample.inputs for sample in samples.selection]


def test_what_was_found_fits_the_manifest(bundle: Bundle, parts: Parts8, inputs: list[Inputs]) -> None:
    tuned = tune(parts, ORT_CPU, inputs, bundle.manifest.rows, cores=2)
    (variant,) = bundle.manifest.variants
    variant = replace(variant, session=tuned.session, stacks=tuned.stacks)
    manifest = replace(bundle.manifest, variants=(variant,))
    assert Manifest.from_json(manifest.to_json()) == manifest


def test_stacks_are_measured_on_rows_without_their_padding(
    bundle: Bundle, parts: Parts8, inputs: list[Inputs], monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[tuple[int, ...]] = []

    def measure_stacks(
        rows: Rows, graph: object, symbols: object, real: list[Inputs], *_: object, **__: object
    ) -> tuple[Stack, ...]:
        measured.extend(arrays["tokens"].shape for arrays in real)
        return (Stack({}, 8),)

    monkeypatch.setattr(module, "measure_stacks", measure_stacks)
    length = inputs[0]["tokens"].shape[1]
    padded = {name: array.copy() for name, array in inputs[0].items()}
    padded["attention_mask"][:, -2:] = 0
    tuned = tune(parts, ORT_CPU, [padded], bundle.manifest.rows, cores=2)
    assert measured == [(1, length - 2)]
    assert tuned.stacks == (Stack({}, 8),)


def test_a_graph_of_dependent_rows_has_a_session_but_no_stacks(parts: Parts8, inputs: list[Inputs]) -> None:
    tuned = tune(parts, ORT_CPU, inputs, None, cores=2)
    assert tuned.session.threads >= 1
    assert tuned.stacks == ()


GRAPH = Path(__file__).parents[3] / "runtime" / "conformance" / "build" / "good.edge" / "model.onnx"
INPUTS = [
    {"tokens": np.ones((1, length), np.int64), "mask": np.ones((1, length), np.float32)} for length in (2, 5)
]
CORES = 4
WINS, LOSES = "other", "current"


def _settings_verdicts(monkeypatch: pytest.MonkeyPatch, *verdicts: str) -> list[tuple[object, object]]:
    """Script the comparisons; return what they will have been asked: threads, and the pause after a call."""
    asked: list[tuple[object, object]] = []

    def cheapest(ways: Mapping[str, Way], default: str, **asked_for: object) -> str:
        assert (set(ways), default) == ({"current", "other"}, "current")
        for way in ways.values():
            way.call()
        asked.append((asked_for["threads"], asked_for["pause"]))
        return verdicts[len(asked) - 1]

    monkeypatch.setattr(module, "cheapest", cheapest)
    return asked


def test_what_pays_is_kept_and_built_on(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _settings_verdicts(monkeypatch, WINS, LOSES, WINS, LOSES, WINS)
    expected = SessionSettings(threads=2, spinning=True, memory_pattern=False)
    assert choose_settings(GRAPH, ORT_CPU, INPUTS, cores=CORES) == expected
    pause = module.SPIN_PAUSE
    assert asked == [(2, 0.0), (4, 0.0), (2, pause), (2, pause), (2, pause)]


def test_one_thread_does_not_spin(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _settings_verdicts(monkeypatch, LOSES, LOSES, LOSES, LOSES)
    assert choose_settings(GRAPH, ORT_CPU, INPUTS, cores=CORES) == PLAIN
    assert [threads for threads, _ in asked] == [2, 4, 1, 1]


def test_what_changes_an_answer_is_not_even_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _settings_verdicts(monkeypatch)
    opened = Engine.file_runner

    class Off:
        """A runner whose answers are off by a bit."""

        def __init__(self, runner: SessionRunner) -> None:
            self._runner = runner

        def __call__(self, inputs: Inputs) -> dict[str, np.ndarray]:
            return {name: np.nextafter(y, np.float32(9)) for name, y in self._runner(inputs).items()}

    def file_runner(engine: Engine, path: Path, *, settings: SessionSettings = PLAIN) -> object:
        runner = opened(engine, path, settings=settings)
        return runner if settings == PLAIN else Off(runner)

    monkeypatch.setattr(Engine, "file_runner", file_runner)
    assert choose_settings(GRAPH, ORT_CPU, INPUTS, cores=CORES) == PLAIN
    assert asked == []


def test_settings_are_measured_without_a_script() -> None:
    found = choose_settings(GRAPH, ORT_CPU, INPUTS, cores=CORES)
    assert 1 <= found.threads <= CORES


ROWS = Rows("batch", None)
CONTRACT = Graph((Tensor("x", "int64", ("batch", "sequence")),), (Tensor("y", "int64", ("batch",)),))


class Network:
    """Remembers the shapes that it was bound to."""

    def __init__(self) -> None:
        self.bound: list[tuple[int, ...]] = []

    def __call__(self, inputs: Inputs) -> Outputs:
        return {"y": inputs["x"].sum(1)}

    def bind(self, inputs: Inputs) -> Callable[[], object]:
        self.bound.append(inputs["x"].shape)
        return partial(self, inputs)


def _measure(
    monkeypatch: pytest.MonkeyPatch, best: Mapping[int, int], *, most: int | None = None
) -> tuple[list[tuple[int, ...]], tuple[Stack, ...]]:
    """Measure where ``best`` says how many rows of a length are the cheapest together."""
    network = Network()

    def cheapest(ways: Mapping[int, Way], default: int, **_: object) -> int:
        assert default == 1
        assert [way.answers for way in ways.values()] == list(ways)
        return best[network.bound[-1][1]]

    monkeypatch.setattr(module, "cheapest", cheapest)
    rows = [{"x": np.ones((1, length), np.int64)} for length in (*best, *best)]
    symbols = {"batch": Symbol(1, most), "sequence": Symbol(1, None)}
    return network.bound, measure_stacks(ROWS, CONTRACT, symbols, rows, network, threads=1)


def test_more_rows_are_tried_only_where_two_gain(monkeypatch: pytest.MonkeyPatch) -> None:
    bound, _ = _measure(monkeypatch, {3: 8, 7: 1})
    assert bound == [*((count, 3) for count in (1, 2, 1, 2, 4, 8)), (1, 7), (2, 7)]


def test_no_more_rows_than_the_graph_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    bound, found = _measure(monkeypatch, {3: 2}, most=2)
    assert bound == [(1, 3), (2, 3)]
    assert found == (Stack({"sequence": 3}, 2),)


@pytest.mark.parametrize(
    ("best", "expected"),
    [
        ({2: 1, 9: 1}, {}),
        ({2: 8, 9: 1}, {2: 8}),
        ({2: 8, 4: 8, 9: 4}, {4: 8, 9: 4}),
        ({2: 1, 4: 8}, {2: 1, 4: 8}),
    ],
)
def test_what_goes_without_saying_is_not_said(
    monkeypatch: pytest.MonkeyPatch, best: dict[int, int], expected: dict[int, int]
) -> None:
    _, found = _measure(monkeypatch, best)
    assert found == tuple(Stack({"sequence": length}, rows) for length, rows in expected.items())
    for length, count in best.items():
        assert rows_per_call(found, {"sequence": length}) == count


def test_stacks_are_measured_without_a_script() -> None:
    rows = [{"x": np.ones((1, length), np.int64)} for length in (1, 5)]
    symbols = {"batch": Symbol(1, None), "sequence": Symbol(1, None)}
    for stack in measure_stacks(ROWS, CONTRACT, symbols, rows, Network(), threads=1):
        assert stack.rows in module.ROWS_PER_CALL


Scripted = Callable[..., str]
ROUNDS = 8


@pytest.fixture
def scripted() -> Scripted:
    """``cheapest`` over ways whose costs follow a script, round by round; the first is the default."""

    def choose(answers: dict[str, int] | None = None, /, **costs: list[float]) -> str:
        ways = {name: Way(lambda: None, (answers or {}).get(name, 1)) for name in costs}
        found = {name: list(islice(cycle(numbers), ROUNDS)) for name, numbers in costs.items()}
        return cheapest(ways, next(iter(costs)), margin=0.1, turns=lambda *_: found)

    return choose


def test_the_cheapest_wins(scripted: Scripted) -> None:
    assert scripted(default=[10], dear=[11], cheap=[5], cheaper=[4]) == "cheaper"


def test_a_gain_below_the_margin_keeps_the_default(scripted: Scripted) -> None:
    assert scripted(default=[10], other=[9.1]) == "default"
    assert scripted(default=[10], other=[8.9]) == "other"


def test_a_gain_in_too_few_rounds_keeps_the_default(scripted: Scripted) -> None:
    assert scripted(default=[10], other=[5, 5, 12, 12]) == "default"
    assert scripted(default=[10], other=[5, 5, 5, 5, 5, 5, 5, 12]) == "other"


def test_rounds_are_compared_within_themselves(scripted: Scripted) -> None:
    weather = [1, 9, 3, 7]
    assert scripted(default=weather, other=[number * 0.8 for number in weather]) == "other"


def test_a_call_for_several_answers_shares_its_cost(scripted: Scripted) -> None:
    assert scripted({"eight": 8}, one=[1], eight=[6]) == "eight"
    assert scripted({"eight": 8}, one=[1], eight=[7.9]) == "one"


WORK = 20_000  # additions: enough that ten times as many are told apart


def _work(times: int) -> Callable[[], object]:
    return lambda: sum(range(WORK * times))


@pytest.mark.parametrize("threads", [1, 2])
def test_real_work_is_told_apart(threads: int) -> None:
    ways = {"more": Way(_work(10)), "less": Way(_work(1))}
    assert cheapest(ways, "more", margin=0.1, threads=threads) == "less"
    assert cheapest(ways, "less", margin=0.1, threads=threads) == "less"


def test_on_one_thread_waiting_costs_nothing() -> None:
    def waiting() -> None:
        _work(1)()
        time.sleep(0.01)

    ways = {"busy": Way(_work(10)), "waiting": Way(waiting)}
    assert cheapest(ways, "busy", margin=0.1) == "waiting"
