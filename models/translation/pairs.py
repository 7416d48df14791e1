"""Dates and numbers as seven languages write them."""

from __future__ import annotations

import random
from datetime import date, timedelta

from babel.dates import format_date
from model import Pair
from num2words import num2words

LANGUAGES = ("de", "en", "es", "fr", "it", "nl", "ru")
STYLES = ("full", "long", "medium")  # CLDR's "short" is left out: 11/12/26 is two days
FIRST, LAST = date(1900, 1, 1), date(2099, 12, 31)
DIGITS = 6  # of the longest numbers


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
