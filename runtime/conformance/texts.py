"""A thousand odd texts, the same on every machine."""

# ruff: noqa: RUF001

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import partial

SEED = 20
COUNT = 1000

SENTENCES = (
    "The quick brown fox jumps over the lazy dog.",
    "She sells sea-shells by the sea shore; isn't that odd?",
    "Le cœur déçu mais l'âme plutôt naïve, Louÿs rêva de crapaüter en canoë.",
    "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich.",
    "El pingüino Wenceslao hizo kilómetros bajo exhaustiva lluvia y frío.",
    "Pchnąć w tę łódź jeża lub ośm skrzyń fig.",
    "Pijamalı hasta yağız şoföre çabucak güvendi. İstanbul, ISPARTA.",
    "Съешь же ещё этих мягких французских булок, да выпей чаю.",
    "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία. ΟΔΥΣΣΕΥΣ",
    "いろはにほへと ちりぬるを わかよたれそ つねならむ",
    "色は匂へど散りぬるを、我が世誰ぞ常ならむ。",
    "東京都の天気は晴れ、気温は25℃です。",
    "我能吞下玻璃而不伤身体。",
    "키스의 고유조건은 입술끼리 만나야 하고 특별한 기술은 필요치 않다.",
    "صِف خَلقَ خَودِ كَمِثلِ الشَمسِ إِذ بَزَغَت",
    "דג סקרן שט בים מאוכזב ולפתע מצא לו חברה",
    "เป็นมนุษย์สุดประเสริฐเลิศคุณค่า",
    "ऋषियों को सताने वाले दुष्ट राक्षसों के राजा रावण का सर्वनाश करने वाले विष्णुवतार भगवान श्रीराम",
    "def f(x): return {'a': [x**2 for _ in range(10)]}  # O(n)",
    "https://example.org/path?query=1&other=%20#fragment user@example.org",
    "3.14159 + 1,000,000 - 2e10 = ½ × ⅓ ÷ ∞ (≈ 50 %)",
    "Tel. +49 (0)30 123-4567, 24.11.2026, 13:05:38, $9.99 / €8,50 / ¥900",
)
EMOJI = ("😀", "👍🏽", "👩‍👩‍👧‍👦", "🇯🇵", "🇩🇪", "❤️", "❤", "🏴‍☠️", "1️⃣", "🤷🏿‍♂️", "⚽", "☃")
CONTROLS = (*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0)))
SPACES = " \t\n\r\v\f\u00a0\u1680\u2003\u2009\u2028\u2029\u202f\u205f\u3000"
UNSEEN = "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2060\u2066\ufe0f\ufeff"
MARKS = "\u0300\u0301\u0302\u0303\u0308\u030a\u0323\u0327\u0328\u0345\u05b0\u064e\u093f\u0e31\u20dd\u3099"
STRANGE = "\ufffd\ufffe\uffff\U0001ffff\ue000\U000f0000\U0010ffff\u0378"
FOLDED = "ﬁﬂﬃßẞŉǰΐİıſKÅΩΣσς①⑩㈱㎏㍿Ⅷⅷªº²₂ｱｲｳﾞＡｂｃ１２３！？﷽"
TOKENS = ("[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]", "<s>", "</s>", "<unk>", "<pad>", "##ing", "▁", "Ġ")
SCRIPTS = (  # first and last of a range, in hex
    *("21 7E", "A1 FF", "100 17F", "391 3C9", "410 44F", "5D0 5EA", "621 64A", "905 939", "E01 E2E"),
    *("1100 1112", "1E00 1EFF", "2010 2027", "2190 21FF", "2200 22FF", "3041 3096", "30A1 30FA"),
    *("4E00 9FA5", "AC00 D7A3", "FF01 FF9D", "10400 1044F", "1D400 1D44F", "20000 200FF", "1F300 1F5FF"),
)


def texts() -> list[str]:
    """Return the texts: a fixed few, then drawn ones of every kind in turn."""
    draw = random.Random(SEED)
    drawn = [*_fixed()]
    while len(drawn) < COUNT:
        drawn.append(_KINDS[len(drawn) % len(_KINDS)](draw))
    return drawn


def _fixed() -> Iterator[str]:
    yield from ("", " ", "\n", "   \t ", "a", "A", ".", "\0", "\0\0a\0", "\ufeff", "\u200b", "\u0301")
    yield from SENTENCES
    yield from (*CONTROLS, *SPACES, *UNSEEN, *MARKS, *STRANGE, *FOLDED, *EMOJI, *TOKENS)
    yield "e" + "\u0301" * 30
    yield "".join(EMOJI) * 3
    yield "x" * 101  # a word longer than a WordPiece takes
    yield "a" * 300
    yield "ab" * 150 + " " + "東" * 100
    yield " ".join(SENTENCES) * 2


def _piece(draw: random.Random) -> str:
    sentence = draw.choice(SENTENCES)
    start = draw.randrange(len(sentence))
    return sentence[start : start + draw.randrange(1, 40)]


def _of_a_script(draw: random.Random) -> str:
    first, last = (int(end, 16) for end in draw.choice(SCRIPTS).split())
    return "".join(chr(draw.randrange(first, last + 1)) for _ in range(draw.randrange(1, 12)))


def _mixed(draw: random.Random) -> str:
    return "".join(draw.choice((_of_a_script, _piece))(draw)[:8] for _ in range(draw.randrange(2, 5)))


def _marked(draw: random.Random) -> str:
    return "".join(c + draw.choice(MARKS) * draw.randrange(3) for c in _piece(draw))


def _sprinkled(among: tuple[str, ...] | str, draw: random.Random) -> str:
    """Return a piece of a sentence with some of ``among`` between its characters."""
    return "".join(c + draw.choice(among) if draw.random() < 0.2 else c for c in _piece(draw)[:25])


_BETWEEN = (CONTROLS, EMOJI, SPACES + UNSEEN, FOLDED, TOKENS, STRANGE)
_KINDS: tuple[Callable[[random.Random], str], ...] = (
    _piece,
    _of_a_script,
    _mixed,
    _marked,
    *(partial(_sprinkled, among) for among in _BETWEEN),
)
