"""The command line put together: one command a file, imported where it is named or all are listed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Annotated

import typer

from edgeattn import __version__
from edgeattn.extras import needed_by
from edgeattn_runtime.errors import BadInput

COMMANDS = (
    *("export", "validate", "bench", "sweep", "run", "generate", "inspect", "report"),
    *("pack", "sbom", "sign", "verify", "serve", "targets", "devices", "demo"),
)
_TYPER_INTERRUPTED = 130  # the exit code that typer makes of a KeyboardInterrupt before we see it


def named(arguments: Sequence[str] | None) -> Sequence[str]:
    """Return the command that arguments begin with; all of them where they begin otherwise."""
    first = (sys.argv[1:] if arguments is None else arguments)[:1]
    return first if set(first) & set(COMMANDS) else COMMANDS


def command_line(commands: Iterable[str] = COMMANDS) -> typer.Typer:
    """Import commands, each from the file of its name, and return a command line of them."""
    app = typer.Typer(
        name="edgeattn",
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for name in commands:
        app.command(name)(getattr(import_module(f"edgeattn.commands.{name}"), name))
    app.callback(invoke_without_command=True)(_root)
    return app


def run(arguments: Sequence[str] | None) -> int:
    """Run one command.

    Returns:
        0; what fails is raised.

    Raises:
        BadInput: The arguments are none of a command's.
    """
    with needed_by("the command edgeattn"):
        app = command_line(named(arguments))
    try:
        outcome = app(arguments, standalone_mode=False)
    except typer.TyperException as error:
        message = error.format_message().rstrip(".")
        see = " See" if message.endswith("?") else "; see"
        raise BadInput(f"{message}{see} edgeattn --help") from error
    except typer.Abort as error:
        raise KeyboardInterrupt from error
    if outcome == _TYPER_INTERRUPTED:
        raise KeyboardInterrupt
    return 0


def _version(requested: bool) -> None:
    if requested:
        sys.stdout.write(f"edgeattn {__version__}\n")
        raise typer.Exit


def _root(
    context: typer.Context,
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take a trained PyTorch attention model to the edge: exported whole, int8, and proven."""
    if context.invoked_subcommand is None:
        sys.stdout.write(context.get_help() + "\n")
