"""The site as readers get it: every link leads somewhere, and nothing comes from, or goes to, anyone else."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from functools import cache, partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from commands import ROOT

MODEL = "digits"  # the quickest to export
PHONE = 390  # pixels
FETCHED = {"img", "script", "link", "iframe", "source", "object", "embed"}  # without the reader's doing
CHROMIUM = ("--headless=new", "--no-sandbox", "--no-first-run", "--virtual-time-budget=20000", "--dump-dom")
FRAMES = """<!doctype html><title>Pages, each seen by a script</title><ul></ul><script>
for (const path of PATHS) {
  const frame = document.createElement('iframe');
  frame.width = WIDTH;
  frame.src = path;
  frame.onload = () => {
    const row = document.createElement('li');
    row.textContent = `${path} ${(SEEN)(frame.contentDocument)}`;
    document.querySelector('ul').append(row);
    frame.remove();
  };
  document.body.append(frame);
}
</script>"""
TOO_WIDE = """(page) => Math.max(  // .content is what Furo scrolls
  ...[...page.querySelectorAll(':root, .content')].map((each) => each.scrollWidth - each.clientWidth))"""
FILTERED = """(page) => {
  const field = page.querySelector('.filter input');
  field.value = 'Masks  causal ';
  field.dispatchEvent(new Event('input'));
  const rows = [...page.querySelector('.filter ~ * table, .filter ~ table').tBodies[0].rows];
  return rows.filter((row) => row.checkVisibility()).length;
}"""


class Page(HTMLParser):
    """What a page names: its anchors, links, and what a browser fetches for it.

    Attributes:
        ids: Anchors.
        links: Addresses that a reader may follow.
        fetched: Addresses that the page is made of.
        policy: What the browser is told to allow.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.policy = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        addresses = [values[name] for name in ("href", "src", "srcset", "data") if name in values]
        if "id" in values:
            self.ids.add(values["id"])
        if tag == "a":
            self.links += addresses
        if tag in FETCHED:
            self.fetched += addresses
        if values.get("http-equiv") == "Content-Security-Policy":
            self.policy = values["content"]


@cache
def _page(path: Path) -> Page:
    return Page(path.read_text("utf-8"))


@pytest.fixture(scope="session")
def site(made_once: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    def make(folder: Path) -> None:
        subprocess.run(["make", "site", f"BUILD={folder}", f"MODELS={MODEL}"], cwd=ROOT, check=True)

    return made_once("site", make) / "site"


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[Path, Page]:
    found = sorted(path for path in site.rglob("*.html") if "_downloads" not in path.parts)
    return {path: _page(path) for path in found}


def test_every_page_of_the_repository_is_there(site: Path) -> None:
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True)
    found = {re.sub(r"\bREADME\.md$", "index.html", file) for file in listed.stdout.split()}
    found = {file.replace(".md", ".html") for file in found if "templates" not in file}
    others = {file for file in found if not (site / file).exists()}
    assert others == {
        "docs/site/contents.html",  # part of the first page
        "runtime/cpp/third_party/index.html",  # of others
        "runtime/kernels/third_party/index.html",
    }


def test_every_link_leads_somewhere(site: Path, pages: dict[Path, Page]) -> None:
    assert sum(len(page.links) for page in pages.values()) > 1000
    assert [fault for path, page in pages.items() for fault in _faults(path, page, site)] == []


def test_nothing_is_fetched_from_elsewhere(site: Path, pages: dict[Path, Page]) -> None:
    assert [
        (path.name, address[:80])
        for path, page in pages.items()
        for address in page.fetched
        if urlsplit(address).scheme not in ("", "data") or urlsplit(address).netloc
    ] == []
    styles = "".join(path.read_text("utf-8") for path in site.rglob("*.css"))
    assert [
        url for url in re.findall(r"(?:url\(|@import )\s*['\"]?([^'\")]+)", styles) if "//" in url[:9]
    ] == []


def test_every_page_forbids_other_places(pages: dict[Path, Page]) -> None:
    allowed = {"'self'", "'none'", "'unsafe-inline'", "data:"}
    for path, page in pages.items():
        assert page.policy, path
        rules = {name: set(sources) for name, *sources in map(str.split, page.policy.split(";"))}
        assert rules["default-src"] in ({"'self'"}, {"'none'"}), path
        assert set().union(*rules.values()) <= allowed, path


def test_the_gallery_shows_a_model(site: Path, pages: dict[Path, Page]) -> None:
    assert f"{MODEL}/report.html" in pages[site / "models" / "index.html"].links
    own = pages[site / "models" / MODEL / "index.html"]
    assert "report.html" in own.links
    assert "example.svg" in own.fetched
    assert {"the-bundle", "figures", "run-it"} <= own.ids


def test_the_search_answers_offline(site: Path) -> None:
    found = _rendered(site, "search.html?q=rotary")
    assert 'href="models/story/index.html' in found


def test_a_long_table_is_filtered(site: Path, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "coverage.md").read_text("utf-8")
    table = next(part for part in text.split("\n\n") if part.startswith("| family | form"))
    rows = [row.lower() for row in table.splitlines()[2:]]
    left = sum("masks" in row and "causal" in row for row in rows)
    assert 0 < left < len(rows)
    assert _seen(site, ["docs/coverage.html"], FILTERED, tmp_path) == {"docs/coverage.html": left}


def test_no_page_is_wider_than_a_phone(site: Path, pages: dict[Path, Page], tmp_path: Path) -> None:
    paths = [str(path.relative_to(site)) for path in pages]
    wider = _seen(site, paths, TOO_WIDE, tmp_path)
    assert wider.keys() == set(paths)
    assert {path: more for path, more in wider.items() if more > 0} == {}


def _seen(site: Path, paths: list[str], script: str, folder: Path) -> dict[str, int]:
    """Return the number that a script makes of each page at a phone's width."""
    shutil.copytree(site, folder / "site")
    frames = FRAMES.replace("PATHS", str(paths)).replace("WIDTH", str(PHONE)).replace("SEEN", script)
    (folder / "site" / "frames.html").write_text(frames, "utf-8")
    rows = re.findall(r"<li>(\S+) (-?\d+)</li>", _rendered(folder / "site", "frames.html"))
    return {path: int(number) for path, number in rows}


def _faults(path: Path, page: Page, site: Path) -> Iterator[str]:
    for address in (*page.links, *page.fetched):
        parts = urlsplit(address)
        if parts.scheme:  # of others, which no test asks
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if target.is_dir():
            target /= "index.html"
        anchor = unquote(parts.fragment)
        if not target.is_file() or not target.is_relative_to(site.resolve()):
            yield f"{path.relative_to(site)}: {address}"
        elif anchor and anchor not in _page(target).ids:
            yield f"{path.relative_to(site)}: {address}: no such anchor"


def _rendered(site: Path, address: str) -> str:
    """Return a page of the served site as Chromium has it once its scripts have run."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no chromium on the PATH")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever).start()
        url = f"http://127.0.0.1:{server.server_port}/{address}"
        try:
            done = subprocess.run(
                [chromium, *CHROMIUM, url], capture_output=True, text=True, timeout=120, check=True
            )
        finally:
            server.shutdown()
    return done.stdout


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass
