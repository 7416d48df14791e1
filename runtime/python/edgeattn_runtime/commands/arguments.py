"""The arguments of a device's commands."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NoReturn

from edgeattn_runtime import __version__
from edgeattn_runtime.errors import EdgeAttnError

# Settings of the command generate, which are passed on as they are.
GENERATION = (
    "start",
    "stop",
    "stop_sequences",
    "max_new_tokens",
    "repetition_penalty",
    "temperature",
    "top_k",
    "top_p",
    "seed",
    "num_beams",
    "num_return_sequences",
    "length_penalty",
    "early_stopping",
)


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
    add = command.add_argument
    add("--start", type=_token_ids, metavar="0", help="an encoder-decoder's answer begins so")
    add("--stop", type=_token_ids, metavar="0,3", help="tokens that end it")
    add(
        "--stop-sequences",
        type=_token_ids,
        action="append",
        default=[],
        metavar="5,2",
        help="tokens in a row that end it; may be given several times",
    )
    add(
        "--stop-strings",
        action="append",
        default=[],
        metavar="TEXT",
        help="a text that ends an answer in text; may be given several times",
    )
    add("--max-new-tokens", type=int, metavar="N", help="the most to print (all positions)")
    add("--repetition-penalty", type=float, metavar="P", help="above 1 tokens return less (1)")
    add("--temperature", type=float, metavar="T", help="above 0 tokens are drawn (0)")
    add("--top-k", type=int, metavar="K", help="draw from the K likeliest (all)")
    add("--top-p", type=float, metavar="P", help="draw from the likeliest that hold the share P (all)")
    add("--seed", type=int, metavar="N", help="the same seed draws the same tokens")
    beams = command.add_argument_group("beams", "a line a sequence: the prompt's number, score, answer")
    add = beams.add_argument
    add("--num-beams", type=int, metavar="N", help="sequences continued together, 1 to 8 (1)")
    add("--num-return-sequences", type=int, default=1, metavar="N", help="sequences to print (1)")
    add("--length-penalty", type=float, metavar="P", help="above 0 favors long ones (1)")
    add("--early-stopping", type=_early_stopping, metavar="true|false|never", help="(false)")


def _early_stopping(text: str) -> bool | str:
    if text not in ("true", "false", "never"):
        raise argparse.ArgumentTypeError(f"{text!r} found, true, false or never expected")
    return text if text == "never" else text == "true"


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
