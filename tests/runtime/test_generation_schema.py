"""The options of generation: one schema, and the record of each language that has its names and types."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from edgeattn_runtime.bundle.generation_options import OPTIONS
from edgeattn_runtime.bundle.option_kinds import Count, Ending, Number, Tokens, TokenSequences

RUNTIME = Path(__file__).parents[2] / "runtime"
SCHEMA: dict[str, Any] = json.loads((RUNTIME / "generation.schema.json").read_text(encoding="utf-8"))
MANIFEST: dict[str, Any] = json.loads((RUNTIME / "manifest.schema.json").read_text(encoding="utf-8"))
TOKENS = {"type": "array", "items": {"type": "integer", "minimum": 0}}


def plain(entry: object, schema: dict[str, Any]) -> Any:
    """Return an entry of a schema without references, descriptions and what JSON can hold at most."""
    if isinstance(entry, list):
        return [plain(each, schema) for each in entry]
    if not isinstance(entry, dict):
        return entry
    if "$ref" in entry:
        entry = {**schema["$defs"][entry["$ref"].removeprefix("#/$defs/")], **entry}
    left_out = ("$ref", "description")
    limits = {name: plain(each, schema) for name, each in entry.items() if name not in left_out}
    if limits.get("maximum") == 2**53 - 1:
        del limits["maximum"]
    return limits


def of_python(kind: object) -> dict[str, Any]:
    """Return what a schema says of a kind of options."""
    if isinstance(kind, Count):
        bounds = {"minimum": kind.least, "maximum": kind.most}
        return {"type": "integer"} | {name: bound for name, bound in bounds.items() if bound is not None}
    if isinstance(kind, Number):
        bounds = {"exclusiveMinimum": kind.above, "minimum": kind.least, "maximum": kind.most}
        return {"type": "number"} | {name: bound for name, bound in bounds.items() if bound is not None}
    entries: dict[type, dict[str, Any]] = {
        Tokens: TOKENS,
        TokenSequences: {"type": "array", "items": TOKENS},
        Ending: {"enum": [True, False, "never"]},
    }
    return entries[type(kind)]


def test_python_has_the_options_of_the_schema() -> None:
    expected = {}
    for name, option in OPTIONS.items():
        default = option["otherwise"]
        default = list(default) if isinstance(default, tuple) else default
        expected[name] = of_python(option["kind"]) | ({} if default is None else {"default": default})
    found = {name: plain(entry, SCHEMA) for name, entry in SCHEMA["properties"].items()}
    assert found == expected
    assert list(found) == list(expected)


def test_a_manifest_holds_the_same_options() -> None:
    properties = MANIFEST["$defs"]["generationDefaults"]["properties"]
    assert list(properties) == [name for name, option in OPTIONS.items() if option["bundled"]]
    for name, entry in properties.items():
        expected, found = plain(SCHEMA["properties"][name], SCHEMA), plain(entry, MANIFEST)
        expected.pop("default", None)
        found.pop("minItems", None)  # a caller may say that there are none
        assert found == expected, name


@dataclass(frozen=True)
class Language:
    """Where a language has its record of options, and how a member of it is spelled.

    Attributes:
        records: Of files below runtime/ the beginning of each record; a line that begins with a
            brace or a bracket ends it.
        member: Finds ``type`` and ``name``.
        types: What the types are that the schema has.
        others: Members that are none of the schema's.
    """

    records: dict[str, str]
    member: str
    types: dict[str, str]
    others: set[str]


INTEGER, NUMBER, SEQUENCE, SEQUENCES, ENDING = "integer", "number", "tokens", "sequences", "ending"
LANGUAGES = {
    "C": Language(
        {"cpp/include/edgeattn.h": "typedef struct edgeattn_generate_options {"},
        r"^  (?P<type>[\w ]+\*?) (?P<name>\w+);",
        {
            "int64_t": INTEGER,
            "double": NUMBER,
            "edgeattn_ids": SEQUENCE,
            "const edgeattn_ids*": SEQUENCES,
            "edgeattn_early_stopping": ENDING,
        },
        {
            *("size", "deadline_ms", "cancellation", "stop_sequence_count", "stop_string_count"),
            *("on_token", "on_text", "context", "session"),
        },
    ),
    "C++": Language(
        {"cpp/include/edgeattn.hpp": "struct GenerateOptions {"},
        r"^  (?P<type>\S.*?) (?P<name>\w+) = ",
        {
            "std::int64_t": INTEGER,
            "std::uint64_t": INTEGER,
            "double": NUMBER,
            "std::vector<std::int64_t>": SEQUENCE,
            "std::vector<std::vector<std::int64_t>>": SEQUENCES,
            "EarlyStopping": ENDING,
        },
        {"stop_strings", "on_token", "on_text", "session"},
    ),
    "TypeScript": Language(
        {
            "web/src/generate.ts": "  Sampling & {",
            "web/src/sampling.ts": "export type Sampling = {",
            "web/src/beam-search.ts": "export type Beams = {",
        },
        r"^ +readonly (?P<name>\w+)\?: (?P<type>.+);",
        {"number": NUMBER, "Tokens": SEQUENCE, "Iterable<Tokens>": SEQUENCES, "boolean | 'never'": ENDING},
        {"session"},
    ),
    "Swift": Language(
        {"swift/Sources/EdgeAttn/Generation.swift": "public struct GenerationOptions: Sendable {"},
        r"^    public var (?P<name>\w+)(?:: (?P<type>\S+))?",
        {"Int": INTEGER, "UInt32": INTEGER, "Double": NUMBER, "[Int]": SEQUENCE, "[[Int]]": SEQUENCES}
        | {"EarlyStopping": ENDING},
        {"stop_strings", "deadline", "session"},
    ),
    "Kotlin": Language(
        {"android/edgeattn/src/main/kotlin/edgeattn/Generation.kt": "class GenerationOptions("},
        r"^    val (?P<name>\w+): (?P<type>\S+) =",
        {"Int": INTEGER, "UInt": INTEGER, "Double": NUMBER, "List<Int>": SEQUENCE}
        | {"List<List<Int>>": SEQUENCES, "EarlyStopping": ENDING},
        {"stop_strings", "deadline", "session"},
    ),
}


_OPTIONAL = re.compile(r"^(?:std::optional<(.+)>|(.+)\?)$")


def type_of(name: str) -> str:
    entry = plain(SCHEMA["properties"][name], SCHEMA)
    if entry.get("type") == "array":
        return SEQUENCES if entry["items"] == TOKENS else SEQUENCE
    return str(entry.get("type", ENDING))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_the_options_of_the_schema(language: str) -> None:
    spelled = LANGUAGES[language]
    found = {}
    for file, begin in spelled.records.items():
        text = (RUNTIME / file).read_text(encoding="utf-8")
        record = re.split(r"^(?:  )?[})]", text.split(f"{begin}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]
        for match in re.finditer(spelled.member, record, re.MULTILINE):
            name = re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", match["name"])
            if name not in spelled.others:
                found[name] = spelled.types[_OPTIONAL.sub(r"\1\2", match["type"] or "Int")]
    expected = {name: type_of(name) for name in SCHEMA["properties"]}
    if INTEGER not in spelled.types.values():
        expected = {name: NUMBER if kind == INTEGER else kind for name, kind in expected.items()}
    assert found == expected
