"""Draw samples.tsv from four texts in the public domain; README.md says which Debian packages bring them.

`python models/sentence/collect.py FOLDER`, where FOLDER holds the unpacked packages.
"""

from __future__ import annotations

import gzip
import html
import random
import re
import sys
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from model import HERE, tokenizer

SEED = 17
LENGTHS = (5, 12, 24, 48, 80, 129)  # tokens: as many texts are drawn between each two
PER_LENGTH = 11
QUESTIONS = 5
FEWEST_WORDS = 3  # in small letters: headings have none
LONGEST = 900  # characters: the tokenizer cuts what exceeds 128 tokens, but a page is no sample

PLAIN_QUOTES = {0x201C: '"', 0x201D: '"', 0x2018: "'", 0x2019: "'"}  # from curly ones

GO = Path("usr/share/gocode/src/github.com")
SQLITE_PAGES = "about appfileformat faq flextypegood howtocorrupt isolation testing wal whentouse whynotgit"
SENTENCE_END = re.compile(r"(?<=[a-z]{3}[.?!]) +(?=[\"'A-Z])")  # not after Mr. or Rev.
PROSE = re.compile(r"[\"'A-Z][^_{}|<>\[\]=*/\\@#~^]*[.?!][\"']?")  # no markup, tables, formulas or addresses


def sawyer(folder: Path) -> list[str]:
    """Return five chapters of Tom Sawyer (Mark Twain 1876), the school and the church: narrative and talk."""
    text = (folder / GO / "klauspost/compress/testdata/Mark.Twain-Tom.Sawyer.txt").read_text(encoding="ascii")
    chapters = re.split(r"^CHAPTER [IVXL]+$", text, flags=re.MULTILINE)
    return "".join(chapters[3:6] + chapters[7:9]).split("\n\n")


def opticks(folder: Path) -> list[str]:
    """Return the paragraphs of the Opticks (Isaac Newton, 4th edition 1730): science."""
    text = (folder / GO / "andybalholm/brotli/testdata/Isaac.Newton-Opticks.txt").read_text(encoding="utf-8")
    body = text[text.index("THE FIRST BOOK OF OPTICKS") :]
    return body.replace("_", "").split("\n\n")  # italics are marked _so_


def jargon(folder: Path) -> list[str]:
    """Return the definitions of the Jargon File (version 4.4.7, 2003): an encyclopedia of hackers' words."""
    text = gzip.decompress((folder / "usr/share/dictd/jargon.dict.dz").read_bytes()).decode("utf-8")
    entries = text[text.index("\n", text.index("Alderson loop")) :]  # what comes before describes the file
    plain = re.sub(r"\{([^{}]*?)\s*\}", r"\1", entries)  # another entry's name is marked {so}
    plain = re.sub(r"\b(See|See also|Compare) [^.]*\.", "", plain)  # a list of names is no sentence
    return [paragraph for paragraph in plain.split("\n\n") if paragraph.startswith("    ")]


def sqlite(folder: Path) -> list[str]:
    """Return the paragraphs of SQLite's manual (version 3.46): technical."""
    pages = [folder / f"usr/share/doc/sqlite3/{page}.html" for page in SQLITE_PAGES.split()]
    marked = "".join(page.read_text(encoding="utf-8") for page in pages)
    paragraphs = re.findall(r"<p>(.*?)</?(?:p|[uod]l|li|div|pre|table|h\d|blockquote)\b", marked, re.DOTALL)
    return [re.sub(r"^\(\d+\)", "", html.unescape(re.sub(r"<[^>]*>", "", each))) for each in paragraphs]


def is_prose(passage: str) -> bool:
    """Tell a whole sentence or paragraph from headings, tables, code and halves of a quotation."""
    if not PROSE.fullmatch(passage) or len(passage) > LONGEST:
        return False
    closed = passage.count('"') % 2 == 0 and passage.count("(") == passage.count(")")
    return closed and len(re.findall(r"\b[a-z]{2,}\b", passage)) >= FEWEST_WORDS


def passages(paragraphs: list[str]) -> list[str]:
    """Return the paragraphs that are prose and the sentences in them, each once, blanks made single."""
    flat = [" ".join(paragraph.split()).translate(PLAIN_QUOTES) for paragraph in paragraphs]
    parts = [part for paragraph in flat for part in (paragraph, *SENTENCE_END.split(paragraph))]
    return [part for part in dict.fromkeys(parts) if is_prose(part)]


def add(drawn: list[str], texts: Iterable[str], count: int) -> None:
    """Append to `drawn` the first `count` of `texts` that share no sentence with it or each other."""
    for text in texts:
        if count and not any(text in other or other in text for other in drawn):
            drawn.append(text)
            count -= 1


def draw(texts: list[str], rng: random.Random) -> list[str]:
    """Return some questions, then as many texts of each length."""
    pieces = tokenizer()
    lengths = {text: len(pieces.encode(text).ids) for text in rng.sample(texts, len(texts))}
    drawn: list[str] = []
    add(drawn, (text for text in lengths if text.endswith("?")), QUESTIONS)
    for low, high in pairwise(LENGTHS):
        add(drawn, (text for text, length in lengths.items() if low <= length < high), PER_LENGTH)
    return drawn


def main() -> None:
    """Write samples.tsv: a source and a text a line."""
    folder, rng = Path(sys.argv[1]), random.Random(SEED)
    rows = [
        f"{read.__name__}\t{text}\n"
        for read in (sawyer, opticks, jargon, sqlite)
        for text in draw(passages(read(folder)), rng)
    ]
    (HERE / "samples.tsv").write_text("".join(rows), encoding="utf-8")
    print(f"{len(rows)} texts")


if __name__ == "__main__":
    main()
