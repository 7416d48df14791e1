"""The table of verbs in runtime/README.md names every kind of case, and hides nothing that one lacks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from answers import LACKS, questions

ROOT = Path(__file__).parents[2]
RUNTIME = ROOT / "runtime"

LANGUAGES = ("Python", "C++ and C", "TypeScript", "Swift", "Kotlin", "Rust")
PROGRAMS = {  # the sources of what answers the cases
    "Python": "runtime/python/conform/*.py",
    "C++ and C": "runtime/cpp/tests/conformance.cpp",
    "TypeScript": "runtime/web/conformance/*.ts",
    "Swift": "runtime/swift/Tests/Conformance/*.swift",
    "Kotlin": "tests/runtime/android/conformance/*.kt",
    "Rust": "runtime/rust/tests/conformance/*.rs",
}
OF_VERB = {  # by what a case may need, the verb whose row has it
    "listing": "list a folder",
    "tokenizer": "prepare a text",
    "audio": "prepare a sound, log-mel",
    "log-mel": "prepare a sound, log-mel",
    "wav": "prepare a sound, log-mel",
    "series": "prepare series",
    "csv": "prepare series",
    "png": "prepare an image",
    "jpeg": "prepare an image",
    "steps": "stream in steps: an encoder that keeps its state",
    "session": "a session: a prompt that continues keeps its cache",
    "generate_many": "generate_many: prompts, beams, penalties, stop sequences",
}


def _rows() -> list[list[str]]:
    section = (RUNTIME / "README.md").read_text("utf-8").partition("### Verbs\n")[2]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.fixture(scope="module")
def table() -> dict[str, dict[str, str]]:
    """By verb, its cases, and by language why it lacks the verb."""
    head, _, *rows = _rows()
    assert head == ["verb", "cases", "except in"]
    return {verb: {"cases": cases, **_exceptions(lacking)} for verb, cases, lacking in rows}


def _exceptions(cell: str) -> dict[str, str]:
    parts = [part.partition(": ") for part in cell.split("; ") if part]
    return {language: reason for languages, _, reason in parts for language in languages.split(", ")}


def _program(language: str) -> str:
    return "".join(file.read_text("utf-8") for file in ROOT.glob(PROGRAMS[language]))


def test_every_exception_names_a_runtime_and_its_reason(table: dict[str, dict[str, str]]) -> None:
    for verb, row in table.items():
        reasons = {language: reason for language, reason in row.items() if language != "cases"}
        assert reasons.keys() <= {*LANGUAGES}, verb
        assert all(len(reason.split()) > 1 for reason in reasons.values()), verb


def test_every_kind_of_case_is_in_the_table_and_every_entry_has_cases(
    table: dict[str, dict[str, str]],
) -> None:
    asked = {what.split()[0] for _, what in questions(RUNTIME / "conformance" / "build")} - {"prepare"}
    for case in json.loads((RUNTIME / "conformance" / "build" / "cases.json").read_text("utf-8")):
        asked |= {f"prepare {entry['of']}" for entry in case.get("prepare", ())}
    said = {row["cases"] for row in table.values() if not row["cases"].startswith("none: ")}
    assert said == asked


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_table_lists_what_a_runtimes_program_lacks(
    table: dict[str, dict[str, str]], language: str
) -> None:
    program = _program(language)
    assert program
    for need, words in LACKS.items():
        if words in program:
            assert language in table[OF_VERB.get(need, need)], words


def test_every_need_has_a_verb(table: dict[str, dict[str, str]]) -> None:
    assert {OF_VERB.get(need, need) for need in LACKS} <= set(table)
