"""Real processes, really killed: nothing is lost, nothing is counted twice."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sweep_process import BUDGETS, SweepProcess, hand_on_measurements, is_running, kept, wait_until

from edgeattn.sweep.index import FILE

pytestmark = pytest.mark.usefixtures("dask_collected")

TINY = Path(__file__).parents[2] / "tiny.py"

Begun = Callable[[str], SweepProcess]


@pytest.fixture
def begun(tmp_path: Path) -> Iterator[Begun]:
    """Make sweeps by name, none of which outlives the test."""
    sweeps: list[SweepProcess] = []

    def begin(name: str) -> SweepProcess:
        sweeps.append(SweepProcess(tmp_path / name))
        return sweeps[-1]

    yield begin
    for sweep in sweeps:
        sweep.kill()


def test_a_sweep_killed_twice_comes_to_the_table_of_one_undisturbed(begun: Begun) -> None:
    undisturbed, disturbed = begun("undisturbed"), begun("disturbed")
    undisturbed.ends()
    hand_on_measurements(undisturbed.cache, disturbed.cache)

    disturbed.start()
    wait_until(lambda: len(disturbed.loads()) == 2)  # one to be identified, one for its first row
    disturbed.kill()
    wait_until(lambda: not any(map(is_running, disturbed.loads())))
    assert disturbed.outcomes() == 0

    disturbed.start()
    wait_until(lambda: len(disturbed.loads()) == 5)  # identified, and both rows begun
    wait_until(lambda: disturbed.outcomes() == 1)
    os.kill(disturbed.loads()[-1], signal.SIGKILL)
    assert disturbed.wait() == 0, disturbed.told()
    assert len(disturbed.loads()) == 6  # the second row once more

    assert disturbed.table() == undisturbed.table()
    assert disturbed.outcomes() == len(BUDGETS)
    assert len(kept(disturbed.cache, "sweep")) == len(BUDGETS)

    disturbed.ends()  # all is done: the model is loaded to be identified, and no row is worked on
    assert len(disturbed.loads()) == 7


@pytest.mark.parametrize(("number", "word"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "terminated")])
def test_a_signal_ends_it_in_one_line_and_leaves_what_is_done(begun: Begun, number: int, word: str) -> None:
    sweep = begun("sweep")
    sweep.start()
    wait_until(lambda: len(sweep.loads()) == 2)
    sweep.end(number)
    assert sweep.wait() == 128 + number
    assert sweep.told() == f"edgeattn: {word}; nothing is left half-written\n"
    assert sorted(path.name for path in sweep.folder.iterdir()) == [FILE]
    assert not list(sweep.temporary.iterdir())
    wait_until(lambda: not any(map(is_running, sweep.loads())))


def test_a_model_that_ends_its_worker_keeps_no_other_from_its_row(
    tmp_path: Path, ran: Callable[..., str]
) -> None:
    ending = tmp_path / "ending.py"
    ending.write_text("import os; os._exit(1)")
    asked = ("sweep", ending, TINY, "--budget", "cosine=0.9", "-o", tmp_path / "out", "--workers", "1")
    ended, other = json.loads(ran(*asked, "--json", code=1))["rows"]
    assert "its worker ended again and again" in ended["reason"]
    assert (other["model"], other["verdict"], other["reason"]) == ("tiny", "pass", "")
