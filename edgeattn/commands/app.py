"""The command line put together: one command a file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from edgeattn import __version__
from edgeattn.commands.bench import bench
from edgeattn.commands.demo import demo
from edgeattn.commands.devices import devices
from edgeattn.commands.export import export
from edgeattn.commands.generate import generate
from edgeattn.commands.inspect import inspect
from edgeattn.commands.pack import pack
from edgeattn.commands.report import report
from edgeattn.commands.run import run as run_bundle
from edgeattn.commands.sbom import sbom
from edgeattn.commands.serve import serve
from edgeattn.commands.sign import sign
from edgeattn.commands.sweep import sweep
from edgeattn.commands.targets import targets
from edgeattn.commands.validate import validate
from edgeattn.commands.verify import verify
from edgeattn_runtime.errors import BadInput

_TYPER_INTERRUPTED = 130  # the exit code that typer makes of a KeyboardInterrupt before we see it

app = typer.Typer(
    name="edgeattn",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command()(export)
app.command()(validate)
app.command()(bench)
app.command()(sweep)
app.command("run")(run_bundle)
app.command()(generate)
app.command()(inspect)
app.command()(report)
app.command()(pack)
app.command()(sbom)
app.command()(sign)
app.command()(verify)
app.command()(serve)
app.command()(targets)
app.command()(devices)
app.command()(demo)


def run(arguments: Sequence[str] | None) -> int:
    """Run one command.

    Args:
        arguments: What follows ``edgeattn``; None takes them from the command line.

    Returns:
        0; what fails is raised.

    Raises:
        BadInput: The arguments are none of a command's.
    """
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


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take a trained PyTorch attention model to the edge: exported whole, int8, and proven."""
    if context.invoked_subcommand is None:
        sys.stdout.write(context.get_help() + "\n")
