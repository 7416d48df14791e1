from __future__ import annotations

import re

import pytest

from edgeattn_runtime import errors


def _tree(root: type[errors.EdgeAttnError]) -> set[str]:
    return {root.__name__}.union(*(_tree(child) for child in root.__subclasses__()))


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn = re.findall(r"^    [│├└─ ]*([A-Z]\w+)", errors.__doc__ or "", re.MULTILINE)
    assert len(drawn) == len(set(drawn))
    assert set(drawn) == {name for name in _tree(errors.EdgeAttnError) if hasattr(errors, name)}


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [(errors.InputError, 2), (errors.BundleError, 2), (errors.BudgetError, 2), (errors.CheckFailed, 1)],
)
def test_exit_codes(error: type[errors.EdgeAttnError], exit_code: int) -> None:
    assert error.exit_code == exit_code
    assert issubclass(error, errors.BadInput) == (exit_code == 2)
