"""Records unicode_tables.inc: what `tokenizers` knows of every code point.

    python runtime/cpp/src/text/record_unicode.py    # needs edgeattn[text]

Behind one tokenizer.json stand several crates, each with a Unicode version of its own, from 8 to 17. So every
property is asked of `tokenizers` itself. Only what no version of Unicode may change is taken from Python: the
value of a combining class, and the two characters that a composition is made of.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tokenizers import Regex, normalizers, pre_tokenizers

TABLES = Path(__file__).parent / "unicode_tables.inc"
POINTS = [point for point in range(0x110000) if not 0xD800 <= point < 0xE000]
CATEGORIES = (
    *(
        "Lu",
        "Ll",
        "Lt",
        "Lm",
        "Lo",
        "Mn",
        "Mc",
        "Me",
        "Nd",
        "Nl",
        "No",
        "Pc",
        "Pd",
        "Ps",
        "Pe",
        "Pi",
        "Pf",
        "Po",
    ),
    *("Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Co"),
)
HANGUL = range(0xAC00, 0xD7A4)  # composed and decomposed by arithmetic


def main() -> None:
    """Write the tables."""
    clean = normalizers.BertNormalizer(True, False, False, False).normalize_str
    marks = normalizers.BertNormalizer(False, False, True, False).normalize_str
    flags = {
        "kSpaces": [p for p in POINTS if _splits(pre_tokenizers.WhitespaceSplit(), p)],
        "kOthers": [p for p in POINTS if p not in (0, 0xFFFD) and clean(f"a{chr(p)}b") == "ab"],
        "kNonspacingMarks": [p for p in POINTS if marks(f"a{chr(p)}b") == "ab"],
        "kMarks": [p for p in POINTS if normalizers.StripAccents().normalize_str(f"a{chr(p)}b") == "ab"],
        "kPunctuation": [p for p in POINTS if _splits(pre_tokenizers.Punctuation(), p)],
        "kNumbers": [p for p in POINTS if _splits(pre_tokenizers.Digits(True), p)],
        "kWords": [p for p in POINTS if not _splits(pre_tokenizers.Whitespace(), p)],
        "kExpressionWords": sorted(_matching(r"\w")),
        "kHan": sorted(_matching(r"\p{Han}")),
        "kExtenders": [p for p in POINTS if _clusters(f"a{chr(p)}") == 1],
        "kPrependers": [p for p in POINTS if _clusters(f"{chr(p)}a") == 1],
        "kPictographs": [p for p in POINTS if _clusters(f"\xa9\u200d{chr(p)}") == 1],
    }
    lines = ["// Written by record_unicode.py."]
    for name, points in flags.items():
        lines += _array(f"constexpr Range {name}[]", (f"{{{a:#x},{b:#x}}}" for a, b in _ranges(points)))
    categories = [
        (a, b, name) for name in CATEGORIES for a, b in _ranges(sorted(_matching(rf"\p{{{name}}}")))
    ]
    lines += _array(
        "constexpr CategoryRange kCategories[]", (f"{{{a:#x},{b:#x},k{c}}}" for a, b, c in sorted(categories))
    )
    classes = [(p, unicodedata.combining(chr(p))) for p in POINTS if _is_reordered(p)]
    lines += _array("constexpr CombiningClass kCombiningClasses[]", (f"{{{p:#x},{c}}}" for p, c in classes))
    canonical = dict(_changed(normalizers.NFD().normalize_str))
    lines += _mapping("kCanonical", canonical)
    compatible = dict(_changed(normalizers.NFKD().normalize_str))
    lines += _mapping("kCompatible", {p: t for p, t in compatible.items() if canonical.get(p) != t})
    lines += _mapping("kLower", dict(_changed(normalizers.Lowercase().normalize_str)))
    lines += _array(
        "constexpr Composition kCompositions[]",
        (f"{{{a:#x},{b:#x},{p:#x}}}" for a, b, p in sorted(_compositions(canonical))),
    )
    TABLES.write_text("\n".join(lines) + "\n", "ascii", newline="\n")


def _splits(pre_tokenizer: pre_tokenizers.PreTokenizer, point: int) -> bool:
    return [piece for piece, _ in pre_tokenizer.pre_tokenize_str(f"a{chr(point)}a")] != [f"a{chr(point)}a"]


def _matching(expression: str) -> set[int]:
    """Return the code points that an expression matches."""
    split = pre_tokenizers.Split(Regex(expression), "removed", invert=True)
    found = {ord(piece) for piece, _ in split.pre_tokenize_str("".join(map(chr, POINTS)))}
    assert len(found) < len(POINTS)
    return found


def _clusters(text: str) -> int:
    return len(pre_tokenizers.Split(Regex(r"\X"), "isolated").pre_tokenize_str(text))


def _is_reordered(point: int) -> bool:
    """Say whether canonical ordering moves it, before a mark of class 1 or behind one of class 240."""
    order, c = normalizers.NFD().normalize_str, chr(point)
    return unicodedata.combining(c) > 0 and (
        order(f"{c}\u0334") != f"{c}\u0334" or order(f"\u0345{c}")[0] == c
    )


def _changed(change: Callable[[str], str]) -> Iterator[tuple[int, str]]:
    return ((p, t) for p in POINTS if p not in HANGUL and (t := change(chr(p))) != chr(p))


def _compositions(canonical: dict[int, str]) -> Iterator[tuple[int, int, int]]:
    compose = normalizers.NFC().normalize_str
    for point in canonical:
        parts = unicodedata.decomposition(chr(point)).split()
        if len(parts) == 2 and compose("".join(chr(int(part, 16)) for part in parts)) == chr(point):
            yield int(parts[0], 16), int(parts[1], 16), point


def _ranges(points: Iterable[int]) -> list[tuple[int, int]]:
    ranges: list[tuple[int, int]] = []
    for point in points:
        if ranges and ranges[-1][1] == point - 1:
            ranges[-1] = (ranges[-1][0], point)
        else:
            ranges.append((point, point))
    return ranges


def _mapping(name: str, texts: dict[int, str]) -> list[str]:
    """Return a pool of code points, and where the text of each point lies in it."""
    pool: list[str] = []
    places = []
    for point, text in sorted(texts.items()):
        places.append(f"{{{point:#x},{len(pool)},{len(text)}}}")
        pool += (f"{ord(c):#x}" for c in text)
    return [*_array(f"constexpr char32_t {name}Pool[]", pool), *_array(f"constexpr Mapping {name}[]", places)]


def _array(declaration: str, items: Iterable[str]) -> list[str]:
    lines, line = [f"{declaration} = {{"], ""
    for item in items:
        if len(line) + len(item) > 108:
            lines.append(line)
            line = ""
        line += f"{item},"
    return [*lines, line, "};"]


if __name__ == "__main__":
    main()
