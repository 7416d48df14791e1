"""Which sessions take the library of kernels, told by a package that stands in for the real one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import onnxruntime
import pytest

from edgeattn_runtime import load
from edgeattn_runtime.__main__ import main
from edgeattn_runtime.bundle.engine_options import KERNELS_OPTION
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.bundle.golden import check, read_golden
from edgeattn_runtime.bundle.manifest import Manifest
from edgeattn_runtime.engine import kernels
from edgeattn_runtime.engine.kernels import CHOICE, NONE, Kernels, Library, kernels_here, kernels_of
from edgeattn_runtime.fields import parse
from edgeattn_runtime.processing.npz import write_npz
from edgeattn_runtime.timing.benchmark import bench
from edgeattn_runtime.timing.machine import Machine

CPU = ("CPUExecutionProvider",)
NODES = {KERNELS_OPTION: 1}
CHOICE_OF_AMX = "384 x 1536: AMX; dot products takes 1.62 of the time of AMX"

Install = Callable[..., Library]


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Nothing is known of what is installed, before and after."""
    caches = (kernels.installed, kernels._unusable)
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Paths of libraries as sessions register them, which none is: what stands in has no operators."""
    paths: list[str] = []

    class Options(onnxruntime.SessionOptions):  # type: ignore[misc]
        def register_custom_ops_library(self, path: str) -> None:
            if "broken" in path:
                raise RuntimeError(f"{path}: no library")
            paths.append(path)

    monkeypatch.setattr(onnxruntime, "SessionOptions", Options)
    monkeypatch.delenv(CHOICE, raising=False)
    return paths


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    def installed(
        *,
        domain_version: int = 1,
        file: str = "kernels.so",
        has_dot_products: bool = True,
        choices: tuple[str, ...] = (),
        place: str = "site",
    ) -> Library:
        package = tmp_path / place / kernels.PACKAGE
        package.mkdir(parents=True)
        path = package / file
        library = Library(str(path), "1.4.2", domain_version, "AVX3_DL with dot products", has_dot_products)
        answers = {
            "library": library.path,
            "version": library.version,
            "domain_version": domain_version,
            "instruction_set": library.instruction_set,
            "has_dot_products": has_dot_products,
            "choices": choices,
        }
        code = "".join(f"def {name}():\n    return {answer!r}\n" for name, answer in answers.items())
        (package / "__init__.py").write_text(code)
        monkeypatch.syspath_prepend(str(package.parent))
        return library

    return installed


@pytest.fixture
def bundle(conformance: Path, tmp_path: Path) -> Path:
    """A copy of the bundle whose graph has nodes for kernels."""
    return shutil.copytree(conformance / "kernels.edge", tmp_path / "kernels.edge")


def test_without_the_package(bundle: Path, registered: list[str]) -> None:
    model = load(bundle)
    assert all(result.ok for result in check(model))
    assert str(model.kernels) == "without kernels: edgeattn-kernels is not installed"
    assert kernels_here() == NONE
    assert registered == []


def test_every_graph_of_a_bundle_that_has_nodes_takes_it(
    bundle: Path, install: Install, registered: list[str]
) -> None:
    library = install()
    model = load(bundle)
    assert model.kernels == kernels_here() == Kernels(library)
    assert str(model.kernels) == "kernels 1.4.2 (AVX3_DL with dot products)"
    assert registered == [library.path] * 2  # once to see whether onnxruntime takes it


def test_a_bundle_without_nodes_takes_none(good: Path, install: Install, registered: list[str]) -> None:
    install()
    assert load(good).kernels == NONE
    assert registered == []


def test_stock_operators_on_request(bundle: Path, install: Install, registered: list[str]) -> None:
    install()
    model = load(bundle, kernels=False)
    assert str(model.kernels) == "without kernels: turned off"
    assert all(result.ok for result in check(model))
    assert registered == []
    assert not open_bundle(bundle, kernels=False).kernels


def test_another_provider_takes_none(install: Install) -> None:
    install()
    assert kernels_of(("XnnpackExecutionProvider", *CPU), NODES).library is None


@pytest.mark.parametrize(
    ("choice", "has_dot_products", "reason"),
    [
        ("auto", True, ""),
        ("auto", False, "this CPU has no dot products of int8 (AVX3_DL with dot products)"),
        ("always", True, ""),
        ("always", False, ""),
        ("never", True, "turned off by EDGEATTN_KERNELS"),
        ("never", False, "turned off by EDGEATTN_KERNELS"),
    ],
)
def test_the_environment_decides_for_a_cpu(
    choice: str, has_dot_products: bool, reason: str, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = install(has_dot_products=has_dot_products)
    left_out = kernels_of(CPU, NODES)
    monkeypatch.setenv(CHOICE, choice)
    expected = Kernels(None, reason) if reason else Kernels(library)
    assert kernels_of(CPU, NODES) == expected
    assert kernels_here() == (NONE if reason else expected)
    assert choice != "auto" or left_out == expected


@pytest.mark.parametrize(("version", "asked"), [(2, 1), (1, 2), (1, "evil"), (1, True)])
def test_another_version_is_warned_of_once_and_left(
    version: int, asked: Any, install: Install, bundle: Path, registered: list[str]
) -> None:
    install(domain_version=version)
    with pytest.warns(RuntimeWarning, match=rf"version {version}, {asked} expected by the bundle") as caught:
        kernels_of(CPU, {KERNELS_OPTION: asked})
    assert len(caught) == 1
    assert kernels_of(CPU, {KERNELS_OPTION: asked}).library is None
    assert len(registered) == 1


def test_a_library_that_fails_is_warned_of_and_left(install: Install, bundle: Path) -> None:
    install(file="broken.so")
    with pytest.warns(RuntimeWarning, match=r"cannot be loaded .*broken\.so: no library.*; install it again"):
        model = load(bundle)
    assert all(result.ok for result in check(model))


def test_a_package_that_fails_is_warned_of_and_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bundle: Path
) -> None:
    (tmp_path / f"{kernels.PACKAGE}.py").write_text("raise OSError('no such\\nlibrary')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.warns(RuntimeWarning, match="no such library"):
        load(bundle)


def test_a_bundle_brings_none(
    bundle: Path, install: Install, registered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not as a package in the folder that one works in, which Python looks into first."""
    install(place=bundle.name)
    monkeypatch.chdir(bundle)
    monkeypatch.syspath_prepend("")
    assert "not installed" in kernels_of(CPU, NODES).reason
    assert registered == []


def test_what_commands_say(
    bundle: Path, install: Install, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install()
    assert main(["check", str(bundle)]) == 0
    assert ", kernels 1.4.2 (AVX3_DL with dot products)\n" in capsys.readouterr().out
    assert main(["check", str(bundle), "--no-kernels", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["machine"]["kernels"] == "without kernels: turned off"
    assert main(["bench", str(bundle), "--rounds", "1", "--no-kernels"]) == 0
    assert ", without kernels: turned off\n" in capsys.readouterr().out
    inputs = bundle.parent / "x.npz"
    write_npz(inputs, read_golden(open_bundle(bundle)).samples[0].inputs)
    assert main(["run", str(bundle), "--input", str(inputs)]) == 0
    assert capsys.readouterr().err == ""  # who uses a model is not told of them at each call


def test_commands_list_how_layers_are_multiplied(
    bundle: Path, install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install(choices=(CHOICE_OF_AMX,))
    lines = f"kernels 1.4.2 (AVX3_DL with dot products)\n{CHOICE_OF_AMX}\n"
    for command in (["check", str(bundle)], ["bench", str(bundle), "--rounds", "1"]):
        assert main(command) == 0
        assert lines in capsys.readouterr().out
    assert main(["check", str(bundle), "--no-kernels"]) == 0
    assert CHOICE_OF_AMX not in capsys.readouterr().out


def test_what_a_benchmark_holds(bundle: Path, good: Path, install: Install) -> None:
    install()
    assert bench(bundle, rounds=1).machine.kernels == "kernels 1.4.2 (AVX3_DL with dot products)"
    assert bench(bundle, rounds=1, kernels=False).machine.kernels == "without kernels: turned off"
    assert bench(good, rounds=1).machine.kernels is None


def test_a_machine_is_read_with_and_without() -> None:
    library = Library("", "1.4.2", 1, "AVX3_DL", has_dot_products=True, choices=lambda: (CHOICE_OF_AMX,))
    for way, choices in (
        (NONE, ()),
        (Kernels(None, "turned off"), ()),
        (Kernels(library), (CHOICE_OF_AMX,)),
    ):
        machine = Machine.here(way)
        read = Machine.from_field(parse(json.dumps(machine.to_table())))
        assert (read, read.kernel_choices) == (machine, choices)
    assert not {"kernels", "kernel_choices"} & Machine.here().to_table().keys()


def test_a_manifest_is_read_and_written_with_the_option(bundle: Path) -> None:
    manifest = open_bundle(bundle).manifest
    assert manifest.variants[0].engine.options == NODES
    assert Manifest.from_json(manifest.to_json()) == manifest
