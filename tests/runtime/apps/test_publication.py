"""What is published of the Kotlin library, by Debian's Gradle: its POM, and another project that resolves it.

Android's plugin, which adds classes and native libraries to the AAR, is not there.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path

import pytest

from edgeattn_runtime import __version__

PROJECTS = Path(__file__).parent / "gradle"
ROOT = Path(__file__).parents[3]
ANDROID = ROOT / "runtime" / "android" / "edgeattn"
LICENSES = ("LICENSE", "NOTICE")
NAME = f"edgeattn-android-{__version__}"
POM = "{http://maven.apache.org/POM/4.0.0}"
QUICK = os.environ | {"JAVA_OPTS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}  # for programs of seconds
DEPENDENCIES = {
    "onnxruntime-android": "runtime",
    "kotlinx-coroutines-core": "compile",  # Flow is part of what an app calls
}


def _gradle(folder: Path, *arguments: str) -> str:
    """Run Gradle in a folder, without a network and with a home of its own."""
    own = ["--offline", "--no-daemon", "--quiet", "--gradle-user-home", str(folder / "home")]
    run = subprocess.run(
        ["gradle", *own, *arguments], cwd=folder, env=QUICK, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a Maven repository to which the library was published."""
    if shutil.which("gradle") is None:
        pytest.skip("Debian's gradle publishes")
    root = tmp_path_factory.mktemp("publication")
    library = root / "runtime" / "android" / "edgeattn"
    library.mkdir(parents=True)
    for name in ("publication.gradle", "consumer-rules.pro"):
        shutil.copy(ANDROID / name, library)
    shutil.copytree(ANDROID / "src" / "main" / "resources", library / "src" / "main" / "resources")
    shutil.copytree(ROOT / "runtime" / "cpp" / "include", root / "runtime" / "cpp" / "include")
    shutil.copy(PROJECTS / "library.gradle", library / "build.gradle")
    (library / "settings.gradle").touch()
    _gradle(library, f"-Dmaven.repo.local={root / 'repository'}", "publishToMavenLocal")
    return root / "repository"


def _published(repository: Path, suffix: str) -> Path:
    return repository / "dev" / "edgeattn" / "edgeattn-android" / __version__ / (NAME + suffix)


def _dependencies(repository: Path) -> list[dict[str, str]]:
    project = ElementTree.parse(_published(repository, ".pom")).getroot()
    listed = project.iterfind(f"{POM}dependencies/{POM}dependency")
    return [{each.tag.removeprefix(POM): each.text or "" for each in dependency} for dependency in listed]


def test_the_pom_says_what_an_app_needs(repository: Path) -> None:
    project = ElementTree.parse(_published(repository, ".pom")).getroot()
    texts = {each.tag.removeprefix(POM): each.text for each in project}
    assert texts["packaging"] == "aar"
    assert texts["name"] == "edgeattn"
    assert project.findtext(f"{POM}licenses/{POM}license/{POM}name") == "Apache-2.0"
    assert {each["artifactId"]: each["scope"] for each in _dependencies(repository)} == DEPENDENCIES


def test_the_archive_holds_the_licences_and_the_rules_for_shrinking(repository: Path) -> None:
    with zipfile.ZipFile(_published(repository, ".aar")) as archive:
        assert archive.read("proguard.txt") == (ANDROID / "consumer-rules.pro").read_bytes()
        with zipfile.ZipFile(io.BytesIO(archive.read("classes.jar"))) as classes:
            for name in LICENSES:
                assert classes.read(f"META-INF/{name}") == (ROOT / name).read_bytes()


def test_another_project_resolves_it_with_what_it_needs(repository: Path, tmp_path: Path) -> None:
    shutil.copytree(repository, tmp_path / "repository")
    for each in _dependencies(repository):
        _lay_stub(tmp_path / "repository", each["groupId"], each["artifactId"], each["version"])
    shutil.copy(PROJECTS / "app.gradle", tmp_path / "build.gradle")
    (tmp_path / "settings.gradle").touch()
    files = _gradle(tmp_path, f"-Prelease={__version__}", "resolved").split()
    versions = {each["artifactId"]: each["version"] for each in _dependencies(repository)}
    stubs = {f"{name}-{version}.jar" for name, version in versions.items()}
    assert stubs | {f"{NAME}.aar"} <= set(files)


def _lay_stub(repository: Path, group: str, artifact: str, version: str) -> None:
    """Write a module of that name, since those of Google and of Maven's centre are not at hand."""
    folder = repository.joinpath(*group.split("."), artifact, version)
    folder.mkdir(parents=True)
    named = f"<groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>"
    pom = f"<project><modelVersion>4.0.0</modelVersion>{named}</project>"
    (folder / f"{artifact}-{version}.pom").write_text(pom, "utf-8")
    (folder / f"{artifact}-{version}.jar").touch()
