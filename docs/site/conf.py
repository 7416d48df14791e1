"""The site: Sphinx renders the repository's pages where they lie, with the links that GitHub follows.

`make site` builds it. What it shows comes from the site itself: no font, script or picture is another's.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2] / "runtime" / "kernels" / "python")]

project = html_title = "edgeattn"
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "breathe",
    "pages",
    "gallery",
    "reference",
]
include_patterns = [
    *("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "COMPATIBILITY.md", "SECURITY.md"),
    *("docs/*.md", "docs/site/peers.md", "docs/site/reference/*.md"),
    *("models/README.md", "models/*/README.md"),
    *("runtime/README.md", "runtime/*/README.md"),
]
myst_heading_anchors = 6
suppress_warnings = [
    "myst.header",  # a page may skip a level, as GitHub lets it
    "duplicate_declaration.cpp",  # in C a struct and its typedef have one name
]
autodoc_member_order = "bysource"
napoleon_use_ivar = True  # fields of dataclasses are listed once
breathe_default_project = "edgeattn"
smartquotes = False
highlight_language = "none"  # of blocks that name none

html_theme = "furo"
pygments_dark_style = "github-dark"
templates_path = ["templates"]
html_static_path = ["static"]
html_favicon = "static/icon.svg"
html_css_files = ["site.css"]
html_js_files = [("filter.js", {"defer": "defer"})]
html_copy_source = html_show_sourcelink = html_use_index = html_show_sphinx = html_show_copyright = False
