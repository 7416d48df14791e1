"""install of the C++ runtime: what it verifies, and what stands there when it is killed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.errors import BundleError

Run = Callable[..., subprocess.CompletedProcess[str]]

CONFORMANCE = Path(__file__).parents[3] / "runtime" / "conformance" / "build"
KEY = json.loads((CONFORMANCE / "signed.edge" / "manifest.json").read_text("utf-8"))["signature"]["key"]
OTHER = "5a" * 32


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A bundle in use, in a folder of its own."""
    return shutil.copytree(CONFORMANCE / "good.edge", tmp_path / "apps" / "x.edge")


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """A bundle to be told from the good one by its name."""
    folder = shutil.copytree(CONFORMANCE / "good.edge", tmp_path / "new.edge")
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace('"name": "tiny"', '"name": "newer"'), "utf-8")
    return folder


def _name(folder: Path) -> str | None:
    try:
        return open_bundle(folder).manifest.name
    except BundleError:
        return None


def test_a_bundle_is_installed(run: Run, gcc: Path, new: Path, old: Path) -> None:
    for path in (*old.iterdir(), old):  # as copied from where it may only be read
        path.chmod(0o555)
    bound = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []  # root is, too
    assert " ok" in run(*bound, gcc / "edgeattn-run", "install", new, "--over", old).stdout
    assert _name(old) == "newer"
    assert [path.name for path in old.parent.iterdir()] == ["x.edge"]
    deep = old.parent / "deep" / "y.edge"
    run(gcc / "edgeattn-run", "install", new, "--over", deep)
    assert _name(deep) == "newer"
    assert old.stat().st_mode == deep.stat().st_mode == (old.parent / "deep").stat().st_mode


@pytest.mark.parametrize(
    ("bundle", "message"),
    [("golden-wrong", "not installed"), ("file-changed", "changed"), ("none", "nothing")],
)
def test_one_that_is_not_right_is_not(run: Run, gcc: Path, old: Path, bundle: str, message: str) -> None:
    refused = run(gcc / "edgeattn-run", "install", CONFORMANCE / f"{bundle}.edge", "--over", old, code=2)
    assert message in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert _name(old) == "tiny"
    assert [path.name for path in old.parent.iterdir()] == ["x.edge"]


def test_what_is_no_bundle_is_left(run: Run, gcc: Path, new: Path, old: Path) -> None:
    (old / "notes.txt").write_text("mine")
    assert "notes.txt" in run(gcc / "edgeattn-run", "install", new, "--over", old, code=2).stderr
    assert (old / "notes.txt").read_text() == "mine"


def _hidden(folder: Path, line: str | None = None) -> Path:
    """Make a folder as a killed writer leaves it, with a bundle in it."""
    folder.mkdir(mode=0o700)
    (folder / "new").mkdir()
    (folder / "new" / "precious").write_text("mine")
    if line is not None:
        (folder / "edgeattn-replacement").write_text(line)
    return folder


def test_what_a_killed_writer_left_is_cleared(run: Run, gcc: Path, new: Path, old: Path) -> None:
    digest = hashlib.sha256((old / "manifest.json").read_bytes()).hexdigest()
    _hidden(old.parent / ".x.edge.killed01", f".x.edge.killed01 replaces {digest}\n")
    (old.parent / ".x.edge.killed02").mkdir(mode=0o700)
    moved = _hidden(old.parent / ".x.edge.killed03", f".x.edge.killed03 replaces {digest}\n")
    old.rename(moved / "old")
    run(gcc / "edgeattn-run", "install", CONFORMANCE / "golden-wrong.edge", "--over", old, code=2)
    assert [path.name for path in old.parent.iterdir()] == ["x.edge"]
    assert _name(old) == "tiny"


def test_what_no_writer_made_stays(run: Run, gcc: Path, new: Path, old: Path, tmp_path: Path) -> None:
    digest = "5a" * 32
    names = [f".x.edge.{name}" for name in ("backup__", "other000", "more0000", "open0000")]
    (tmp_path / "far" / "web").mkdir(parents=True)
    (tmp_path / "far" / "web").chmod(0o755)
    (old.parent / ".x.edge.link0000").symlink_to(tmp_path / "far")
    _hidden(old.parent / names[0])
    _hidden(old.parent / names[1], f".x.edge.another0 replaces {digest}\n")
    (_hidden(old.parent / names[2], f"{names[2]} replaces {digest}\n") / "notes").write_text("mine")
    _hidden(old.parent / names[3], f"{names[3]} replaces {digest}\n").chmod(0o755)
    inside = _hidden(old.parent / ".x.edge.inside00", f".x.edge.inside00 replaces {digest}\n")
    (inside / "new" / "link").symlink_to(tmp_path / "far")  # in what is cleared
    linked = _hidden(old.parent / ".x.edge.linked00", f".x.edge.linked00 replaces {digest}\n")
    (linked / "old").symlink_to(tmp_path / "far")
    (old.parent / ".x.edge.cache").mkdir(mode=0o700)
    run(gcc / "edgeattn-run", "install", new, "--over", old)
    assert _name(old) == "newer"
    assert not inside.exists()
    left = {path.name for path in old.parent.iterdir()}
    assert left == {"x.edge", ".x.edge.link0000", ".x.edge.linked00", ".x.edge.cache", *names}
    assert all((old.parent / name / "new" / "precious").read_text() == "mine" for name in names)
    assert (tmp_path / "far" / "web").stat().st_mode & 0o777 == 0o755


def test_an_update_is_verified(run: Run, gcc: Path, new: Path, old: Path) -> None:
    install = (gcc / "edgeattn-run", "install")
    signed = CONFORMANCE / "signed.edge"
    assert "not signed" in run(*install, new, "--over", old, "--trusted-keys", KEY, code=2).stderr
    assert "no trusted key" in run(*install, signed, "--over", old, "--trusted-keys", OTHER, code=2).stderr
    run(*install, new, "--over", old)
    assert "one of 'newer'" in run(*install, signed, "--over", old, "--trusted-keys", KEY, code=2).stderr
    shutil.rmtree(old)
    for _ in range(2):
        run(*install, signed, "--over", old, "--trusted-keys", f"{OTHER},{KEY}")
    assert open_bundle(old, trusted_keys=[KEY]).signer == KEY
    assert "; verified" in run(gcc / "edgeattn-run", "describe", old, "--trusted-keys", KEY).stdout


def test_c_verifies_and_installs(run: Run, gcc: Path, old: Path) -> None:
    run(gcc / "tests" / "edgeattn-c-update", CONFORMANCE / "signed.edge", old, KEY)
    assert open_bundle(old, trusted_keys=[KEY]).signer == KEY


@pytest.mark.parametrize("exchanges", [True, False])
def test_killed_at_each_step_one_of_the_two_stands_there(
    run: Run, gcc: Path, new: Path, old: Path, tmp_path: Path, exchanges: bool
) -> None:
    library = tmp_path / "killing.so"
    run("cc", "-shared", "-fPIC", "-o", library, Path(__file__).with_name("killing.c"), "-ldl")
    environment = {**os.environ, "LD_PRELOAD": str(library)}
    if not exchanges:
        environment["REFUSE_EXCHANGE"] = "1"
    command = [gcc / "edgeattn-run", "install", new, "--over", old]
    left: list[str | None] = []
    killed = True
    while killed:
        shutil.rmtree(old.parent)
        shutil.copytree(CONFORMANCE / "good.edge", old)
        step = {**environment, "KILL_AT": str(len(left) + 1)}
        code = subprocess.run(command, capture_output=True, env=step, check=False).returncode
        assert code in (0, -signal.SIGKILL)
        killed = code != 0
        left.append(_name(old))
        run("cp", "-r", old.parent, tmp_path / "copy")  # as the next process finds it
        found = tmp_path / "copy" / "x.edge"
        run(gcc / "edgeattn-run", "install", CONFORMANCE / "golden-wrong.edge", "--over", found, code=2)
        assert _name(found) == (left[-1] or "tiny")
        assert [path.name for path in (tmp_path / "copy").iterdir()] == ["x.edge"]
        shutil.rmtree(tmp_path / "copy")
    assert len(left) >= 12
    assert (left[0], left[-1]) == ("tiny", "newer")
    assert set(left) == ({"tiny", "newer"} if exchanges else {"tiny", None, "newer"})
