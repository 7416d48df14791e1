"""A model's file: Python, or a package.module, that has no edgeattn dependency."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from importlib.machinery import SourceFileLoader
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from edgeattn.results.card import Card
from edgeattn.source.model_files import find
from edgeattn.source.module import ModuleSource
from edgeattn.source.own_code import UncachedLoader, importable, user_errors
from edgeattn.source.own_processing import OwnProcessing
from edgeattn_export.capture.original.plain_module import module_in
from edgeattn_export.capture.original.torchscript import is_torchscript
from edgeattn_export.capture.samples.read_samples import LIMIT
from edgeattn_export.incremental import StreamRequest
from edgeattn_runtime.bundle.generation_options import NO_OPTIONS, GenerationOptions
from edgeattn_runtime.errors import ModelError

Read = TypeVar("Read")

_FOLDERS: set[Path] = set()  # of files that were loaded


def load(source: str) -> ModuleSource:
    """Load a model from its file.

    Args:
        source: The path of a Python file, or ``package.module``, looked up from the working folder too.

    Raises:
        ModelError: There is no such file; it cannot be imported; it has no ``model()`` or ``samples()``,
            or these raise or return something else than an ``nn.Module`` in float32 and an iterable.
    """
    path = find(source)
    name = (path.parent.name or "model") if path.stem == "model" else path.stem
    with importable(path.parent), user_errors(path):
        return source_of(_import(source, path), path, name)


def source_of(defined: object, path: Path, name: str) -> ModuleSource:
    """Take what a model's file defines, or an object with the same attributes.

    Args:
        defined: Has ``model``, ``samples`` and what else docs/model-file.md lists.
        path: The file that it comes from, for messages and for its hash.
        name: The bundle's, where the caller gives none.

    Raises:
        ModelError: As ``load`` does.
    """
    module = _model(defined, path)
    yielded = _required(defined, path, "samples", "samples(), which yields real inputs")()
    if not isinstance(yielded, Iterable):
        raise ModelError(f"{path}: samples() returned {_type(yielded)}, real inputs one by one expected")
    samples = tuple(islice(yielded, LIMIT))
    return ModuleSource.of(
        module,
        samples,
        name,
        more=partial(_later_samples, defined, path),
        dynamic=_mapping(defined, path, "dynamic"),
        budget=_mapping(defined, path, "budget") or {},
        metric=_function(defined, path, "metric"),
        pretty=_function(defined, path, "pretty"),
        picture=_function(defined, path, "picture"),
        processing=_processing(defined, path),
        streaming=_read(defined, path, "streaming", StreamRequest.read, None),
        generation=_read(defined, path, "generation", GenerationOptions.read, NO_OPTIONS),
        card=_read(defined, path, "card", Card.read, Card()),
        file=path,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
    )


def _import(source: str, path: Path) -> ModuleType:
    if not Path(source).is_file():
        with importable(Path.cwd()):
            return importlib.import_module(source)
    name = f"edgeattn_handover_{path.parent.name}_{path.stem}"  # hides no module that the file may import
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ModelError(f"{path}: not a Python file; expected a name that ends in .py")
    if isinstance(spec.loader, SourceFileLoader):
        spec.loader = UncachedLoader(name, str(path))
    _forget_namesakes(path.parent)
    defined = importlib.util.module_from_spec(spec)
    sys.modules[name] = defined  # dataclasses look their own module up there
    spec.loader.exec_module(defined)
    return defined


def _forget_namesakes(folder: Path) -> None:
    """Let files of a folder import one another where another folder's, of the same names, came before."""
    for path in folder.glob("*.py"):
        origin = getattr(sys.modules.get(path.stem), "__file__", None) or path
        if Path(origin) != path and Path(origin).parent in _FOLDERS:
            del sys.modules[path.stem]
    _FOLDERS.add(folder)


def _model(defined: object, path: Path) -> object:
    """Return the model, be it ready or made by a function."""
    module: object = getattr(defined, "model", None)
    if is_torchscript(module) or module_in(module) is not None:
        return module
    returned: object = _required(defined, path, "model", "model() -> nn.Module, trained and in eval mode")()
    if not is_torchscript(returned) and module_in(returned) is None:
        raise ModelError(f"{path}: model() returned {_type(returned)}, an nn.Module expected")
    return returned


def _later_samples(defined: object, path: Path) -> Iterator[object]:
    """Yield the samples that were not drawn at first."""
    with user_errors(path):
        yield from islice(_required(defined, path, "samples", "samples()")(), LIMIT, None)


def _processing(defined: object, path: Path) -> OwnProcessing | None:
    table, raw = _mapping(defined, path, "processing"), _function(defined, path, "raw")
    if table is None:
        return None
    yielded = () if raw is None else raw()
    if not isinstance(yielded, Iterable):
        raise ModelError(f"{path}: raw() returned {_type(yielded)}, raw inputs one by one expected")
    return OwnProcessing.read(table, tuple(islice(yielded, LIMIT)))


def _read(
    defined: object, path: Path, name: str, read: Callable[[Mapping[str, Any]], Read], otherwise: Read
) -> Read:
    """Read a table that a file may define, and name the file in what is wrong with it."""
    table = _mapping(defined, path, name)
    try:
        return otherwise if table is None else read(table)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error


def _required(defined: object, path: Path, name: str, definition: str) -> Callable[..., Any]:
    function = _function(defined, path, name)
    if function is None:
        raise ModelError(f"{path}: no function {name}(); define {definition}")
    return function


def _function(defined: object, path: Path, name: str) -> Callable[..., Any] | None:
    value: object = getattr(defined, name, None)
    if value is None or callable(value):
        return value
    raise ModelError(f"{path}: {name} is {_type(value)}, a function expected")


def _mapping(defined: object, path: Path, name: str) -> Mapping[str, Any] | None:
    value: object = getattr(defined, name, None)
    if value is None or isinstance(value, Mapping):
        return value
    raise ModelError(f"{path}: {name} is {_type(value)}, a dict expected")


def _type(value: object) -> str:
    return type(value).__name__
