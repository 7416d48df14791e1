"""What a page supposes to be there when its commands are run: bundles, images, sounds, other results."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import wave
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image
from safetensors.numpy import load_file

sys.path.append(str(Path(__file__).parents[1] / "edgeattn" / "source" / "checkpoint"))
import folders
import sample_files

MODELS = Path(__file__).parents[2] / "models"

# A recipe in place of a search, for bundles of which no command asks more than an answer.
RECIPE = {
    "schema": 2,
    "name": "plain",
    "rewrites": [],
    "layers": [{"layer": "*", "form": "int8", "techniques": {}}],
}

Make = Callable[[Path], None]


def searched(model: str, *options: str | Path) -> Make:
    """Return what exports a reference model."""

    def make(bundle: Path) -> None:
        export(bundle, MODELS / model / "model.py", *options)

    return make


def export(bundle: Path, *arguments: str | Path) -> None:
    """Export into a bundle, whatever its verdict."""
    run = ["edgeattn", "export", *arguments, "-o", bundle]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    if not bundle.is_dir():
        raise RuntimeError(done.stdout + done.stderr)


def plain(model: str) -> Make:
    """Return what exports a reference model by RECIPE."""

    def make(bundle: Path) -> None:
        searched(model, "--recipe", recipe(bundle))(bundle)

    return make


def recipe(bundle: Path) -> Path:
    """Write RECIPE beside a bundle."""
    file = bundle.with_suffix(".json")
    file.write_text(json.dumps(RECIPE), "utf-8")
    return file


def of_checkpoint(save: Make, rows: Make, kind: str) -> Make:
    """Return what exports a checkpoint by RECIPE.

    Args:
        save: Saves the folder.
        rows: Writes its samples.
        kind: The suffix of these.
    """

    def make(bundle: Path) -> None:
        folder, samples = bundle.with_suffix(".checkpoint"), bundle.with_suffix(kind)
        save(folder)
        rows(samples)
        export(bundle, folder, "--samples", samples, "--recipe", recipe(bundle))

    return make


def encoder(folder: Path) -> None:
    """Save an encoder of 256 numbers, of random weights, with a prompt for queries."""
    from sentence_transformers import SentenceTransformer

    network = folders.bert(folder.with_suffix(".network"), "Model", hidden_size=256)
    prompts = {"query": "very good: "}
    SentenceTransformer(str(network), prompts=prompts, device="cpu").save(str(folder))  # pooled by mean


def texts(path: Path) -> None:
    """Write what an encoder reads, a text a line."""
    path.write_text("\n".join(sample_files.texts(120)), "utf-8")


def reader(folder: Path) -> None:
    """Save a reader of questions, of random weights."""
    folders.bert(folder, "ForQuestionAnswering")


def questions(path: Path) -> None:
    """Write questions with their answers."""
    answered = [(text, text.split()[1]) for text in sample_files.texts(120)]
    rows = [{"question": "what was", "context": text, "answer": word} for text, word in answered]
    sample_files.jsonl(path, rows)


def for_browsers(bundle: Path) -> None:
    """Export digits for browsers, with the engine that proves it there."""
    subprocess.run(["edgeattn", "targets", "--install", "web"], check=True, capture_output=True)
    searched("digits", "--target", "web")(bundle)


def image(path: Path) -> None:
    """Write a seven, dark ink on white paper."""
    digits = load_file(MODELS / "digits" / "digits.safetensors")
    seven = digits["images"][digits["labels"].tolist().index(7)]
    Image.fromarray((255 - 15 * seven).astype(np.uint8)).resize((32, 32), Image.Resampling.NEAREST).save(path)


def sound(path: Path) -> None:
    """Write a second of a tone that grows."""
    rate = 8000
    tone = np.sin(np.arange(rate) / 8) * np.linspace(0.1, 0.9, rate)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((tone * 32767).astype("<i2").tobytes())


def hours(path: Path) -> None:
    """Write the columns of models/series, an hour a line."""
    names = ("vehicles an hour", "temperature in °C", "clouds in %")
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([names, *((1000 + i, 10 + i % 24, i % 100) for i in range(336))])


def inputs(path: Path) -> None:
    """Write the inputs of models/sentence."""
    hello = np.array([[101, 7592, 102]])  # between [CLS] and [SEP]
    np.savez(path, input_ids=hello, attention_mask=np.ones_like(hello), token_type_ids=np.zeros_like(hello))


def benchmark(path: Path) -> None:
    """Write what ``bench`` prints of a small bundle."""
    bundle = Path(__file__).parents[2] / "runtime" / "conformance" / "build" / "good.edge"
    with path.open("w", encoding="utf-8") as file:
        subprocess.run(["edgeattn", "bench", bundle, "--json"], check=True, stdout=file)


SUPPOSED: dict[str, Make] = {
    "digits.edge": searched("digits"),
    **{
        f"{model}.edge": plain(model)
        for model in ("sentence", "series", "keywords", "story", "dictation", "translation")
    },
    "web.edge": for_browsers,
    "photo.png": image,
    "seven.png": image,
    "speech.wav": sound,
    "hours.csv": hours,
    "x.npz": inputs,
    "my-model": folders.classifier,
    "encoder": encoder,
    "texts.txt": texts,
    "search.edge": of_checkpoint(encoder, texts, ".txt"),
    "reader.edge": of_checkpoint(reader, questions, ".jsonl"),
    "reviews.csv": partial(sample_files.reviews, count=160),
    "old.json": benchmark,
}
SAME = {"old.edge": "digits.edge", "new.edge": "digits.edge", "new.json": "old.json"}
