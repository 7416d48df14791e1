from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from edgeattn_runtime import BundleError, InputError, Model, load
from edgeattn_runtime.graph import Tensor
from edgeattn_runtime.processing.text import Text, prepare_text
from edgeattn_runtime.processing.tokenizer import open_tokenizer

TEXT = Text(tokenizer="tokenizer.json", ids="ids", mask="mask", types="types", longest=5)
INPUTS = {
    name: Tensor(name, dtype, ("batch", "sequence"))
    for name, dtype in (("ids", "int32"), ("mask", "bool"), ("types", "int64"))
}


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tokenizer of letters between [CLS], of type 2, and [SEP]; it pads and cuts by itself."""
    vocabulary = {word: i for i, word in enumerate(["[PAD]", "[CLS]", "[SEP]", *"abcdefghij"])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:2 $A:0 [SEP]:0", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    tokenizer.enable_padding(length=9)
    tokenizer.enable_truncation(4)
    path = tmp_path_factory.mktemp("words") / "tokenizer.json"
    tokenizer.save(str(path))
    return path


def test_rows_are_padded_and_in_the_dtypes_of_their_inputs(words: Path) -> None:
    arrays = prepare_text(TEXT, open_tokenizer(TEXT, words), INPUTS, ["a b", "c", ""])
    assert {name: array.dtype.name for name, array in arrays.items()} == {
        name: tensor.dtype for name, tensor in INPUTS.items()
    }
    assert arrays["ids"].tolist() == [[1, 3, 4, 2], [1, 5, 2, 0], [1, 2, 0, 0]]
    assert arrays["mask"].astype(int).tolist() == [[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 0, 0]]
    assert arrays["types"].tolist() == [[2, 0, 0, 0]] * 3


def test_the_last_tokens_are_cut_and_special_ones_kept(words: Path) -> None:
    with pytest.warns(UserWarning, match=r"1 of 2 .*5 tokens"):
        arrays = prepare_text(TEXT, open_tokenizer(TEXT, words), INPUTS, ["a b c d e", "a b c"])
    assert arrays["ids"].tolist() == [[1, 3, 4, 5, 2]] * 2


def test_the_warning_is_of_the_line_that_called(conformance: Path) -> None:
    model = load(conformance / "wordpiece.edge")
    with pytest.warns(UserWarning, match="cut") as caught:
        model.prepare(text="word " * 30)
    assert caught[0].filename == __file__


@pytest.mark.parametrize("longest", [1, 2])
def test_a_longest_that_leaves_no_room_is_the_bundles_fault(longest: int, words: Path) -> None:
    text = Text(tokenizer="tokenizer.json", ids="ids", mask=None, types=None, longest=longest)
    with pytest.raises(BundleError, match="2 special tokens"):
        open_tokenizer(text, words)


def test_a_tokenizer_that_is_none_is_the_bundles_fault(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(BundleError, match=r"tokenizer\.json: "):
        open_tokenizer(TEXT, tmp_path / "tokenizer.json")


@pytest.mark.parametrize("raw", [b"a", 7, None, ["a"], "a \ud800", "z"])
def test_what_is_no_text_is_refused(raw: object, words: Path) -> None:
    tokenizer = open_tokenizer(TEXT, words)
    with pytest.raises(InputError, match="text: "):
        prepare_text(TEXT, tokenizer, INPUTS, ["a", raw])


def test_texts_that_need_a_mask_are_refused_without_one(conformance: Path) -> None:
    model = load(conformance / "bytes.edge")
    assert model.prepare(text=("x", "y"))["ids"].shape[0] == 2
    with pytest.raises(InputError, match="mask"):
        model.prepare(text=["a", "a longer one"])


@pytest.fixture(scope="module")
def pieces(conformance: Path) -> Model:
    return load(conformance / "wordpiece.edge")


def test_tokens_become_text_without_special_ones(pieces: Model) -> None:
    assert pieces.decode(pieces.prepare(text="Hello there")["ids"][0]) == "hello there"
    assert pieces.decode([]) == ""
    assert pieces.decode(iter(np.array([2, 3]))) == ""


@pytest.mark.parametrize("tokens", [[-1], [2**40], ["a"], [1.7], [None], 7])
def test_what_are_no_tokens_is_refused(tokens: list[int], pieces: Model) -> None:
    with pytest.raises(InputError, match=re.escape(repr(tokens))):
        pieces.decode(tokens)


def test_a_bundle_without_a_tokenizer_says_so(conformance: Path) -> None:
    model = load(conformance / "good.edge")
    with pytest.raises(InputError, match="text"):
        model.decode([1])
    with pytest.raises(InputError, match="nothing"):
        model.prepare()


@pytest.mark.parametrize("merge", [["a", "\u0120b"], "a \u0120b"])
def test_merges_that_would_abort_the_process_are_refused(merge: object, tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    bpe = models.BPE({"a": 0, "\u0120b": 1, "a\u0120b": 2}, [("a", "\u0120b")])
    Tokenizer(bpe).save(str(path))
    open_tokenizer(TEXT, path)
    table = json.loads(path.read_text("utf-8"))
    table["model"] |= {"continuing_subword_prefix": "o", "merges": [merge]}
    path.write_text(json.dumps(table), "utf-8")
    with pytest.raises(BundleError, match="a merge with"):
        open_tokenizer(TEXT, path)


def test_a_tokenizer_with_a_key_twice_or_other_bytes_is_refused(words: Path, tmp_path: Path) -> None:
    content = words.read_bytes()
    twice = content.replace(b'"unk_token"', b'"type": "WordLevel", "unk_token"')
    for changed in (twice, content.replace(b"[CLS]", b"[CL\xff]")):
        assert changed != content
        with pytest.raises(BundleError, match=r"stands twice|not UTF-8"):
            open_tokenizer(TEXT, tmp_path / "tokenizer.json", changed)
