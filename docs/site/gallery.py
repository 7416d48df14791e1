"""The gallery: on the pages of reference models, what their bundles hold: pictures, figures, reports."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sphinx.application import Sphinx

from edgeattn.report.card import CARD_FILE
from edgeattn.report.files import EXAMPLE_FILE, PAGE_FILE, PICTURE_FILE
from edgeattn.report.page import View
from edgeattn.results.bundle import read_report
from edgeattn_runtime.bundle.folder import open_bundle

GALLERY = "models/index"


@dataclass(frozen=True)
class Exported:
    """A reference model's bundle.

    Attributes:
        name: The model's.
        folder: The bundle.
        view: What its report shows.
    """

    name: str
    folder: Path
    view: View

    @property
    def picture(self) -> str:
        """The file of a sample and both answers to it; without one, of the recipes that were tried."""
        return EXAMPLE_FILE if (self.folder / EXAMPLE_FILE).exists() else PICTURE_FILE

    @property
    def pictured(self) -> str:
        """What its picture shows."""
        shown = "A sample, and what PyTorch and the bundle make of it", "Recipes that were tried"
        return shown[self.picture == PICTURE_FILE]

    @property
    def card(self) -> str:
        """The bundle's README: its body, a level below the page's."""
        _, _, text = (self.folder / CARD_FILE).read_text("utf-8").split("---\n", 2)
        return re.sub(r"^#", "##", text.partition("\n# ")[2].partition("\n")[2], flags=re.MULTILINE)


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.add_config_value("gallery_bundles", "build/bundles", "env", str)
    app.connect("source-read", _show)
    app.connect("build-finished", _copy)


@cache
def _bundles(app: Sphinx) -> list[Exported]:
    folder = Path(app.srcdir, app.config.gallery_bundles)
    return [Exported(bundle.stem, bundle, _view(bundle)) for bundle in sorted(folder.glob("*.edge"))]


def _view(bundle: Path) -> View:
    return View(report=read_report(open_bundle(bundle)), drawn=None, facts={})


def _show(app: Sphinx, page: str, source: list[str]) -> None:
    """Put behind a page's first paragraph what its bundles show."""
    bundles = _bundles(app)
    own = next((bundle for bundle in bundles if page == f"models/{bundle.name}/index"), None)
    if page != GALLERY and own is None:
        return
    title, introduction, rest = source[0].split("\n\n", 2)
    shown = app.builder.templates.render("gallery.html", {"bundles": bundles, "own": own})
    card = "" if own is None else f"\n## The bundle\n{own.card}"
    source[0] = f"{title}\n\n{introduction}\n\n{shown}\n\n{rest}{card}"


def _copy(app: Sphinx, failure: Exception | None) -> None:
    if failure is None:
        for bundle in _bundles(app):
            for name in (PAGE_FILE, bundle.picture):
                shutil.copyfile(bundle.folder / name, Path(app.outdir, "models", bundle.name, name))
