"""The Swift package, as an app takes it: by the URL of a repository and a tag."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PARTS = ("Package.swift", "runtime/cpp", "runtime/kernels", "runtime/swift")
APP = """
// swift-tools-version: 5.9
import PackageDescription

let package = Package(
    name: "App",
    dependencies: [.package(url: "file://{url}", from: "0.2.0")],
    targets: [
        .executableTarget(name: "App", dependencies: [.product(name: "{product}", package: "edgeattn")])
    ])
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository of what the package is made of, with a tag."""
    folder = tmp_path_factory.mktemp("published") / "edgeattn"
    files = subprocess.check_output(["git", "ls-files", "-z", *PARTS], cwd=ROOT, text=True).split("\0")
    for file in (file for file in files if (ROOT / file).is_file()):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / file, folder / file)
    settings = ("user.name=author", "user.email=author@example.org", "commit.gpgsign=false")
    author = [word for setting in settings for word in ("-c", setting)]
    for words in (["init", "-q"], ["add", "."], [*author, "commit", "-qm", "Release"], ["tag", "0.2.0"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return folder


def _resolved(app: Path, repository: Path, product: str) -> subprocess.CompletedProcess[str]:
    (app / "Sources" / "App").mkdir(parents=True)
    (app / "Sources" / "App" / "main.swift").write_text("import EdgeAttn\n", "utf-8")
    manifest = APP.format(url=repository, product=product).lstrip()
    (app / "Package.swift").write_text(manifest, "utf-8")
    cache = os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")
    swift = Path(os.environ.get("EDGEATTN_BACKENDS", Path(cache) / "edgeattn" / "backends")) / "swift"
    tools = [swift / "usr" / "libexec" / "swift" / "bin", swift / "usr" / "bin", os.environ["PATH"]]
    environment = {
        "PATH": os.pathsep.join(map(str, tools)),
        "PKG_CONFIG_PATH": str(swift / "engine"),
        "EDGEATTN_WITH_KERNELS": "1",
    }
    return subprocess.run(
        ["swift-package", "--package-path", app, "--cache-path", app / "cache", "show-dependencies"],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("reader", ["swift"], indirect=True)
def test_an_app_resolves_it_by_url_and_tag(reader: object, repository: Path, tmp_path: Path) -> None:
    done = _resolved(tmp_path, repository, "EdgeAttn")
    assert done.returncode == 0, done.stderr
    assert f"{repository}@0.2.0" in done.stdout


@pytest.mark.parametrize("reader", ["swift"], indirect=True)
def test_a_product_that_it_has_not_is_found_out(reader: object, repository: Path, tmp_path: Path) -> None:
    done = _resolved(tmp_path, repository, "EdgeAttention")
    assert done.returncode != 0
    assert "EdgeAttention" in done.stderr
