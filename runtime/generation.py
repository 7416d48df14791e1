"""The options of generation in every language: written from the two schemas, between comments that say so.

python runtime/generation.py     # after each change of generation.schema.json; a test holds the files to it

To add an option: its entry in the schema; this; and what heeds it, a file in each of Python, C++ and
TypeScript. manifest.schema.json names those that no bundle has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RUNTIME = Path(__file__).resolve().parent
_UNBOUNDED = 2**53 - 1  # of an integer in JSON
_PLACE = re.compile(
    r"^( *)(.*written by runtime/generation\.py: (\w+).*\n)(?s:.*?)^(.*written: end)", re.MULTILINE
)
_SCHEMAS = ("generation", "manifest")
_BOUNDS = {"minimum": "least", "exclusiveMinimum": "above", "maximum": "most"}
_KINDS = ("tokens", "sequences", "count", "natural", "real", "ending")
_TYPES = {
    "C": ("edgeattn_ids", "const edgeattn_ids*", "int64_t", "int64_t", "double", "edgeattn_early_stopping"),
    "C++": ("Tokens", "std::vector<Tokens>", "std::int64_t", "std::uint64_t", "double", "EarlyStopping"),
    "Swift": ("[Int]", "[[Int]]", "Int", "UInt32", "Double", "EarlyStopping"),
    "Kotlin": ("List<Int>", "List<List<Int>>", "Int", "UInt", "Double", "EarlyStopping"),
    "Rust": ("&'a [i64]", "&'a [&'a [i64]]", "u32", "u32", "f64", "EarlyStopping"),
    "TypeScript": ("Tokens", "Iterable<Tokens>", "number", "number", "number", "boolean | 'never'"),
    "Python": ("Iterable[int]", "Iterable[Iterable[int]]", "int", "int", "float", 'bool | Literal["never"]'),
    "limits": ("Tokens", "TokenSequences", "Count", "Count", "Number", "Ending"),
}


@dataclass(frozen=True)
class Option:
    """An entry of the schema, with what it does and its default in brackets as its text."""

    name: str
    kind: str
    default: Any
    limits: Mapping[str, float]
    text: str
    is_bundled: bool

    @property
    def camel(self) -> str:
        """The name as Swift, Kotlin and TypeScript spell it."""
        return re.sub(r"_(\w)", lambda letter: letter[1].upper(), self.name)

    @property
    def is_open(self) -> bool:
        """Whether a record may leave it open; what no bundle says has its default at once."""
        return self.is_bundled or self.default is None

    def type_in(self, language: str) -> str:
        """Return the type of its values."""
        return _TYPES[language][_KINDS.index(self.kind)]


def options() -> Iterator[Option]:
    """Yield what the schemas say, in their order."""
    schema, manifest = (json.loads((RUNTIME / f"{name}.schema.json").read_text("utf-8")) for name in _SCHEMAS)
    others = manifest["$defs"]["generationDefaults"]["properties"]
    for name, named in schema["properties"].items():
        entry = {**schema["$defs"].get(named.get("$ref", "").removeprefix("#/$defs/"), {}), **named}
        limits = {
            word: entry[key] for key, word in _BOUNDS.items() if entry.get(key, _UNBOUNDED) < _UNBOUNDED
        }
        kind = {"array": "tokens", "integer": "count", "number": "real"}.get(entry.get("type", ""), "ending")
        if kind == "count" and limits["least"] == 0:
            kind = "natural"
        elif "tokens" in str(entry.get("items")):
            kind = "sequences"
        default = entry.get("default")
        brackets = "" if default is None else f" ({json.dumps(default)})".replace("[]", "none")
        yield Option(
            name, kind, default, limits, entry["description"] + brackets, others.get(name) is not False
        )


def _beside(line: str, comment: str) -> list[str]:
    """Return a line with its comment behind it, or above it where one line is too short for both."""
    return [f"{line}  {comment}"] if len(line) + len(comment) <= 114 else [comment, line]


def _c_members(each: Option) -> Iterator[str]:
    yield from _beside(f"{each.type_in('C')} {each.name};", f"/* {each.text} */")
    if each.kind == "sequences":
        yield f"size_t {each.name[:-1]}_count;"


def _c_defaults(each: Option) -> Iterator[str]:
    unset = {"real": "EDGEATTN_UNSET_REAL", "ending": "EDGEATTN_EARLY_STOPPING_UNSET"}.get(
        each.kind, "EDGEATTN_UNSET"
    )
    if each.kind not in ("tokens", "sequences"):
        yield f"defaults.{each.name} = {unset if each.is_open else each.default};"


def _cpp_options(each: Option) -> Iterator[str]:
    of_cpp = each.type_in("C++")
    literals = {"None": "std::nullopt", "[]": f"{of_cpp}{{}}", "False": "EarlyStopping::no"}
    default = literals.get(str(each.default), each.default)
    member = f"std::optional<{of_cpp}>" if each.is_open else of_cpp
    words = {"least": "at_least", "above": "above", "most": "at_most"}
    limits = "".join(f".{words[word]}({bound})" for word, bound in each.limits.items())
    macro = "EDGEATTN_BUNDLED" if each.is_bundled else "EDGEATTN_CALLERS"
    yield f"{macro}({member}, {each.name}, {default}, Limits(){limits})"


def _swift_properties(each: Option) -> Iterator[str]:
    default = "?" if each.is_open else f" = {each.default}"
    yield from _beside(f"public var {each.camel}: {each.type_in('Swift')}{default}", f"// {each.text}")


def _swift_arguments(each: Option) -> Iterator[str]:
    given, argument = f"options.{each.camel}", f"argument.{each.name}"
    if each.kind == "sequences":
        yield f"{argument} = array({given}.map(ids))"
        yield f"{argument[:-1]}_count = {given}.count"
        return
    forms = ("ids({})", "", "Int64(max({}, 0))", "Int64({})", "{}", "{}.code")
    form = forms[_KINDS.index(each.kind)]
    if each.is_open:
        yield f"if let value = {given} {{ {argument} = {form.format('value')} }}"
    else:
        yield f"{argument} = {form.format(given)}"


def _kotlin_properties(each: Option) -> Iterator[str]:
    default = "? = null" if each.is_open else " = emptyList()" if each.default == [] else f" = {each.default}"
    yield f"/** {each.text} */"
    yield f"val {each.camel}: {each.type_in('Kotlin')}{default},"


def _kotlin_numbers(each: Option) -> Iterator[str]:
    number = {"count": "?.coerceAtLeast(0)", "natural": "?.toLong()", "real": "", "ending": "?.code"}
    if each.kind in number:
        yield f'"{each.name}" to {each.camel}{number[each.kind][not each.is_open :]},'


def _rust_fields(each: Option) -> Iterator[str]:
    kind = each.type_in("Rust")
    yield f"/// {each.text}"
    yield f"pub {each.name}: {kind if each.kind == 'sequences' else f'Option<{kind}>'},"


def _rust_arguments(each: Option) -> Iterator[str]:
    given, argument = f"options.{each.name}", f"how.{each.name}"
    forms = {
        "tokens": f"{given}.map_or({argument}, ids)",
        "real": f"{given}.unwrap_or({argument})",
        "ending": f"{given}.map_or({argument}, |when| when as c_int)",
    }
    if each.kind != "sequences":  # which point into what is made for the call
        yield f"{argument} = {forms.get(each.kind, f'{given}.map_or({argument}, i64::from)')};"


def _typescript_members(each: Option) -> Iterator[str]:
    yield f"/** {each.text}. */"
    yield f"readonly {each.camel}?: {each.type_in('TypeScript')};"


def _python_names(each: Option) -> Iterator[str]:
    yield f"{each.name}: {each.type_in('Python')} | None"


def _python_settled(each: Option) -> Iterator[str]:
    yield f"{each.name}: {each.type_in('Python')}{' | None' if each.default is None else ''}"


def _python_fields(each: Option) -> Iterator[str]:
    limits = ", ".join(f"{word}={bound}" for word, bound in each.limits.items())
    default = () if each.default == [] else each.default
    facts = f'{each.type_in("limits")}({limits}), "{each.text[0].lower()}{each.text[1:]}", {default}'
    line = f"{each.name}: {each.type_in('Python')} | None = {'_option' if each.is_bundled else '_callers'}("
    yield from [f"{line}{facts})"] if len(line + facts) < 106 else [line, f"    {facts}", ")"]


FILES = (
    "cpp/include/edgeattn.h",
    "cpp/include/edgeattn_options.inc",
    "cpp/src/c_api/options.cpp",
    "swift/Sources/EdgeAttn/Generation.swift",
    "android/edgeattn/src/main/kotlin/edgeattn/Generation.kt",
    "rust/src/generation.rs",
    "web/src/generation-options.ts",
    "python/edgeattn_runtime/bundle/generation_options.py",
)
_WRITERS: Mapping[str, Callable[[Option], Iterator[str]]] = {
    writer.__name__[1:]: writer
    for writer in (
        *(_c_members, _c_defaults, _cpp_options, _swift_properties, _swift_arguments),
        *(_kotlin_properties, _kotlin_numbers, _rust_fields, _rust_arguments, _typescript_members),
        *(_python_names, _python_settled, _python_fields),
    )
}


def written(file: str) -> str:
    """Return a file below runtime/ with what the schemas say in its places."""

    def place(match: re.Match[str]) -> str:
        indent, begin, name, end = match.groups()
        lines = (line for each in options() for line in _WRITERS[name](each))
        return indent + begin + "".join(f"{indent}{line}\n" for line in lines) + end

    return _PLACE.sub(place, (RUNTIME / file).read_text("utf-8"))


if __name__ == "__main__":
    for each in FILES:
        (RUNTIME / each).write_text(written(each), encoding="utf-8")
