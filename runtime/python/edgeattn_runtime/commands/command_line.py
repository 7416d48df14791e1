"""The commands of a device: run, check, bench and generate, and what they print."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from edgeattn_runtime.boundary import shortage
from edgeattn_runtime.bundle.generation_options import GenerationOptions
from edgeattn_runtime.bundle.golden import NO_GOLDEN, check
from edgeattn_runtime.commands.answers import answer_lines
from edgeattn_runtime.commands.arguments import parser
from edgeattn_runtime.commands.generate import Prompts, pieces, print_pieces
from edgeattn_runtime.commands.raw_input import given_of, read_input
from edgeattn_runtime.commands.tables import benchmark_text, check_table
from edgeattn_runtime.commands.untrusted import check_untrusted
from edgeattn_runtime.errors import BadInput, CheckFailed, EdgeAttnError
from edgeattn_runtime.model import Model, load
from edgeattn_runtime.processing.npz import write_npz
from edgeattn_runtime.timing.benchmark import bench
from edgeattn_runtime.timing.machine import Machine


def run(argv: Sequence[str] | None) -> int:
    """Run one command and return its exit code; an error is one line on stderr."""
    args = parser().parse_args(argv)
    commands = {"run": _run, "check": _check, "bench": _bench, "generate": _generate}
    try:
        if args.command == "check" and args.untrusted:
            return check_untrusted(args.bundle, _trusted(args))
        commands[args.command](args)
    except EdgeAttnError as error:
        return _print_error(error, error.exit_code)
    except MemoryError as error:
        return _print_error(shortage(args.command, "memory", error), EdgeAttnError.exit_code)
    except OSError as error:
        return _print_error(error, EdgeAttnError.exit_code)
    return 0


def _load(args: argparse.Namespace) -> Model:
    return load(args.bundle, threads=args.threads, target=args.target, kernels=args.kernels)


def _run(args: argparse.Namespace) -> None:
    model = _load(args)
    outputs = model(**read_input(model, args.input, args.text, args.pair, args.prompt))
    if args.output is not None:
        write_npz(args.output, outputs)
    else:
        given = given_of(model, args.input, args.text, args.pair)
        _print("\n".join(answer_lines(model, outputs, given, raw=args.raw)))


def _check(args: argparse.Namespace) -> None:
    model = _load(args)
    if model.manifest.golden is None:
        raise BadInput(f"{args.bundle}: {NO_GOLDEN}")
    results = check(model)
    table = {
        "machine": Machine.here(model.kernels).to_table(),
        "results": [asdict(result) for result in results],
    }
    _print(json.dumps(table, indent=2) if args.json else check_table(model, results))
    failed = sum(not result.ok for result in results)
    if failed:
        raise CheckFailed(f"{args.bundle}: {failed} of {len(results)} golden outputs miss the tolerance")


def _trusted(args: argparse.Namespace) -> list[str]:
    """Return the arguments of the same check in this process."""
    options = {"--threads": args.threads, "--target": args.target}
    given = [f"{name}={value}" for name, value in options.items() if value is not None]
    flags = {"--json": args.json, "--no-kernels": not args.kernels}
    given += [name for name, is_set in flags.items() if is_set]
    return ["check", *given, "--", str(args.bundle)]


def _bench(args: argparse.Namespace) -> None:
    benchmark = bench(
        args.bundle, threads=args.threads, target=args.target, rounds=args.rounds, kernels=args.kernels
    )
    _print(json.dumps(benchmark.to_table(), indent=2) if args.json else benchmark_text(benchmark))


def _generate(args: argparse.Namespace) -> None:
    prompts = Prompts(args.tokens or (), args.text or (), args.input or ())
    options = GenerationOptions.parse(vars(args))
    model = _load(args)
    print_pieces(pieces(model, prompts, options, args.stop_strings))


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _print_error(error: Exception, exit_code: int) -> int:
    sys.stderr.write(f"edgeattn_runtime: {' '.join(str(error).split())}\n")
    return exit_code
