"""The table of docs/checkpoints.md: what bundles answer beside transformers' pipelines of their checkpoints.

    python tests/bench/bench_pipelines.py [NAME ...]

Each checkpoint is trained as by bench_checkpoints.py and exported by --draft, in seconds. Then the bundle, by
what `edgeattn run` and `edgeattn generate` print, and the pipeline answer the same 64 raw inputs.
Without names, the table in docs/checkpoints.md is written anew; with names, rows are printed. It needs timm
and num2words.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np
from checkpoints import references
from checkpoints.example import Example
from checkpoints.images import digits
from checkpoints.pairs import claims
from checkpoints.references import Answer, Comparison
from checkpoints.sounds import commanded, heard, spelled
from checkpoints.table import Train, write_table
from checkpoints.texts import alike, answers, entities, figures, gaps, language, writer

from edgeattn.__main__ import main as edgeattn
from edgeattn_runtime.model import load

COLUMNS = ("checkpoint", "by transformers", "inputs", "the same answer", "scores apart, at most")
COMPARED: Mapping[Train, tuple[str, Comparison]] = {
    language: ("text-classification", references.text_labels),
    claims: ("text-classification", references.text_labels),
    entities: ("token-classification", references.tagged_words),
    answers: ("its network, the likeliest span", references.spans),
    gaps: ("fill-mask", references.filled_gaps),
    writer: ("text-generation", references.continued_texts),
    figures: ("its network's generate", references.written_texts),
    alike: ("SentenceTransformer.encode", references.embeddings),
    digits: ("image-classification", references.image_labels),
    commanded: ("audio-classification", references.sound_labels),
    heard: ("automatic-speech-recognition", references.heard_letters),
    spelled: ("automatic-speech-recognition", references.heard_tokens),
}


def cells(reference: str, compare: Comparison, example: Example, folder: Path) -> Iterator[str]:
    """Draft a bundle; yield how many answers are the same, and how far scores, or vectors, are apart."""
    with contextlib.redirect_stdout(io.StringIO()):
        edgeattn([*example.command(folder), "--draft"])
    pairs = list(compare(example, load(folder)))
    yield from (example.task, reference, str(len(pairs)))
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
    rows = {train: partial(cells, *how) for train, how in COMPARED.items()}
    write_table("pipelines", COLUMNS, rows, None)
