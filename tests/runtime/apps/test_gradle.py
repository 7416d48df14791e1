"""Gradle's wrapper: the released one, which takes no other distribution than the one whose hash it has."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

ANDROID = Path(__file__).parents[3] / "runtime" / "android"
PROPERTIES = Path("gradle", "wrapper", "gradle-wrapper.properties")
DISTRIBUTION = "gradle-8.11.1-bin.zip"
# gradle-wrapper.jar of Gradle 8.11.1, https://gradle.org/release-checksums
RELEASED = "2db75c40782f5e8ba1fc278a5574bab070adccb2d21ca5a6e5ed840888448046"


def _gradlew(folder: Path) -> subprocess.CompletedProcess[str]:
    home = os.environ | {"GRADLE_USER_HOME": str(folder / "home")}
    return subprocess.run(
        ["./gradlew", "--version"], cwd=folder, env=home, capture_output=True, text=True, check=False
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project with the wrapper, whose distribution is a file here that holds no Gradle."""
    if shutil.which("java") is None:
        pytest.skip("the wrapper is a Java program")
    shutil.copytree(ANDROID / "gradle", tmp_path / "gradle")
    shutil.copy(ANDROID / "gradlew", tmp_path)
    with zipfile.ZipFile(tmp_path / DISTRIBUTION, "w") as archive:
        archive.writestr("gradle-8.11.1/bin/gradle", "")
    settings = (tmp_path / PROPERTIES).read_text("utf-8")
    local = f"distributionUrl=file\\://{tmp_path}/{DISTRIBUTION}"
    (tmp_path / PROPERTIES).write_text(re.sub(r"distributionUrl=.*", lambda _: local, settings), "utf-8")
    return tmp_path


def test_the_wrapper_is_gradles() -> None:
    jar = (ANDROID / "gradle" / "wrapper" / "gradle-wrapper.jar").read_bytes()
    assert hashlib.sha256(jar).hexdigest() == RELEASED


def test_another_distribution_is_refused(project: Path) -> None:
    run = _gradlew(project)
    assert run.returncode != 0
    assert "Verification of Gradle distribution failed" in run.stderr
    assert not list((project / "home").rglob(DISTRIBUTION))


def test_one_of_the_hash_that_is_expected_is_taken(project: Path) -> None:
    content = (project / DISTRIBUTION).read_bytes()
    settings = (project / PROPERTIES).read_text("utf-8")
    own = f"distributionSha256Sum={hashlib.sha256(content).hexdigest()}"
    (project / PROPERTIES).write_text(re.sub(r"distributionSha256Sum=.*", own, settings), "utf-8")
    run = _gradlew(project)
    assert "Verification" not in run.stderr
    assert list((project / "home").rglob(DISTRIBUTION))
