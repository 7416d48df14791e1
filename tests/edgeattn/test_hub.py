from __future__ import annotations

import sys
from pathlib import Path

import pytest

from edgeattn.hub import local_bundle
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.errors import BadInput, EdgeAttnError

sys.path.append(str(Path(__file__).parents[1] / "runtime"))

from hub_cache import linked_snapshot

GOOD = Path(__file__).parents[2] / "runtime" / "conformance" / "build" / "good.edge"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the hub."""
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("below", ["", "good.edge"])
def test_what_was_downloaded_is_opened_by_its_address(cache: Path, below: str) -> None:
    snapshot = linked_snapshot(GOOD, cache, below)
    reference = cache / "models--owner--name" / "refs" / "main"
    reference.parent.mkdir()
    reference.write_text("0" * 40)
    address = f"https://huggingface.co/owner/name{'/tree/main/good.edge' if below else ''}"
    assert local_bundle(address).resolve() == snapshot.resolve()
    assert open_bundle(local_bundle(address)).manifest.name == "tiny"


def test_a_folder_is_itself() -> None:
    assert local_bundle("a/b.edge") == Path("a/b.edge")


def test_what_was_not_downloaded_is_refused_with_the_command(cache: Path) -> None:
    with pytest.raises(BadInput, match="hf download owner/name --revision v1") as caught:
        local_bundle("https://huggingface.co/owner/name/tree/v1")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["https://example.com/owner/name", "https://huggingface.co/name", "ftp://x"]
)
def test_another_address_is_refused(address: str) -> None:
    with pytest.raises(BadInput, match=r"expected a folder, or https://huggingface\.co"):
        local_bundle(address)


def test_a_name_of_no_repository_is_refused(cache: Path) -> None:
    with pytest.raises(BadInput, match="no name of a repository"):
        local_bundle("https://huggingface.co/owner/name--x..git")


def test_a_missing_extra_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(EdgeAttnError, match=r"edgeattn\[hub\]"):
        local_bundle("https://huggingface.co/owner/name")
