"""Texts of rare and young characters are cut as `tokenizers` cuts them, whatever Unicode the engine knows."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import subprocess
import unicodedata
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models

PREPARE = Path(__file__).parents[3] / "runtime" / "conformance" / "build" / "prepare"
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


def _ids(package: Path, bundle: Path, texts: list[str], folder: Path) -> list[list[int]]:
    """Return the token ids of texts in JavaScript."""
    (folder / "texts.json").write_text(json.dumps(texts), "utf-8")
    script = SCRIPT.format(package=package, bundle=bundle, texts=folder / "texts.json")
    (folder / "texts.mjs").write_text(script, "utf-8")
    run = subprocess.run(["node", folder / "texts.mjs"], capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


@pytest.mark.parametrize("name", ["wordpiece", "bytes", "unigram"])
def test_every_text_has_the_tokens_of_tokenizers(package: Path, tmp_path: Path, name: str) -> None:
    bundle = PREPARE.parent / f"{name}.edge"
    texts = _drawn(1500)
    longest = json.loads((bundle / "manifest.json").read_text("utf-8"))["processing"]["text"]["longest"]
    tokenizer = Tokenizer.from_file(str(bundle / "tokenizer.json"))
    if longest is not None:
        tokenizer.enable_truncation(longest)
    for text, found in zip(texts, _ids(package, bundle, texts, tmp_path), strict=True):
        assert found == tokenizer.encode(text).ids, ascii(text)


def test_ways_to_cut_that_rounding_decides_between(package: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.edge"
    shutil.copytree(PREPARE.parent / "unigram.edge", bundle)
    draw = random.Random(3)
    letters = [chr(code) for code in range(0x4E00, 0x4E00 + 200)]
    scores = [
        (token, draw.random() * -(10.0 ** draw.randint(-9, 2))) for one in letters for token in (one, 2 * one)
    ]
    Tokenizer(models.Unigram([("?", -99.5), *scores], unk_id=0)).save(str(bundle / "tokenizer.json"))
    content = (bundle / "tokenizer.json").read_bytes()
    manifest = json.loads((bundle / "manifest.json").read_bytes())
    manifest["files"]["tokenizer.json"] = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
    }
    (bundle / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    tokenizer = Tokenizer.from_buffer(content)
    texts = [letters[0] + letter * count for letter in letters[1:] for count in range(1, 16, 2)]
    for text, found in zip(texts, _ids(package, bundle, texts, tmp_path), strict=True):
        assert found == tokenizer.encode(text).ids, ascii(text)
