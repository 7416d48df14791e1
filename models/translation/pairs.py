"""Dates and numbers as seven languages write them; those held out: `python models/translation/pairs.py`."""

from __future__ import annotations

import random
from datetime import date, timedelta

from babel.dates import format_date
from model import HELD_OUT, Pair
from num2words import num2words

SEED = 0
EACH = 30  # held-out dates a language, and as many numbers
LANGUAGES = ("de", "en", "es", "fr", "it", "nl", "ru")
STYLES = ("full", "long", "medium")  # CLDR's "short" is left out: 11/12/26 is two days
FIRST, LAST = date(1900, 1, 1), date(2099, 12, 31)
DIGITS = 6  # of the longest numbers
WORDS_BELOW = 100  # smaller numbers are the words that the others are made of: never held out


def date_pair(language: str, draw: random.Random) -> Pair:
    """Return a day of two centuries, such as "mardi 24 novembre 2026", and its ISO 8601 form."""
    day = FIRST + timedelta(days=draw.randint(0, (LAST - FIRST).days))
    written = format_date(day, draw.choice(STYLES), locale=language)
    return Pair(language, written.replace("\N{NARROW NO-BREAK SPACE}", " "), day.isoformat())


def number_pair(language: str, draw: random.Random) -> Pair:
    """Return a number such as "zweihundertdreiundvierzig", each length equally likely, and its digits."""
    length = draw.randint(1, DIGITS)
    number = draw.randrange(10 ** (length - 1) if length > 1 else 0, 10**length)
    return Pair(language, num2words(number, lang=language), str(number))


def held_out(draw: random.Random) -> list[Pair]:
    """Return pairs of which no two share a date or a number, in a mixed order."""
    pairs: dict[str, Pair] = {}
    for language in LANGUAGES:
        for make in (date_pair, number_pair):
            wanted = len(pairs) + EACH
            while len(pairs) < wanted:
                pair = make(language, draw)
                if make is date_pair or int(pair.target) >= WORDS_BELOW:
                    pairs.setdefault(pair.target, pair)
    return draw.sample(list(pairs.values()), len(pairs))


def main() -> None:
    """Write the held-out pairs: a language, a source and a target a line."""
    lines = ["\t".join((pair.language, pair.source, pair.target)) for pair in held_out(random.Random(SEED))]
    HELD_OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{HELD_OUT.name}: {len(lines)} pairs")


if __name__ == "__main__":
    main()
