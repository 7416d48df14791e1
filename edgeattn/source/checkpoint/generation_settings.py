"""Generation settings: a checkpoint's generation_config.json in the words of ``edgeattn generate``."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FLAGS = ("num_beams", "repetition_penalty", "length_penalty", "early_stopping", "max_new_tokens")
SAMPLING = ("temperature", "top_k", "top_p")  # which count where do_sample is set
NEUTRAL = {
    "num_beams": 1,
    "repetition_penalty": 1.0,
    "length_penalty": 1.0,
    "early_stopping": False,
    "top_p": 1.0,
}
KNOWN = {*FLAGS, *SAMPLING, "eos_token_id", "decoder_start_token_id", "do_sample"}
# Of a reader's own, or with no effect on the tokens.
PASSED_OVER = {
    "bos_token_id",
    "pad_token_id",
    "do_sample",
    "transformers_version",
    "use_cache",
    "max_length",
} | {
    "eos_token_id",
    "decoder_start_token_id",
    "_from_model_config",
    "output_attentions",
    "output_hidden_states",
    "return_dict_in_generate",
}


def tell_generation(folder: Path) -> None:
    """Say in one line how a bundle is told what the checkpoint asks for, as it keeps no settings itself.

    Args:
        folder: Holds generation_config.json, or config.json with the same settings.
    """
    settings: dict[str, Any] = {}
    for name in ("config.json", "generation_config.json"):
        if (folder / name).is_file():
            loaded = json.loads((folder / name).read_text(encoding="utf-8"))
            keys = (*FLAGS, *SAMPLING, "eos_token_id", "decoder_start_token_id", "do_sample")
            settings |= (
                loaded if name == "generation_config.json" else {k: loaded[k] for k in keys if k in loaded}
            )
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
        values |= {"temperature": 1.0} | {name: settings[name] for name in SAMPLING if settings.get(name)}
    for name, value in values.items():
        if value is not None and value != NEUTRAL.get(name):
            word = str(value).lower() if isinstance(value, bool) else value
            flags.append(f"--{name.replace('_', '-')} {word}")
    return flags


def left_out(settings: Mapping[str, Any]) -> list[str]:
    """Return what is asked for beyond these, such as ``no_repeat_ngram_size``."""
    followed = KNOWN | PASSED_OVER
    return [f"{name}={value}" for name, value in settings.items() if name not in followed and value]
