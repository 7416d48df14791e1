from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from torch import nn

from edgeattn_export.capture.adapt.own_names import meaning

PACKAGE = "edgeattn_users"
MEANINGS = {"len": lambda value: value.shape[0]}
MODEL = """
from functools import partial
import torch
from torch import nn
from {package} import unused, used
from {package}.used import Size, size
table = {{"size": size}}
fixed = partial(size)
without_gradients = torch.no_grad()(size)
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.start = unused.size([])
        self.given = size
    def forward(self, x):
        {code}
        return x
    @staticmethod
    def method(x):
        return size(x)
"""
USED = """
class Size:
    def __init__(self, x):
        self.rows = len(x)
def size(x):
    return len(x)
"""
LATE = """
def rows(x):
    return len(x)
"""


@pytest.fixture
def users_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], nn.Module]]:
    """A function that returns a model of three files, with this code in its forward."""

    def build(code: str) -> nn.Module:
        folder = tmp_path / PACKAGE
        folder.mkdir()
        sources = {"__init__": "", "unused": USED, "used": USED, "late": LATE, "model": MODEL}
        for name, source in sources.items():
            (folder / f"{name}.py").write_text(source.format(package=PACKAGE, code=code))
        monkeypatch.syspath_prepend(tmp_path)
        model: nn.Module = importlib.import_module(f"{PACKAGE}.model").Model()
        return model

    yield build
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


def changed() -> set[str]:
    """Return the user's files in which ``len`` is another name than Python's."""
    files = {name: sys.modules[f"{PACKAGE}.{name}"] for name in ("model", "used", "unused")}
    return {name for name, file in files.items() if "len" in vars(file)}


@pytest.mark.parametrize(
    "code",
    [
        "size(x)",
        "used.size(x)",
        "self.method(x)",
        "self.given(x)",
        "Size(x)",
        "table['size'](x)",
        "fixed(x)",
        "without_gradients(x)",
        "[size(row) for row in x]",
        f"import {PACKAGE}.used as here; here.size(x)",
    ],
)
def test_a_file_that_forward_does_not_use_keeps_its_names(
    code: str, users_model: Callable[[str], nn.Module]
) -> None:
    with meaning(users_model(code), MEANINGS):
        assert changed() == {"model", "used"}
    assert changed() == set()


def test_of_a_forward_that_calls_none_only_its_own_file_is_changed(
    users_model: Callable[[str], nn.Module],
) -> None:
    with meaning(users_model("x = x + 1"), MEANINGS):
        assert changed() == {"model"}


def test_a_file_that_forward_itself_imports_is_reached(users_model: Callable[[str], nn.Module]) -> None:
    model = users_model("from .late import rows; rows(x)")
    late = vars(importlib.import_module(f"{PACKAGE}.late"))
    with meaning(model, MEANINGS):
        assert "len" in late
    assert "len" not in late


def test_a_hook_is_reached(users_model: Callable[[str], nn.Module]) -> None:
    model = users_model("x = x + 1")
    model.register_forward_hook(vars(sys.modules[f"{PACKAGE}.used"])["size"])
    with meaning(model, MEANINGS):
        assert changed() == {"model", "used"}


def test_an_error_leaves_python_s_own_names(users_model: Callable[[str], nn.Module]) -> None:
    with pytest.raises(ValueError, match="inside"), meaning(users_model("size(x)"), MEANINGS):
        raise ValueError("inside")
    assert changed() == set()


def test_a_file_s_own_name_stays(users_model: Callable[[str], nn.Module]) -> None:
    model = users_model("size(x)")
    own = vars(sys.modules[f"{PACKAGE}.used"])
    own["len"] = min
    with meaning(model, MEANINGS):
        assert own["len"] is min
    assert own["len"] is min
