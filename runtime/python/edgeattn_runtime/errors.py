"""Everything edgeattn raises on purpose: one tree for the device, the workshop and the front door.

    EdgeAttnError
    ├── BadInput                      what the caller handed over is wrong        exit code 2
    │   ├── InputError                a call: a tensor, a prompt, a setting, a target, a closed model
    │   ├── BundleError               a bundle: missing, changed, escaping, unknown schema
    │   ├── IncompatibleRuntimeError  a bundle that needs another engine or execution provider
    │   ├── SampleError               the samples of an export
    │   ├── ModelError                the module, or the file that defines it
    │   ├── CaptureError              a module that PyTorch cannot export whole
    │   ├── QuantizeError             a graph that no recipe can make int8
    │   ├── RecipeError               a recipe that cannot be followed
    │   └── BudgetError               a budget that names or asks the impossible
    ├── ResourceError                 the machine lacks memory, files or disk     exit code 2
    ├── DeadlineError                 a call did not end in its time              exit code 2
    ├── StageError                    a stage failed on the model, unforeseen     exit code 2
    └── CheckFailed                   a check was made, and failed                exit code 1

A message is one line: what was found, what was expected, what to do. Names in it may be a stranger's:
what would command a terminal is escaped, and what is too long loses its middle.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, Final

from edgeattn_runtime.legible import printable, shortened

LONGEST: Final = (
    2000  # characters of a message: most have a hundred, a list of what was tried has some hundred
)


class EdgeAttnError(Exception):
    """The root of the tree: catch it to catch all that edgeattn raises on purpose."""

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str = "") -> None:
        super().__init__(printable(shortened(message, LONGEST)))


class BadInput(EdgeAttnError):  # noqa: N818 - a sentence such as `except BadInput` needs no suffix
    """What the caller handed over is wrong; nothing was run or written."""


class InputError(BadInput):
    """A call is wrong: a tensor, a prompt, a setting or a target, or the model was closed.

    It has this name, and this rule, in every language's runtime.
    """


class BundleError(BadInput):
    """A bundle, or a file of it, is missing, truncated, changed, or of an unknown schema."""


class IncompatibleRuntimeError(BadInput):
    """No variant of the bundle runs here: it needs another engine, a newer one, or one built with more."""


class SampleError(BadInput):
    """The samples are empty, unlike one another, or not what the module's forward takes."""


class ModelError(BadInput):
    """The module, or the Python file that defines it, is not usable as it stands."""


class CaptureError(BadInput):
    """PyTorch cannot export the module whole, or the exported graph lost a dynamic axis."""


class QuantizeError(BadInput):
    """A graph or a layer cannot be made int8 as the recipe asks."""


class RecipeError(BadInput):
    """A recipe cannot be read, or names what the model or edgeattn does not have."""


class BudgetError(BadInput):
    """A budget has an unknown name, or a limit that nothing can meet."""


class ResourceError(EdgeAttnError):
    """The machine lacks memory, file descriptors or space on a disk; what was handed over may be right."""


class DeadlineError(EdgeAttnError):
    """A call did not end by its deadline, or was cancelled."""


class StageError(EdgeAttnError):
    """A stage of an export failed on the model in a way that nobody foresaw: ``__cause__`` says how."""


class CheckFailed(EdgeAttnError):  # noqa: N818 - it is a verdict, not a mistake
    """A check was made and failed; the message or the report says which."""

    exit_code: ClassVar[int] = 1


@contextmanager
def require_extra(name: str, module: str) -> Iterator[None]:
    """Tell how to install an extra where an import inside the block misses its module.

    Raises:
        EdgeAttnError: One line with the command.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != module:
            raise
        raise EdgeAttnError(
            f"{module} not found, which {name} {'need' if name.endswith('s') else 'needs'}: "
            f"{install_command(name)}"
        ) from error


def install_command(extra: str) -> str:
    """Return the command that installs an extra from where edgeattn came: an index, a checkout or a wheel."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        origin = distribution("edgeattn").read_text("direct_url.json")  # PEP 610; of an index there is none
    except PackageNotFoundError:
        origin = None
    place = f" @ {json.loads(origin)['url']}" if origin else ""
    return f"pip install 'edgeattn[{extra}]{place}'"
