from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgeattn.source.checkpoint.samples import reader_of
from edgeattn_runtime.errors import BadInput


def rows(data: Path) -> list[dict[str, object]]:
    return [dict(row) for row in reader_of(data)(data)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.csv", '\ufefftext,label\n"a, b",1\nc,2\n'),
        ("x.tsv", "text\tlabel\na, b\t1\nc\t2\n"),
        ("x.jsonl", '{"text": "a, b", "label": "1"}\n\n{"text": "c", "label": "2"}\n'),
    ],
)
def test_tables_have_columns(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, "utf-8")
    assert rows(tmp_path / name) == [{"text": "a, b", "label": "1"}, {"text": "c", "label": "2"}]


def test_a_text_file_has_a_text_each_line(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("a, b\n \nc\n", "utf-8")
    assert rows(tmp_path / "x.txt") == [{"text": "a, b"}, {"text": "c"}]


def test_images_are_called_by_their_folders(tmp_path: Path) -> None:
    for label in ("cat", "dog"):
        (tmp_path / label).mkdir()
        for i in range(12):
            Image.new("RGB", (4, 4)).save(tmp_path / label / f"{i}.png")
    found = rows(tmp_path)
    assert len(found) == 24
    for row in found:
        assert row["label"] == Path(str(row["image"])).parent.name
    for part in (found[::4], found[2::4], found[1::2]):  # as samples are dealt
        assert {row["label"] for row in part} == {"cat", "dog"}
    assert rows(tmp_path / "cat") == [
        {"image": file} for file in (row["image"] for row in rows(tmp_path / "cat"))
    ]


def test_sounds_have_what_their_table_says(tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav"):
        (tmp_path / name).touch()
    assert rows(tmp_path) == [{"audio": tmp_path / "a.wav"}, {"audio": tmp_path / "b.wav"}]
    (tmp_path / "said.csv").write_text("file,text\nb.wav,two\na.wav,one\n", "utf-8")
    assert rows(tmp_path) == [
        {"audio": tmp_path / "a.wav", "text": "one"},
        {"audio": tmp_path / "b.wav", "text": "two"},
    ]
    (tmp_path / "said.csv").write_text("file,text\nb.wav,two\n", "utf-8")
    with pytest.raises(ValueError, match=r"a\.wav: not in said\.csv"):
        rows(tmp_path)


def test_sounds_without_a_table_are_called_by_their_folders(tmp_path: Path) -> None:
    for label in ("yes", "no"):
        (tmp_path / label).mkdir()
        for i in range(20):
            (tmp_path / label / f"{i}.wav").touch()
    read = rows(tmp_path)
    assert all(row["audio"].parent.name == row["label"] for row in read)
    for part in (read[:10], read[10:20], read[20:]):
        assert {row["label"] for row in part} == {"yes", "no"}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.csv", "text,label\na,1,2\n", "line 2: 3 cells found, 2 expected"),
        ("x.csv", "text,label\na\n", "line 2: 1 cell found, 2 expected"),
        ("x.csv", 'text,label\n"a\nb",1\n\nc\n', "line 5: 1 cell found"),
        ("x.csv", 'text,label\na,1\n"b,2\nc,3\nd,4\n', "line 3: a quote opens here and is not closed"),
        ("x.csv", 'text,label\na,1\n"b,2\n"c",3\n', "line 3: a quote opens here and is not closed"),
        ("x.csv", 'text\na\n"b', "line 3: a quote opens here and is not closed"),
        ("x.csv", 'text\n"' + 200_000 * "a" + '"\n', "line 2: a quote opens here .*field limit"),
        ("x.tsv", 'text\tlabel\n"a\t1\nb\t2\n', "line 2: a quote opens here and is not closed"),
        ("x.jsonl", '{"text": "a"}\n{"text": \n', "line 2: no JSON"),
        ("x.jsonl", "[1]\n", "line 1: list found, an object expected"),
    ],
)
def test_a_broken_row_is_named(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content, "utf-8")
    with pytest.raises(ValueError, match=message):
        rows(tmp_path / name)


@pytest.mark.parametrize("encoding", ["latin1", "utf-16"])
@pytest.mark.parametrize("name", ["my x.csv", "x.tsv", "x.jsonl", "x.txt"])
def test_another_encoding_is_named_with_the_command_that_converts_it(
    tmp_path: Path, name: str, encoding: str
) -> None:
    (tmp_path / name).write_text('text\na\n"caf\xe9"\n', encoding)
    line = 3 if encoding == "latin1" else 1
    with pytest.raises(ValueError, match=rf"^line {line}: byte 0x.. found, UTF-8 expected; ") as refused:
        rows(tmp_path / name)
    if shutil.which("iconv") is not None:
        _, _, command = str(refused.value).partition("convert it: ")
        subprocess.run(["sh", "-c", command], check=True)
        (converted,) = tmp_path.glob("*-utf8.*")
        assert converted.read_text("utf-8").endswith('"caf\xe9"\n')


def test_a_table_of_sounds_in_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    (tmp_path / "said.csv").write_text("file,text\na.wav,caf\xe9\n", "latin1")
    with pytest.raises(ValueError, match=r"^said\.csv, line 2: byte 0xe9 found"):
        rows(tmp_path)


def test_quotes_within_a_row_are_as_csv_reads_them(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text('\ufefftext,label\n"a ""b"", c\nd",1\n\n"e" f,2\n', "utf-8")
    assert rows(tmp_path / "x.csv") == [{"text": 'a "b", c\nd', "label": "1"}, {"text": "e f", "label": "2"}]


def test_other_data_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.docx").touch()
    with pytest.raises(BadInput, match=r"\.docx found, one of \.txt, \.csv"):
        reader_of(tmp_path / "x.docx")
    with pytest.raises(BadInput, match="no such file or folder"):
        reader_of(tmp_path / "gone.csv")
    with pytest.raises(BadInput, match="a folder of images"):
        reader_of(tmp_path)


def test_parquet_has_columns(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pyarrow.table({"text": ["a", "b"], "label": [1, 2]})
    parquet.write_table(table, tmp_path / "x.parquet")
    assert rows(tmp_path / "x.parquet") == [{"text": "a", "label": 1}, {"text": "b", "label": 2}]


@pytest.mark.parametrize("row_group_size", [None, 3])
def test_parquet_keeps_nested_values_and_gaps(tmp_path: Path, row_group_size: int | None) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    pairs, mapped = (
        pyarrow.list_(pyarrow.string(), 2),
        pyarrow.map_(pyarrow.string(), pyarrow.string()),
    )
    table = pyarrow.table(
        {
            "tokens": [["a", None, "b"], [], None, ["b"], ["a", "a"]],
            "tags": [[1, 2], None, [], [3, None], [4]],
            "image": [{"bytes": b"x", "path": None}, None, {"bytes": None, "path": "p"}, None, None],
            "deep": [[{"x": ["a"]}], [], None, [{"x": None}, None], [{"x": ["b", "a"]}]],
            "large": pyarrow.array([["a"], None, [], ["b"], ["c"]], pyarrow.large_list(pyarrow.string())),
            "sized": pyarrow.array([["a", "b"], [None, "d"], ["c", "d"], [None, None], ["e", "b"]], pairs),
            "map": pyarrow.array([[("a", "x")], None, [], [("b", "x"), ("c", None)], None], mapped),
            "number": [0.5, None, 1.5, 2.5, 3.5],
        }
    )
    parquet.write_table(table, tmp_path / "x.parquet", row_group_size=row_group_size)
    assert rows(tmp_path / "x.parquet") == table.to_pylist()


def test_parquet_of_a_repeated_text_holds_it_once(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    text = "x" * 1_000_000
    parquet.write_table(
        pyarrow.table({"text": [text] * 100, "words": [[text]] * 100}), tmp_path / "x.parquet"
    )
    table = rows(tmp_path / "x.parquet")
    assert len(table) == 100
    assert len({id(row["text"]) for row in table}) == len({id(row["words"][0]) for row in table}) == 1  # type: ignore[index]


def test_parquet_of_more_rows_than_its_file_may_hold_is_not_read(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    numbers = pyarrow.ListArray.from_arrays([0, 5_000_000], pyarrow.array(np.zeros(5_000_000, np.int8)))
    parquet.write_table(pyarrow.table({"numbers": numbers}), tmp_path / "x.parquet")
    with pytest.raises(BadInput, match=r"x\.parquet: 32. MB of rows found, at most 268 MB expected"):
        rows(tmp_path / "x.parquet")
