#!/usr/bin/env python3
"""Writes src/sys.rs, which is edgeattn.h as Rust sees it; run it after a change of the header."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
HEADER = HERE.parent / "cpp" / "include" / "edgeattn.h"
RUST = {
    "char": "c_char",
    "double": "f64",
    "float": "f32",
    "int": "c_int",
    "int64_t": "i64",
    "size_t": "usize",
    "uint64_t": "u64",
    "uint8_t": "u8",
    "void": "c_void",
}
KEYWORDS = {"box", "type"}
BEGIN = """//! edgeattn.h as Rust sees it, written by bind.py.
#![allow(non_camel_case_types)]

use std::ffi::{c_char, c_int, c_void};

pub const UNSET: i64 = -1;

macro_rules! opaque {
    ($($name:ident)*) => { $(#[repr(C)] pub struct $name { _private: [u8; 0] })* };
}
"""


def bindings(header: str) -> str:
    """Return the file for the text of a header."""
    code = re.sub(r"static inline.*?\n}\n|/\*.*?\*/", "", header, flags=re.DOTALL)
    parts = [BEGIN.rstrip(), *_types(code)]
    functions = re.findall(r"^EDGEATTN_API ([\w* ]+?[ *])(\w+)\(([^;]*)\);", code, re.MULTILINE)
    lines = (f"    pub fn {name}({_parameters(given)}){_returned(kind)};" for kind, name, given in functions)
    return "\n\n".join([*parts, "\n".join(['extern "C" {', *lines, "}"])]) + "\n"


def _types(code: str) -> Iterator[str]:
    opaque = re.findall(r"typedef struct (\w+) \1;", code)
    yield "opaque! { " + "\n          ".join(opaque) + " }"
    for name, body in re.findall(r"typedef enum (\w+) \{(.*?)\} \1;", code, re.DOTALL):
        values = re.findall(r"EDGEATTN_(\w+) = (-?\d+)", body)
        lines = (f"pub const {key}: {name} = {value};" for key, value in values)
        yield "\n".join([f"pub type {name} = c_int;", *lines])
    for name, given in re.findall(r"typedef int \(\*(\w+)\)\((.*?)\);", code, re.DOTALL):
        kinds = ", ".join(parameter.split(": ")[1] for parameter in _parameters(given).split(", "))
        yield f'pub type {name} = unsafe extern "C" fn({kinds}) -> c_int;'
    for name, body in re.findall(r"typedef struct (\w+) \{(.*?)\} \1;", code, re.DOTALL):
        fields = [line for declared in body.split(";") for line in _fields(declared.strip())]
        yield "\n".join(["#[repr(C)]", "#[derive(Clone, Copy)]", f"pub struct {name} {{", *fields, "}"])


def _fields(declared: str) -> Iterator[str]:
    """Yield the members of a declaration, of which there may be several: `int64_t width, height`."""
    if not declared:
        return
    kind, names = re.findall(r"(.*?)(\w+(?:\[\d+\])?(?:, \w+)*)$", declared)[0]
    for name in names.split(", "):
        member, _, count = name.rstrip("]").partition("[")
        yield f"    pub {_name(member)}: " + (f"[{_kind(kind)}; {count}]," if count else f"{_kind(kind)},")


def _parameters(given: str) -> str:
    pairs = (
        []
        if given.strip() == "void"
        else [re.findall(r"(.*?)(\w+)$", each.strip())[0] for each in given.split(",")]
    )
    return ", ".join(f"{_name(name)}: {_kind(kind)}" for kind, name in pairs)


def _returned(kind: str) -> str:
    return "" if kind.strip() == "void" else f" -> {_kind(kind)}"


def _kind(declared: str) -> str:
    """Return a type of Rust: `const char* const*` is `*const *const c_char`."""
    words = re.findall(r"\w+|\*", declared)
    name = next(word for word in words if word != "const")
    kind = f"Option<{name}>" if name.startswith("edgeattn_on_") else RUST.get(name, name)
    constant = words[0] == "const"
    for word in words[words.index(name) + 1 :]:
        if word == "*":
            kind, constant = f"*{'const' if constant else 'mut'} {kind}", False
        else:
            constant = True
    return kind


def _name(name: str) -> str:
    return f"r#{name}" if name in KEYWORDS else name


if __name__ == "__main__":
    (HERE / "src" / "sys.rs").write_text(bindings(HEADER.read_text("utf-8")), "utf-8")
