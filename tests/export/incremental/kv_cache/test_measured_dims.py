from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from edgeattn_export.incremental.kv_cache.measured_dims import PAIRS, real_probes, small_probes
from edgeattn_export.incremental.refusal import CannotStep
from edgeattn_runtime.bundle.manifest import Symbol

Derive = Callable[[str], Any]


def test_small_sizes_tell_every_symbol_apart(derivation: Derive) -> None:
    captured = derivation("waves").captured
    probes = small_probes(captured)
    assert set(probes) == set(captured.axes.symbols)
    assert probes["batch"] == PAIRS[0]
    assert len(set(probes.values())) == len(probes) == 3


def test_a_bound_cuts_the_larger_size_or_leaves_none(derivation: Derive) -> None:
    captured = derivation("waves").captured

    def bounded(most: int) -> Any:
        return replace(captured, symbols={**captured.symbols, "sequence": Symbol(1, most)})

    small, large = small_probes(bounded(10))["sequence"]
    assert small < large == 10
    with pytest.raises(CannotStep, match=r"'sequence' .*5"):
        small_probes(bounded(5))


def test_real_sizes_are_the_samples_own_and_well_apart(derivation: Derive) -> None:
    found = derivation("waves")
    (small, large) = real_probes(found.captured, found.samples)["sequence"]
    sizes = [sample.inputs["sound"].shape[1] for sample in found.samples]
    assert (small, large) == (min(sizes), max(sizes))


def test_where_samples_have_one_size_the_second_is_well_above(derivation: Derive) -> None:
    found = derivation("waves")
    alone = found.samples[:1]
    size = alone[0].inputs["sound"].shape[1]
    small, large = real_probes(found.captured, alone)["sequence"]
    assert small == size
    assert large > 1.5 * size
    narrow = replace(found.captured, symbols={**found.captured.symbols, "sequence": Symbol(1, size + 1)})
    with pytest.raises(CannotStep, match=f"'sequence' .*{size + 1} "):
        real_probes(narrow, alone)


def test_no_two_symbols_share_their_sizes(derivation: Derive) -> None:
    found = derivation("two sources")
    (sample,) = found.samples[2:3]
    read = sample.inputs["source"].shape[1]
    same = replace(sample, inputs={**sample.inputs, "target": sample.inputs["source"]})
    probes = real_probes(found.captured, replace(found.samples, items=(same,)))
    assert [small for small, _ in probes.values()].count(read) == 2
    assert len(set(probes.values())) == len(probes)
