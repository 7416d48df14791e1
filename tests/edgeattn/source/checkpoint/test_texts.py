from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import folders
import numpy as np
import pytest
import sample_files
import torch
import transformers

from edgeattn.source.arguments import read_source
from edgeattn.source.module import ModuleSource
from edgeattn.source.own_processing import OwnProcessing
from edgeattn_runtime.graph import Graph, Tensor
from edgeattn_runtime.processing.answer_span import AnswerSpan
from edgeattn_runtime.processing.classes import Classes
from edgeattn_runtime.processing.preparation import Preparation
from edgeattn_runtime.processing.tags import Tags


def read(folder: Path, rows: Sequence[Mapping[str, Any]]) -> ModuleSource:
    return read_source(str(folder), sample_files.jsonl(folder.parent / "x.jsonl", rows))


def metric_of(source: ModuleSource) -> float:
    """The mean of a source's metric over its samples, by its own module."""
    values = [source.metric(folders.answer(source, sample.inputs), sample.target) for sample in source.read()]
    assert np.isfinite(values).all()
    return float(np.mean(values))


def prepared(own: OwnProcessing) -> Preparation:
    """Return what a device prepares texts of a BERT by."""
    names = ("input_ids", "token_type_ids", "attention_mask")
    graph = Graph(tuple(Tensor(name, "int64", ("batch", "sequence")) for name in names), ())
    return Preparation("net", own.processing, [graph], own.paths.__getitem__)


def pairs_of(source: ModuleSource) -> str | None:
    """Return how a bundle cuts pairs, once it has made of the raw ones what the samples are."""
    samples = source.read()
    raw = tuple(source.processing.raw)
    assert len(raw) == len(samples)
    assert all(each.keys() == {"text", "pair"} for each in raw)
    inputs = tuple(Tensor(name, "int64", ("batch", "sequence")) for name in samples[0].inputs)
    logits = Tensor("logits", "float32", ("batch", 2))
    ends = (Tensor(f"{name}_logits", "float32", ("batch", "sequence")) for name in ("start", "end"))
    source.processing.check("net", Graph(inputs, (logits, *ends)), samples)
    return source.processing.processing.text.pair


def test_a_checkpoint_becomes_what_a_model_file_does(tmp_path: Path, reviews: Path) -> None:
    columns = {"text": "review", "label": "stars"}
    labeled = read_source(str(folders.classifier(tmp_path / "critic")), reviews, columns)
    samples = labeled.read()
    assert (labeled.name, len(samples)) == ("critic", 40)
    assert labeled.dynamic == dict.fromkeys(samples[0].inputs, ("batch", "sequence"))
    assert {"input_ids", "attention_mask"} <= samples[0].inputs.keys()  # older tokenizers give types too
    lengths = [sample.inputs["input_ids"].shape[1] for sample in samples]
    assert (max(lengths), min(lengths) < 10) == (folders.LONGEST, True)
    processing = labeled.processing
    assert processing.processing.labels.names == ("negative", "positive")
    assert processing.processing.prediction == Classes(scores="softmax")
    assert processing.processing.text.longest == folders.LONGEST
    assert len(tuple(processing.raw)) == 40
    share = np.mean([sample.target.item() == 1 for sample in samples])
    likely = metric_of(labeled)
    assert likely in (pytest.approx(share), pytest.approx(1 - share)) or 0 < likely < 1


def test_labels_may_be_numbers_and_may_be_missing(tmp_path: Path) -> None:
    folder = folders.classifier(tmp_path / "critic")
    numbers = [{"text": text, "label": i % 2} for i, text in enumerate(sample_files.texts())]
    found = read(folder, numbers)
    assert [sample.target.item() for sample in found.read()] == [i % 2 for i in range(40)]
    (tmp_path / "x.txt").write_text("\n\n".join(sample_files.texts()), "utf-8")
    assert read_source(str(folder), tmp_path / "x.txt").metric is None


def test_a_regression_is_judged_by_its_error(tmp_path: Path) -> None:
    folder = folders.bert(tmp_path / "stars", "ForSequenceClassification", num_labels=1)
    rows = [{"text": text, "label": i / 10} for i, text in enumerate(sample_files.texts())]
    found = read(folder, rows)
    assert metric_of(found) < -1
    assert found.processing.processing.labels is None


def test_labels_that_do_not_exclude_each_other_are_scored_each_by_itself(
    tmp_path: Path, reviews: Path
) -> None:
    many = {"num_labels": 3, "problem_type": "multi_label_classification"}
    folder = folders.bert(tmp_path / "topics", "ForSequenceClassification", **many)
    found = read_source(str(folder), reviews, {"text": "review"})
    assert found.processing.processing.prediction == Classes(scores="sigmoid")


@pytest.mark.parametrize("strategy", [None, "LongestFirst", "OnlyFirst"])
def test_pairs_are_cut_as_the_checkpoint_says(strategy: str | None, tmp_path: Path) -> None:
    folder = folders.classifier(tmp_path / "critic")
    file = folder / "tokenizer.json"
    cut = {"direction": "Right", "max_length": 9, "strategy": strategy, "stride": 0} if strategy else None
    file.write_text(json.dumps({**json.loads(file.read_text("utf-8")), "truncation": cut}), "utf-8")
    rows = [{"text": text, "pair": "good film", "label": "positive"} for text in sample_files.texts()]
    found = read(folder, rows)
    assert pairs_of(found) == ("only_first" if strategy == "OnlyFirst" else "longest_first")
    metric_of(found)


def test_tokens_are_judged_by_their_entities(tmp_path: Path) -> None:
    tags = ["O", "B-PRAISE", "I-PRAISE"]
    folder = folders.tagger(tmp_path / "tagger")
    rows = [
        {"text": text, "label": ["B-PRAISE" if word in sample_files.PRAISE else "O" for word in text.split()]}
        for text in sample_files.texts()
    ]
    found = read(folder, rows)
    assert 0 <= metric_of(found) < 1
    target = found.read()[0].target
    assert [tags[i] for i in target[target >= 0].tolist()] == rows[0]["label"][: (target >= 0).sum()]


@pytest.mark.filterwarnings("ignore:.*of the tokens of 8 texts are unknown", "ignore:text")
def test_entities_are_those_of_transformers(tmp_path: Path) -> None:
    folder = folders.tagger(tmp_path / "tagger")
    torch.manual_seed(1)
    network = transformers.BertForTokenClassification.from_pretrained(folder)
    torch.nn.init.normal_(network.classifier.weight, std=3)
    network.save_pretrained(folder)
    texts = [f"{text}, ({text.upper()}) naïve!" for text in sample_files.texts()[:8]]
    found = read(folder, [{"text": text} for text in texts])
    own = found.processing
    assert own.processing.prediction == Tags(outside=0)
    preparation = prepared(own)
    expected = transformers.pipeline(
        "token-classification", model=str(folder), aggregation_strategy="first", device="cpu"
    )
    labels = set[str | None]()
    for text in texts:
        logits = folders.answer(found, preparation.inputs(text=text))["logits"].numpy()
        (entities,) = preparation.predictions({"logits": logits}, text=text)
        theirs = [each for each in expected(text) if each["entity_group"] != "O"]
        assert [(each.label, each.text) for each in entities] == [
            (each["entity_group"], text[each["start"] : each["end"]]) for each in theirs
        ]
        assert [each.score for each in entities] == pytest.approx(
            [each["score"] for each in theirs], abs=1e-5
        )
        labels |= {each.label for each in entities}
    assert labels


def test_answers_are_matched_as_words(tmp_path: Path) -> None:
    folder = folders.bert(tmp_path / "reader", "ForQuestionAnswering")
    rows = [
        {"question": "what was", "context": text, "answer": text.split()[1]} for text in sample_files.texts()
    ]
    found = read(folder, rows)
    assert 0 <= metric_of(found) < 1
    assert pairs_of(found) == "only_second"
    sample = found.read()[0]
    spans = sample.target["spans"]
    place = next(i for i, span in enumerate(spans) if span is not None) + 1
    start, end = torch.zeros(2, 1, len(spans)).unbind(0)
    start[0, place] = end[0, place] = 1
    assert found.metric({"start_logits": start, "end_logits": end}, sample.target) == 1


def pipeline_answer(
    tokenizer: Any, question: str, context: str, start: torch.Tensor, end: torch.Tensor
) -> tuple[int, int, float]:
    """Return where an answer begins and ends, and its score, as transformers 4's pipeline finds it.

    Of one window, without aligning it to words: ``select_starts_ends`` and ``decode_spans``.
    """
    encoded = tokenizer(question, context, truncation="only_second", return_offsets_mapping=True)
    masked = torch.tensor([part != 1 for part in encoded.sequence_ids(0)])
    masked[0] = False  # [CLS]
    begins, ends = (torch.where(masked, -10000.0, logits).softmax(-1) for logits in (start, end))
    begins[0] = ends[0] = 0
    shares = torch.outer(begins, ends).triu().tril(14)
    first, last = divmod(int(shares.argmax()), len(ends))
    offsets = encoded["offset_mapping"]
    return offsets[first][0], offsets[last][1], float(shares[first, last])


@pytest.mark.filterwarnings("ignore:.*of the tokens of 8 texts are unknown", "ignore:text")
def test_answers_are_those_of_transformers(tmp_path: Path) -> None:
    folder = folders.bert(tmp_path / "reader", "ForQuestionAnswering")
    torch.manual_seed(1)
    network = transformers.BertForQuestionAnswering.from_pretrained(folder)
    torch.nn.init.normal_(network.qa_outputs.weight, std=3)
    network.save_pretrained(folder)
    rows = [
        {"question": "what was naïve", "context": f"{text}, ({text.upper()}) naïve!"}
        for text in sample_files.texts()[:8]
    ]
    found = read(folder, rows)
    own = found.processing
    assert own.processing.prediction == AnswerSpan(start="start_logits", end="end_logits", longest=15)
    preparation = prepared(own)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    for row in rows:
        asked = {"text": row["question"], "pair": row["context"]}
        outputs = folders.answer(found, preparation.inputs(**asked))
        start, end = (outputs[name][0] for name in ("start_logits", "end_logits"))
        *span, score = pipeline_answer(tokenizer, row["question"], row["context"], start, end)
        logits = {"start_logits": start[None].numpy(), "end_logits": end[None].numpy()}
        ((answer,),) = preparation.predictions(logits, **asked)
        assert answer.span == tuple(span)
        assert answer.text == row["context"][slice(*span)]
        assert answer.score == pytest.approx(score, rel=1e-4)


def test_masked_tokens_are_asked_for(tmp_path: Path, lines: Path) -> None:
    folder = folders.bert(tmp_path / "gaps", "ForMaskedLM")
    found = read_source(str(folder), lines)
    assert 0 <= metric_of(found) < 0.5
    for sample in found.read():
        masked = sample.inputs["input_ids"][0] == folders.tokenizer().mask_token_id
        assert masked.any()
        assert (masked == (sample.target[0] >= 0).numpy()).all()


def test_features_are_vectors_of_tokens(tmp_path: Path, lines: Path) -> None:
    folder = folders.bert(tmp_path / "features", "Model")
    found = read_source(str(folder), lines)
    outputs = folders.answer(found, found.read()[0].inputs)
    assert [name for name, value in outputs.items() if value is not None] == ["last_hidden_state"]


def test_a_tokenizer_that_cuts_at_its_front_is_no_text_to_a_bundle(tmp_path: Path, lines: Path) -> None:
    folder = folders.classifier(tmp_path / "critic")
    file = folder / "tokenizer_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text("utf-8")), "truncation_side": "left"}), "utf-8")
    with pytest.warns(UserWarning, match="token ids"):
        found = read_source(str(folder), lines)
    assert found.processing.processing.text is None
