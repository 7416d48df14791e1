"""The arguments of a device's commands."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NoReturn

from edgeattn_runtime import __version__
from edgeattn_runtime.bundle.generation_options import OPTIONS
from edgeattn_runtime.errors import EdgeAttnError


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
        reporting.add_argument("--json", action="store_true", help="print JSON alone")
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
