"""The command line of a device: ``python -m edgeattn_runtime run|check|bench|generate NAME.edge``.

Exit codes: 0 all is well, 1 a check failed, 2 bad input, told in one line on stderr.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

from edgeattn_runtime.bench import Benchmark, bench
from edgeattn_runtime.decoding import generate
from edgeattn_runtime.errors import CheckFailed, EdgeAttnError
from edgeattn_runtime.golden import GoldenResult, check
from edgeattn_runtime.model import load
from edgeattn_runtime.npz import read_npz, write_npz

_INTERRUPTED = 130  # what a shell reports after Ctrl-C: 128 + SIGINT


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    args = _parser().parse_args(argv)
    try:
        args.command(args)
    except EdgeAttnError as error:
        return _tell(error, error.exit_code)
    except OSError as error:
        return _tell(error, EdgeAttnError.exit_code)
    except KeyboardInterrupt:
        return _INTERRUPTED
    return 0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(EdgeAttnError.exit_code, f"{self.prog}: {message} (see --help)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m edgeattn_runtime", description="Run, check or time a bundle.")
    commands = parser.add_subparsers(required=True, metavar="run|check|bench|generate")

    run = commands.add_parser("run", help="answer the inputs of an .npz file")
    run.add_argument("--input", type=Path, required=True, metavar="X.npz", help="one array per input")
    run.add_argument("-o", "--output", type=Path, required=True, metavar="Y.npz", help="one array per output")
    run.set_defaults(command=_run)

    golden = commands.add_parser("check", help="replay the golden vectors; exit 1 when one fails")
    golden.set_defaults(command=_check)

    timed = commands.add_parser("bench", help="latency on the golden inputs, load time and peak memory")
    timed.add_argument("--rounds", type=int, default=100, metavar="N", help="calls per sample (100)")
    timed.add_argument("--json", action="store_true", help="print JSON alone")
    timed.set_defaults(command=_bench)

    generated = commands.add_parser("generate", help="continue a prompt; print token ids as they come")
    _add_generation(generated)
    generated.set_defaults(command=_generate)

    for command in (run, golden, timed, generated):
        command.add_argument("bundle", type=Path, metavar="NAME.edge")
        command.add_argument("--threads", type=int, metavar="N", help="cores to use (what the bundle says)")
    return parser


def _add_generation(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--tokens",
        type=_token_ids,
        required=True,
        metavar="1,2",
        help="the prompt; an encoder-decoder's source",
    )
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


def _run(args: argparse.Namespace) -> None:
    model = load(args.bundle, threads=args.threads)
    write_npz(args.output, model(**read_npz(args.input)))


def _check(args: argparse.Namespace) -> None:
    results = check(args.bundle, threads=args.threads)
    sys.stdout.write(_golden_table(results))
    failed = sum(not result.ok for result in results)
    if failed:
        raise CheckFailed(f"{args.bundle}: {failed} of {len(results)} golden outputs are below the tolerance")


def _bench(args: argparse.Namespace) -> None:
    benchmark = bench(args.bundle, threads=args.threads, rounds=args.rounds)
    text = json.dumps(asdict(benchmark), indent=2) if args.json else _bench_table(benchmark)
    sys.stdout.write(text + "\n")


def _generate(args: argparse.Namespace) -> None:
    tokens = generate(
        load(args.bundle, threads=args.threads),
        args.tokens,
        start=args.start,
        max_new_tokens=args.max_new_tokens,
        temperature=args.temperature,
        top_k=args.top_k,
        top_p=args.top_p,
        stop=args.stop,
        seed=args.seed,
    )
    for token in tokens:
        sys.stdout.write(f"{token}\n")
        sys.stdout.flush()


def _golden_table(results: Sequence[GoldenResult]) -> str:
    width = max([len("output"), *(len(result.output) for result in results)])
    lines = [f"sample  {'output':{width}}    cosine   max|d|"]
    lines += [
        f"{result.sample:6}  {result.output:{width}}  {result.cosine:8.6f}  {result.max_abs:7.4f}"
        f"  {'ok' if result.ok else 'FAILED'}"
        for result in results
    ]
    return "\n".join(lines) + "\n"


def _bench_table(benchmark: Benchmark) -> str:
    peak = benchmark.peak_memory_mb
    lines = [
        f"{benchmark.model}, threads={benchmark.threads}: loaded in {benchmark.load_ms:.1f} ms"
        + (
            f", peak of the whole process {peak:.1f} MB, Python and libraries included"
            if peak is not None
            else ""
        ),
        "sample   p50 ms   p90 ms   p99 ms   calls  shape",
    ]
    for timing in benchmark.timings:
        ms = timing.latency_ms
        shape = " ".join(f"{name}={size}" for name, size in timing.shape.items())
        lines.append(f"{timing.sample:6} {ms.p50:8.3f} {ms.p90:8.3f} {ms.p99:8.3f} {ms.count:7}  {shape}")
    return "\n".join(lines)


def _tell(error: Exception, exit_code: int) -> int:
    sys.stderr.write(f"edgeattn_runtime: {' '.join(str(error).split())}\n")
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
