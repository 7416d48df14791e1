from __future__ import annotations

from pathlib import Path

import pytest

from edgeattn.__main__ import main
from edgeattn_runtime.__main__ import main as device

DECODER = str(Path(__file__).parents[3] / "runtime" / "conformance" / "build" / "decoder.edge")


@pytest.mark.parametrize(
    "options",
    [
        ("--tokens=1,2,3",),
        ("--tokens=1", "--temperature=2", "--top-k=8", "--top-p=0.9", "--seed=3", "--stop=4,5"),
        ("--tokens=1,2,3", "--tokens=5", "--max-new-tokens=4", "--repetition-penalty=1.3"),
        ("--tokens=1,2", "--num-beams=4", "--num-return-sequences=2", "--stop-sequences=8,8"),
        ("--tokens=1,2", "--num-beams=2", "--length-penalty=0.5", "--early-stopping=never"),
        ("--tokens=1,2", "--num-beams=2", "--early-stopping=true", "--stop=8"),
    ],
)
def test_it_says_what_a_device_says(options: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert device(["generate", DECODER, *options]) == 0
    expected = capsys.readouterr().out
    assert main(["generate", DECODER, *options]) == 0
    assert capsys.readouterr() == (expected, "")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ((), "--tokens"),
        (("--tokens=1", "--text=a"), "--tokens"),
        (("--tokens=1,x",), "--tokens: '1,x' "),
        (("--tokens=1", "--num-beams=9"), "num_beams: 9 "),
        (("--tokens=1", "--num-beams=2", "--temperature=1"), "temperature: 1.0 "),
        (("--tokens=1", "--early-stopping=x"), "early-stopping"),
        (("--text=a",), "text"),
    ],
)
def test_bad_input_is_one_line(
    options: tuple[str, ...], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["generate", DECODER, *options]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert named in err
    assert err.count("\n") == 1
