"""Time per token that the story model writes: by the length behind it, and by beams and prompts at once.

    python tests/bench/bench_generation.py [--threads 1] [--rounds 1000]

The int8 bundle is exported anew, and what is compared is measured in one process, interleaved, by what an app
calls. With about 100 and about 1,000 tokens behind it: `edgeattn_runtime.generate`, greedily. A text begins
anew after 32 tokens; its prompt's own call is one in 33, beyond the 90th percentile. With 1 to 8 beams, and
with 8 prompts, half of them half as long: `edgeattn_runtime.generate_many`, 32 tokens behind some 100, a
fiftieth as many rounds. Prints the median and the 90th percentile in milliseconds, and the ratio of the
medians.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from edgeattn.pipeline import export
from edgeattn.source.handover import load
from edgeattn_runtime.decoding import generate, generate_many
from edgeattn_runtime.model import Model
from edgeattn_runtime.model import load as load_bundle
from edgeattn_runtime.timing.latency import Latency, interleave

STORY = Path(__file__).parents[2] / "models" / "story" / "model.py"
LENGTHS = (100, 1000)  # tokens in all, the new one included
WRITTEN = 32  # tokens of a text, around that length
BEAMS = (1, 2, 4, 8)
PROMPTS = 8


def main() -> None:
    """Export, measure, print."""
    arguments = _arguments()
    handed = load(str(STORY))
    tokens = np.concatenate([np.ravel(sample[0]["tokens"]) for sample in handed.samples])
    with tempfile.TemporaryDirectory() as folder:
        bundle = export(handed.module, handed.samples, dynamic=handed.dynamic, name=handed.name)
        model = load_bundle(bundle.save(Path(folder) / "story.edge"), threads=arguments.threads)
        prompts = {str(length): tokens[: length - WRITTEN // 2].tolist() for length in LENGTHS}
        steps = {name: partial(next, written(model, prompt)) for name, prompt in prompts.items()}
        _show(
            "tokens in all, one token a call",
            interleave(steps, rounds=arguments.rounds, warmup=10),
            arguments.threads,
        )
        whole = _whole(model, tokens[: LENGTHS[0]].tolist())
        rounds = max(1, arguments.rounds // 50)
        _show(f"{WRITTEN} tokens of each", interleave(whole, rounds=rounds, warmup=1), arguments.threads)


def _whole(model: Model, prompt: list[int]) -> dict[str, Callable[[], object]]:
    """Return calls that write whole texts, by what they write at once."""
    write = partial(generate_many, model, max_new_tokens=WRITTEN)
    calls: dict[str, Callable[[], object]] = {
        f"{beams} beam{'s' * (beams > 1)}": partial(write, [prompt], num_beams=beams) for beams in BEAMS
    }
    prompts = [prompt, prompt[: len(prompt) // 2]] * (PROMPTS // 2)
    calls[f"{PROMPTS} prompts"] = partial(write, prompts)
    calls[f"{PROMPTS} prompts, one by one"] = lambda: [write([each]) for each in prompts]
    return calls


def _show(what: str, times: Mapping[str, Latency], threads: int) -> None:
    table = Table(title=f"story, int8, {threads} thread(s)")
    for title in (what, "p50, ms", "p90, ms", "to the first"):
        table.add_column(title, justify="right")
    first = next(iter(times.values()))
    for name, latency in times.items():
        table.add_row(name, f"{latency.p50:.3f}", f"{latency.p90:.3f}", f"{latency.p50 / first.p50:.2f}")
    Console().print(table)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time the story model's decoder by the length behind it.")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1000)
    return parser.parse_args()


def written(model: Model, prompt: list[int]) -> Iterator[int]:
    """Yield tokens after the prompt, over and over again."""
    while True:
        yield from generate(model, prompt, max_new_tokens=1 + WRITTEN)


if __name__ == "__main__":
    main()
