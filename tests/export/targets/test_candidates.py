"""What each target's search tries, held against the forms that the target has."""

from __future__ import annotations

from itertools import chain

import pytest

from edgeattn_export.quantize.recipes.check_recipe import check_recipe
from edgeattn_export.quantize.recipes.recipe import Recipe, Treatment
from edgeattn_export.quantize.techniques import TECHNIQUES
from edgeattn_export.targets import TARGETS

every = pytest.mark.parametrize("name", list(TARGETS))


def _tried(name: str) -> list[Treatment]:
    known = TARGETS[name].candidates
    groups = (known.fast, known.behind_activation, known.elsewhere, known.more_exact, known.most_exact)
    others = (known.smaller, known.static, known.few, [each for _, each in known.plain.layers])
    return list(dict.fromkeys(chain(*groups, *others)))


@every
def test_its_recipes_can_be_followed(name: str) -> None:
    target = TARGETS[name]
    for treatment in _tried(name):
        finished = target.candidates.finished(treatment, target.forms)
        check_recipe(Recipe(name, (("*", finished),), target.candidates.plain.rewrites), (), target.forms)


@every
def test_its_embeddings_and_others_are_forms_of_its_own(name: str) -> None:
    target = TARGETS[name]
    known = target.candidates
    named = (*known.embeddings, *known.smaller_embeddings, *known.others, *known.plain.rewrites)
    assert set(named) <= target.forms.rewrites.keys()


@every
def test_its_nominal_paces_are_of_all_its_forms(name: str) -> None:
    target = TARGETS[name]
    if target.candidates.paces is not None:
        known = target.candidates.paces.keys()
        assert known >= target.forms.linear.keys()
        assert known - target.forms.linear.keys() <= TECHNIQUES.keys()  # which add to them


@every
def test_what_is_tried_where_a_trial_takes_seconds_is_tried_anyway(name: str) -> None:
    known = TARGETS[name].candidates
    usual = (*known.fast, *known.behind_activation, *known.elsewhere, *known.more_exact, *known.most_exact)
    assert set(known.few) <= set(usual)
