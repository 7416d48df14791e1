"""Texts of rare and young characters are cut as `tokenizers` cuts them, whatever Unicode the engine knows."""

from __future__ import annotations

import json
import random
import subprocess
import unicodedata
from pathlib import Path

import pytest
from tokenizers import Tokenizer

PREPARE = Path(__file__).parents[3] / "runtime" / "conformance" / "prepare"
SCRIPT = """
import {{ readFile }} from 'node:fs/promises';
import {{ load }} from '{package}/dist/index.js';

console.warn = () => {{}};
const model = await load('{bundle}');
const {{ ids, mask }} = model.manifest.processing.text;
const texts = JSON.parse(await readFile('{texts}', 'utf-8'));
const found = texts.map((text) => {{
  const inputs = model.prepare({{ text }});
  return Array.from(inputs[ids].data, Number);
}});
console.log(JSON.stringify(found));
"""
# What JavaScript takes for signs and BERT's steps for letters; the other way round; and forms of letters.
RARE = (
    "\u061d\u0897\u2e52\u1ae0\U00011070\U0001e944\U0001e95e\u166d\U000111c9\u1734\ua7f2\U000107a5\U0001fbf0"
)
KNOWN = (
    *("the", "cat", "Übermut", "\ua000\ua001", "don't", "İstanbul", "\u03a3\u0391\u03a3", "e\u0301"),
    *("\uff46\uff55\uff4c\uff4c", "한국", "日本", "\U00020000", "😀"),
)


def _drawn(count: int) -> list[str]:
    """Return texts of known words and of any characters, those of RARE as often as all others."""
    draw = random.Random(5)
    signs = [chr(code) for code in range(0x20, 0x20000) if unicodedata.category(chr(code))[0] in "LMNPS"]

    def word() -> str:
        return draw.choice([draw.choice(KNOWN), draw.choice(RARE), draw.choice(signs)])

    return [
        " ".join("".join(word() for _ in range(draw.randint(1, 4))) for _ in range(draw.randint(1, 4)))
        for _ in range(count)
    ]


@pytest.mark.parametrize("name", ["wordpiece", "bytes", "unigram"])
def test_every_text_has_the_tokens_of_tokenizers(package: Path, tmp_path: Path, name: str) -> None:
    bundle = PREPARE.parent / f"{name}.edge"
    texts = _drawn(1500)
    longest = json.loads((bundle / "manifest.json").read_text("utf-8"))["processing"]["text"]["longest"]
    tokenizer = Tokenizer.from_file(str(bundle / "tokenizer.json"))
    if longest is not None:
        tokenizer.enable_truncation(longest)
    (tmp_path / "texts.json").write_text(json.dumps(texts), "utf-8")
    script = SCRIPT.format(package=package, bundle=bundle, texts=tmp_path / "texts.json")
    (tmp_path / "texts.mjs").write_text(script, "utf-8")
    run = subprocess.run(["node", tmp_path / "texts.mjs"], capture_output=True, text=True, check=True)
    for text, found in zip(texts, json.loads(run.stdout), strict=True):
        assert found == tokenizer.encode(text).ids, ascii(text)
