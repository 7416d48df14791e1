"""A network that answers one number: a small BERT reads which of two words stands behind a mask.

The words are those of Python's own documentation. A cosine of one number is 1 or -1; how far it is off has a
slope that the search follows.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from pydoc_data.topics import topics

import numpy as np
import pytest
import torch
from fixture_types import Export
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from edgeattn_export.lower import lower
from edgeattn_export.lower.ort_cpu import LOWERINGS, ORT_CPU
from edgeattn_export.quantize import Calibration
from edgeattn_export.quantize.float_graphs import FloatGraph
from edgeattn_export.recover import recover
from edgeattn_export.search import Goal, Rig, search
from edgeattn_export.search.error_meter import ErrorMeter
from edgeattn_export.targets.cpu import CANDIDATES, DYNAMIC_INT8, FORMS

CHOICES = ("a", "the")
REACH, COMMON = 4, 800  # words on either side, and the most frequent ones that are known
MASK, OTHER, FIRST = 0, 1, 2
WIDTH, LAYERS, STEPS, BATCH = 32, 3, 150, 64
LARGE, SIZE = [3, 17], 20.0  # channels, and how many times as large training begins with them
SAMPLES = 48  # half of them calibrate
MILLISECONDS = {"int8": 1e-3, "int8 per token": 2e-3, "residual int8": 3e-3, "float": 4e-3}


class Reader(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        config = BertConfig(
            vocab_size=FIRST + COMMON,
            hidden_size=WIDTH,
            num_hidden_layers=LAYERS,
            num_attention_heads=2,
            intermediate_size=2 * WIDTH,
            max_position_embeddings=2 * REACH + 1,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        )
        self.bert = BertModel(config)
        self.head = nn.Linear(WIDTH, 1)
        with torch.no_grad():
            for layer in self.bert.encoder.layer:
                layer.output.LayerNorm.weight[LARGE] *= SIZE

    def forward(self, input_ids: Tensor) -> Tensor:
        """Return what speaks for the second word (B,) behind the mask in ``input_ids`` (B, S)."""
        logits: Tensor = self.head(self.bert(input_ids).pooler_output)
        return logits.squeeze(-1)


def sentences() -> tuple[Tensor, Tensor]:
    """Return the words around each choice, (N, S), and which it was, (N,)."""
    words = re.findall(r"[a-z]+", " ".join(topics.values()).lower())
    numbers = {word: FIRST + place for place, (word, _) in enumerate(Counter(words).most_common(COMMON))}
    ids = torch.tensor([numbers.get(word, OTHER) for word in words])
    places = [place for place in range(REACH, len(words) - REACH) if words[place] in CHOICES]
    rows = torch.stack([ids[place - REACH : place + REACH + 1] for place in places])
    rows[:, REACH] = MASK
    return rows, torch.tensor([float(CHOICES.index(words[place])) for place in places])


def trained(rows: Tensor, labels: Tensor) -> Reader:
    torch.manual_seed(0)
    reader = Reader().train()
    optimizer = torch.optim.AdamW(reader.parameters(), lr=4e-3)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=STEPS)
    for _ in range(STEPS):
        batch = torch.randint(len(rows), (BATCH,))
        loss = nn.functional.binary_cross_entropy_with_logits(reader(rows[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        rate.step()
    return reader.eval()


@pytest.fixture(scope="module")
def reading(exported: Export) -> FloatGraph:
    rows, labels = sentences()
    reader = trained(rows[SAMPLES:], labels[SAMPLES:])
    captured, samples = exported(reader, [{"input_ids": row[None]} for row in rows[:SAMPLES]])
    inputs = [sample.inputs for sample in samples[:2]]
    model = lower(recover(captured, samples).model, LOWERINGS, ORT_CPU, inputs).model
    calibration = Calibration(model, samples[: SAMPLES // 2], ORT_CPU, FORMS)
    return FloatGraph(calibration, samples[SAMPLES // 2 :], captured.graph)


def test_the_search_follows_how_far_one_logit_is(
    reading: FloatGraph, rig: Callable[[Path | None], Rig], timed: Callable[[Mapping[str, float]], None]
) -> None:
    timed(MILLISECONDS | dict.fromkeys(("int8 static", "int4 blocks", "int4 blocks of 64"), 5e-3))
    plain = ErrorMeter(reading, rig(None)).errors(DYNAMIC_INT8)
    assert len(np.unique(plain)) == len(plain)  # a cosine has two values
    goal = Goal(r2=1 - plain.mean() / 2, r2_min=1 - plain.max() / 2)
    result = search(reading, goal, rig(None))
    assert result.missed == ()
    forms = Counter(result.chosen.recipe.treatment(layer.name).form for layer in reading.calibration.layers)
    assert forms[CANDIDATES.fastest.form] > 0
    assert result.chosen.r2 > 1 - plain.mean()
