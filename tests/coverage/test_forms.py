from __future__ import annotations

import pytest
from calls import free_symbols, other_sizes
from forms.catalog import FORMS
from forms.form import Form
from measures import empty, errors, in_units, int8_accuracy
from row import Row, row_of

from edgeattn_export.incremental import Steps, derive_steps

FLOAT_ERROR = 1e-4  # of what a channel varies by
INT8_R2 = 0.99
INT8_CHANNEL = 0.8  # of the worst one, which few samples measure
FEWEST_SIZES = 2  # of each dynamic axis, beside the samples' own


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.family}: {form.name}")
def test_form(form: Form) -> None:
    row = row_of(form)
    attention_is_whole_or_refused_in_words(row)
    float_graph_answers_as_pytorch(row)
    int8_stays_close(row)
    a_decoder_gets_its_cache(row)


def attention_is_whole_or_refused_in_words(row: Row) -> None:
    assert row.attentions == row.form.attentions, row.reasons
    if row.form.refusal is not None:
        assert any(row.form.refusal in reason for reason in row.reasons)


def float_graph_answers_as_pytorch(row: Row) -> None:
    difference = in_units(row)
    found = errors(row, difference)
    assert not {name: error for name, error in found.items() if error > FLOAT_ERROR}
    assert row.captured.axes.symbols
    for symbol in free_symbols(row):
        answered = [size for size in other_sizes(row, symbol) if f"{symbol}={size}" in found]
        assert len(answered) >= FEWEST_SIZES, f"{symbol} is dynamic in name alone"
    padding_alone = empty(row, difference)  # compared where PyTorch's own answer is a number
    assert padding_alone is None or padding_alone.error <= FLOAT_ERROR


def int8_stays_close(row: Row) -> None:
    for output in int8_accuracy(row):
        assert output.r2 >= INT8_R2, output
        assert output.r2_channel_min >= INT8_CHANNEL, output


def a_decoder_gets_its_cache(row: Row) -> None:
    if row.form.steps:
        steps = derive_steps(row.captured, row.recovered, row.samples)  # and proves them, token by token
        assert isinstance(steps, Steps), steps
        assert len(steps.generation.cache) == 2 * row.form.steps
