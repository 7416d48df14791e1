"""The page's app in C in the page's three projects, with either library; what the shared one exports."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from commands import ROOT
from PIL import Image
from safetensors.numpy import load_file
from supposed import plain

CPP = ROOT / "runtime" / "cpp"
SECTION = re.search(r"## In C\n(.*?)\n## ", (CPP / "README.md").read_text("utf-8"), re.DOTALL)
APP, FOUND, FETCHED, COMPILE = re.findall(r"```\w*\n(.*?)```", SECTION[1], re.DOTALL) if SECTION else ()
LIBRARIES = {"static": "OFF", "shared": "ON"}
HEADER = (CPP / "include" / "edgeattn.h").read_text("utf-8")
EXPORTED = re.findall(r"^EDGEATTN_API .*?(edgeattn_\w+)\(", HEADER, re.MULTILINE)

Run = Callable[..., subprocess.CompletedProcess[str]]
Made = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture
def digits(made_once: Made) -> Path:
    return made_once("plain-digits.edge", plain("digits"))


@pytest.fixture(params=LIBRARIES)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def engine(run: Run) -> str:
    return run(CPP / "engine").stdout.strip()


@pytest.fixture
def installed(run: Run, made_once: Made, kind: str, engine: str) -> Path:
    """The prefix of an installed library."""

    def install(prefix: Path) -> None:
        build = prefix.with_suffix(".build")
        options = ("-DCMAKE_BUILD_TYPE=Release", "-DEDGEATTN_COMMAND=OFF", f"-DONNXRUNTIME_ROOT={engine}")
        run("cmake", "-S", CPP, "-B", build, *options, f"-DBUILD_SHARED_LIBS={LIBRARIES[kind]}")
        run("cmake", "--build", build)
        run("cmake", "--install", build, "--prefix", prefix)

    return made_once(f"{kind}-edgeattn", install)


@pytest.fixture
def answers(run: Run, digits: Path, tmp_path: Path) -> Callable[[Path], None]:
    """What has an app read a digit."""
    drawn = load_file(ROOT / "models" / "digits" / "digits.safetensors")
    image = (255 - 15 * drawn["images"][0]).astype(np.uint8)
    Image.fromarray(image).resize((32, 32), Image.Resampling.NEAREST).save(tmp_path / "digit.png")

    def answer(app: Path) -> None:
        assert run(app, digits, tmp_path / "digit.png").stdout == f"{drawn['labels'][0]}\n"

    return answer


def _built(run: Run, folder: Path, project: str, *options: str) -> Path:
    (folder / "app.c").write_text(APP, "utf-8")
    (folder / "CMakeLists.txt").write_text(project, "utf-8")
    run("cmake", "-S", folder, "-B", folder / "build", "-DCMAKE_BUILD_TYPE=Release", *options)
    run("cmake", "--build", folder / "build")
    return folder / "build" / "app"


def test_an_installed_package_is_found_by_cmake(
    run: Run, installed: Path, engine: str, answers: Callable[[Path], None], tmp_path: Path
) -> None:
    places = (f"-DCMAKE_PREFIX_PATH={installed}", f"-DONNXRUNTIME_ROOT={engine}")
    answers(_built(run, tmp_path, FOUND, *places))


def test_a_checkout_is_built_with_the_app(
    run: Run, kind: str, engine: str, answers: Callable[[Path], None], tmp_path: Path
) -> None:
    project = FOUND.replace("find_package(edgeattn REQUIRED)\n", FETCHED)
    project = project.replace("$ENV{HOME}/edgeattn", str(ROOT))
    options = (f"-DBUILD_SHARED_LIBS={LIBRARIES[kind]}", f"-DONNXRUNTIME_ROOT={engine}")
    answers(_built(run, tmp_path, project, *options))


def test_an_installed_package_is_found_by_pkg_config(
    installed: Path, answers: Callable[[Path], None], tmp_path: Path
) -> None:
    (tmp_path / "app.c").write_text(APP, "utf-8")
    places = os.environ | {"PKG_CONFIG_PATH": str(installed / "lib" / "pkgconfig")}
    subprocess.run(["bash", "-euc", COMPILE], cwd=tmp_path, env=places, check=True)
    answers(tmp_path / "app")


@pytest.mark.parametrize("kind", ["shared"])
def test_the_shared_library_exports_the_header_of_c_alone(run: Run, installed: Path) -> None:
    library = installed / "lib" / "libedgeattn.so.1"
    lines = run("nm", "-D", "--defined-only", library).stdout.splitlines()
    assert sorted(line.split()[-1] for line in lines) == sorted(EXPORTED)


@pytest.mark.parametrize("kind", ["shared"])
def test_the_header_of_cpp_refuses_the_shared_library(installed: Path) -> None:
    command = ["c++", "-fsyntax-only", f"-I{installed}/include", "-x", "c++", "-"]
    done = subprocess.run(
        command, input="#include <edgeattn.hpp>\n", capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "link the static one" in done.stderr
