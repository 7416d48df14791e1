"""Texts that a tokenizer does not know: refused or warned of, with its name, the file and the share."""

from __future__ import annotations

import warnings
from pathlib import Path

import folders
import pytest
import sample_files

from edgeattn.source.arguments import read_source
from edgeattn_runtime.errors import SampleError

FOREIGN = "пять хороших фильмов"  # three words, of letters that the word pieces have not


def written(file: Path, texts: list[str]) -> Path:
    file.write_text("\n".join(texts), "utf-8")
    return file


@pytest.mark.parametrize("made", [folders.writer, lambda place: folders.bert(place, "ForMaskedLM")])
def test_texts_of_another_alphabet_are_refused(made: folders.Made, tmp_path: Path) -> None:
    data = written(tmp_path / "x.txt", [FOREIGN] * 20 + sample_files.texts(2))
    line = (
        rf"^{data}: .* % of the tokens of 22 texts are unknown to \w+ of net, and 20 texts hold no known "
        rf"token, such as '{FOREIGN}'; .* the tokenizer that the network was trained with"
    )
    with pytest.raises(SampleError, match=line):
        read_source(str(made(tmp_path / "net")), data)


@pytest.mark.filterwarnings("ignore:tokenizer.json splits")
def test_texts_that_become_nothing_are_refused(tmp_path: Path) -> None:
    folder = folders.writer(tmp_path / "net")
    tokenizer = folders.letters()
    tokenizer.save_pretrained(folder)
    data = written(tmp_path / "x.txt", ["жзи"] * 9)
    with pytest.raises(
        SampleError, match=r"x\.txt: 100 % of the tokens of 9 texts .* of net, and 9 texts hold"
    ):
        read_source(str(folder), data)


@pytest.mark.parametrize(("foreign", "share"), [(1, 0.034), (2, 0.067)])
def test_a_share_of_unknown_tokens_is_warned_of_from_five_percent(
    foreign: int, share: float, tmp_path: Path
) -> None:
    # Each of the ten other texts has three tokens, and each foreign one a word among three.
    texts = ["good film was"] * (10 - foreign) + ["хороший film was"] * foreign
    folder, data = folders.classifier(tmp_path / "net"), written(tmp_path / "x.txt", texts)
    with warnings.catch_warnings(record=True, action="always") as caught:
        source = read_source(str(folder), data)
    assert source.unknown_tokens == pytest.approx(foreign / 30)
    messages = [str(warning.message) for warning in caught]
    if share < 0.05:
        assert messages == []
    else:
        (message,) = messages
        assert message.startswith(f"{data}: 6.67 % of the tokens of 10 texts are unknown to ")
        assert "such as 'хороший film was'; check the language" in message


def test_inputs_as_arrays_have_no_unknown_tokens(tmp_path: Path) -> None:
    folder = folders.seer(tmp_path / "net")
    source = read_source(str(folder), sample_files.images(tmp_path / "images"))
    assert source.unknown_tokens is None
