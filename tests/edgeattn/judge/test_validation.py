from __future__ import annotations

from dataclasses import replace

import torch

from edgeattn.bundle import Bundle
from edgeattn.judge.validation import source_changes, tool_changes
from edgeattn.source.module import ModuleSource
from edgeattn_runtime.bundle.manifest import Manifest


def made(bundle: Bundle, **changed: object) -> Manifest:
    return replace(bundle.manifest, provenance={**bundle.manifest.provenance, **changed})


def test_nothing_is_said_of_the_same_model_and_tools(bundle: Bundle, source: ModuleSource) -> None:
    assert source_changes(bundle.manifest, source) == ()
    assert tool_changes(bundle.manifest) == ()


def test_other_weights_are_said_by_their_hashes(bundle: Bundle, source: ModuleSource) -> None:
    (line,) = source_changes(made(bundle, weights="ab" * 32), source)
    assert line.startswith("The weights of tiny are not those that the bundle was made of")
    assert source.weights_sha256[:12] in line
    assert "abababababab" in line


def test_another_file_is_said(bundle: Bundle, source: ModuleSource) -> None:
    (line,) = source_changes(made(bundle, source="ab" * 32), source)
    assert line.startswith("The file of tiny is not the one")


def test_what_is_unknown_is_not_said(bundle: Bundle, source: ModuleSource) -> None:
    assert source_changes(made(bundle, weights=None, source=None), source) == ()


def test_another_exporter_is_said(bundle: Bundle) -> None:
    (line,) = tool_changes(made(bundle, versions={"torch": "1.0", "numpy": "1.0"}))
    assert line.startswith(f"Made with torch 1.0, traced with {torch.__version__.partition('+')[0]}")
    assert tool_changes(made(bundle, versions="unknown")) == ()


def test_the_hash_is_of_names_and_numbers(source: ModuleSource) -> None:
    assert source.module.state_dict()
    other = replace(source, module=torch.nn.Linear(2, 2))
    before = other.weights_sha256
    with torch.no_grad():
        other.module.bias[0] += 1
    assert len({source.weights_sha256, before, other.weights_sha256}) == 3
