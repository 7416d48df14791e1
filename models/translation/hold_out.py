"""The pairs that training never draws: `python models/translation/hold_out.py`."""

from __future__ import annotations

import random
from collections.abc import Callable, Container
from itertools import islice

import train
from model import HELD_OUT, Pair
from pairs import LANGUAGES, date_pair, number_pair

Make = Callable[[str, random.Random], Pair]

SEED = 0
EACH = {date_pair: 30, number_pair: 30}  # a language: training is kept from them
MORE = {date_pair: 40, number_pair: 74}  # a language: training does not happen to draw them
WORDS_BELOW = 100  # smaller numbers are the words that the others are made of: never held out


def held_out(each: dict[Make, int], draw: random.Random, known: Container[str]) -> list[Pair]:
    """Return pairs of which no two share a date or a number, none of them `known`, in a mixed order."""
    pairs: dict[str, Pair] = {}
    for language in LANGUAGES:
        for make, number in each.items():
            wanted = len(pairs) + number
            while len(pairs) < wanted:
                pair = make(language, draw)
                if pair.target not in known and (make is date_pair or int(pair.target) >= WORDS_BELOW):
                    pairs.setdefault(pair.target, pair)
    return draw.sample(list(pairs.values()), len(pairs))


def main() -> None:
    """Write the held-out pairs: a language, a source and a target a line."""
    draw = random.Random(SEED)
    pairs = held_out(EACH, draw, ())
    known = {pair.target for pair in pairs}
    for batch in islice(train.batches(random.Random(train.SEED), known.copy()), train.STEPS):
        known.update(pair.target for pair in batch)
    pairs += held_out(MORE, draw, known)
    lines = ["\t".join((pair.language, pair.source, pair.target)) for pair in pairs]
    HELD_OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{HELD_OUT.name}: {len(lines)} pairs")


if __name__ == "__main__":
    main()
