from __future__ import annotations

from forms.catalog import FORMS
from table import TABLE, Line, listed, render


def test_the_table_in_the_docs_lists_the_forms_there_are() -> None:
    assert listed(TABLE.read_text(encoding="utf-8")) == [(form.family, form.name) for form in FORMS]


def test_no_two_forms_have_one_name() -> None:
    names = [(form.family, form.name) for form in FORMS]
    assert len(set(names)) == len(names)


def test_the_page_counts_what_is_whole_and_keeps_its_columns() -> None:
    whole, refused = Line(FORMS[0], "whole, 1", 1e-7, 0.999, 0.99, "1e-07"), Line(FORMS[1], "refused: a|b")
    page = render([whole, refused])
    assert "2 forms: 1 kept whole, 1 refused" in page
    assert listed(page) == [(FORMS[0].family, FORMS[0].name), (FORMS[1].family, FORMS[1].name)]
    assert "refused: a\\|b" in page
