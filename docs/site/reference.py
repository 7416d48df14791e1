"""The API reference of Python by autodoc, of headers by doxygen, and of TypeScript by typedoc."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from sphinx.application import Sphinx

import edgeattn
import edgeattn_runtime

SITE = Path(__file__).parent
RUNTIME = SITE.parents[1] / "runtime"
TYPESCRIPT = "docs/site/reference/typescript"
MODULES = {"index": "edgeattn-web"} | {
    name: f"edgeattn-web/{name}" for name in ("folder", "native", "remote", "worker")
}
TYPEDOC = {
    "plugin": "typedoc-plugin-markdown",
    "router": "module",
    "readme": "none",
    "logLevel": "Error",
    **dict.fromkeys(("disableSources", "hidePageHeader", "hideBreadcrumbs", "excludeExternals"), "true"),
    **dict.fromkeys(("parametersFormat", "interfacePropertiesFormat", "classPropertiesFormat"), "table"),
}
# Comments of C become those of doxygen: before a declaration, and behind a member. Headings are left out.
COMMENTS = r"s:^/\* -{2,}.*::; 1s:^/\* :/** @file\n:; s:^( *)/\*( |$):\1/**\2:; s:([;,] +)/\* :\1/**< :"
DOXYGEN = f"""
INPUT = {RUNTIME}/cpp/include {RUNTIME}/kernels/include
EXCLUDE_PATTERNS = *.inc
EXCLUDE_SYMBOLS = EDGEATTN_BUNDLED EDGEATTN_CALLERS
INPUT_FILTER = "sed -E '{COMMENTS}'"
GENERATE_HTML = NO
GENERATE_LATEX = NO
GENERATE_XML = YES
EXTRACT_ALL = YES
MACRO_EXPANSION = YES
EXPAND_ONLY_PREDEF = YES
EXPAND_AS_DEFINED = EDGEATTN_BUNDLED EDGEATTN_CALLERS
PREDEFINED = __cplusplus __attribute__(x)= EDGEATTN_API= EDGEATTN_KERNELS_EXPORT= ORT_API_CALL=
QUIET = YES
WARNINGS = NO
"""


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    for package in (edgeattn, edgeattn_runtime):  # whose names are imported when they are asked for
        vars(package).update({name: getattr(package, name) for name in package.__all__})
    app.connect("autodoc-process-docstring", _mark_code)
    app.connect("builder-inited", _read_headers)
    app.connect("source-read", _add_modules)


def _mark_code(*event: object) -> None:
    """Have the indented lines below a docstring's first be code."""
    lines = event[-1]
    assert isinstance(lines, list)
    if len(lines) > 2 and lines[2].startswith("    "):
        lines[1:1] = ["", "::"]


def _read_headers(app: Sphinx) -> None:
    folder = Path(app.doctreedir, "reference")
    folder.mkdir(parents=True, exist_ok=True)
    settings = f"{DOXYGEN}OUTPUT_DIRECTORY = {folder}\n"
    subprocess.run(["doxygen", "-"], input=settings, text=True, check=True)
    app.config.breathe_projects = {"edgeattn": str(folder / "xml")}


def _add_modules(app: Sphinx, page: str, source: list[str]) -> None:
    if page != TYPESCRIPT:
        return
    folder = Path(app.doctreedir, "typescript")
    subprocess.run([RUNTIME / "web" / "build-package"], check=True)  # with what the sources import
    subprocess.run(["npm", "ci", "--silent", "--ignore-scripts"], cwd=SITE, check=True)
    entries = [argument for name in MODULES for argument in ("--entryPoints", f"src/{name}.ts")]
    options = [word for name, value in TYPEDOC.items() for word in (f"--{name}", value)]
    command = [SITE / "node_modules" / ".bin" / "typedoc", *entries, *options, "--out", folder]
    subprocess.run(command, cwd=RUNTIME / "web", check=True)
    for name, title in MODULES.items():
        text = (folder / f"{name}.md").read_text("utf-8").partition("\n")[2]
        # Links between modules would lead to a page for each.
        text = re.sub(r"\[([^\]\n]+)\]\([^)\s]*\)", r"\1", text)
        text = re.sub("^#{6} (.*)", r"**\1**", text, flags=re.MULTILINE)  # no heading is below the sixth
        text = re.sub("^##", "###", text, flags=re.MULTILINE)
        source[0] += f"\n## {title}\n{text}"
