"""The commands of a device: run, check, bench and generate, and what they print."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from edgeattn_runtime.answer_words import answer_words
from edgeattn_runtime.arguments import SETTINGS, parser
from edgeattn_runtime.bench import bench
from edgeattn_runtime.bench_words import bench_words
from edgeattn_runtime.errors import CheckFailed, EdgeAttnError
from edgeattn_runtime.generate_command import Prompts, pieces
from edgeattn_runtime.golden import GoldenResult, check
from edgeattn_runtime.machine import Machine
from edgeattn_runtime.model import Model, load
from edgeattn_runtime.npz import write_npz
from edgeattn_runtime.raw_input import read_input


def run(argv: Sequence[str] | None) -> int:
    """Run one command and return its exit code; what is wrong is told in one line on stderr."""
    args = parser().parse_args(argv)
    commands = {"run": _run, "check": _check, "bench": _bench, "generate": _generate}
    try:
        commands[args.command](args)
    except EdgeAttnError as error:
        return _tell(error, error.exit_code)
    except OSError as error:
        return _tell(error, EdgeAttnError.exit_code)
    return 0


def _load(args: argparse.Namespace) -> Model:
    return load(args.bundle, threads=args.threads, target=args.target)


def _run(args: argparse.Namespace) -> None:
    model = _load(args)
    outputs = model(**read_input(model, args.input, args.text))
    if args.output is not None:
        write_npz(args.output, outputs)
    else:
        _print("\n".join(answer_words(model, outputs)))


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
    _print(json.dumps(benchmark.to_table(), indent=2) if args.json else bench_words(benchmark))


def _generate(args: argparse.Namespace) -> None:
    prompts = Prompts(args.tokens or (), args.text or (), args.input or ())
    settings = {name: getattr(args, name) for name in SETTINGS}
    for piece in pieces(_load(args), prompts, settings):
        sys.stdout.write(piece)
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
    """Yield what the bundle says of its processing and its signature."""
    if model.manifest.processing is not None:
        yield f"processing: {model.manifest.processing}"
    if model.manifest.signature is not None:
        yield f"signed by {model.manifest.signature.key}; not verified here"


def _difference(result: GoldenResult) -> str:
    return "none" if result.max_abs is None else f"{result.max_abs:.4f}"


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _tell(error: Exception, exit_code: int) -> int:
    sys.stderr.write(f"edgeattn_runtime: {' '.join(str(error).split())}\n")
    return exit_code
