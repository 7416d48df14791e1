"""What may be imported by name: sorted, true, and there."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import edgeattn_export

FRONTS = ("edgeattn", "edgeattn_runtime")
ROOMS = tuple(room.name for room in pkgutil.iter_modules(edgeattn_export.__path__) if room.ispkg)


def test_the_rooms_are_those_of_the_design() -> None:
    rooms = "capture graph incremental lower pack quantize recover search targets"
    assert set(ROOMS) == set(rooms.split())


@pytest.mark.parametrize("package", [*FRONTS, *(f"edgeattn_export.{room}" for room in ROOMS)])
def test_a_package_says_what_it_offers(package: str) -> None:
    module = importlib.import_module(package)
    assert module.__doc__
    if package == "edgeattn_export.graph":  # of modules that are each imported by name
        assert not hasattr(module, "__all__")
        return
    assert list(module.__all__) == sorted(module.__all__, key=_constants_classes_functions)
    for name in module.__all__:
        assert getattr(module, name).__doc__


def _constants_classes_functions(name: str) -> tuple[bool, bool, str]:
    return not name.isupper(), name[0].islower(), name


def test_the_workshop_offers_nothing_but_its_rooms() -> None:
    assert edgeattn_export.__doc__
    assert not hasattr(edgeattn_export, "__all__")


def test_the_front_door_offers_what_a_user_types() -> None:
    import edgeattn

    assert {"Objective", "Progress", "Recipe", "Report", "export", "export_onnx", "load"} <= set(
        edgeattn.__all__
    )


def test_an_unknown_name_is_no_attribute() -> None:
    import edgeattn

    assert not hasattr(edgeattn, "quantise")


def test_every_error_is_one_tree_at_the_front_door() -> None:
    import edgeattn
    from edgeattn_runtime import errors

    tree = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, Exception)
    }
    assert tree
    assert tree <= set(edgeattn.__all__)
