"""What the two generating reference models must show, without PyTorch on the device's side."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from types import ModuleType

import numpy as np
import pytest
import torch
from model_file import load

import edgeattn_runtime
from edgeattn.source.module import ModuleSource
from edgeattn_export.incremental import Steps, with_cache
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.recover import recover
from edgeattn_runtime.__main__ import main as on_device

PAIRS = 140  # of the first 420 held-out pairs, every third, so that every language is among them
SAMPLES = 240  # of a model's
EXACT_MATCH_LOST = 0.01
NEXT_TOKEN_AGREES = 0.95
GREEDY_TOKENS = 40

Export = Callable[[ModuleType], edgeattn_runtime.Model]
Example = Callable[..., str]


@pytest.fixture(scope="module")
def translation() -> ModuleType:
    return load("translation")


@pytest.fixture(scope="module")
def translator(exported: Export, translation: ModuleType) -> edgeattn_runtime.Model:
    return exported(translation)


@pytest.fixture(scope="module")
def story() -> ModuleType:
    return load("story")


@pytest.fixture(scope="module")
def writer(exported: Export, story: ModuleType) -> edgeattn_runtime.Model:
    return exported(story)


def test_translation_matches_as_often_as_pytorch(
    translation: ModuleType, translator: edgeattn_runtime.Model
) -> None:
    module, pairs = translation.model(), translation.held_out()[:420:3]
    assert len(pairs) == PAIRS
    said, device = 0, 0
    for pair in pairs:
        source = translation.encode_text(pair.source)
        said += translation.decode_text(translation.greedy(module, source)[0]) == pair.target
        tokens = edgeattn_runtime.generate(
            translator,
            source[0].tolist(),
            start=(translation.START,),
            stop=(translation.END,),
            max_new_tokens=translation.ANSWER,
        )
        device += translation.decode_text(torch.tensor(list(tokens), dtype=torch.long)) == pair.target
    assert said / PAIRS >= 0.95
    assert (said - device) / PAIRS <= EXACT_MATCH_LOST


def test_translation_encodes_a_source_once(translator: edgeattn_runtime.Model) -> None:
    generation = translator.manifest.generation
    assert generation is not None
    assert generation.kind == "encoder-decoder"
    # The keys and values of each layer's cross-attention, and the mask of the source.
    assert len(generation.carried) == len(generation.cache) + 1


def test_translation_takes_and_gives_text(
    translation: ModuleType, translator: edgeattn_runtime.Model
) -> None:
    for pair in translation.held_out()[::PAIRS]:
        sources = translator.prepare(text=pair.source)
        assert sources["source"].tolist() == translation.encode_text(pair.source).tolist()
    sources = translator.prepare(text="mardi 24 novembre 2026")
    tokens = edgeattn_runtime.generate(translator, sources, start=[translation.START], stop=[translation.END])
    assert translator.decode(tokens) == "2026-11-24"
    with pytest.raises(edgeattn_runtime.InputError, match="'10 €'"):
        translator.prepare(text="10 €")


def test_story_takes_and_gives_text(story: ModuleType, writer: edgeattn_runtime.Model) -> None:
    text = "Emma was — as ever! — 東京 \x00"
    tokens = writer.prepare(text=text)["tokens"]
    assert tokens.tolist() == story.encode(text).tolist()
    assert writer.decode(tokens[0]) == text


def test_every_example_tells_the_story_that_python_does(
    writer: edgeattn_runtime.Model, example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle, beginning = str(writer.files.folder), "Emma was"
    drawn = ("--temperature", "0.8", "--top-p", "0.9", "--seed", "7")
    assert on_device(["generate", bundle, "--text", beginning, *drawn]) == 0
    assert example("story", bundle, beginning, "7") == beginning + capsys.readouterr().out


def test_story_foretells_the_tokens_that_pytorch_foretells(
    story: ModuleType, writer: edgeattn_runtime.Model
) -> None:
    module, alike = story.model(), []
    with torch.inference_mode():
        for inputs, _ in story.samples():
            expected = module(**inputs)["logits"].argmax(-1).numpy()
            alike.append((writer(tokens=inputs["tokens"].numpy())["logits"].argmax(-1) == expected).ravel())
    assert np.concatenate(alike).mean() >= NEXT_TOKEN_AGREES


def test_story_keeps_few_heads_in_its_cache(writer: edgeattn_runtime.Model) -> None:
    past = next(tensor for tensor in writer.inputs if tensor.name == "past_key_0")
    assert past.dims[1] == 2  # of the 4 query heads, two share each


def steps_of(source: ModuleType) -> tuple[torch.nn.Module, Steps]:
    few = tuple(islice(source.samples(), SAMPLES))
    handed = ModuleSource.of(source.model(), few, None, dynamic=source.dynamic)
    samples = handed.read()
    calibration = samples.split().calibration
    captured = handed.capture(samples, ORT_CPU)
    steps = with_cache(captured, recover(captured, calibration), calibration).graphs
    assert isinstance(steps, Steps)
    return handed.module, steps


def test_story_writes_exactly_what_pytorch_writes_in_float(story: ModuleType) -> None:
    module, steps = steps_of(story)
    prompt = next(iter(story.samples()))[0]["tokens"]  # (1, S)
    whole = prompt
    with torch.inference_mode():
        for _ in range(GREEDY_TOKENS):
            following = module(tokens=whole)["logits"][:, -1:].argmax(-1)  # (1, 1)
            whole = torch.cat((whole, following), dim=1)
    session, fed = ORT_CPU.runner(steps.main.model), prompt.numpy()
    pasts = {cache.past for cache in steps.generation.cache}
    sizes = {"batch": 1, "capacity": whole.shape[1]}
    past = {
        tensor.name: np.zeros([sizes.get(dim, dim) for dim in tensor.dims], np.float32)
        for tensor in steps.main.graph.inputs
        if tensor.name in pasts
    }
    written: list[int] = []
    for _ in range(GREEDY_TOKENS):
        held = prompt.shape[1] + len(written) - 1 if written else 0
        outputs = session({steps.generation.tokens: fed, steps.generation.length: np.array([held]), **past})
        fed = outputs[steps.generation.logits][:, -1:].argmax(-1)  # (1, 1)
        written.append(int(fed[0, 0]))
        past = {cache.past: outputs[cache.present] for cache in steps.generation.cache}
    assert written == whole[0, prompt.shape[1] :].tolist()
