"""How the next token is chosen: repetition penalty, then greedily or by temperature, top-k and top-p."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.decoding.prompt import Tokens
from edgeattn_runtime.decoding.stepper import Logits


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How the next token is chosen, in the order of the fields.

    Attributes:
        repetition_penalty: Makes tokens that were there before, the prompt's too, less likely; 1 does
            nothing.
        temperature: Divides the logits; 0 takes the likeliest token and draws nothing.
        top_k: Keeps this many of the likeliest tokens (Fan et al. 2018, section 5.4); None keeps all.
        top_p: Then keeps the fewest of the likeliest tokens whose mass reaches it: the nucleus (Holtzman et
            al. 2020, section 3.1); None keeps all.
    """

    repetition_penalty: float = 1.0
    temperature: float = 0.0
    top_k: int | None = None
    top_p: float | None = None


def choose(logits: Logits, sampling: Sampling, random: np.random.Generator) -> int:
    """Return the next token by penalized logits, float (vocabulary,).

    ``random`` gives one number per token drawn, none where the temperature is 0.
    """
    if sampling.temperature == 0:
        return int(logits.argmax())  # the lowest token of a tie
    tokens, masses = candidates(logits, sampling)
    cumulated = masses.cumsum()
    return int(tokens[np.searchsorted(cumulated, random.random() * cumulated[-1], side="right")])


def candidates(logits: Logits, sampling: Sampling) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the tokens that may be drawn, likeliest first and of a tie the lowest, and their probabilities.

    The logits are float (vocabulary,), the largest finite; both results are (kept,), probabilities sum to 1.
    """
    ranked = likeliest(logits, sampling.top_k)
    scores = logits[ranked].astype(np.float64)
    with np.errstate(over="ignore"):  # a temperature near 0 leaves the likeliest alone
        masses = np.exp((scores - scores[0]) / sampling.temperature)
    masses /= masses.sum()
    if sampling.top_p is not None:
        count = int(np.searchsorted(masses.cumsum(), sampling.top_p)) + 1
        ranked, masses = ranked[:count], masses[:count]
    return ranked, masses / masses.sum()


def likeliest(logits: Logits, count: int | None) -> NDArray[np.int64]:
    """Return the places of the largest numbers, the largest first and of a tie the first; None is of all."""
    if count is None or count >= len(logits):
        return np.argsort(-logits, kind="stable")
    least = np.partition(logits, -count)[-count]
    above = np.flatnonzero(logits >= least)  # a tie at the end may bring more than count
    return above[np.argsort(-logits[above], kind="stable")][:count]


def log_softmax(logits: Logits) -> NDArray[np.float64]:
    """Return the log-probabilities of rows of logits (rows, vocabulary), each row's largest finite."""
    shifted = logits - logits.max(axis=-1, keepdims=True)  # (R, V)
    total = np.exp(shifted).sum(axis=-1, keepdims=True, dtype=np.float64)  # (R, 1)
    log_probabilities: NDArray[np.float64] = shifted - np.log(total)
    return log_probabilities


def penalized(scores: Logits, tokens: Tokens, penalty: float) -> Logits:
    """Make tokens that came before less likely, as often as they were (Keskar et al. 2019, section 4.1).

    A negative score is multiplied by the penalty, any other divided by it; 1 changes nothing, and copies
    nothing. Scores are (rows, vocabulary), tokens int64 (rows, length).
    """
    if penalty == 1:
        return scores
    values = np.take_along_axis(scores, tokens, axis=-1)  # (R, T)
    changed = scores.copy()
    np.put_along_axis(changed, tokens, np.where(values < 0, values * penalty, values / penalty), axis=-1)
    return changed
