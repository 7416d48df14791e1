"""A bundle made ready to be served: checked, copied, with the page beside it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from edgeattn.serve.page_build import build_page, engine_files
from edgeattn.serve.shelf import Item, shelf
from edgeattn_export.lower.ort_web import ORT_WEB
from edgeattn_runtime.bundle import BundleFiles, open_bundle
from edgeattn_runtime.errors import IncompatibleRuntimeError


@contextmanager
def opened(bundle: Path) -> Iterator[Mapping[str, Item]]:
    """Yield what is served, of a copy: the bundle itself may gain results meanwhile.

    Raises:
        BundleError: The bundle is not whole.
        IncompatibleRuntimeError: No variant of it runs in a browser.
        BadInput: The page cannot be built.
    """
    files = open_bundle(bundle)
    engines = {variant.engine.name for variant in files.manifest.variants}
    if ORT_WEB.name not in engines:
        raise IncompatibleRuntimeError(
            f"{bundle}: made for {', '.join(sorted(engines))}, and no browser has these; export it again "
            "with --target web"
        )
    with tempfile.TemporaryDirectory(prefix="edgeattn-serve-") as folder:
        page, copy = Path(folder) / "page", Path(folder) / "bundle"
        page.mkdir()
        build_page(page)
        shutil.copytree(bundle, copy)
        yield shelf(page, engine_files(), BundleFiles(copy, files.manifest))
