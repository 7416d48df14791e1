from __future__ import annotations

import time
from itertools import product
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from edgeattn_runtime import BundleError, InputError
from edgeattn_runtime.fields import Field
from edgeattn_runtime.graph import Tensor
from edgeattn_runtime.processing.encoding import Span, encode
from edgeattn_runtime.processing.pair_template import TRUNCATIONS
from edgeattn_runtime.processing.text import Text, encode_all, prepare_text
from edgeattn_runtime.processing.tokenizer import open_tokenizer

WORDS = ["[PAD]", "[CLS]", "[SEP]", *"abcdefghij"]
ENDS = [("[CLS]", 1), ("[SEP]", 2)]
PLAIN = processors.ByteLevel(trim_offsets=True)
SINGLE = "[CLS] $A [SEP]"
POST_PROCESSORS = {
    "none": None,
    "ByteLevel": PLAIN,
    "Bert": processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1)),
    "Roberta": processors.RobertaProcessing(("[SEP]", 2), ("[CLS]", 1)),
    "template": processors.TemplateProcessing(
        single=SINGLE, pair="[CLS] $A:3 [SEP] $B:1 [SEP]:1", special_tokens=ENDS
    ),
    "turned": processors.TemplateProcessing(single=SINGLE, pair="$B:1 [SEP]:2 $A", special_tokens=ENDS),
    "without a pair": processors.TemplateProcessing(single=SINGLE, special_tokens=ENDS),
    "several": processors.Sequence(
        [PLAIN, processors.TemplateProcessing(single=SINGLE, pair="$A [SEP] $B:1", special_tokens=ENDS)]
    ),
}


def saved(folder: Path, post_processor: processors.PostProcessor | None) -> Path:
    """Save a tokenizer of letters."""
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="?"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents()])
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    if post_processor is not None:
        tokenizer.post_processor = post_processor
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder / "tokenizer.json"


def text_of(truncation: str | None, longest: int | None = None, **more: object) -> Text:
    inputs = {"ids": "ids", "mask": "mask", "types": "types"}
    return Text(tokenizer="tokenizer.json", longest=longest, pair=truncation, **inputs, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("truncation", TRUNCATIONS)
@pytest.mark.parametrize("name", POST_PROCESSORS)
def test_pairs_are_put_together_and_cut_as_tokenizers_does(
    name: str, truncation: str, tmp_path: Path
) -> None:
    path = saved(tmp_path, POST_PROCESSORS[name])
    reference = Tokenizer.from_file(str(path))
    texts = [" ".join("abcdefghij"[:count]) for count in (0, 1, 2, 5, 10)]
    for longest in (6, 7, 8, 12, 15, None):
        text = text_of(truncation, longest)
        tokenizer = open_tokenizer(text, path)
        if longest is not None:
            reference.enable_truncation(longest, strategy=truncation)
        else:
            reference.no_truncation()
        for first, second in product(texts, texts):
            try:
                expected = reference.encode(first, second)
            except Exception:  # its only class
                with pytest.raises(InputError, match="give a part of it"):
                    encode(tokenizer, first, second)
                continue
            if expected.ids:
                found = encode(tokenizer, first, second)
                assert (found.ids, found.types) == (expected.ids, expected.type_ids)
                assert found.is_cut == bool(expected.overflowing)


def test_rows_of_pairs_are_padded_together(tmp_path: Path) -> None:
    text = text_of("longest_first")
    inputs = {name: Tensor(name, "int64", ("batch", "sequence")) for name in ("ids", "mask", "types")}
    tokenizer = open_tokenizer(text, saved(tmp_path, POST_PROCESSORS["Bert"]))
    arrays = prepare_text(text, tokenizer, inputs, ["a", "b c"], ["d", "e"])
    assert arrays["ids"].tolist() == [[1, 3, 2, 6, 2, 0], [1, 4, 5, 2, 7, 2]]
    assert arrays["types"].tolist() == [[0, 0, 0, 1, 1, 0], [0, 0, 0, 0, 1, 1]]
    assert arrays["mask"].sum(1).tolist() == [5, 6]


def test_a_span_is_where_a_token_lies_in_its_text(tmp_path: Path) -> None:
    text = text_of("only_second", 9)
    tokenizer = open_tokenizer(text, saved(tmp_path, POST_PROCESSORS["Bert"]))
    (tokens,) = encode_all(text, tokenizer, ["a b"], ["\u00a0c\u0301  d\u0301\u0323 e f"])
    assert tokens.spans() == [
        None,
        *(Span(0, 0, 1), Span(0, 2, 3)),
        None,
        *(Span(1, 1, 3), Span(1, 5, 8), Span(1, 9, 10), Span(1, 11, 12)),
        None,
    ]


def test_long_pairs_take_no_time(tmp_path: Path) -> None:
    text = text_of("longest_first", 16)
    tokenizer = open_tokenizer(text, saved(tmp_path, POST_PROCESSORS["Bert"]))
    start = time.process_time()
    assert len(encode(tokenizer, "a " * 2**18, "b " * 2**18).ids) == 16
    assert time.process_time() - start < 30  # the library's own way is of 10^9 pieces


@pytest.mark.parametrize("pair", ["$A [SEP] $A $B", "$B $A $B"])
def test_a_template_with_a_text_twice_is_the_bundles_fault(pair: str, tmp_path: Path) -> None:
    path = saved(tmp_path, processors.TemplateProcessing(single="$A", pair=pair, special_tokens=ENDS))
    open_tokenizer(text_of(None), path)
    with pytest.raises(BundleError, match="no template of a pair found"):
        open_tokenizer(text_of("only_first"), path)


def test_a_longest_without_room_for_a_pair_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, POST_PROCESSORS["Roberta"])
    open_tokenizer(text_of(None, 4), path)
    with pytest.raises(BundleError, match="more than the 4 special tokens"):
        open_tokenizer(text_of("only_first", 4), path)


def test_what_is_no_pair_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, POST_PROCESSORS["Bert"])
    pairs, singles = text_of("longest_first"), text_of(None)
    with pytest.raises(InputError, match="text: a single one found, a pair expected"):
        encode_all(pairs, open_tokenizer(pairs, path), ["a"])
    with pytest.raises(InputError, match="pair: 1 found, as many as the 2 texts expected"):
        encode_all(pairs, open_tokenizer(pairs, path), ["a", "b"], ["c"])
    with pytest.raises(InputError, match="pair: int found, a str expected"):
        encode_all(pairs, open_tokenizer(pairs, path), ["a"], [7])
    with pytest.raises(InputError, match="pair: found, a single text expected"):
        encode_all(singles, open_tokenizer(singles, path), ["a"], ["c"])


def test_a_prompt_is_put_before_a_text(tmp_path: Path) -> None:
    text = text_of(None, prompts={"query": "j ", "passage": ""}, default_prompt="query")
    tokenizer = open_tokenizer(text, saved(tmp_path, POST_PROCESSORS["Bert"]))
    rows = [encode_all(text, tokenizer, ["a"], prompt=name)[0].ids for name in (None, "query", "passage", "")]
    assert rows == [[1, 12, 3, 2]] * 2 + [[1, 3, 2]] * 2
    with pytest.raises(InputError, match="prompt: 'document' found, one of query, passage expected"):
        encode_all(text, tokenizer, ["a"], prompt="document")
    with pytest.raises(InputError, match="prompt: 'query' found, none expected"):
        text_of(None).prompt("query")


TABLE = {"tokenizer": "tokenizer.json", "ids": "ids", "mask": None, "types": None, "longest": 7}


def test_the_manifest_holds_pairs_and_prompts() -> None:
    more = {
        "pair": {"truncation": "only_second"},
        "prompts": {"query": "Find:\n", "document": ""},
        "default_prompt": "query",
    }
    for table in (TABLE, TABLE | more):
        assert Text.from_field(Field("text", table)).to_table() == table
    words = str(Text.from_field(Field("text", TABLE | more)))
    assert words == "pairs of texts by tokenizer.json into ids, 7 tokens at most; prompts query, document"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"pair": {"truncation": "longest"}}, 'pair.truncation: "longest" found, one of longest_first, only'),
        ({"pair": "longest_first"}, "pair: "),
        ({"pair": {}}, "pair.truncation: missing"),
        ({"prompts": {}}, "prompts: {} found, at least one prompt expected"),
        ({"prompts": {"q": 1}}, "prompts.q: 1 found, a text expected"),
        ({"prompts": {"q": "\ud800"}}, "prompts.q: "),
        ({"prompts": {"q": ""}, "default_prompt": "p"}, 'default_prompt: "p" found, one of prompts expected'),
        ({"default_prompt": "p"}, "default_prompt: "),
    ],
)
def test_what_breaks_a_rule_of_the_manifest_is_refused(more: dict[str, object], message: str) -> None:
    with pytest.raises(BundleError, match=message):
        Text.from_field(Field("text", TABLE | more))
