"""What may be imported by name: sorted, true, and there."""

from __future__ import annotations

import importlib

import pytest


@pytest.mark.parametrize("package", ["edgeattn", "edgeattn_export", "edgeattn_runtime"])
def test_a_package_says_what_it_offers(package: str) -> None:
    module = importlib.import_module(package)
    assert module.__doc__
    assert list(module.__all__) == sorted(module.__all__)
    for name in module.__all__:
        assert getattr(module, name).__doc__


def test_an_unknown_name_is_no_attribute() -> None:
    import edgeattn

    assert not hasattr(edgeattn, "quantise")


def test_every_error_is_one_tree_at_the_front_door() -> None:
    import edgeattn
    from edgeattn_runtime import errors

    tree = {name for name, value in vars(errors).items() if isinstance(value, type)}
    assert tree - {"ClassVar"} <= set(edgeattn.__all__)
