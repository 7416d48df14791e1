"""The files that MODEL of the command line names, found without PyTorch, whose import takes seconds."""

from __future__ import annotations

import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from edgeattn.hub import snapshot
from edgeattn.source.own_code import importable, user_errors
from edgeattn_runtime.errors import BadInput, ModelError

_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
# OWNER/NAME, or a name of the hub's first years: bert-base-uncased, or gpt2, as a module may be called too.
_REPOSITORY = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*|\w[\w.]*-[\w.-]*")
_WORD = re.compile(r"\w+")
_FILES = (".py", ".onnx", ".pt2", ".edge", ".npz")


def check_files(model: str, samples: Path | None) -> None:
    """Check that a model's files are there, without reading them.

    Raises:
        ModelError: One is missing.
    """
    model = local_checkpoint(model)
    if not needs_samples(model):
        find(model)
        return
    for file in (Path(model), samples):
        if file is not None and not file.exists():
            raise ModelError(f"{file}: no such file; check the path")


def is_program(model: str) -> bool:
    """Say whether a model's name is a program of torch.export."""
    return Path(model).suffix.lower() == ".pt2"


def needs_samples(model: str) -> bool:
    """Say whether a model has no samples of its own."""
    return Path(model).suffix.lower() == ".onnx" or is_program(model) or is_checkpoint(model)


def is_checkpoint(model: str) -> bool:
    """Say whether a model's name is a folder without a model file."""
    return Path(model).is_dir() and not (Path(model) / "model.py").is_file()


def find(source: str) -> Path:
    """Return the file that a model's name stands for.

    Raises:
        ModelError: There is none.
    """
    path = Path(source)
    if path.is_file():
        return path.resolve()
    if path.is_dir():
        raise ModelError(f"{source}: a folder found, a Python file expected; try {path / 'model.py'}")
    if path.suffix == ".py" or not _DOTTED.fullmatch(source):
        raise ModelError(f"{source}: no such file; expected a Python file or package.module; check the path")
    with importable(Path.cwd()), user_errors(path):
        try:
            spec = find_spec(source)
        except ModuleNotFoundError as error:
            raise ModelError(f"{source}: no such module ({error}); check the name, or give a file") from error
    if spec is None or spec.origin is None or not spec.has_location:
        raise ModelError(f"{source}: no such file and no such module; check the name, or give a file")
    return Path(spec.origin).resolve()


def local_checkpoint(model: str) -> str:
    """Return the folder that a name stands for; what is no such name is returned as it is.

    Args:
        model: A path or a ``package.module``; OWNER/NAME of a repository, or its name before there were
            owners, such as ``bert-base-uncased`` or ``gpt2``; or a model of timm, such as
            ``vit_tiny_patch16_224.augreg_in21k_ft_in1k``.

    Raises:
        ModelError: It is one, and was not downloaded; or it has no weights.
    """
    if Path(model).exists() or model.endswith(_FILES):
        return model
    repository = model if _REPOSITORY.fullmatch(model) else _timm_repository(model) or _old_repository(model)
    if repository is None:
        return model
    absent = f"{model}: no such file, folder or module"
    if not find_spec("huggingface_hub"):
        folder = repository.rpartition("/")[2]
        command = f"pip install huggingface_hub && hf download {repository} --local-dir {folder}"
        raise ModelError(f"{absent}; for a checkpoint of the hub: {command}")
    try:
        return str(snapshot(repository))
    except BadInput as error:
        raise ModelError(f"{absent}; of the hub, {error}") from error


def _timm_repository(model: str) -> str | None:
    """Return where the weights of timm's model of this name are; None where it has none of this name."""
    package = model.partition(".")[0]
    if not package.isidentifier() or find_spec(package) or not find_spec("timm"):
        return None
    timm = import_module("timm")
    if not timm.is_model(model):
        return None
    repository = timm.get_pretrained_cfg_value(model, "hf_hub_id")
    if not repository:
        raise ModelError(f"{model}: a model of timm found, which has no weights on the hub; export a folder")
    return str(repository)


def _old_repository(model: str) -> str | None:
    """Return a name without an owner or a hyphen; None where it is a Python module's, or has dots."""
    is_module = Path(f"{model}.py").is_file() or (model.isidentifier() and find_spec(model) is not None)
    return model if _WORD.fullmatch(model) and not is_module else None
