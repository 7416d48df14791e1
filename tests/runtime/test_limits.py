"""What a few kilobytes of a bundle, or an input, must not cost."""

from __future__ import annotations

import json
import re
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unicodedata import normalize

import numpy as np
import pytest
from PIL import Image as Pillow
from tokenizers import Tokenizer
from tokenizers.models import Unigram, WordLevel
from tokenizers.normalizers import (
    NFC,
    NFD,
    NFKC,
    NFKD,
    BertNormalizer,
    ByteLevel,
    Lowercase,
    Normalizer,
    Precompiled,
)

from edgeattn_runtime import BadInput, BundleError, InputError, limits, load
from edgeattn_runtime.fields import Field
from edgeattn_runtime.graph import Tensor
from edgeattn_runtime.manifest import Manifest
from edgeattn_runtime.processing import Audio
from edgeattn_runtime.processing.growth import growth_of
from edgeattn_runtime.processing.image import read_picture
from edgeattn_runtime.processing.log_mel import LogMel
from edgeattn_runtime.processing.pieces import check_pieces

ROOT = Path(__file__).parents[2]

LINEAR = 9.0  # of growth, where sizes grow by 4: the square of it grows by 16

Growth = Callable[[Callable[[], object], Callable[[], object]], float]

# Loads a bundle and prints by how many megabytes the process grew, and how many graphs were opened.
GROWTH = """
import resource, sys
import onnxruntime
import edgeattn_runtime as rt

opened, real = [], onnxruntime.InferenceSession
def counting(*args, **kwargs):
    opened.append(args[0])
    return real(*args, **kwargs)
onnxruntime.InferenceSession = counting
net = rt.load(sys.argv[1])
print(len(opened))
"""


def _edited(bundle: Path, change: Callable[[Any], None]) -> Path:
    manifest = json.loads((bundle / "manifest.json").read_text("utf-8"))
    change(manifest)
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    return bundle


def test_the_specification_states_every_limit() -> None:
    page = (ROOT / "runtime" / "README.md").read_text("utf-8")
    table = page.partition("## Limits")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| [^|]+ \| ([0-9,]+) \| `([^`]+)` \|$", table, re.MULTILINE)
    constants = [value for name, value in vars(limits).items() if name.isupper()]
    assert {int(number.replace(",", "")) for number, _ in rows} == {2**20, *constants}
    assert len({case for _, case in rows}) == len(rows) == table.count("\n| ") - 2  # without the head
    assert all((ROOT / "runtime" / "conformance" / case).is_dir() for _, case in rows)


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [
        ("image", "height", 12_000),
        ("image", "width", 2**53 - 1),
        ("image", "layout", "NCHW"),
        ("image", "channels", "L"),
    ],
)
def test_an_image_is_of_the_graphs_sizes(
    part: str, key: str, value: object, copied: Callable[[str], Path]
) -> None:
    def change(manifest: Any) -> None:
        image = manifest["processing"][part]
        image[key] = value
        for name in ("mean", "std") if key == "channels" else ():
            image[name] = image[name][:1]

    with pytest.raises(BundleError, match=r"processing\.image\.\w+: .* expected by pixels: float32"):
        load(_edited(copied("bicubic"), change))


def test_an_image_of_any_size_has_a_limit(copied: Callable[[str], Path]) -> None:
    def change(manifest: Any) -> None:
        manifest["symbols"] |= {"height": {"min": 1, "max": None}, "width": {"min": 1, "max": None}}
        manifest["graphs"]["model"]["inputs"][0]["dims"][1:3] = ["height", "width"]
        manifest["processing"]["image"] |= {"height": 2**13, "width": 2**12 + 1}

    with pytest.raises(BundleError, match=r"8,192 x 4,097 pixels found, at most 33,554,432"):
        load(_edited(copied("bicubic"), change))


def test_channels_of_sound_are_those_of_the_graph(copied: Callable[[str], Path]) -> None:
    def change(manifest: Any) -> None:
        manifest["processing"]["audio"]["channels"] = 10**9

    with pytest.raises(BundleError, match=r"processing\.audio\.channels: 1,000,000,000 found, 2 expected"):
        load(_edited(copied("stereo"), change))


def _png(path: Path, width: int, height: int, rows: int) -> Path:
    """Write a grey PNG that may say it has more rows than it has."""
    return _written(path, width, height, (b"\0" + b"\xff" * width) * rows, interlaced=False)


def _written(path: Path, width: int, height: int, data: bytes, *, interlaced: bool) -> Path:

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, interlaced))
    levels = chunk(b"IDAT", zlib.compress(data, 9))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + levels + chunk(b"IEND", b""))
    return path


@pytest.mark.parametrize(("rows", "whole"), [(8, True), (7, False), (3, False), (0, False)])
def test_a_png_has_all_of_its_rows(rows: int, whole: bool, tmp_path: Path) -> None:
    path = _png(tmp_path / "x.png", 5, 8, rows)
    if whole:
        assert np.asarray(read_picture(path)).tolist() == [[255] * 5] * 8
    else:
        with pytest.raises(InputError, match=r"x\.png: "):
            read_picture(path)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
@pytest.mark.parametrize("size", [(1, 1), (3, 2), (9, 17), (640, 480)])
def test_a_whole_png_of_every_kind_is_read(mode: str, size: tuple[int, int], tmp_path: Path) -> None:
    Pillow.new(mode, size).save(tmp_path / "x.png")
    if mode in ("LA", "RGBA"):  # transparent: all of it was read, before that was seen
        with pytest.raises(InputError, match="transparent"):
            read_picture(tmp_path / "x.png")
    else:
        assert read_picture(tmp_path / "x.png").size == size


def test_a_whole_interlaced_png_is_read(tmp_path: Path) -> None:
    # The rows of the seven passes over 5 x 5 pixels, by how many of them there are and how long they are.
    passes = ((1, 1), (1, 1), (1, 2), (2, 1), (1, 3), (3, 2), (2, 5))
    data = b"".join((b"\0" + b"\xff" * columns) * rows for rows, columns in passes)
    whole = _written(tmp_path / "whole.png", 5, 5, data, interlaced=True)
    assert np.asarray(read_picture(whole)).tolist() == [[255] * 5] * 5
    with pytest.raises(InputError, match=r"fewer rows than its 5"):
        read_picture(_written(tmp_path / "cut.png", 5, 5, data[:-6], interlaced=True))


def test_pixels_are_counted_before_they_are_decoded(tmp_path: Path) -> None:
    path = _png(tmp_path / "vast.png", 2**13, 2**12 + 1, 1)
    with pytest.raises(InputError, match=r"8,192 x 4,097 pixels found, at most 33,554,432"):
        read_picture(path)


def test_an_image_is_bounded_in_its_first_pass_too(copied: Callable[[str], Path]) -> None:
    def change(manifest: Any) -> None:
        manifest["symbols"] |= {"width": {"min": 1, "max": None}}
        manifest["graphs"]["model"]["inputs"][0]["dims"][2] = "width"
        manifest["processing"]["image"]["width"] = 2**20

    model = load(_edited(copied("bicubic"), change))
    with pytest.raises(InputError, match=r"100 rows found, 32 at most"):
        model.prepare(image=np.zeros((100, 1), np.uint8))


@pytest.mark.parametrize("name", ["x.bmp", "x.gif", "x.tiff", "x.ppm", "x.ico"])
def test_other_files_are_refused(name: str, tmp_path: Path) -> None:
    Pillow.new("RGB", (16, 16)).save(tmp_path / name)
    with pytest.raises(InputError, match="image"):
        read_picture(tmp_path / name)


@pytest.mark.parametrize("name", ["x.png", "x.jpg", "x.webp"])
def test_these_are_read(name: str, tmp_path: Path) -> None:
    Pillow.new("RGB", (16, 16)).save(tmp_path / name)
    assert read_picture(tmp_path / name).size == (16, 16)


def test_a_text_is_bounded(conformance: Path) -> None:
    model = load(conformance / "bytes.edge")
    with pytest.raises(InputError, match=r"text: 1,048,577 bytes found, at most 1,048,576"):
        model.prepare(text="a" * (2**20 + 1))


SEQUENCES = {"normalizer": "normalizers", "pre_tokenizer": "pretokenizers", "decoder": "decoders"}
REPLACE = {"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 2000}
BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
CTC = {"type": "CTC", "pad_token": "[PAD]", "word_delimiter_token": "", "cleanup": True}


def _with_steps(bundle: Path, key: str, *steps: Any) -> Path:
    """Give a tokenizer steps, one after another."""
    path = bundle / "tokenizer.json"
    table = json.loads(path.read_text("utf-8"))
    content = json.dumps({**table, key: {"type": "Sequence", SEQUENCES[key]: steps}}).encode()
    path.write_bytes(content)

    def change(manifest: Any) -> None:
        import hashlib

        digest = hashlib.sha256(content).hexdigest()
        manifest["files"]["tokenizer.json"] = {"sha256": digest, "size": len(content)}

    return _edited(bundle, change)


@pytest.mark.parametrize(
    ("key", "steps", "made"),
    [
        ("normalizer", [REPLACE] * 3, "8,000,000,000"),
        ("normalizer", [{**REPLACE, "pattern": {"Regex": "a*"}}] * 2, "4,004,001"),
        ("normalizer", [{"type": "Prepend", "prepend": "a" * 50_000}, REPLACE], "100,002,000"),
        ("normalizer", [{"type": "NFKD"}, REPLACE] * 2, "484,000,000"),
        ("normalizer", [{"type": "ByteLevel"}] * 40, "1,099,511,627,776"),
        ("pre_tokenizer", [BYTES] * 40, "1,649,267,441,664"),
    ],
)
def test_what_steps_make_of_a_text_is_bounded(
    key: str, steps: list[Any], made: str, copied: Callable[[str], Path]
) -> None:
    model = load(_with_steps(copied("processed"), key, *steps))
    with pytest.raises(InputError, match=f"9 bytes found, at most [0-8] expected .* makes {made} of one"):
        model.prepare(text="the a cat")


@pytest.mark.parametrize(
    ("step", "made"), [(REPLACE, "2,000"), ({"type": "BPEDecoder", "suffix": ""}, "inf"), (CTC, "inf")]
)
def test_what_a_decoder_makes_of_tokens_is_bounded(
    step: Any, made: str, copied: Callable[[str], Path]
) -> None:
    model = load(_with_steps(copied("processed"), "decoder", step))
    with pytest.raises(BundleError, match=rf"{made} bytes of one found, at most 16"):
        model.decode([0])


def test_the_steps_of_a_tokenizer_are_bounded(copied: Callable[[str], Path]) -> None:
    strip = {"type": "Strip", "strip_left": True, "strip_right": True}
    model = load(_with_steps(copied("processed"), "normalizer", *[strip] * 63))  # and a pre-tokenizer
    assert model.prepare(text="cat")["tokens"].tolist() == [[3]]
    model = load(_with_steps(model.files.folder, "normalizer", *[strip] * 64))
    with pytest.raises(BundleError, match="65 steps found, at most 64 expected"):
        model.prepare(text="cat")


def _unigram(token: str) -> Tokenizer:
    return Tokenizer(Unigram([("[UNK]", 0.0), (token, -1.0)], 0))


def _added(token: str) -> Tokenizer:
    made = Tokenizer(WordLevel({}, "a"))
    made.add_tokens([token])
    return made


@pytest.mark.parametrize("made", [_unigram, _added])
def test_a_token_is_bounded(made: Callable[[str], Tokenizer]) -> None:
    check_pieces("x", made("é" * 128))
    with pytest.raises(BundleError, match="x: a token of 257 bytes found, at most 256 expected"):
        check_pieces("x", made("é" * 128 + "a"))


def test_a_map_of_characters_is_bounded_by_its_longest_text() -> None:
    made = Tokenizer(WordLevel({}, "a"))
    # A trie of one unit, then texts.
    trie = struct.pack("<2I", 4, 0)
    made.normalizer = Precompiled(trie + b"bc\0" + "é".encode() * 50 + b"\0")
    assert growth_of(made) == 100


@pytest.mark.parametrize(
    ("form", "most"),
    [
        (NFC(), 3),
        (NFD(), 3),
        (NFKC(), 11),
        (NFKD(), 11),
        (BertNormalizer(), 3),
        (Lowercase(), 1.5),
        (ByteLevel(), 2),
    ],
)
def test_a_form_makes_no_more_bytes_than_is_said(form: Normalizer, most: float) -> None:
    made = Tokenizer(WordLevel({}, "a"))
    made.normalizer = form
    assert growth_of(made) == most
    changed = [c for c in map(chr, range(0x110000)) if normalize("NFKD", c) != c or c.lower() != c] + ["é"]
    whole = [c for c in changed if not "\ud800" <= c <= "\udfff"]
    assert max(len(form.normalize_str(c).encode()) / len(c.encode()) for c in whole) == most


@pytest.mark.parametrize(
    ("change", "at_fault"),
    [
        ({"frame": 2**15 + 1}, "frame"),
        ({"bands": 2**9 + 1}, "bands"),
        ({"frame": 2**12, "hop": 3}, "hop"),
        ({"stack": 2**20}, "stack"),
        ({"hop": 2**22 + 1}, "hop"),
    ],
)
def test_features_of_sound_are_bounded(change: dict[str, int], at_fault: str) -> None:
    table = {"frame": 400, "hop": 160, "bands": 80, "stack": 1, "floor": 1e-5, **change}
    with pytest.raises(BundleError, match=rf"^log_mel\.{at_fault}: "):
        LogMel.from_field(Field("log_mel", table))


def test_rates_are_bounded() -> None:
    with pytest.raises(BundleError, match=r"rate: .* 1 to 1,048,576 expected"):
        Audio.from_field(Field("audio", {"input": "x", "rate": 2**20 + 1, "channels": 1}))


def test_features_of_a_long_sound_are_those_of_its_parts() -> None:
    log_mel = LogMel(frame=4096, hop=4, bands=8, stack=1, floor=1e-5)
    samples = np.random.default_rng(0).uniform(-1, 1, 12_000).astype(np.float32)
    tokens = log_mel.tokens("x", samples, 8000)  # in two blocks
    assert len(tokens) > 2**22 // 4096
    whole = log_mel.tokens("x", samples[:6_000], 8000)  # in one
    for row, other in ((tokens[3], tokens[4]), (tokens[-1], tokens[-2])):
        assert np.corrcoef(row, other)[0, 1] > 0.5  # neighbors share nearly all samples
    assert np.corrcoef(tokens[: len(whole)].ravel(), whole.ravel())[0, 1] > 0.9


def test_variants_are_opened_when_they_are_used(copied: Callable[[str], Path]) -> None:
    bundle = copied("buckets")
    process = subprocess.run(
        [sys.executable, "-c", GROWTH, str(bundle)], capture_output=True, text=True, check=True, timeout=100
    )
    assert process.stdout == "1\n"
    assert len(load(bundle).variants) > 1


def test_many_variants_cost_what_their_text_does(copied: Callable[[str], Path], growth: Growth) -> None:
    manifest = json.loads((copied("good") / "manifest.json").read_text("utf-8"))
    (variant, *_), symbol = manifest["variants"], next(iter(manifest["symbols"]))
    manifest.pop("rows", None)
    variant["stacks"] = []

    def text(count: int) -> str:
        variants = [{**variant, "sizes": {symbol: i + 1}} for i in range(count)]
        return json.dumps({**manifest, "variants": variants})

    few, many = text(500), text(2000)
    assert growth(lambda: Manifest.from_json(few), lambda: Manifest.from_json(many)) < LINEAR


def test_rows_cost_what_their_text_does(good: Path, growth: Growth) -> None:
    path = good / "manifest.json"

    def text(count: int) -> str:
        manifest = json.loads(path.read_text("utf-8"))
        graph, batch = manifest["graphs"]["model"], "batch"
        names = [f"s{i}" for i in range(count)]
        manifest["symbols"] |= {name: {"min": 1, "max": None} for name in (*names, batch)}
        graph["inputs"][0]["dims"] = [batch, *names]
        graph["outputs"][0]["dims"] = [batch, *reversed(names)]
        manifest["rows"] = {"batch": batch, "padding": None}
        manifest["variants"] = [{**manifest["variants"][0], "stacks": [], "sizes": {}}]
        return json.dumps(manifest)

    few, many = text(4000), text(16_000)
    assert growth(lambda: Manifest.from_json(few), lambda: Manifest.from_json(many)) < LINEAR


def test_a_closed_model_says_so(conformance: Path) -> None:
    arrays = {"tokens": np.array([[1, 2]]), "mask": np.ones((1, 2), np.float32)}
    with load(conformance / "good.edge") as model:
        model(**arrays)
    for call in (lambda: model(**arrays), lambda: model.run_many([arrays]), lambda: model.session):
        with pytest.raises(BadInput, match=r"good\.edge: a closed model; load it again"):
            call()


def test_a_closed_model_closes_its_graphs(conformance: Path) -> None:
    model = load(conformance / "several.edge")
    other = model.graph(next(name for name in model.manifest.graphs if name != model.manifest.main_graph))
    model.close()
    with pytest.raises(BadInput, match="a closed model"):
        _ = other.session
    model.close()


@pytest.mark.parametrize("samples", [2**23, 2**23 + 1])
def test_the_samples_of_an_input_are_bounded(samples: int) -> None:
    audio = Audio(input="x", rate=16000, channels=2)
    inputs = {"x": Tensor("x", "float32", ("batch", 2, samples))}
    if samples == 2**23:
        audio.check(inputs)
    else:
        with pytest.raises(BundleError, match=r"2 x 8,388,609 samples found, at most 16,777,216 expected"):
            audio.check(inputs)


def test_no_source_of_the_core_hides_a_limit() -> None:
    """Several sources are compiled as one: a constant of the same name, nearer, would be taken."""
    sources = ROOT / "runtime" / "cpp" / "src"
    constant = re.compile(r"^\s*(?:static |inline )*constexpr \S+ (kMost\w+)", re.MULTILINE)
    limited = set(constant.findall((sources / "limits.hpp").read_text("utf-8")))
    others = [path for path in sources.rglob("*.[ch]pp") if path.name != "limits.hpp"]
    found = {name for path in others for name in constant.findall(path.read_text("utf-8"))}
    assert len(limited) == 12
    assert "kMostSteps" in found
    assert limited & found == set()
