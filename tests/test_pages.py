"""Every page has a content security policy, ahead of all that it could stop."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [
    page
    for pattern in (
        "edgeattn/**/templates/*.html",
        "runtime/web/conformance/*.html",
        "runtime/web/examples/*/*.html",
    )
    for page in sorted(ROOT.glob(pattern))
    if "<!doctype html>" in page.read_text(encoding="utf-8")
]  # that of edgeattn serve has its policy from the server: tests/edgeattn/serve/test_server.py
POLICY = re.compile(
    r'<meta http-equiv="Content-Security-Policy" content="(default-src \'none\'; [^"]*)">'
    r'|{% include "policy.html" %}'
)


def test_there_are_pages() -> None:
    assert {page.name for page in PAGES} >= {"report.html", "sweep.html", "page.html", "index.html"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_has_a_policy(page: Path) -> None:
    html = page.read_text(encoding="utf-8")
    policy = POLICY.search(html)
    assert policy is not None
    assert re.search("<(script|link|style|title)", html[: policy.start()]) is None
    assert "'unsafe-inline'" not in (policy[1] or "")
