"""The table of docs/checkpoints.md: what bundles answer beside transformers' pipelines of their checkpoints.

    python tests/bench/bench_pipelines.py [NAME ...]

Each checkpoint is trained as by bench_checkpoints.py and exported by --draft, in seconds. Then the bundle, by
what `edgeattn run` and `edgeattn generate` print, and the pipeline answer the same 64 raw inputs.
Without names, the table in docs/checkpoints.md is written anew; with names, rows are printed. It needs timm
and num2words.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import bench_checkpoints
import numpy as np
import torch
import transformers
from checkpoints import references
from checkpoints.example import Example
from checkpoints.images import digits
from checkpoints.pairs import claims
from checkpoints.references import Answer, Comparison
from checkpoints.sounds import commanded, heard, spelled
from checkpoints.texts import alike, answers, entities, figures, gaps, language, writer

from edgeattn.__main__ import main as edgeattn
from edgeattn_runtime.model import load

BEGIN, END = "<!-- bench_pipelines.py -->\n", "<!-- end of pipelines -->\n"
COLUMNS = ("checkpoint", "by transformers", "inputs", "the same answer", "scores apart, at most")
Train = Callable[[Path], Example]
COMPARED: tuple[tuple[Train, str, Comparison], ...] = (
    (language, "text-classification", references.text_labels),
    (claims, "text-classification", references.text_labels),
    (entities, "token-classification", references.tagged_words),
    (answers, "its network, the likeliest span", references.spans),
    (gaps, "fill-mask", references.filled_gaps),
    (writer, "text-generation", references.continued_texts),
    (figures, "its network's generate", references.written_texts),
    (alike, "SentenceTransformer.encode", references.embeddings),
    (digits, "image-classification", references.image_labels),
    (commanded, "audio-classification", references.sound_labels),
    (heard, "automatic-speech-recognition", references.heard_letters),
    (spelled, "automatic-speech-recognition", references.heard_tokens),
)


def main(arguments: list[str] | None = None) -> None:
    """Write the table, or print rows as they come."""
    parser = argparse.ArgumentParser(description="Compare bundles with transformers' pipelines.")
    parser.add_argument("names", nargs="*", help="default: all")
    names = parser.parse_args(arguments).names
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    rows = []
    for train, reference, compare in COMPARED:
        if names and train.__name__ not in names:
            continue
        with tempfile.TemporaryDirectory() as place:
            torch.manual_seed(0)
            example = train(Path(place))
            pairs = list(compare(example, load(drafted(example, Path(place) / "out.edge"))))
        rows.append(bench_checkpoints.row([example.task, reference, *cells(pairs)]))
        print(rows[-1], flush=True)
    if not names:
        bench_checkpoints.write(rows, COLUMNS, (BEGIN, END), bench_checkpoints.today("pipelines"))


def drafted(example: Example, folder: Path) -> Path:
    """Export a checkpoint by the command that a user types; return the bundle's folder."""
    command = ["export", str(example.folder), "--samples", str(example.data), "--draft", "-o", str(folder)]
    if example.columns:
        command += ["--columns", example.columns]
    with contextlib.redirect_stdout(io.StringIO()):
        edgeattn(command)
    return folder


def cells(pairs: list[tuple[Answer, Answer]]) -> Iterator[str]:
    """Yield how many answers are the same, and how far scores, or the cosine of vectors, are apart."""
    yield str(len(pairs))
    if pairs[0][0].vector is not None:
        yield f"cosine at least {min(cosine(*pair) for pair in pairs):.5f}"
        yield ""
        return
    yield str(sum(ours.words == theirs.words for ours, theirs in pairs))
    scores = [(ours.score, theirs.score) for ours, theirs in pairs]
    apart = [abs(ours - theirs) for ours, theirs in scores if ours is not None and theirs is not None]
    yield f"{max(apart):.4f}" if apart else ""


def cosine(ours: Answer, theirs: Answer) -> float:
    """Return the cosine of two vectors."""
    first, second = (np.asarray(answer.vector, np.float64) for answer in (ours, theirs))
    return float(first @ second / np.linalg.norm(first) / np.linalg.norm(second))


if __name__ == "__main__":
    main()
