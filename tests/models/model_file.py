"""A reference model's own files, imported one by one: no two models are one package."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

MODELS = Path(__file__).parents[2] / "models"


def load(model: str, file: str = "model") -> ModuleType:
    """Import models/MODEL/FILE.py anew, and leave no __pycache__ there."""
    path = MODELS / model / f"{file}.py"
    spec = importlib.util.spec_from_file_location(f"{model}_{file}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # a dataclass looks its own module up
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(path.parent)  # for the files beside
        patch.setattr(sys, "dont_write_bytecode", True)
        patch.delitem(sys.modules, "model", raising=False)  # another folder's
        spec.loader.exec_module(module)
    return module
