"""Modules by layer: how they are grouped, and what a group says of its forms and its share."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgeattn.report.page.layers import LEFT_FLOAT, Group, Module, _group, size_parts

MODULE = Module(name="head", nodes=1, size_mb=1.0, time=None, form="", r2=None)


def _of(*modules: Module) -> Group:
    return Group(name="encoder", modules=modules, size_width=100, time_width=0)


def test_what_was_left_float_is_the_last_of_the_forms() -> None:
    forms = (LEFT_FLOAT, "residual int8", "int8", "int8", "")
    group = _of(*(replace(MODULE, form=form) for form in forms))
    assert group.forms == [("int8", 2), ("residual int8", 1), (LEFT_FLOAT, 1)]


def test_one_group_is_no_part_of_a_whole() -> None:
    assert size_parts([_of(MODULE)]) == []
    assert [part.share for part in size_parts([_of(MODULE)] * 2)] == [0.5, 0.5]


@pytest.mark.parametrize(
    ("name", "group"),
    [("net.blocks.0.mlp", "net.blocks.0"), ("(the model)", "(the model)"), ("net.head.out", "net.head")],
)
def test_a_group_is_a_path_up_to_its_number_or_beside_one(name: str, group: str) -> None:
    assert _group(name, {"net"}) == group
