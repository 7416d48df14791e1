"""Checkpoints as their libraries save them, tiny and random, with tokenizers trained on a few words."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from inspect import signature
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
import transformers
from safetensors.torch import load_file
from sample_files import RATE, texts
from sklearn.datasets import load_digits
from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import BPE, WordPiece
from tokenizers.trainers import WordPieceTrainer
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from edgeattn_runtime.processing.image import prepare_image

Made = Callable[[Path], Path]  # saves a checkpoint in a folder, and returns it

SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 40,
}
LONGEST = 24  # tokens of a text


def tokenizer() -> PreTrainedTokenizerFast:
    """Return a tokenizer of word pieces that cuts at ``LONGEST``."""
    pieces = Tokenizer(WordPiece(unk_token="[UNK]"))
    pieces.normalizer = normalizers.BertNormalizer()
    pieces.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    pieces.train_from_iterator(texts(), WordPieceTrainer(vocab_size=99, special_tokens=special))
    pieces.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=pieces,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=LONGEST,
    )


def answer(source: Any, inputs: Mapping[str, Any]) -> Any:
    """Return what a source's own module answers to a sample's inputs."""
    tensors = {name: torch.as_tensor(array) for name, array in inputs.items()}
    with torch.inference_mode():
        if list(signature(source.module.forward).parameters) == ["features"]:
            return source.module(tensors)
        return source.module(**tensors)


def prepared_alike(source: Any) -> Any:
    """Check that a device prepares each sample's image as the checkpoint's own processor did; return how."""
    image = source.processing.processing.image
    for sample, raw in zip(source.read(), source.processing.raw, strict=True):
        prepared = prepare_image(image, [raw["image"]])
        np.testing.assert_allclose(prepared, sample.inputs[image.input], atol=1e-6)
    return image


def bert(folder: Path, head: str, **settings: Any) -> Path:
    """Save a BERT with a head, such as "ForMaskedLM", and its tokenizer."""
    torch.manual_seed(0)
    # Weights large enough for answers to vary by the text.
    config = transformers.BertConfig(vocab_size=len(tokenizer()), initializer_range=0.3, **SIZES | settings)
    transformers.utils.logging.disable_progress_bar()
    getattr(transformers, f"Bert{head}")(config).eval().save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder


def classifier(folder: Path) -> Path:
    """Save a BERT that calls a text positive or negative."""
    return bert(folder, "ForSequenceClassification", id2label={0: "negative", 1: "positive"})


def pickled(folder: Path, without: str = "none") -> dict[str, Tensor]:
    """Turn a folder's weights into a pickle, but for those whose names begin so; return what it holds."""
    weights = load_file(folder / "model.safetensors")
    kept = {name: value for name, value in weights.items() if not name.startswith(without)}
    torch.save(kept, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    return kept


def convert(refusal: str) -> None:
    """Run the command that a refusal gives."""
    subprocess.run([sys.executable, *_conversion(refusal)], check=True)


def convert_here(refusal: str) -> None:
    """Run the program of that command in this process, which has imported PyTorch already."""
    option, program, *names = _conversion(refusal)
    assert option == "-c"
    with patch.object(sys, "argv", [option, *names]):
        exec(program, {"__name__": "__main__"})


def _conversion(refusal: str) -> list[str]:
    command, *arguments = shlex.split(refusal.split("convert it: ")[1])
    assert command == "python"
    return arguments


def letters() -> PreTrainedTokenizerFast:
    """Return a tokenizer of Latin letters that has no unknown token: it leaves out all else."""
    alphabet = {letter: i for i, letter in enumerate("abcdefghijklmnopqrstuvwxyz ")}
    return PreTrainedTokenizerFast(tokenizer_object=Tokenizer(BPE(alphabet, [])))


PIXELS = 16  # of an image's side
PREPARED = {
    "image_processor_type": "ViTImageProcessor",
    "do_resize": True,
    "size": {"height": PIXELS, "width": PIXELS},
    "resample": 2,
    "do_rescale": True,
    "rescale_factor": 1 / 255,
    "do_normalize": True,
    "image_mean": [0.5, 0.4, 0.3],
    "image_std": [0.5, 0.6, 0.7],
}
VISION = {"image_size": PIXELS, "patch_size": 4, "hidden_size": 32, "num_hidden_layers": 1} | {
    "num_attention_heads": 2,
    "intermediate_size": 64,
}


def vision(folder: Path, model: Any, **prepared: Any) -> Path:
    """Save a network of images with its image processor."""
    model.eval().save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(PREPARED | prepared), "utf-8")
    return folder


def seer(folder: Path, **prepared: Any) -> Path:
    """Save a ViT that calls an image dark or light."""
    torch.manual_seed(0)
    config = transformers.ViTConfig(**VISION, id2label={0: "dark", 1: "light"})
    return vision(folder, transformers.ViTForImageClassification(config), **prepared)


def writer(folder: Path) -> Path:
    """Save a GPT-2 that continues texts."""
    torch.manual_seed(0)
    sizes = {"n_positions": 40, "n_embd": 32, "n_layer": 2, "n_head": 2}
    config = transformers.GPT2Config(vocab_size=len(tokenizer()), **sizes, bos_token_id=2, eos_token_id=3)
    transformers.GPT2LMHeadModel(config).eval().save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder


def translator(folder: Path) -> Path:
    """Save a T5 that makes a text of another."""
    torch.manual_seed(0)
    sizes = {"d_model": 32, "d_kv": 16, "d_ff": 64, "num_layers": 1, "num_heads": 2}
    ends = {"decoder_start_token_id": 0, "pad_token_id": 0, "eos_token_id": 3}
    config = transformers.T5Config(vocab_size=len(tokenizer()), **sizes, **ends)
    transformers.T5ForConditionalGeneration(config).eval().save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder


LISTENER = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64} | {
    "conv_dim": (16, 16),
    "conv_stride": (5, 4),
    "conv_kernel": (10, 4),
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 2,
}


def listener(folder: Path, spelled: str = "ENOTW", rate: int = RATE, **sizes: Any) -> Path:
    """Save a wav2vec 2.0 that spells what it hears."""
    torch.manual_seed(0)
    letters = ["<pad>", "<s>", "</s>", "<unk>", "|", *spelled]
    config = transformers.Wav2Vec2Config(vocab_size=len(letters), **(LISTENER | sizes), pad_token_id=0)
    transformers.Wav2Vec2ForCTC(config).eval().save_pretrained(folder)
    (folder / "vocab.json").write_text(json.dumps({letter: i for i, letter in enumerate(letters)}), "utf-8")
    transformers.Wav2Vec2CTCTokenizer(str(folder / "vocab.json")).save_pretrained(folder)
    transformers.Wav2Vec2FeatureExtractor(sampling_rate=rate).save_pretrained(folder)
    return folder


def digits(folder: Path, steps: int = 200) -> Path:
    """Train a ViT on scikit-learn's handwritten digits, 8 x 8, but for the last 300."""
    torch.manual_seed(0)
    loaded = load_digits()
    levels = torch.from_numpy(loaded.images[:-300] * 255 / 16).byte().float()  # (N, 8, 8)
    shown = (levels / 255 - 0.5)[:, None].expand(-1, 3, -1, -1) / 0.5
    labels = torch.from_numpy(loaded.target[:-300])
    sizes = VISION | {"image_size": 8, "patch_size": 2, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = transformers.ViTConfig(**sizes, id2label={i: str(i) for i in range(10)})
    network = transformers.ViTForImageClassification(config)
    optimizer = torch.optim.AdamW(network.parameters(), 3e-3)
    for _ in range(steps):
        batch = torch.randint(len(shown), (32,))
        network(pixel_values=shown[batch], labels=labels[batch]).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    size = {"height": 8, "width": 8}
    return vision(folder, network, size=size, image_mean=[0.5] * 3, image_std=[0.5] * 3)


def tagger(folder: Path) -> Path:
    """Save a BERT that finds praise."""
    return bert(folder, "ForTokenClassification", id2label={0: "O", 1: "B-PRAISE", 2: "I-PRAISE"})


def finder(folder: Path, **prepared: Any) -> Path:
    """Save a YOLOS that finds five things at most."""
    torch.manual_seed(0)
    sizes = VISION | {"image_size": (PIXELS, PIXELS)}
    config = transformers.YolosConfig(**sizes, num_detection_tokens=5, id2label={0: "cat", 1: "dog"})
    return vision(folder, transformers.YolosForObjectDetection(config), **prepared)


def towers(folder: Path, family: str = "CLIP") -> Path:
    """Save a CLIP or a Siglip."""
    torch.manual_seed(0)
    words = SIZES | {"vocab_size": len(tokenizer()), "eos_token_id": 3, "bos_token_id": 2, "pad_token_id": 0}
    config = getattr(transformers, f"{family}Config")(text_config=words, vision_config=VISION)
    vision(folder, getattr(transformers, f"{family}Model")(config))
    tokenizer().save_pretrained(folder)
    return folder


def together(folder: Path) -> Path:
    """Move a folder's processor where transformers 5 saves several of them together."""
    alone, kind = folder / "preprocessor_config.json", "image_processor"
    settings = json.loads(alone.read_text("utf-8"))
    if "feature_extractor_type" in settings:
        kind = "feature_extractor"
    (folder / "processor_config.json").write_text(json.dumps({kind: settings}), "utf-8")
    alone.unlink()
    return folder


SPECIAL = (
    *("<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|translate|>", "<|transcribe|>"),
    *("<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"),
)


WHISPER_RATE = 16000  # samples a second, for which its filters are made


def transcriber(folder: Path, bands: int = 16, **sizes: Any) -> Path:
    """Save a Whisper that spells a second of sound, byte by byte."""
    torch.manual_seed(0)
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: i for i, token in enumerate([*letters, *SPECIAL])}
    folder.mkdir()
    (folder / "vocab.json").write_text(json.dumps(vocabulary), "utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n", "utf-8")
    words = transformers.WhisperTokenizerFast.from_pretrained(folder)
    words.add_special_tokens({"additional_special_tokens": list(SPECIAL)})
    extractor = transformers.WhisperFeatureExtractor(bands, WHISPER_RATE, chunk_length=1)
    shapes = {"d_model": 32, "encoder_layers": 1, "decoder_layers": 1, "encoder_ffn_dim": 64} | {
        "encoder_attention_heads": 2,
        "decoder_attention_heads": 2,
        "decoder_ffn_dim": 64,
    }
    config = transformers.WhisperConfig(
        vocab_size=len(words),
        num_mel_bins=bands,
        max_source_positions=50,
        max_target_positions=40,
        **(shapes | sizes),
        pad_token_id=vocabulary["<|endoftext|>"],
        bos_token_id=vocabulary["<|endoftext|>"],
        eos_token_id=vocabulary["<|endoftext|>"],
        decoder_start_token_id=vocabulary["<|startoftranscript|>"],
    )
    network = transformers.WhisperForConditionalGeneration(config).eval()
    network.generation_config.language, network.generation_config.task = "en", "transcribe"
    network.save_pretrained(folder)
    transformers.WhisperProcessor(extractor, words).save_pretrained(folder)
    return folder


NOISES = {0: "low", 1: "high"}


def sorter(folder: Path, rate: int = RATE) -> Path:
    """Save a wav2vec 2.0 that calls a sound low or high."""
    torch.manual_seed(0)
    config = transformers.Wav2Vec2Config(**LISTENER, id2label=NOISES, classifier_proj_size=16)
    transformers.Wav2Vec2ForSequenceClassification(config).eval().save_pretrained(folder)
    transformers.Wav2Vec2FeatureExtractor(sampling_rate=rate).save_pretrained(folder)
    return folder


def spectral_sorter(folder: Path, frames: int = 40, bands: int = 16, **sizes: Any) -> Path:
    """Save an AST that calls a sound low or high."""
    torch.manual_seed(0)
    shapes = VISION | {"max_length": frames, "num_mel_bins": bands, "frequency_stride": 4, "time_stride": 4}
    shapes.pop("image_size")
    config = transformers.ASTConfig(**(shapes | sizes), id2label=NOISES)
    transformers.ASTForAudioClassification(config).eval().save_pretrained(folder)
    extractor = transformers.ASTFeatureExtractor(num_mel_bins=bands, max_length=frames)
    extractor.save_pretrained(folder)
    return folder


def whispering_sorter(folder: Path, bands: int = 16) -> Path:
    """Save Whisper's encoder with a head that calls a sound low or high."""
    torch.manual_seed(0)
    shapes = {"d_model": 32, "encoder_layers": 1, "encoder_ffn_dim": 64, "encoder_attention_heads": 2}
    config = transformers.WhisperConfig(
        num_mel_bins=bands, max_source_positions=50, classifier_proj_size=16, id2label=NOISES, **shapes
    )
    transformers.WhisperForAudioClassification(config).eval().save_pretrained(folder)
    transformers.WhisperFeatureExtractor(bands, WHISPER_RATE, chunk_length=1).save_pretrained(folder)
    return folder


def downloaded(folder: Path, cache: Path, name: str) -> None:
    """Move a folder where ``hf download`` leaves a repository."""
    place, commit = cache / f"models--{name.replace('/', '--')}", "0" * 40
    (place / "snapshots").mkdir(parents=True)
    folder.rename(place / "snapshots" / commit)
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text(commit, "utf-8")
