"""CSV files that a reader takes, and those that it refuses: texts, and the series that they hold."""

from __future__ import annotations

from collections.abc import Iterator

Rows = list[list[float | None]]  # a series a row; None is a missing number

_HEAD = "time,wind,rain in mm\n"
_LINES = ("1,10,0.5", "2,20,1.5", "3,30,2.5", "4,40,3.5", "5,50,4.5", "6,60,5.5")
_BODY = "\n".join(_LINES) + "\n"
_RAIN: list[float | None] = [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]
_WIND: list[float | None] = [10, 20, 30, 40, 50, 60]


def csvs() -> Iterator[tuple[str, bytes, Rows | None]]:
    """Yield names, files, and the series "rain in mm" and "wind" of six values each; None where refused."""
    whole = [_RAIN, _WIND]
    gaps = [[None, 1.5, None, 3.5, None, 5.5], [10, None, None, 40, 50, None]]
    answered = {
        "plain": (_HEAD + _BODY, whole),
        "no-end": ((_HEAD + _BODY).rstrip(), whole),
        "carriage-returns": ((_HEAD + _BODY).replace("\n", "\r\n"), whole),
        "old-mac": ((_HEAD + _BODY).replace("\n", "\r"), whole),
        "byte-order-mark": ("\ufeff" + _HEAD + _BODY, whole),
        "blank-lines": ("\n\n" + _HEAD + _BODY.replace("\n", "\n\n"), whole),
        "blanks": (' time , wind,"rain in mm "\n' + _BODY.replace(",", " ,\t"), whole),
        "quotes": (
            '"time","wind","rain in mm"\n' + _BODY.replace("10", '"10"').replace("1,", '"a,""b""\n",'),
            whole,
        ),
        "exponents": (
            _HEAD + "1,1e1,+.5\n2,200E-1,1.5\n3,30.,25e-1\n4,4.0e+01,3.5\n5,0050,4.5\n6,60,5.50\n",
            whole,
        ),
        "gaps": (_HEAD + "1,10,\n2,NaN,1.5\n3,na,NULL\n4,40,3.5\n5,50\n6,,5.5\n", gaps),
        "other-letters": ("zeit,wind,rain in mm,höhe\n" + _BODY.replace("\n", ",é\n"), whole),
    }
    refused = {
        "empty": "",
        "head-alone": _HEAD,
        "no-column": _HEAD.replace("wind", "Wind") + _BODY,
        "line-end-in-a-name": _HEAD.replace("wind", '"wi\r\n\x1bnd"') + _BODY,
        "column-twice": _HEAD.replace("time", "wind") + _BODY,
        "text": _HEAD + _BODY.replace("30", "thirty"),
        "underscore": _HEAD + _BODY.replace("30", "3_0"),
        "hexadecimal": _HEAD + _BODY.replace("30", "0x1e"),
        "comma": _HEAD.replace(",", ";") + _BODY.replace(",", ";"),
        "infinite": _HEAD + _BODY.replace("30", "inf"),
        "beyond": _HEAD + _BODY.replace("30", "1e999"),
        "signed-nan": _HEAD + _BODY.replace("30", "-nan"),
        "no-break-space": _HEAD + _BODY.replace("30", "\N{NO-BREAK SPACE}30"),
        "line-end-in-a-number": _HEAD + _BODY.replace("30", '"30\n"'),
        "long": _HEAD + _BODY + "7,70,6.5\n",
        "short": _HEAD + "\n".join(_LINES[:5]),
        "open-quote": _HEAD + _BODY.replace("30", '"30'),
        "behind-a-quote": _HEAD + _BODY.replace("30", '"3"0'),
    }
    for name, (text, rows) in answered.items():
        yield f"{name}.csv", text.encode(), rows
    for name, text in refused.items():
        yield f"{name}.csv", text.encode(), None
    yield "latin-1.csv", ("höhe," + _HEAD + _BODY).encode("latin-1"), None
    yield "surrogate.csv", (_HEAD + _BODY).encode() + b"\xed\xa0\x80,1,1\n", None
