"""What the verdict and the golden check make of wrong graphs, and of right ones: ``make proof``.

    python tests/proof/mutations.py [--count 1000] [MODEL...]

Each reference model is exported as a draft, whose int8 graph then stands for the original; a decoder's
answers prompts. A mutant of it is wrong where its answers to the evaluation samples move by more than a fifth
of what they vary by. The default limits and golden vectors have to catch 99 % of these, and to fail no graph
that sums in another order, or runs unfused or on two threads. What escapes is listed. Exit code 1 where they
do not.
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
from typing import TypedDict

import onnx
from bundle_answers import main_inputs, runner
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument
from wrong_graphs import kept, mutants

import edgeattn_runtime
from edgeattn.judge.budget import DEFAULT
from edgeattn.judge.r2 import output_r2, r2_part
from edgeattn.results.accuracy import OutputAccuracy
from edgeattn.results.limits import LIMITS
from edgeattn.source.arguments import read_source
from edgeattn_export.graph.output_kinds import Outputs
from edgeattn_export.graph.samples import Inputs
from edgeattn_export.graph.spread import Spread, spreads_of
from edgeattn_runtime.bundle.golden import GoldenVectors, Sample, read_golden, replay
from edgeattn_runtime.graph import Tensor


class Run(TypedDict, total=False):
    """How a graph runs."""

    fused: bool
    threads: int


ROOT = Path(__file__).parents[2]
SHARES = {  # of all wrong graphs: more of what answers fast
    "digits": 0.25,
    "policy": 0.25,
    "series": 0.15,
    "keywords": 0.1,
    "story": 0.1,
    "translation": 0.08,
    "dictation": 0.04,
    "sentence": 0.03,
}
RUNS: Mapping[str, Run] = {
    "sums in another order": {},
    "sums in another order, unfused": {"fused": False},
    "sums in another order, on two threads": {"threads": 2},
}
SAMPLES = 40  # evaluation samples, evenly over all of them
MOVED = 0.2  # of what answers vary by
TO_CATCH = 0.99


@dataclass(frozen=True, slots=True)
class Right:
    """What a mutant is held against.

    Attributes:
        graph: That answers right.
        tensors: Its outputs; of a decoder, the logits.
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
    def of(cls, folder: Path, samples: list[Inputs]) -> Right:
        """Return what a bundle's main graph answers."""
        files = edgeattn_runtime.load(folder, kernels=False).files
        variant, manifest, golden = files.manifest.variants[0], files.manifest, read_golden(files)
        graph, inputs = onnx.load(folder / variant.files[manifest.main_graph]), main_inputs(files, samples)
        answer = runner(graph)
        answers = [answer(each) for each in inputs]
        decided = None if manifest.generation is None else manifest.generation.logits
        outputs = manifest.graphs[manifest.main_graph].outputs
        tensors = tuple(each for each in outputs if decided in (None, each.name))
        right = tuple(replace(it, outputs=held(it, answer(it.inputs))) for it in golden.samples)
        # A draft may lose more than a bundle that passes; one that just passes is allowed about this much.
        tolerance = {name: min(error, MOVED) for name, error in variant.tolerance.items()}
        spreads = spreads_of(tensors, answers)
        return cls(graph, tensors, inputs, answers, spreads, replace(golden, samples=right), tolerance)

    def is_caught(self, answer: Callable[[Inputs], Outputs], moved: float) -> tuple[bool, bool] | None:
        """Say whether the verdict and the golden check refuse a graph; None where it moves less than asked.

        Args:
            answer: Of one graph.
            moved: Root mean square of what answers vary by.
        """
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


def wrong_ones(right: Right, draw: Random, count: int) -> Iterator[tuple[str, bool, bool]]:
    """Yield of mutants that move the answers what was wrong, and whether the verdict and golden saw it."""
    found = 0
    for kind, mutant in itertools.islice(mutants(right.graph, draw), 10 * count):
        try:
            caught = right.is_caught(runner(mutant), MOVED)
        except (RuntimeError, Fail, InvalidArgument):  # it does not load, or does not run: seen by everyone
            continue
        if caught is not None:
            yield kind, *caught
            found += 1
        if found == count:
            return


def kept_ones(right: Right, draw: Random, count: int) -> Iterator[tuple[str, bool]]:
    """Yield of graphs that answer the same how they run, and whether the verdict or golden fails them."""
    for kind, options in itertools.islice(itertools.cycle(RUNS.items()), count):
        caught = right.is_caught(runner(kept(right.graph, draw), **options), 0.0)
        yield kind, any(caught or ())


def main() -> int:
    """Print a table; 1 where too much escapes, or what is right fails."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="*", default=SHARES)
    parser.add_argument("--count", type=int, default=1000, help="wrong graphs of all models, and right ones")
    arguments = parser.parse_args()
    print("| model | wrong graphs | seen by the verdict | by golden | right graphs | that fail |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    escaped: list[str] = []
    total = caught = failing = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.models:
            count, draw = math.ceil(SHARES[name] * arguments.count), Random(0)
            right = Right.of(*exported(name, Path(folder)))
            wrong, same = list(wrong_ones(right, draw, count)), list(kept_ones(right, draw, count))
            failed = [kind for kind, fails in same if fails]
            seen = [sum(each[i] for each in wrong) for i in (1, 2)]
            print(
                f"| {name} | {len(wrong)} | {seen[0]} | {seen[1]} | {len(same)} | {len(failed)} |", flush=True
            )
            escaped += [
                f"{name}: {kind}: not seen by {_blind(*each)}" for kind, *each in wrong if not all(each)
            ]
            escaped += [f"{name}: {kind}: fails" for kind in failed]
            total, failing = total + len(wrong), failing + len(failed)
            caught += sum(verdict and golden for _, verdict, golden in wrong)
    print(*escaped, sep="\n")
    return int(failing > 0 or caught < TO_CATCH * total)


def _blind(*seen: bool) -> str:
    return " and ".join(name for name, it in zip(("verdict", "golden"), seen, strict=True) if not it)


def exported(name: str, folder: Path) -> tuple[Path, list[Inputs]]:
    """Export a reference model as a draft, and return its folder and the inputs of evaluation samples."""
    model, bundle = ROOT / "models" / name / "model.py", folder / f"{name}.edge"
    subprocess.run(
        [sys.executable, "-m", "edgeattn", "export", model, "--draft", "-o", bundle],
        check=False,  # a draft that fails its verdict is written all the same
        capture_output=True,
    )
    samples = read_source(str(model), None).read().split().evaluation
    chosen = [samples[i * len(samples) // SAMPLES] for i in range(min(SAMPLES, len(samples)))]
    return bundle, [dict(sample.inputs) for sample in chosen]


if __name__ == "__main__":
    sys.exit(main())
