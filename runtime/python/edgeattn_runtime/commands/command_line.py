"""The commands of a device: run, check, bench and generate, and what they print."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

from edgeattn_runtime import __version__
from edgeattn_runtime.boundary import shortage
from edgeattn_runtime.bundle.generation_options import OPTIONS, GenerationOptions
from edgeattn_runtime.bundle.golden import NO_GOLDEN, check
from edgeattn_runtime.commands.answers import answer_lines
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


def parser() -> argparse.ArgumentParser:
    """Return the parser: ``command`` is the name of one, the other arguments are that command's."""
    root = _Parser(prog="python -m edgeattn_runtime", description="Run, check or time a bundle.")
    root.add_argument("--version", action="version", version=f"edgeattn_runtime {__version__}")
    commands = root.add_subparsers(required=True, dest="command", metavar="run|check|bench|generate")

    once = commands.add_parser("run", help="answer arrays, an image, a sound or a text")
    raw = once.add_mutually_exclusive_group(required=True)
    raw.add_argument(
        "--input", type=Path, metavar="FILE", help="X.npz, one array per input; SOUND.wav; an image"
    )
    raw.add_argument("--text", metavar="TEXT", help="a text")
    once.add_argument("--pair", metavar="TEXT", help="the second text of a pair: a question's context")
    once.add_argument("--prompt", metavar="NAME", help="a prompt of the bundle, put before the text")
    once.add_argument(
        "-o", "--output", type=Path, metavar="Y.npz", help="one array per output (the answer is printed)"
    )
    once.add_argument("--raw", action="store_true", help="print how the outputs begin, as they are")

    golden = commands.add_parser("check", help="replay the golden vectors; exit 1 when one fails")
    golden.add_argument(
        "--untrusted", action="store_true", help="in a process with limits on memory and time"
    )

    timed = commands.add_parser("bench", help="latency on the golden inputs, accuracy, load time and memory")
    timed.add_argument("--rounds", type=int, default=100, metavar="N", help="calls per sample (100)")

    generated = commands.add_parser(
        "generate",
        help="continue a prompt; print token ids as they come",
        description="Continue a prompt. What is left out is as the bundle says, else as in brackets.",
    )
    _add_generation(generated)

    for reporting in (golden, timed):
        reporting.add_argument("--json", action="store_true", help="print only JSON")
    timed.add_argument(
        "--threads", type=_counts, default=(), metavar="N,N", help="intra-op threads, swept (the bundle's)"
    )
    for command in (once, golden, generated):
        command.add_argument("--threads", type=int, metavar="N", help="intra-op threads (the bundle's)")
    for command in (once, golden, timed, generated):
        command.add_argument("bundle", type=Path, metavar="NAME.edge")
        command.add_argument("--target", metavar="NAME", help="a target of the bundle (the first that runs)")
        command.add_argument(
            "--no-kernels",
            action="store_false",
            dest="kernels",
            help="stock operators, where edgeattn-kernels is installed too",
        )
    return root


def _add_generation(command: argparse.ArgumentParser) -> None:
    prompt = command.add_mutually_exclusive_group(required=True)
    several = "; several times: several prompts"
    prompt.add_argument(
        "--tokens",
        type=_token_ids,
        action="append",
        metavar="1,2",
        help=f"the prompt; what an encoder of tokens reads{several}",
    )
    prompt.add_argument(
        "--text",
        action="append",
        metavar="TEXT",
        help=f"the prompt as a text; what follows is printed as one{several}",
    )
    prompt.add_argument(
        "--input",
        type=Path,
        action="append",
        metavar="FILE",
        help=f"what an encoder reads: X.npz, SOUND.wav or an image{several}",
    )
    command.add_argument(
        "--stop-strings",
        action="append",
        default=[],
        metavar="TEXT",
        help="a text that ends an answer in text; may be repeated",
    )
    for name, option in OPTIONS.items():
        command.add_argument(
            f"--{name.replace('_', '-')}",
            action="append" if option["kind"].is_repeated else "store",
            metavar=option["kind"].metavar,
            help=option["summary"],
        )


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


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(EdgeAttnError.exit_code, f"{self.prog}: {message} (see --help)\n")
