"""What the reference models of series, games and speech must show, used in int8 as an app uses them."""

from __future__ import annotations

import importlib.util
import sys
from itertools import islice
from pathlib import Path
from types import ModuleType

import pytest
import torch

import edgeattn
import edgeattn_runtime

MODELS = Path(__file__).parents[1] / "models"
SIZE = 0.35  # of the float export's
SAMPLES = 240  # of each model's, and what so few can show of its metric
DROP = 0.05
EPISODES = range(30_000, 30_003)  # seeds that nothing else has
SCORE = 0.95  # of what the best policies reach
CHARACTER_ERROR = 0.05
PHRASES = 20
BEAMS = 4


def load(name: str, file: str = "model") -> ModuleType:
    """Import models/NAME/FILE.py, as a user's own file would be."""
    path = MODELS / name / f"{file}.py"
    spec = importlib.util.spec_from_file_location(f"{name}_{file}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # a dataclass looks its own module up
    sys.path.insert(0, str(path.parent))  # for the files beside
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(path.parent))
    return module


def exported(source: ModuleType, folder: Path) -> edgeattn_runtime.Model:
    bundle = edgeattn.export(
        source.model(),
        islice(source.samples(), SAMPLES),
        dynamic=source.dynamic,
        budget={**source.budget, "metric_drop": DROP},
        metric=source.metric,
    )
    assert bundle.report.verdict == "pass"
    assert "Softmax" not in bundle.report.operators
    assert bundle.report.size_mb["int8"] <= SIZE * bundle.report.size_mb["float"]
    return edgeattn_runtime.load(bundle.save(folder))


def test_a_day_of_every_series_is_forecast_as_pytorch_does(tmp_path: Path) -> None:
    series = load("series")
    net = exported(series, tmp_path / "series.edge")
    for inputs, _ in list(series.samples())[::20]:
        forecast = net(past=inputs["past"].numpy())["forecast"]
        with torch.inference_mode():
            expected = series.model()(**inputs)["forecast"].numpy()
        assert abs(forecast - expected).mean() < 0.05  # standard deviations


def test_both_games_are_played_in_int8(tmp_path: Path) -> None:
    pytest.importorskip("gymnasium")
    play = load("policy", "play")
    net = exported(load("policy"), tmp_path / "policy.edge")
    for game in play.GAMES:
        reached = play.returns(lambda inputs: net(**inputs)["logits"], game, EPISODES)
        assert game.score(sum(reached) / len(reached)) >= SCORE


def test_a_word_is_heard_from_samples_of_sound(tmp_path: Path) -> None:
    keywords = load("keywords")
    net = exported(keywords, tmp_path / "keywords.edge")
    assert [(spec.name, spec.dims) for spec in net.inputs] == [("audio", ("batch", keywords.RATE))]
    clips = [(inputs["audio"].numpy(), label.item()) for inputs, label in keywords.samples()][:60]
    heard = [net(audio=audio)["logits"].argmax() == label for audio, label in clips]
    assert sum(heard) / len(heard) >= 0.9


def test_phrases_are_spelled_with_a_cache(tmp_path: Path) -> None:
    dictation, errors = load("dictation"), load("dictation", "errors")
    net = exported(dictation, tmp_path / "dictation.edge")
    assert net.manifest.generation is not None
    assert net.manifest.generation.kind == "encoder-decoder"
    settings = {
        "start": (dictation.START,),
        "stop": (dictation.END,),
        "max_new_tokens": dictation.LONGEST,
    }
    greedily, by_beams, right = [], [], []
    for audio, phrase in list(dictation.recordings())[:PHRASES]:
        sound = {"sound": dictation.features(audio).numpy()}
        tokens = list(edgeattn_runtime.generate(net, sound, **settings))
        ((best,),) = edgeattn_runtime.generate_many(net, [sound], num_beams=BEAMS, **settings)
        greedily.append(dictation.decode_text(torch.tensor(tokens, dtype=torch.long)))
        by_beams.append(dictation.decode_text(torch.tensor(best.tokens, dtype=torch.long)))
        right.append(phrase)
    for said in (greedily, by_beams):
        assert errors.character_error(said, right) <= CHARACTER_ERROR
