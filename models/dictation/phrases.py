"""Phrases of a kitchen, a car and a desk, with numbers in words; each belongs to one part of the data."""

from __future__ import annotations

import re
import zlib
from random import Random

from num2words import num2words

TEMPLATES = (
    "set a timer for {number} minutes",
    "wake me up at {hour} {minute}",
    "call {name} {when}",
    "send {name} a message",
    "turn {switch} the {thing} in the {room}",
    "is the {thing} {switch} in the {room}",
    "what is {number} {sign} {number}",
    "remind me to {task} {when}",
    "{task} {when}",
    "add {number} {food} to the list",
    "buy {food} and {food} {when}",
    "how far is it to {place}",
    "take me to {place} {when}",
    "meet {name} in {place} at {hour}",
    "play a {mood} song for {name}",
    "the code is {number}",
    "{number}",
    "{number} {food}",
)
WORDS = {
    "hour": "one two three four five six seven eight nine ten eleven twelve",
    "minute": "fifteen|twenty|thirty|forty five|fifty",
    "name": "anna|peter|mary|david|my mother|my brother|the doctor|the office|laura|george",
    "when": "now|today|tonight|tomorrow|in the morning|in the evening|on monday|on friday|next week|at noon",
    "switch": "on off",
    "thing": "light lamp radio heater fan oven television music",
    "room": "kitchen|bedroom|bathroom|garden|garage|living room|hall",
    "sign": "plus|minus|times",
    "task": "water the plants|feed the cat|pay the bill|wash the car|bake a cake|clean the house|"
    "walk the dog|read the letter",
    "food": "apples|eggs|bread|milk|butter|potatoes|tomatoes|cheese|coffee|sugar",
    "place": "london|paris|the station|the airport|the market|the school|the river|the mountains",
    "mood": "slow|happy|quiet|loud|new|old",
}
CHOICES = {name: re.split(r"\|", words) if "|" in words else words.split() for name, words in WORDS.items()}
DIGITS = 4  # of the longest numbers


def number(draw: Random) -> str:
    """Return a number in words, each length equally likely."""
    digits = draw.randint(1, DIGITS)
    words = num2words(draw.randrange(10 ** (digits - 1) if digits > 1 else 0, 10**digits))
    return " ".join(re.findall("[a-z]+", words))


def phrase(draw: Random) -> str:
    """Return one of the templates, filled."""

    def filled(place: re.Match[str]) -> str:
        return number(draw) if place[1] == "number" else draw.choice(CHOICES[place[1]])

    return re.sub(r"{(\w+)}", filled, draw.choice(TEMPLATES))


def part(said: str) -> str:
    """Return the part of the data that a phrase is in, whoever says it; one in 20 is in "test"."""
    return {0: "test", 1: "validation"}.get(zlib.crc32(said.encode()) % 20, "train")


def phrases(count: int, of: str, draw: Random) -> list[str]:
    """Return `count` phrases `of` a part, none twice."""
    found: dict[str, None] = {}
    while len(found) < count:
        said = phrase(draw)
        if part(said) == of:
            found.setdefault(said)
    return list(found)
