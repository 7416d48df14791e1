"""What the reference models of series, games and speech must show, used in int8 as an app uses them."""

from __future__ import annotations

import shutil
import subprocess
import wave
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from model_file import load
from numpy.typing import NDArray

import edgeattn_runtime
from edgeattn.__main__ import main
from edgeattn_runtime.__main__ import main as on_device

COMPILE = Path(__file__).parents[3] / "runtime" / "cpp" / "compile"
EPISODES = range(30_000, 30_003)  # seeds that nothing else has
SCORE = 0.95  # of what the best policies reach
CHARACTER_ERROR = 0.05
PHRASES = 20
BEAMS = 4

Export = Callable[[ModuleType], edgeattn_runtime.Model]
Shell = Callable[..., str]
Example = Callable[..., str]


@pytest.fixture(scope="module")
def in_cpp() -> Shell:
    """What runs edgeattn-run of the C++ runtime, and returns what it prints."""
    if shutil.which("cmake") is None:
        pytest.skip("the C++ runtime is built with CMake")
    build = subprocess.run([COMPILE, "native"], capture_output=True, text=True, check=True).stdout.strip()

    def run(*words: str | Path) -> str:
        command = [Path(build) / "edgeattn-run", *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    return run


@pytest.fixture(scope="module")
def forecaster(exported: Export) -> edgeattn_runtime.Model:
    return exported(load("series"))


@pytest.fixture(scope="module")
def listener(exported: Export) -> edgeattn_runtime.Model:
    return exported(load("keywords"))


def test_a_day_of_every_series_is_forecast_as_pytorch_does(forecaster: edgeattn_runtime.Model) -> None:
    series, net = load("series"), forecaster
    for inputs, _ in list(series.samples())[::20]:
        forecast = net(past=inputs["past"].numpy())["forecast"]
        with torch.inference_mode():
            expected = series.model()(**inputs)["forecast"].numpy()
        assert abs(forecast - expected).mean() < 0.05  # standard deviations


def test_both_games_are_played_in_int8(exported: Export) -> None:
    pytest.importorskip("gymnasium")
    play = load("policy", "play")
    net = exported(load("policy"))
    for game in play.GAMES:
        reached = play.returns(lambda inputs: net(**inputs)["logits"], game, EPISODES)
        assert game.score(sum(reached) / len(reached)) >= SCORE


def test_series_are_forecast_from_a_file(
    forecaster: edgeattn_runtime.Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    series, path = load("series"), tmp_path / "hours.csv"
    raw = next(iter(series.raw()))["series"]

    def answer(values: torch.Tensor, names: tuple[str, ...] = series.NAMES) -> tuple[int, str, str]:
        lines = [",".join(names), *(",".join(f"{value:g}" for value in hour) for hour in values.T.tolist())]
        path.write_text("\n".join(lines), encoding="utf-8")
        code = main(["run", str(forecaster.files.folder), "--input", str(path)])
        return (code, *capsys.readouterr())

    code, words, told = answer(raw)
    assert (code, told) == (0, "")
    expected = forecaster.forecast(forecaster(past=series_input(series, raw)))[0]
    for line, name, day in zip(words.splitlines(), series.NAMES, expected, strict=True):
        assert line.startswith(name)
        assert float(line.removeprefix(name).split()[0]) == pytest.approx(day[0], rel=0.01, abs=0.1)
    gaps = raw.clone()
    gaps[1, 100:110] = torch.nan  # held, as the manifest says
    assert answer(gaps)[0] == 0
    refusals = (
        (answer(raw[:, 1:]), "335 values of each series found, 336 expected"),
        (answer(raw.repeat(1, 2)), "672 values of each series found, 336 expected; give the last 336"),
        (answer(raw * torch.nan), "all 336 values are missing"),
        (answer(raw, ("cars", *series.NAMES[1:])), "0 columns 'vehicles an hour' found"),
    )
    for (code, words, told), line in refusals:
        assert (code, words, told.count("\n")) == (2, "", 1)
        assert line in told


def series_input(series: ModuleType, raw: torch.Tensor) -> NDArray[np.float32]:
    data = series.held_out()
    scaled: NDArray[np.float32] = ((raw - data["mean"]) / data["std"])[None].numpy()
    return scaled


def recorded(path: Path, samples: NDArray[np.float32], rate: int) -> Path:
    """Write a WAV file of 16 bits."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", "not compressed"))
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


def test_a_word_is_heard_in_a_file(
    listener: edgeattn_runtime.Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keywords = load("keywords")
    clips = [(inputs["audio"][0].numpy(), label.item()) for inputs, label in keywords.samples()]

    def answer(samples: NDArray[np.float32], rate: int = keywords.RATE) -> tuple[int, str, str]:
        path = recorded(tmp_path / "speech.wav", samples, rate)
        code = main(["run", str(listener.files.folder), "--input", str(path)])
        return (code, *capsys.readouterr())

    heard = [answer(audio) for audio, _ in clips[:20]]
    assert {(code, told) for code, _, told in heard} == {(0, "")}
    first = [words.splitlines()[0].rsplit(maxsplit=1)[0].strip() for _, words, _ in heard]
    names = [keywords.LABELS[label] for _, label in clips[:20]]
    assert sum(map(str.__eq__, first, names)) >= 18
    _, words, _ = answer(np.zeros(keywords.RATE, np.float32))  # silence is a sound, and no word
    assert words.startswith("no word")
    assert answer(clips[0][0][: keywords.RATE // 2])[0] == 0  # silence fills it up
    for (code, words, told), line in (
        (answer(np.zeros(8001, np.float32)), "8,001 samples found, 8,000 at most expected; cut it"),
        (answer(clips[0][0], 16000), "16000 Hz found, 8000 expected; resample it first"),
    ):
        assert (code, words, told.count("\n")) == (2, "", 1)
        assert line in told


def test_a_word_is_heard_in_a_file_in_cpp(
    listener: edgeattn_runtime.Model, in_cpp: Shell, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keywords, bundle = load("keywords"), str(listener.files.folder)
    for inputs, _ in list(keywords.samples())[:10]:
        path = recorded(tmp_path / "speech.wav", inputs["audio"][0].numpy(), keywords.RATE)
        assert on_device(["run", bundle, "--input", str(path)]) == 0
        assert in_cpp("run", bundle, "--audio", path) == capsys.readouterr().out


def test_words_are_heard_where_they_are_in_a_long_recording(listener: edgeattn_runtime.Model) -> None:
    recording = load("keywords", "recording")
    audio, places = recording.recorded()
    stream = edgeattn_runtime.Stream(listener, hop=recording.HOP)
    moments = [moment for part in np.array_split(audio, 1000) for moment in stream.push(part)]
    assert [moment.end for moment in moments] == list(range(8000, len(audio) + 1, recording.HOP))
    found = recording.heard((moment.end, moment.outputs["logits"][0]) for moment in moments)
    right, wrong = recording.matched(found, places)
    assert right >= 0.6 * len(places)
    assert wrong <= 0.1 * len(places)


def heard_by_python(listener: edgeattn_runtime.Model, path: Path) -> list[str]:
    """Return a line a word that is heard in a WAV file, as the examples print it."""
    keywords, recording = load("keywords"), load("keywords", "recording")
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
    moments = edgeattn_runtime.Stream(listener, hop=recording.HOP).push(samples)
    found = recording.heard((moment.end, moment.outputs["logits"][0]) for moment in moments)
    return [f"{end / keywords.RATE:.1f} s  {keywords.LABELS[word]}" for end, word in found]


@pytest.fixture(scope="module")
def half_a_minute(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a WAV file with a dozen words."""
    audio, _ = load("keywords", "recording").recorded()
    rate = load("keywords").RATE
    return recorded(tmp_path_factory.mktemp("sound") / "speech.wav", audio[: 30 * rate], rate)


def test_every_example_hears_the_words_that_python_does(
    listener: edgeattn_runtime.Model, example: Example, half_a_minute: Path
) -> None:
    expected = heard_by_python(listener, half_a_minute)
    assert len(expected) >= 5
    assert example("keywords", listener.files.folder, half_a_minute).splitlines() == expected


def test_the_example_in_cpp_hears_a_microphone(
    listener: edgeattn_runtime.Model, cpp_example: Example, half_a_minute: Path
) -> None:
    with wave.open(str(half_a_minute)) as file:
        samples = file.readframes(file.getnframes())
    heard = cpp_example("keywords", listener.files.folder, stdin=samples)
    assert heard.splitlines() == heard_by_python(listener, half_a_minute)


def test_a_word_is_heard_from_samples_of_sound(listener: edgeattn_runtime.Model) -> None:
    keywords, net = load("keywords"), listener
    assert [(spec.name, spec.dims) for spec in net.inputs] == [("audio", ("batch", keywords.RATE))]
    clips = [(inputs["audio"].numpy(), label.item()) for inputs, label in keywords.samples()][:60]
    heard = [net(audio=audio)["logits"].argmax() == label for audio, label in clips]
    assert sum(heard) / len(heard) >= 0.9


@pytest.fixture(scope="module")
def speller(exported: Export) -> edgeattn_runtime.Model:
    return exported(load("dictation"))


def test_a_phrase_is_spelled_from_a_file(
    speller: edgeattn_runtime.Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dictation, errors = load("dictation"), load("dictation", "errors")

    def answer(samples: NDArray[np.float32], *options: str) -> tuple[int, str, str]:
        path = recorded(tmp_path / "speech.wav", samples, dictation.RATE)
        code = main(["generate", str(speller.files.folder), "--input", str(path), *options])
        return (code, *capsys.readouterr())

    phrases = list(dictation.recordings())[:5]
    answers = [answer(audio.numpy()) for audio, _ in phrases]
    assert {(code, told) for code, _, told in answers} == {(0, "")}
    said = [words.rstrip("\n") for _, words, _ in answers]
    assert errors.character_error(said, [phrase for _, phrase in phrases]) <= 2 * CHARACTER_ERROR
    command = ["generate", str(speller.files.folder), "--input", str(tmp_path / "speech.wav")]
    assert on_device(command) == 0
    assert capsys.readouterr() == (answers[-1][1], "")
    audio = phrases[0][0].numpy()
    for (code, words, told), line in (
        (answer(audio, "--start", "one"), "--start: 'one' found, token ids such as 1,2,3 expected"),
        (answer(np.zeros(8000, np.float32)), "silence found, a sound expected"),
        (answer(audio[:100]), "100 samples found, at least 121 expected"),
        (answer(np.tile(audio, 9)), "sound"),  # longer than the table of positions
    ):
        assert (code, words, told.count("\n")) == (2, "", 1)
        assert line in told


def test_a_phrase_is_spelled_from_a_file_in_cpp(
    speller: edgeattn_runtime.Model, in_cpp: Shell, tmp_path: Path
) -> None:
    dictation = load("dictation")
    for audio, _ in list(dictation.recordings())[:5]:
        path = recorded(tmp_path / "speech.wav", audio.numpy(), dictation.RATE)
        expected = list(edgeattn_runtime.generate(speller, speller.prepare(audio=path)))
        tokens = in_cpp("generate", speller.files.folder, "--audio", path)
        assert [int(token) for token in tokens.split()] == expected


def test_every_example_spells_the_phrases_that_python_does(
    speller: edgeattn_runtime.Model, example: Example, tmp_path: Path
) -> None:
    dictation = load("dictation")
    for audio, phrase in list(dictation.recordings())[:2]:
        path = recorded(tmp_path / "speech.wav", audio.numpy(), dictation.RATE)
        spelled = speller.decode(list(edgeattn_runtime.generate(speller, speller.prepare(audio=path))))
        assert load("dictation", "errors").character_error([spelled], [phrase]) <= 2 * CHARACTER_ERROR
        assert example("dictation", speller.files.folder, path) == f"{spelled}\n"


def test_phrases_are_spelled_with_a_cache(speller: edgeattn_runtime.Model) -> None:
    dictation, errors, net = load("dictation"), load("dictation", "errors"), speller
    assert net.manifest.generation is not None
    assert net.manifest.generation.kind == "encoder-decoder"
    greedily, by_beams, right = [], [], []
    for audio, phrase in list(dictation.recordings())[:PHRASES]:
        sound = {"sound": dictation.features(audio).numpy()}
        tokens = list(edgeattn_runtime.generate(net, sound))
        ((best,),) = edgeattn_runtime.generate_many(net, [sound], num_beams=BEAMS)
        greedily.append(dictation.decode_text(torch.tensor(tokens, dtype=torch.long)))
        by_beams.append(dictation.decode_text(torch.tensor(best.tokens, dtype=torch.long)))
        right.append(phrase)
    for said in (greedily, by_beams):
        assert errors.character_error(said, right) <= CHARACTER_ERROR
