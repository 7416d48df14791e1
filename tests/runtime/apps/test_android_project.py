"""Android's project: Debian's aapt2 links the example's manifest, and every version stands in one place."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ANDROID = Path(__file__).parents[3] / "runtime" / "android"
BUILDS = [ANDROID / "build.gradle.kts", *sorted(ANDROID.glob("*/build.gradle.kts"))]
EXAMPLE = ANDROID / "example"
MANIFEST = (EXAMPLE / "src" / "main" / "AndroidManifest.xml").read_text("utf-8")
FRAMEWORK = Path("/usr/share/android-framework-res/framework-res.apk")
VERSIONS = tomllib.loads((ANDROID / "gradle" / "libs.versions.toml").read_text("utf-8"))["versions"]


def _namespace(build: Path) -> str:
    (name,) = re.findall(r'namespace = "(.+)"', build.read_text("utf-8"))
    return str(name)


def _link(folder: Path, manifest: str, package: str) -> subprocess.CompletedProcess[str]:
    """Link a manifest as Android's plugin hands it to aapt2: with the package, and the versions."""
    if shutil.which("aapt2") is None or not FRAMEWORK.exists():
        pytest.skip("Debian's aapt and android-framework-res link it")
    merged = manifest.replace("<manifest ", f'<manifest package="{package}" ')
    (folder / "AndroidManifest.xml").write_text(merged, "utf-8")
    versions = ["--min-sdk-version", VERSIONS["minSdk"], "--target-sdk-version", VERSIONS["compileSdk"]]
    command = ["aapt2", "link", "--manifest", "AndroidManifest.xml", "-I", str(FRAMEWORK), "-o", "app.apk"]
    return subprocess.run([*command, *versions], cwd=folder, capture_output=True, text=True, check=False)


def test_the_example_links(tmp_path: Path) -> None:
    linked = _link(tmp_path, MANIFEST, _namespace(EXAMPLE / "build.gradle.kts"))
    assert (linked.returncode, linked.stderr) == (0, "")
    badging = subprocess.run(
        ["aapt2", "dump", "badging", tmp_path / "app.apk"], capture_output=True, text=True, check=True
    ).stdout
    for name in ("DigitsActivity", "KeywordsActivity"):
        assert f"launchable-activity: name='edgeattn.example.{name}'" in badging
        assert (EXAMPLE / f"src/main/kotlin/edgeattn/example/{name}.kt").exists()
    assert f"sdkVersion:'{VERSIONS['minSdk']}'" in badging
    assert "uses-permission: name='android.permission.RECORD_AUDIO'" in badging


def test_the_library_s_namespace_is_a_package_name(tmp_path: Path) -> None:
    empty = '<manifest xmlns:android="http://schemas.android.com/apk/res/android" />'
    assert _link(tmp_path, empty, _namespace(ANDROID / "edgeattn" / "build.gradle.kts")).returncode == 0
    assert "not a valid Android package name" in _link(tmp_path, empty, "edgeattn").stderr


def test_a_resource_that_android_lacks_is_found(tmp_path: Path) -> None:
    spoiled = MANIFEST.replace("Theme.DeviceDefault", "Theme.DeviceDefalt")
    assert "Theme.DeviceDefalt" in _link(tmp_path, spoiled, "edgeattn.example").stderr


@pytest.mark.parametrize("build", BUILDS, ids=lambda build: build.parent.name)
def test_a_build_names_no_version_of_its_own(build: Path) -> None:
    text = build.read_text("utf-8")
    assert not re.findall(r'version "|[sS]dk\w* = \d|jvmToolchain\(\d|"\d+\.\d+[.\d]*"', text)
    for name in re.findall(r"libs\.versions\.(\w+)", text):
        assert name in VERSIONS


def test_the_page_names_the_oldest_android() -> None:
    assert f"(API {VERSIONS['minSdk']})" in (ANDROID / "README.md").read_text("utf-8")
