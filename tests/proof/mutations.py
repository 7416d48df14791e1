"""What the verdict and the golden check make of wrong graphs, and of right ones: ``make proof``.

    python tests/proof/mutations.py [--count 200] [MODEL...]

Each reference model is exported as a draft, whose int8 graph then stands for the original. A mutant of it is
wrong where its answers to the evaluation samples move by more than a fifth of what they vary by. The default
limits and golden vectors have to catch 99 % of these, and to fail no graph that only sums in another order.
What escapes is listed. Exit code 1 where they do not.
"""

from __future__ import annotations

import argparse
import itertools
import math
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import onnx
import onnxruntime as ort
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument
from wrong_graphs import kept, mutants

import edgeattn_runtime
from edgeattn.judge.budget import DEFAULT
from edgeattn.judge.r2 import output_r2, r2_part
from edgeattn.results.accuracy import OutputAccuracy
from edgeattn.results.limits import LIMITS
from edgeattn.source.arguments import read_source
from edgeattn_export.graph.agreement import Outputs
from edgeattn_export.graph.samples import Inputs
from edgeattn_export.graph.spread import Spread, spreads_of
from edgeattn_runtime.bundle.golden import GoldenVectors, Sample, read_golden, replay
from edgeattn_runtime.graph import Tensor

ROOT = Path(__file__).parents[2]
MODELS = ("digits", "policy", "series", "keywords", "story")
SAMPLES = 60  # evaluation samples
MOVED = 0.2  # of what answers vary by
TO_CATCH = 0.99


@dataclass(frozen=True, slots=True)
class Right:
    """What a mutant is held against.

    Attributes:
        graph: That answers right.
        tensors: Its outputs.
        inputs: Of evaluation samples.
        answers: To these.
        spreads: Of them.
        golden: The bundle's vectors, answered by the graph itself.
        tolerance: By output, of the golden check.
    """

    graph: onnx.ModelProto
    tensors: tuple[Tensor, ...]
    inputs: list[Inputs]
    answers: list[Outputs]
    spreads: dict[str, Spread]
    golden: GoldenVectors
    tolerance: Mapping[str, float]

    @classmethod
    def of(cls, folder: Path, inputs: list[Inputs]) -> Right:
        """Return what a bundle's main graph answers."""
        files = edgeattn_runtime.load(folder, kernels=False).files
        variant, name = files.manifest.variants[0], files.manifest.main_graph
        tensors, graph = files.manifest.graphs[name].outputs, onnx.load(folder / variant.files[name])
        answer = runner(graph)
        answers = [answer(each) for each in inputs]
        golden = read_golden(files)
        samples = tuple(replace(it, outputs=held(it, answer(it.inputs))) for it in golden.samples)
        own = replace(golden, samples=samples)
        return cls(graph, tensors, inputs, answers, spreads_of(tensors, answers), own, variant.tolerance)

    def is_caught(self, mutant: onnx.ModelProto, moved: float) -> tuple[bool, bool] | None:
        """Say whether the verdict and the golden check refuse a mutant; None where it moves less than asked.

        Args:
            mutant: One graph.
            moved: Root mean square of what answers vary by.
        """
        answer = runner(mutant)
        answers = [answer(each) for each in self.inputs]
        found = [self._r2(tensor, answers) for tensor in self.tensors]
        if math.sqrt(max(1 - min(each.r2 for each in found), 0.0)) < moved:
            return None
        lowest = {
            "r2": min(each.r2 for each in found),
            "r2_channel_min": min(it.r2_channel_min for it in found),
        }
        verdict = any(not LIMITS[name].meets(lowest[name], limit) for name, limit in DEFAULT.items())
        results = replay(lambda **arrays: answer(arrays), self.golden, tolerance=self.tolerance)
        return verdict, not all(result.ok for result in results)

    def _r2(self, tensor: Tensor, answers: list[Outputs]) -> OutputAccuracy:
        spread, name = self.spreads[tensor.name], tensor.name
        pairs = zip(self.answers, answers, strict=True)
        parts = [r2_part(spread, right[name], wrong[name], right[name]) for right, wrong in pairs]
        return output_r2(name, tensor.dims, spread, parts).accuracy


def held(sample: Sample, answers: Outputs) -> Outputs:
    """Return what golden vectors hold of answers."""
    return {
        name: sample.excerpts[name].of(answer) if name in sample.excerpts else answer
        for name, answer in answers.items()
    }


def runner(graph: onnx.ModelProto) -> Callable[[Inputs], Outputs]:
    """Return what answers as a graph does, on one thread."""
    options = ort.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 4, 1
    session = ort.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_outputs()]
    return lambda inputs: dict(zip(names, session.run(None, dict(inputs)), strict=True))


def wrong_ones(right: Right, draw: Random, count: int) -> Iterator[tuple[str, bool, bool]]:
    """Yield of mutants that move the answers what was wrong, and whether the verdict and golden saw it."""
    found = 0
    for kind, mutant in itertools.islice(mutants(right.graph, draw), 10 * count):
        try:
            caught = right.is_caught(mutant, MOVED)
        except (RuntimeError, Fail, InvalidArgument):  # it does not load, or does not run: seen by everyone
            continue
        if caught is not None:
            yield kind, *caught
            found += 1
        if found == count:
            return


def main() -> int:
    """Print a table; 1 where too much escapes, or what is right fails."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="*", default=MODELS)
    parser.add_argument("--count", type=int, default=200, help="of wrong graphs, and of right ones, a model")
    arguments = parser.parse_args()
    print("| model | wrong graphs | seen by the verdict | by golden | right graphs | that fail |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    escaped: list[str] = []
    total = caught_by_both = failing = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.models:
            right = Right.of(*exported(name, Path(folder)))
            draw = Random(0)
            wrong = list(wrong_ones(right, draw, arguments.count))
            kept_ones = [right.is_caught(kept(right.graph, draw), 0.0) for _ in range(arguments.count)]
            failed = sum(any(each or ()) for each in kept_ones)
            seen = [sum(each[i] for each in wrong) for i in (1, 2)]
            print(
                f"| {name} | {len(wrong)} | {seen[0]} | {seen[1]} | {len(kept_ones)} | {failed} |", flush=True
            )
            escaped += [f"{name}: {kind}: {_blind(*each)}" for kind, *each in wrong if not all(each)]
            total, failing = total + len(wrong), failing + failed
            caught_by_both += sum(verdict and golden for _, verdict, golden in wrong)
    print(*escaped, sep="\n")
    return int(failing > 0 or caught_by_both < TO_CATCH * total)


def _blind(verdict: bool, golden: bool) -> str:
    return " and ".join(name for name, seen in (("verdict", verdict), ("golden", golden)) if not seen)


def exported(name: str, folder: Path) -> tuple[Path, list[Inputs]]:
    """Export a reference model as a draft, and return its folder and the inputs of evaluation samples."""
    model, bundle = ROOT / "models" / name / "model.py", folder / f"{name}.edge"
    subprocess.run([sys.executable, "-m", "edgeattn", "export", model, "--draft", "-o", bundle], check=False)
    samples = read_source(str(model), None).read().split().evaluation
    return bundle, [dict(sample.inputs) for sample in samples[:SAMPLES]]


if __name__ == "__main__":
    sys.exit(main())
