"""Files of the repository as pages: a folder's README is its index, and a link to a folder leads there."""

from __future__ import annotations

import os
import re
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.project import Project

CONTENTS = Path(__file__).with_name("contents.md")


class Pages(Project):
    """Names pages by their files, but for READMEs."""

    def path2doc(self, filename: str | os.PathLike[str]) -> str | None:
        """Return a page's name; None for a file that is none."""
        name = super().path2doc(filename)
        return name and re.sub(r"(^|/)README$", r"\1index", name)


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("builder-inited", _name_pages)
    app.connect("source-read", _add_contents)
    app.connect("doctree-read", _resolve_folders)


def _name_pages(app: Sphinx) -> None:
    app.project = app.env.project = Pages(app.srcdir, app.config.source_suffix)


def _add_contents(app: Sphinx, page: str, source: list[str]) -> None:
    if page == app.config.root_doc:
        source[0] += "\n" + CONTENTS.read_text("utf-8")


def _resolve_folders(app: Sphinx, document: nodes.document) -> None:
    """Lead links to folders to their pages; those of folders without one are words."""
    for link in list(document.findall(addnodes.pending_xref)):
        _, path = app.env.relfn2path(link["reftarget"], app.env.docname)
        if link["reftype"] != "myst" or not Path(path).is_dir():
            continue
        page = app.env.path2doc(str(Path(path, "README.md")))
        if page in app.env.found_docs:
            link.attributes |= {"refdomain": "doc", "reftarget": page, "reftargetid": None}
        else:
            link.replace_self(link.children)
