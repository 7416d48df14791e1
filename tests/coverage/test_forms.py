from __future__ import annotations

import pytest
from _pytest.mark import ParameterSet
from calls import other_sizes
from forms.catalog import FORMS
from forms.form import Form
from forms.form import Form
from measures import empty, errors, int8_cosine
from row import Row, row_of

FLOAT_ERROR = 1e-4  # of the output's largest number
INT8_COSINE = 0.99
FEWEST_SIZES = 2  # of each dynamic axis, beside the samples' own


def _param(form: Form) -> object:
    name = f"{form.family}: {form.name}"
    return pytest.param(form, id=name, marks=pytest.mark.xdist_group(name))  # exported by one worker, once


@pytest.fixture(scope="module", params=map(_param, FORMS))
def row(request: pytest.FixtureRequest) -> Row:
    return row_of(request.param)


def test_attention_stays_whole_or_is_refused_in_words(row: Row) -> None:
    assert row.attentions == row.form.attentions
    if row.form.refusal is not None:
        assert any(row.form.refusal in reason for reason in row.reasons)


def test_the_float_graph_answers_as_pytorch(row: Row) -> None:
    apart = {name: error for name, error in errors(row).items() if error > FLOAT_ERROR}
    assert not apart


def test_a_row_of_padding_alone_is_answered_as_pytorch_where_pytorch_gives_a_number(row: Row) -> None:
    answer = empty(row)
    assert answer is None or answer.error <= FLOAT_ERROR


def test_the_dynamic_axes_are_dynamic(row: Row) -> None:
    answered = errors(row)
    assert row.captured.axes.symbols
    for symbol in row.captured.axes.symbols:
        sizes = [size for size in other_sizes(row, symbol) if f"{symbol}={size}" in answered]
        assert len(sizes) >= FEWEST_SIZES


def test_int8_stays_close(row: Row) -> None:
    assert int8_cosine(row) >= INT8_COSINE
