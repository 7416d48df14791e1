from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edgeattn.__main__ import main
from edgeattn.bundle import Bundle
from edgeattn.results.bundle import REPORT_FILE
from edgeattn_runtime.bundle.rows import Rows, Stack
from edgeattn_runtime.engine.kernels import Kernels, Library
from edgeattn_runtime.graph import Graph, Tensor


@pytest.fixture
def inspected(ran: Callable[..., str]) -> Callable[[Path], str]:
    """What is shown of a bundle, without its layout."""
    return lambda folder: " ".join(ran("inspect", folder).split())


def test_characters_that_a_terminal_lacks_are_escaped(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = replace(bundle.manifest, name="größe")
    folder = Bundle(bundle.reports, replace(bundle.packed, manifest=named)).save(tmp_path / "x.edge")
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", terminal)
    assert main(["inspect", str(folder)]) == 0
    terminal.flush()
    assert rb"gr\xf6\xdfe for cpu" in terminal.buffer.getvalue()


def of_eight(tensor: Tensor) -> Tensor:
    """Return a tensor whose sequence has 8 positions, always."""
    return replace(tensor, dims=tuple(8 if dim == "sequence" else dim for dim in tensor.dims))


def test_all_that_a_bundle_holds_is_shown(
    bundle: Bundle, folder: Path, inspected: Callable[[Path], str]
) -> None:
    report, (variant,) = bundle.report, bundle.manifest.variants
    words = inspected(folder)
    for told in (
        "tiny for cpu",
        "tokens: int64[batch, sequence]",
        "tags: float32[batch, sequence, 4]",
        "sequence: at least 1",
        f"Engine {variant.engine}",
        "Session ",
        "Rows independent, padding (attention_mask) stripped",
        "Attention 1",
        "Weights float",
        "golden.safetensors",
        "query+key+value ",
        "embed float",
        "report.html",
        "README.md",
        "pareto.svg",
        f"Recipe {report.recipe}",
        "cosine 0.9",
        "at least 0.98 pass",
        "golden 0.",
        "at most 0.45 pass",
        f"Measured on {report.machine}, onnxruntime",
        "Verdict: pass",
    ):
        assert told in words


def test_stacks_are_told(bundle: Bundle, tmp_path: Path, inspected: Callable[[Path], str]) -> None:
    (variant,) = bundle.manifest.variants
    stacked = replace(variant, stacks=(Stack({"sequence": 64}, 8),))
    packed = replace(bundle.packed, manifest=replace(bundle.manifest, variants=(stacked,)))
    words = inspected(Bundle(bundle.reports, packed).save(tmp_path / "x.edge"))
    assert "8 in a call up to sequence 64; larger inputs run singly" in words


def test_stacks_without_sizes_are_told(
    bundle: Bundle, tmp_path: Path, inspected: Callable[[Path], str]
) -> None:
    before = bundle.manifest
    graph = before.graphs["model"]
    graph = Graph(tuple(map(of_eight, graph.inputs)), tuple(map(of_eight, graph.outputs)))
    manifest = replace(
        before,
        graphs={"model": graph},
        symbols={"batch": before.symbols["batch"]},
        rows=Rows("batch", None),
        variants=(replace(before.variants[0], stacks=(Stack({}, 8),)),),
    )
    saved = Bundle(bundle.reports, replace(bundle.packed, manifest=manifest)).save(tmp_path / "x.edge")
    words = inspected(saved)
    assert "Rows independent; 8 in a call Session" in words
    assert "singly" not in words


def test_layers_are_shown_as_the_kernels_chose_to_multiply_them(
    folder: Path, inspected: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They choose while a session opens."""
    opened: list[str] = []

    def choices() -> tuple[str, ...]:
        return tuple("384 x 1536: AMX" for _ in opened)

    library = Library(
        "", "1.0.0", 1, "AVX3_DL with dot products and AMX", has_dot_products=True, choices=choices
    )
    module = "edgeattn.commands.inspect"
    monkeypatch.setattr(f"{module}.kernels_of", lambda *_: Kernels(library))
    monkeypatch.setattr(f"{module}.open_session", lambda path, **_: opened.append(path.name))
    words = "Here kernels 1.0.0 (AVX3_DL with dot products and AMX) 384 x 1536: AMX"
    assert words in inspected(folder)


def test_a_report_that_is_none_is_refused(folder: Path, refused: Callable[..., str]) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["files"][REPORT_FILE]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / REPORT_FILE).unlink()
    assert REPORT_FILE in refused("inspect", folder)


def test_a_target_is_shown_alone(folder: Path, refused: Callable[..., str], ran: Callable[..., str]) -> None:
    assert "for cpu" in ran("inspect", folder, "--target", "cpu")
    assert "cpu" in refused("inspect", folder, "--target", "web")


def test_control_characters_never_reach_the_terminal(
    bundle: Bundle, tmp_path: Path, inspected: Callable[[Path], str]
) -> None:
    hostile = "\x1b[2J\x1b]0;pwned\x07\u202e"
    provenance = {**bundle.manifest.provenance, "recipe": hostile, "versions": {hostile: hostile}}
    packed = replace(bundle.packed, manifest=replace(bundle.manifest, provenance=provenance))
    words = inspected(Bundle(bundle.reports, packed).save(tmp_path / "x.edge"))
    assert r"\x1b[2J" in words
    assert words.replace("\n", "").isprintable()
