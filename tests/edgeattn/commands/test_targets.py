from __future__ import annotations

import pytest

from edgeattn.__main__ import main
from edgeattn_export.targets import TARGETS


def test_every_target_is_told_with_what_it_needs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["targets"]) == 0
    words = " ".join(capsys.readouterr().out.split())
    for name, target in TARGETS.items():
        for told in (
            f"Target {name}",
            f"{target.engine.name} {target.engine.version}",
            *target.engine.providers,
            " ".join(target.needs.split()),
            " ".join(target.tested.split()),
        ):
            assert told in words
