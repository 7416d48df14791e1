"""The commands of a device: run, check, bench and generate, with their arguments and what they print."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

from edgeattn_runtime.bench import Benchmark, Timing, bench
from edgeattn_runtime.decoding import generate
from edgeattn_runtime.errors import CheckFailed, EdgeAttnError
from edgeattn_runtime.golden import GoldenResult, check
from edgeattn_runtime.machine import Machine
from edgeattn_runtime.model import Model, load
from edgeattn_runtime.npz import read_npz, write_npz


def run(argv: Sequence[str] | None) -> int:
    """Run one command and return its exit code; what is wrong is told in one line on stderr."""
    args = _parser().parse_args(argv)
    try:
        args.command(args)
    except EdgeAttnError as error:
        return _tell(error, error.exit_code)
    except OSError as error:
        return _tell(error, EdgeAttnError.exit_code)
    return 0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(EdgeAttnError.exit_code, f"{self.prog}: {message} (see --help)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m edgeattn_runtime", description="Run, check or time a bundle.")
    commands = parser.add_subparsers(required=True, metavar="run|check|bench|generate")

    once = commands.add_parser("run", help="answer the inputs of an .npz file")
    once.add_argument("--input", type=Path, required=True, metavar="X.npz", help="one array per input")
    once.add_argument(
        "-o", "--output", type=Path, required=True, metavar="Y.npz", help="one array per output"
    )
    once.set_defaults(command=_run)

    golden = commands.add_parser("check", help="replay the golden vectors; exit 1 when one fails")
    golden.set_defaults(command=_check)

    timed = commands.add_parser("bench", help="latency on the golden inputs, accuracy, load time and memory")
    timed.add_argument("--rounds", type=int, default=100, metavar="N", help="calls per sample (100)")
    timed.set_defaults(command=_bench)

    generated = commands.add_parser("generate", help="continue a prompt; print token ids as they come")
    _add_generation(generated)
    generated.set_defaults(command=_generate)

    for reporting in (golden, timed):
        reporting.add_argument("--json", action="store_true", help="print JSON alone")
    timed.add_argument(
        "--threads", type=_counts, default=(), metavar="N,N", help="intra-op threads, swept (the bundle's)"
    )
    for command in (once, golden, generated):
        command.add_argument("--threads", type=int, metavar="N", help="intra-op threads (the bundle's)")
    for command in (once, golden, timed, generated):
        command.add_argument("bundle", type=Path, metavar="NAME.edge")
        command.add_argument("--target", metavar="NAME", help="a target of the bundle (the first that runs)")
    return parser


def _add_generation(parser: argparse.ArgumentParser) -> None:
    prompt = parser.add_mutually_exclusive_group(required=True)
    prompt.add_argument(
        "--tokens", type=_token_ids, metavar="1,2", help="the prompt; what an encoder of tokens reads"
    )
    prompt.add_argument(
        "--input", type=Path, metavar="X.npz", help="what an encoder reads, one array per source"
    )
    add = parser.add_argument
    add("--start", type=_token_ids, default=(), metavar="0", help="an encoder-decoder's answer begins so")
    add("--stop", type=_token_ids, default=(), metavar="0,3", help="tokens that end it")
    add("--max-new-tokens", type=int, metavar="N", help="the most to print (all positions)")
    add("--temperature", type=float, default=0.0, metavar="T", help="above 0 tokens are drawn (0)")
    add("--top-k", type=int, metavar="K", help="draw from the K likeliest (all)")
    add("--top-p", type=float, metavar="P", help="draw from the likeliest that hold the share P (all)")
    add("--seed", type=int, metavar="N", help="the same seed draws the same tokens")


def _token_ids(text: str) -> tuple[int, ...]:
    try:
        return tuple(map(int, text.split(",")))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} found, token ids such as 1,2,3 expected") from error


def _counts(text: str) -> tuple[int, ...]:
    try:
        counts = tuple(map(int, text.split(",")))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} found, numbers such as 1,2,4 expected") from error
    if len(set(counts)) < len(counts):
        raise argparse.ArgumentTypeError(f"{text!r} found, each number once expected")
    return counts


def _load(args: argparse.Namespace) -> Model:
    return load(args.bundle, threads=args.threads, target=args.target)


def _run(args: argparse.Namespace) -> None:
    write_npz(args.output, _load(args)(**read_npz(args.input)))


def _check(args: argparse.Namespace) -> None:
    model = _load(args)
    results = check(model)
    table = {"machine": Machine.here().to_table(), "results": [asdict(result) for result in results]}
    _print(json.dumps(table, indent=2) if args.json else _check_table(model, results))
    failed = sum(not result.ok for result in results)
    if failed:
        raise CheckFailed(f"{args.bundle}: {failed} of {len(results)} golden outputs are below the tolerance")


def _bench(args: argparse.Namespace) -> None:
    benchmark = bench(args.bundle, threads=args.threads, target=args.target, rounds=args.rounds)
    _print(json.dumps(benchmark.to_table(), indent=2) if args.json else _bench_table(benchmark))


def _generate(args: argparse.Namespace) -> None:
    tokens = generate(
        _load(args),
        args.tokens if args.input is None else read_npz(args.input),
        start=args.start,
        max_new_tokens=args.max_new_tokens,
        temperature=args.temperature,
        top_k=args.top_k,
        top_p=args.top_p,
        stop=args.stop,
        seed=args.seed,
    )
    for token in tokens:
        _print(str(token))
        sys.stdout.flush()


def _check_table(model: Model, results: Sequence[GoldenResult]) -> str:
    width = max([len("output"), *(len(result.output) for result in results)])
    lines = [*_said(model), str(Machine.here()), f"sample  {'output':{width}}    cosine   max|d|"]
    lines += [
        f"{result.sample:6}  {result.output:{width}}  {result.cosine:8.6f}  {_difference(result):>7}"
        f"  {'ok' if result.ok else 'FAILED'}"
        for result in results
    ]
    return "\n".join(lines)


def _said(model: Model) -> Iterator[str]:
    """Yield what the bundle says of itself that this runtime does nothing with."""
    if model.manifest.processing is not None:
        yield f"processing, by the app: {model.manifest.processing}"
    if model.manifest.signature is not None:
        yield f"signed by {model.manifest.signature.key}; not verified here"


def _difference(result: GoldenResult) -> str:
    return "none" if result.max_abs is None else f"{result.max_abs:.4f}"


def _bench_table(benchmark: Benchmark) -> str:
    peak = benchmark.peak_memory_mb
    memory = "" if peak is None else f", {peak:.1f} MB at the peak of the whole process, Python included"
    return "\n".join(
        [
            f"{benchmark.model} for {benchmark.target}: loaded in {benchmark.load_ms:.1f} ms{memory}",
            f"cosine of golden outputs at least {min(result.cosine for result in benchmark.golden):.6f}",
            str(benchmark.machine),
            "threads  sample   p50 ms   p90 ms   p99 ms   calls  shape",
            *(_timing_row(run.threads, timing) for run in benchmark.runs for timing in run.timings),
        ]
    )


def _timing_row(threads: int, timing: Timing) -> str:
    ms = timing.latency_ms
    shape = " ".join(f"{name}={size}" for name, size in timing.shape.items())
    times = f"{ms.p50:8.3f} {ms.p90:8.3f} {ms.p99:8.3f} {ms.count:7}"
    return f"{threads:7}  {timing.sample:6} {times}  {shape}"


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _tell(error: Exception, exit_code: int) -> int:
    sys.stderr.write(f"edgeattn_runtime: {' '.join(str(error).split())}\n")
    return exit_code
