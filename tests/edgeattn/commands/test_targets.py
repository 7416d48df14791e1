from __future__ import annotations

from collections.abc import Callable

from edgeattn_export.targets import TARGETS


def test_every_target_is_told_with_what_it_needs(ran: Callable[..., str]) -> None:
    words = " ".join(ran("targets").split())
    for name, target in TARGETS.items():
        for told in (
            f"Target {name}",
            f"{target.engine.name} {target.engine.version}",
            *target.engine.providers,
            " ".join(target.needs.split()),
            " ".join(target.tested.split()),
        ):
            assert told in words
