from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest

from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_export.quantize.float_graphs import FloatGraph
from edgeattn_export.search import Store
from edgeattn_export.search.store import FOLDER_VARIABLE, fingerprint

QUESTION = {"errors": "of this", "shape": [1, 2], "recipe": "int8"}
ANSWER = {"errors": [0.1, 1e-17]}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")


def only_file(store: Store) -> Path:
    assert store.folder is not None
    (path,) = store.folder.iterdir()
    return path


def test_an_answer_comes_back_as_it_was_also_to_another_process(store: Store) -> None:
    assert store.get(QUESTION) is None
    store.put(QUESTION, ANSWER)
    other = Store(store.folder)
    assert other.get(dict(reversed(QUESTION.items()))) == ANSWER
    assert other.get({**QUESTION, "recipe": "float"}) is None
    assert (store.ignored, other.ignored) == (0, 0)


def test_an_answer_replaces_the_one_before(store: Store) -> None:
    store.put(QUESTION, {"errors": []})
    store.put(QUESTION, ANSWER)
    assert store.get(QUESTION) == ANSWER
    assert only_file(store).suffix == ".json"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[1, 2]",
        b"null",
        b'{"answer": {}}',
        b'{"question": {"errors": "of another"}, "answer": {"errors": [0.5]}}',
    ],
)
def test_a_file_that_cannot_be_trusted_is_ignored_and_counted(store: Store, content: bytes) -> None:
    store.put(QUESTION, ANSWER)
    only_file(store).write_bytes(content)
    assert store.get(QUESTION) is None
    assert store.ignored == 1
    store.put(QUESTION, ANSWER)
    assert store.get(QUESTION) == ANSWER


def test_an_answer_of_another_form_is_ignored_too(store: Store) -> None:
    store.put(QUESTION, ANSWER)
    only_file(store).write_text(json.dumps({"question": QUESTION, "answer": 3}))
    assert store.get(QUESTION) is None
    assert store.ignored == 1


def test_where_nothing_can_be_written_nothing_is_remembered(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    store = Store(tmp_path / "file")
    store.put(QUESTION, ANSWER)
    assert store.get(QUESTION) is None
    assert store.ignored == 0
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("error", [OSError("full"), KeyboardInterrupt()])
def test_nothing_is_left_half_written(
    store: Store, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    store.put(QUESTION, ANSWER)

    def fail(*_: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fail)
        try:
            store.put(QUESTION, {"errors": [0.9]})
        except KeyboardInterrupt:
            assert isinstance(error, KeyboardInterrupt)
    assert only_file(store).suffix == ".json"
    assert store.get(QUESTION) == ANSWER


def test_no_folder_remembers_nothing() -> None:
    store = Store(None)
    store.put(QUESTION, ANSWER)
    assert store.get(QUESTION) is None


def test_a_users_folder_is_named_or_where_caches_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "named"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    assert Store.of_user().folder == tmp_path / "named"
    monkeypatch.delenv(FOLDER_VARIABLE)
    assert Store.of_user().folder == tmp_path / "caches" / "edgeattn"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert Store.of_user().folder == Path.home() / ".cache" / "edgeattn"


def test_another_weight_or_sample_is_another_fingerprint(part: FloatGraph) -> None:
    model, samples = part.calibration.model, part.calibration.samples
    before = fingerprint(model, samples)
    assert fingerprint(model.clone(), samples) == before
    moved = Sample({"x": np.asarray(samples[0].inputs["x"]) + 1})
    assert fingerprint(model, Samples((moved, *samples[1:]))) != before
    assert fingerprint(model, samples[1:]) != before
    assert fingerprint(model, samples, part.selection) != before
    other = model.clone()
    name, weight = next((n, v) for n, v in other.graph.initializers.items() if n.endswith("weight"))
    assert weight.const_value is not None
    weight.const_value = ir.tensor(weight.const_value.numpy() * 2, name=name)
    assert fingerprint(other, samples) != before
