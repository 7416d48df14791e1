"""Whether verdicts hold: judged on some inputs, and held against all the others.

    python tests/bench/bench_verdicts.py digits
    python tests/bench/bench_verdicts.py sentence --texts FOLDER

The first takes all 1,797 images of scikit-learn's digits, the second 2,000 passages of the texts in FOLDER
(models/sentence/README.md). Of each, 200 random splits are judged by the evaluation part alone, by limits
from far below to above what all inputs come to. A pass is contradicted where the mean of all other inputs
misses the limit, or, for a worst case, more than a twentieth of them do. Fails where that happens more often
than a verdict allows, and chance in so many splits.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import edgeattn_runtime
from edgeattn import pipeline
from edgeattn.judge.figures import Figure, Mean, Worst, mean_drop
from edgeattn.judge.output_metrics import METRICS
from edgeattn.judge.output_metrics.output_metric import OutputAnswers
from edgeattn.judge.request import FASTEST, Request
from edgeattn.judge.statistics import SHOWN_SHARE, mean_bound, unseen_score
from edgeattn.progress import Silent
from edgeattn.results.check import CONFIDENCE
from edgeattn.results.limits import LIMITS
from edgeattn.source import handover
from edgeattn.source.module import ModuleSource
from edgeattn_export.capture.original.reference import Reference
from edgeattn_export.graph.samples import Sample
from edgeattn_runtime.bundle.deviation import cosine

MODELS = Path(__file__).parents[2] / "models"
SPLITS = 200
SIZES = (60, 120, 300)  # evaluation samples, enough for any limit
TEXTS = 2000
NEIGHBORHOOD = 1000  # texts, that the nearest are looked for among
STEPS = (-20, -8, -4, -3, -2, -1.5, -1, -0.5, 0, 0.5, 1)  # standard errors from the mean of all
BELOW = (0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.12)  # shares of all inputs that miss a limit on a worst case
CHANCE = 0.03  # of contradictions beyond what is allowed, in so many splits

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Judged:
    """One limit over some inputs.

    Attributes:
        name: The limit's.
        figure: What inputs come to, by their places.
        scores: A number for each input; None of what has none by itself, such as its neighbors.
    """

    name: str
    figure: Callable[[Places], Figure]
    scores: NDArray[np.float64] | None


def digits(_: Path | None) -> Iterator[Sample]:
    """Yield every image, the held-out ones among them, with its label."""
    from sklearn.datasets import load_digits

    found = load_digits()
    for i, (image, label) in enumerate(zip(found.images, found.target, strict=True)):
        yield Sample({"image": image[None, None].astype(np.float32) / 16}, label, number=i)


def sentence(folder: Path | None) -> Iterator[Sample]:
    """Yield passages of the four texts, as many of each where they have as many."""
    if folder is None:
        sys.exit("sentence: no texts; expected --texts FOLDER, see models/sentence/README.md")
    sys.path.insert(0, str(MODELS / "sentence"))
    import collect  # type: ignore[import-not-found]
    import model  # type: ignore[import-not-found]

    pieces, draw = model.tokenizer(), random.Random(0)
    readers = (collect.sawyer, collect.opticks, collect.jargon, collect.sqlite)
    texts = [collect.passages(read(folder)) for read in readers]
    drawn = [text for each in texts for text in draw.sample(each, min(len(each), TEXTS // len(readers)))]
    for i, text in enumerate(drawn):
        inputs = {name: value.numpy() for name, value in model.encode(text, pieces).items()}
        yield Sample(inputs, number=i)


DATA = {"digits": (digits, ("top1", "kl")), "sentence": (sentence, ("recall_at_10", "rank"))}


def judged(name: str, samples: Sequence[Sample], bundle: Path | None) -> Iterator[Judged]:
    """Answer every sample by PyTorch and by a bundle, and yield what may be limited."""
    source = handover.load(str(MODELS / name / "model.py"))
    original, net = Reference(source.module), loaded(source, bundle)
    (output,) = net.outputs
    torch.set_num_threads(1)
    answers = [(original(s.inputs)[output.name], net(**s.inputs)[output.name]) for s in samples]
    cosines = np.array([cosine(*pair) for pair in answers])
    yield Judged("cosine", lambda at: mean_of(cosines[at]), cosines)
    yield Judged("cosine_min", lambda at: Worst(float(cosines[at].min()), len(at)), cosines)
    if samples[0].target is not None:
        labels = [sample.target for sample in samples]
        before, after = (
            np.array([each[0].argmax() for each in side]) == labels for side in zip(*answers, strict=True)
        )
        yield Judged(
            "metric_drop",
            lambda at: mean_drop(before[at].astype(float).tolist(), after[at].astype(float).tolist()),
            before.astype(float) - after,
        )
    for limit in DATA[name][1]:
        metric = METRICS[limit]
        kept = [metric.keep(row(s, output, *pair)) for s, pair in zip(samples, answers, strict=True)]
        by_itself = metric.least == 1
        yield Judged(
            limit,
            lambda at, metric=metric, kept=kept: metric.mean([kept[i] for i in at]),
            np.array([metric.mean([each]).value for each in kept]) if by_itself else None,
        )


def loaded(source: ModuleSource, bundle: Path | None) -> edgeattn_runtime.Model:
    """Open a bundle, or export one and open it."""
    if bundle is not None:
        return edgeattn_runtime.load(bundle)
    request = Request.read("cpu", source.budget, FASTEST, has_metric=source.metric is not None)
    made = pipeline.run(source, request, Silent())
    with tempfile.TemporaryDirectory() as folder:
        return edgeattn_runtime.load(made.save(Path(folder) / "model.edge"))


def mean_of(scores: NDArray[np.float64]) -> Mean:
    """Return the mean of scores of which the highest are the best."""
    return Mean(scores.tolist(), unseen_score(scores.tolist(), at_least=True), at_least=True)


def row(sample: Sample, tensor: Any, expected: NDArray[Any], found: NDArray[Any]) -> OutputAnswers:
    """Return a sample of one row, as a metric takes it."""
    both = (np.asarray(each, np.float64) for each in (expected, found))
    unused: Any = None
    return OutputAnswers(
        sample=sample,
        tensor=tensor,
        expected=next(both),
        actual=next(both),
        positions=expected.shape[:-1],
        counted=np.ravel,
        original=unused,
        int8=unused,
    )


def limits(one: Judged, every: Places, size: int) -> list[float]:
    """Return limits from easy to hard."""
    if one.name == "cosine_min":
        return [float(np.quantile(one.scores, share)) for share in BELOW]
    scores = one.scores if one.scores is not None else np.array(one.figure(every[:size]).scores)
    value = truth(one, every, size)
    error = max(float(scores.std()), 1e-12) / np.sqrt(size)
    harder = 1 if LIMITS[one.name].at_least else -1
    return [value + harder * step * error for step in STEPS]


def truth(one: Judged, at: Places, size: int) -> float:
    """Return what inputs come to; neighbors are looked for among as many as a verdict saw."""
    if one.scores is not None:
        return one.figure(at).value
    parts = [at[start : start + size] for start in range(0, len(at) - size + 1, size)]
    return float(np.mean([one.figure(part).value for part in parts]))


def contradicted(one: Judged, limit: float, rest: Places, value: float) -> bool:
    """Say whether the inputs that a verdict did not see speak against a pass."""
    if one.name == "cosine_min":
        return float((one.scores[rest] < limit).mean()) > 1 - SHOWN_SHARE
    return not LIMITS[one.name].meets(value, limit)


def end(figure: Figure) -> float:
    """Return what a limit is held against: the unfavorable end of a mean, or the worst input."""
    if not isinstance(figure, Mean):
        return figure.value
    return figure.read(mean_bound(figure.scores, figure.unseen, at_least=figure.at_least))


def measure(one: Judged, every: Places, size: int) -> tuple[float, float, float]:
    """Return the highest rate of contradicted passes of any limit, and of passes: its own, the easiest's."""
    rng = np.random.default_rng(0)
    asked = limits(one, every, size)
    wrong, passed = np.zeros(len(asked)), np.zeros(len(asked))
    for _ in range(SPLITS):
        drawn = rng.permutation(every)
        seen, rest = drawn[:size], drawn[size:]
        figure, value = one.figure(seen), truth(one, rest, size)
        shown = end(figure)
        for i, limit in enumerate(asked):
            ok = LIMITS[one.name].meets(shown, limit)
            passed[i] += ok
            wrong[i] += ok and contradicted(one, limit, rest, value)
    worst = int(wrong.argmax())
    return wrong[worst] / SPLITS, passed[worst] / SPLITS, passed[0] / SPLITS


def main() -> int:
    """Measure each limit at each size, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model", choices=DATA)
    parser.add_argument("--texts", type=Path, help="the unpacked packages, for sentence")
    parser.add_argument("--bundle", type=Path, help="of the model; exported anew where it is left out")
    given = parser.parse_args()
    samples = list(DATA[given.model][0](given.texts))
    print(f"{given.model}: {len(samples)} inputs, {SPLITS} splits\n")
    heads = ("all inputs", "samples", "passes contradicted, at most", "passes there", "of the easiest limit")
    print("| limit |", " | ".join(heads), "|")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    highest = 0.0
    for one in judged(given.model, samples, given.bundle):
        every = np.random.default_rng(1).permutation(len(samples))
        value = truth(one, every, min(NEIGHBORHOOD, len(every)))
        for size in SIZES:
            if one.name in METRICS and size < METRICS[one.name].least:
                continue
            wrong, passed, easiest = measure(one, every, size)
            highest = max(highest, wrong)
            print(
                f"| `{one.name}` | {value:.5f} | {size} | {wrong:.1%} | {passed:.1%} | {easiest:.1%} |",
                flush=True,
            )
    allowed = 1 - CONFIDENCE
    print(f"\nAt most {highest:.1%} contradicted, {allowed:.0%} allowed")
    return int(highest > allowed + CHANCE)


if __name__ == "__main__":
    sys.exit(main())
