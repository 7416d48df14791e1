"""Generation settings: a checkpoint's generation_config.json in the words of ``edgeattn generate``."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

FLAGS = ("num_beams", "repetition_penalty", "length_penalty", "early_stopping", "max_new_tokens")
SAMPLING = ("temperature", "top_k", "top_p")  # which count where do_sample is set
DRAWN = {"temperature": 1.0, "top_k": 50}  # which transformers takes where a folder says neither
NEUTRAL = {
    "num_beams": 1,
    "repetition_penalty": 1.0,
    "length_penalty": 1.0,
    "early_stopping": False,
    "top_p": 1.0,
}
# Of a reader's own, or with no effect on the tokens.
SILENT = {
    *("bos_token_id", "pad_token_id", "transformers_version", "use_cache", "max_length", "output_scores"),
    *("output_attentions", "output_hidden_states", "return_dict_in_generate", "_from_model_config"),
}
# Of Whisper: what the tokens mean that an answer begins with.
WHISPER = {
    *("lang_to_id", "task_to_id", "language", "task", "is_multilingual", "forced_decoder_ids"),
    *("no_timestamps_token_id", "prev_sot_token_id", "max_initial_timestamp_index", "alignment_heads"),
}
FOLLOWED = {*FLAGS, *SAMPLING, "eos_token_id", "decoder_start_token_id", "do_sample"}


def read_settings(folder: Path) -> dict[str, Any]:
    """Return generation_config.json, over what config.json has of the same settings."""
    settings: dict[str, Any] = {}
    for name in ("config.json", "generation_config.json"):
        if (folder / name).is_file():
            loaded = json.loads((folder / name).read_text(encoding="utf-8"))
            own = name == "generation_config.json"
            settings |= {key: value for key, value in loaded.items() if own or key in FOLLOWED}
    return settings


def tell_generation(folder: Path, start: Sequence[int] | None = None) -> None:
    """Say in one line how a bundle is told what the checkpoint asks for, as it keeps no settings itself.

    Args:
        folder: Holds generation_config.json, or config.json with the same settings.
        start: Tokens that an answer begins with, where the tokenizer says more of them.
    """
    settings = read_settings(folder)
    if start is not None:
        settings["decoder_start_token_id"] = ",".join(map(str, start))
    flags, others = generation_flags(settings), left_out(settings)
    if flags:
        warnings.warn(
            f"a bundle keeps no generation settings: edgeattn generate ... {' '.join(flags)}", stacklevel=2
        )
    if others:
        warnings.warn(f"generation settings that no bundle follows: {', '.join(others)}", stacklevel=2)


def generation_flags(settings: Mapping[str, Any]) -> list[str]:
    """Return options of ``edgeattn generate`` that ask for the same."""
    start, stops = settings.get("decoder_start_token_id"), settings.get("eos_token_id")
    stop = ",".join(map(str, stops)) if isinstance(stops, list) else stops
    flags = [f"--{name} {value}" for name, value in (("start", start), ("stop", stop)) if value is not None]
    values = {name: settings.get(name) for name in FLAGS}
    if settings.get("do_sample"):  # else the likeliest token is taken
        values |= DRAWN | {name: settings[name] for name in SAMPLING if settings.get(name)}
    for name, value in values.items():
        if value is not None and value != NEUTRAL.get(name):
            word = str(value).lower() if isinstance(value, bool) else value
            flags.append(f"--{name.replace('_', '-')} {word}")
    return flags


def left_out(settings: Mapping[str, Any]) -> list[str]:
    """Return what is asked for beyond these, such as ``no_repeat_ngram_size``."""
    known = FOLLOWED | SILENT | WHISPER
    return [f"{name}={_short(value)}" for name, value in settings.items() if name not in known and value]


def _short(value: Any) -> str:
    """Return a value, or how many there are of a long list."""
    return f"[{len(value)} of them]" if isinstance(value, list) and value[4:] else str(value)
