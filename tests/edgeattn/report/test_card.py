from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard

import edgeattn_runtime
from edgeattn.report.card import card
from edgeattn.report.ci.summary import plain
from edgeattn.results.card import Card
from edgeattn.results.report import Report
from edgeattn_runtime.bundle.generation_options import NO_OPTIONS, GenerationOptions
from edgeattn_runtime.bundle.manifest import Manifest
from edgeattn_runtime.errors import ModelError
from edgeattn_runtime.fields import Field
from edgeattn_runtime.processing import Processing

CONFORMANCE = Path(__file__).parents[3] / "runtime" / "conformance" / "build"
TASKS = {
    "good.edge": None,
    "processed.edge": "text-classification",
    "nearest.edge": None,
    "log-mel.edge": None,
    "series-hold.edge": "time-series-forecasting",
    "decoder.edge": None,
    "encoder-decoder.edge": None,
}
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)


def _manifest(bundle: str) -> Manifest:
    return Manifest.from_json((CONFORMANCE / bundle / "manifest.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("bundle", TASKS)
def test_a_hub_reads_it(report: Report, bundle: str) -> None:
    own = Card("Tells what | it <hears>.", {"license": "apache-2.0", "language": ("de", "fr")})
    read = ModelCard(card(_manifest(bundle), [report], own))
    told = read.data.to_dict()
    assert (told["license"], told["language"]) == ("apache-2.0", ["de", "fr"])
    assert told["library_name"] == "edgeattn"
    assert {"onnx", "int8"} <= set(told["tags"])
    assert told.get("pipeline_tag") == TASKS[bundle]
    assert r"Tells what \| it &lt;hears&gt;." in read.text
    assert "| License | apache-2.0 |" in read.text


def test_the_author_names_the_task(report: Report) -> None:
    own = Card.read({"pipeline_tag": "token-classification"})
    assert (
        ModelCard(card(_manifest("processed.edge"), [report], own)).data.pipeline_tag
        == "token-classification"
    )


def test_each_target_has_its_figures(report: Report) -> None:
    text = card(_manifest("good.edge"), [report, replace(report, target="web")], Card())
    assert text.count("| Size, MB |") == 2
    assert f"for {report.target}: " in text
    assert "for web: " in text
    assert plain(str(report.machine)) in text
    assert "| License | not stated |" in text


def test_names_of_a_stranger_are_no_code_and_no_markup(report: Report) -> None:
    own = _manifest("good.edge")
    main = own.graphs[own.main_graph]
    tensor = replace(main.inputs[0], name="x` | ![](http://a.example/b.png)")
    graph = replace(main, inputs=(tensor,))
    text = card(
        replace(own, name='x"); quit(); ("', graphs={own.main_graph: graph}),
        [report],
        Card(metadata={"license": "mit\x1b[2J\n# www.evil.example"}),
    )
    assert "\x1b" not in text
    assert text.count("quit()") == 1  # the heading
    assert 'load("NAME.edge")' in text
    assert r"| input | `x' \| ![](http://a.example/b.png)` |" in text
    assert r"| License | mit\\x1b\[2J \# www<!-- -->.evil.example |" in text


@pytest.mark.parametrize("bundle", TASKS)
def test_it_shows_five_languages(report: Report, bundle: str) -> None:
    text = card(_manifest(bundle), [report], Card())
    assert re.findall(r"```(\w+)\n", text) == ["python", "cpp", "ts", "swift", "kotlin"]
    assert "{{" not in text
    assert "\n\n\n" not in text


def test_its_python_runs(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    (source,) = PYTHON.findall(card(_manifest("processed.edge"), [report], Card()))
    monkeypatch.setattr(edgeattn_runtime, "load", _loading(edgeattn_runtime.load, "processed.edge"))
    names: dict[str, object] = {}
    exec(source, names)
    assert names["answer"]


READINGS = {
    "span-bytes": ', text="…", pair="…")',
    "tags-bytes": ', text="…")',
    "objects-letterbox": ", size=(640, 480))",
    "objects": ")",
    "ctc": ")",
}


@pytest.mark.parametrize("bundle", READINGS)
def test_outputs_are_read_as_predictions(report: Report, bundle: str) -> None:
    text = card(_manifest(f"{bundle}.edge"), [report], Card())
    assert text.count(".predictions(outputs") == 5
    assert f"answer = net.predictions(outputs{READINGS[bundle]}\n" in text


def test_its_python_answers_a_question(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    (source,) = PYTHON.findall(card(_manifest("span-wordpiece.edge"), [report], Card()))
    monkeypatch.setattr(edgeattn_runtime, "load", _loading(edgeattn_runtime.load, "span-wordpiece.edge"))
    names: dict[str, object] = {}
    exec(source.replace("…", "Emma"), names)
    assert names["answer"][0][0].text in "Emma"  # type: ignore[index]


TEXT = {"tokenizer": "t.json", "ids": "tokens", "mask": None, "types": None, "longest": None}
SOUND = {"input": "features", "rate": 16000, "channels": 1}


@pytest.mark.parametrize(
    ("bundle", "processing", "defaults", "task", "call"),
    [
        ("decoder", {"text": TEXT}, {"stop": [1]}, "text-generation", 'generate_text(net, "Once", max_new'),
        (
            "encoder-decoder",
            {"text": {**TEXT, "ids": "source"}},
            {"start": [0]},
            None,
            '(net, "Once", max_new',
        ),
        ("encoder-decoder", {"text": {**TEXT, "ids": "source"}}, {}, None, '"Once", start=[0], max_new'),
        (
            "sources",
            {"text": TEXT, "audio": SOUND},
            {"start": [0], "max_new_tokens": 9},
            "automatic-speech-recognition",
            'generate_text(net, net.prepare(audio="speech.wav"))',
        ),
        ("sources", {}, {}, None, "generate(net, sources, start=[0], max_new_tokens=50)"),
    ],
)
def test_it_generates_by_what_the_encoder_reads(
    report: Report,
    bundle: str,
    processing: dict[str, Any],
    defaults: dict[str, object],
    task: str | None,
    call: str,
) -> None:
    manifest = _manifest(f"{bundle}.edge")
    assert manifest.generation is not None
    own = replace(manifest.generation, defaults=GenerationOptions.read(defaults) if defaults else NO_OPTIONS)
    prepared = Processing.from_field(Field("processing", processing)) if processing else None
    read = ModelCard(card(replace(manifest, generation=own, processing=prepared), [report], Card()))
    assert read.data.to_dict().get("pipeline_tag") == task
    (source,) = PYTHON.findall(read.text)
    assert call in "".join(line.strip() + " " * line.endswith(",") for line in source.splitlines())


def _loading(load: object, bundle: str) -> object:
    return lambda _: load(CONFORMANCE / bundle)  # type: ignore[operator]


@pytest.mark.parametrize(
    "table",
    [
        {"License": "mit"},
        {"tags": ["mine"]},
        {"license: mit\nlanguage": "en"},
        {"license": 3},
        {"language": ["en", 3]},
        {"description": ["a"]},
    ],
)
def test_what_no_hub_reads_is_refused(table: dict[str, object]) -> None:
    with pytest.raises(ModelError, match="card: ") as caught:
        Card.read(table)
    assert "\n" not in str(caught.value)
