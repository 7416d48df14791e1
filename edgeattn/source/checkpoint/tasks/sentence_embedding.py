"""Sentence embedding: a text becomes one vector, as a folder of sentence-transformers says."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from scipy.stats import spearmanr
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity

from edgeattn.source.checkpoint.own_files import own_path, read_json
from edgeattn.source.checkpoint.samples.columns import Row
from edgeattn.source.checkpoint.sizes import read_config
from edgeattn.source.checkpoint.tasks.task import card_of
from edgeattn.source.checkpoint.tasks.text_task import TextTask
from edgeattn.source.checkpoint.transformers_folder import drop_pooler, load_network

RECALL = 0.9  # at 10, of an embedding that was cut
LEAST_SAMPLES = 200  # of which a hundred are left to judge recall by
PAIRS = 8  # of texts in a sample: a rank correlation needs several


class SentenceEmbedding(TextTask):
    """An encoder: ``embedding`` (B, W).

    Args:
        folder: The checkpoint, with modules.json.
        rows: ``text``; with ``pair`` and ``label``, how alike both are, the rank correlation is judged.
        dims: How many numbers of the embedding are kept, as a network with Matryoshka representations allows
            (Kusupati et al. 2022); None for all.
    """

    optional = ("pair", "label")
    before = ""  # a text, in the samples

    def __init__(self, folder: Path, rows: Sequence[Row], dims: int | None = None) -> None:
        listed = read_json(folder / "modules.json")
        parts = [
            (module["type"].rpartition(".")[2], own_path(folder, "modules.json", module["path"]))
            for module in listed
        ]
        if not parts or parts[0][0] != "Transformer":
            raise ValueError(
                f"modules.json: {[name for name, _ in parts]} found, a Transformer first expected"
            )
        place = parts[0][1]
        super().__init__(place, rows, load_network(place, without=("pooler",)), _cut_at(folder, place))
        self.card = card_of(folder)
        self.encoder = SentenceEncoder(self.network, self.tokens.names, parts[1:])
        self.pairs = self.has("pair") and self.has("label")
        if dims is not None:
            self._cut(dims)
        if self.pairs:
            self.metric = rank_correlation
        self.say_text()
        self._say_prompts(_prompts(folder, parts))

    def _cut(self, dims: int) -> None:
        """Keep the first numbers of the embedding, at length 1; the report says what is found by them."""
        config: Any = self.network.config
        widths = [part[0].out_features for part in self.encoder.rest if isinstance(part, nn.Sequential)]
        width = int([config.hidden_size, *widths][-1])
        if not 1 <= dims <= width:
            raise ValueError(f"--dims {dims}: found, 1 to the embedding's {width} expected")
        self.encoder.rest.extend([Beginning(dims), UnitLength()])
        if len(self.rows) // (PAIRS if self.pairs else 1) >= LEAST_SAMPLES:
            self.budget = {"recall_at_10": RECALL}
        else:
            warnings.warn(f"recall_at_10 is reported from {LEAST_SAMPLES} samples on", stacklevel=2)

    def _say_prompts(self, prompts: Mapping[str, Any]) -> None:
        """Have the bundle put prompts before texts; the default one is put before those of the samples."""
        if not prompts:
            return
        self.before = prompts["prompts"].get(prompts.get("default_prompt"), "")
        if "text" in (self.processing or {}):
            self.add_processing(text={**(self.processing or {})["text"], **prompts})

    def texts(self, row: Row) -> tuple[str, ...]:
        """Return a row's text with the default prompt before it."""
        return (self.before + row["text"],)

    def model(self) -> nn.Module:
        """Return the network with its pooling."""
        return self.encoder.eval()

    def samples(self) -> Iterator[object]:
        """Yield the inputs of each text, (1, S); or of P pairs, (2 P, S), with their scores, (P,)."""
        if not self.pairs:
            yield from super().samples()
            return
        for texts, scores in self._groups():
            yield self.tokens.encode_all([self.before + text for text in texts]), torch.tensor(scores)

    def raw(self) -> Iterator[Mapping[str, object]]:
        """Yield the same texts as they are, where the bundle takes texts."""
        if "text" not in (self.processing or {}):
            return
        yield from (
            ({"text": texts} for texts, _ in self._groups())
            if self.pairs
            else ({"text": row["text"]} for row in self.rows)
        )

    def _groups(self) -> Iterator[tuple[list[str], list[float]]]:
        for start in range(0, len(self.rows) - PAIRS + 1, PAIRS):
            rows = self.rows[start : start + PAIRS]
            scores = [float(row["label"]) for row in rows]
            if len(set(scores)) > 1:  # equal ones have no ranks
                yield [row["text"] for row in rows] + [row["pair"] for row in rows], scores


class SentenceEncoder(nn.Module):
    """Sentence to vector: the closer the meanings, the closer the vectors (Reimers & Gurevych 2019).

    Args:
        bert: The network of tokens.
        names: Its inputs.
        parts: What follows it, by name, and the folder of each.
    """

    def __init__(self, bert: nn.Module, names: Sequence[str], parts: Sequence[tuple[str, Path]]) -> None:
        super().__init__()
        self.bert, self.names = bert, tuple(names)
        drop_pooler(bert)
        made = [_part(name, folder) for name, folder in parts]
        self.pooling, self.rest = made[0], nn.ModuleList(made[1:])

    def forward(self, features: dict[str, Tensor]) -> dict[str, Tensor]:
        """Embed a batch of sentences.

        Args:
            features: ``input_ids``, ``attention_mask`` and what else the network takes, int64 (B, S).

        Returns:
            ``embedding``, float32 (B, W).
        """
        hidden = self.bert(**{name: features[name] for name in self.names}).last_hidden_state  # (B, S, W)
        vector = self.pooling(hidden, features["attention_mask"])  # (B, W)
        for part in self.rest:
            vector = part(vector)
        return {"embedding": vector}


class Mean(nn.Module):
    """The mean over the tokens."""

    def forward(self, hidden: Tensor, attention_mask: Tensor) -> Tensor:
        """Return (B, W) of ``hidden`` (B, S, W), where the mask (B, S) is 1."""
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)  # (B, S, 1)
        return (hidden * mask).sum(dim=1) / mask.sum(dim=1)  # (B, W)


class First(nn.Module):
    """The first token, such as [CLS]."""

    def forward(self, hidden: Tensor, attention_mask: Tensor) -> Tensor:  # noqa: ARG002 - all poolings take it
        """Return (B, W) of ``hidden`` (B, S, W)."""
        return hidden[:, 0]


class Largest(nn.Module):
    """The largest over the tokens, a feature at a time."""

    def forward(self, hidden: Tensor, attention_mask: Tensor) -> Tensor:
        """Return (B, W) of ``hidden`` (B, S, W), where the mask (B, S) is 1."""
        hidden = hidden.masked_fill(attention_mask.unsqueeze(-1) == 0, torch.finfo(hidden.dtype).min)
        return hidden.amax(dim=1)


class Beginning(nn.Module):
    """The first numbers of vectors."""

    def __init__(self, dims: int) -> None:
        super().__init__()
        self.dims = dims

    def forward(self, vector: Tensor) -> Tensor:
        """Return (B, dims) of ``vector`` (B, W)."""
        return vector[:, : self.dims]


class UnitLength(nn.Module):
    """Vectors of length 1."""

    def forward(self, vector: Tensor) -> Tensor:
        """Return ``vector`` (B, W) with its direction kept."""
        return nn.functional.normalize(vector, dim=-1)


POOLINGS = {"mean": Mean, "cls": First, "max": Largest}
ACTIVATIONS = {"Tanh": nn.Tanh, "Identity": nn.Identity, "ReLU": nn.ReLU, "GELU": nn.GELU}


def _part(name: str, folder: Path) -> nn.Module:
    if name == "Normalize":
        return UnitLength()
    settings = read_config(folder / "config.json")
    if name == "Pooling":
        return POOLINGS[_chosen(f"{folder.name}: pooling", _poolings(settings), POOLINGS)]()
    if name == "Dense":
        activation = settings["activation_function"].rpartition(".")[2]
        linear = nn.Linear(settings["in_features"], settings["out_features"], bias=settings["bias"])
        weights = load_file(folder / "model.safetensors")
        linear.load_state_dict({key.removeprefix("linear."): value for key, value in weights.items()})
        activate = ACTIVATIONS[_chosen(f"{folder.name}: activation", [activation], ACTIVATIONS)]
        return nn.Sequential(linear, activate())
    raise ValueError(f"modules.json: {name} found, one of Pooling, Dense and Normalize expected")


def _chosen(what: str, names: Sequence[str], expected: Sequence[str] | dict[str, Any]) -> str:
    if len(names) != 1 or names[0] not in expected:
        raise ValueError(f"{what} {' and '.join(names)} found, one of {', '.join(expected)} expected")
    return names[0]


def _poolings(settings: dict[str, Any]) -> list[str]:
    """Return the names of what is pooled by; before sentence-transformers 6 each was a switch."""
    named = settings.get("pooling_mode")
    if named is not None:
        return [named] if isinstance(named, str) else list(named)
    switches = {key.removeprefix("pooling_mode_"): on for key, on in settings.items()}
    names = {"cls_token": "cls", "mean_tokens": "mean", "max_tokens": "max"}
    return [names.get(key, key) for key, on in switches.items() if on is True and key != "include_prompt"]


def _cut_at(folder: Path, place: Path) -> int | None:
    """Return how many tokens a text is cut to, where the folder says so."""
    for file in (place / "sentence_bert_config.json", folder / "sentence_bert_config.json"):
        if file.is_file():
            longest = read_json(file).get("max_seq_length")
            if longest is not None:
                return int(longest)
    return None


def _prompts(folder: Path, parts: Sequence[tuple[str, Path]]) -> dict[str, Any]:
    """Return what a bundle says of the folder's prompts; nothing where all are empty."""
    file = folder / "config_sentence_transformers.json"
    settings = read_json(file) if file.is_file() else {}
    prompts = {name: text or "" for name, text in (settings.get("prompts") or {}).items()}
    if not any(prompts.values()):
        return {}
    poolings = [read_config(place / "config.json") for name, place in parts if name == "Pooling"]
    if any(pooling.get("include_prompt") is False for pooling in poolings):
        warnings.warn("Pooling leaves out prompts: the bundle puts no prompt before a text", stacklevel=2)
        return {}
    default = settings.get("default_prompt_name")
    return {"prompts": prompts, **({"default_prompt": default} if default else {})}


def rank_correlation(outputs: Mapping[str, Tensor], target: Tensor) -> float:
    """Return the correlation of a sample's pairs.

    Args:
        outputs: ``embedding`` (2 P, W): first texts of P pairs, then the others.
        target: Scores of the pairs, (P,), not all the same.
    """
    first, second = outputs["embedding"].chunk(2)
    return float(spearmanr(cosine_similarity(first, second).numpy(), target.numpy()).statistic)
