from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edgeattn_runtime.engine import system as module
from edgeattn_runtime.timing.surroundings import State, Surroundings, Watch, combined

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A kernel whose files are written by the test."""
    for name in ("STAT", "LOAD", "CPUINFO", "OWN", "CPUS", "POWER"):
        monkeypatch.setattr(module, name, tmp_path / name)
    return tmp_path


@pytest.fixture
def second(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second of the clock between any two looks, in which this process does nothing."""
    times = iter(range(100))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(times)))
    monkeypatch.setattr(os, "times", lambda: os.times_result((0.0, 0.0, 0.0, 0.0, 0.0)))


def stat(kernel: Path, *, user: float, idle: float, steal: float = 0.0) -> None:
    ticks = os.sysconf("SC_CLK_TCK")
    columns = [round(ticks * each) for each in (user, 0, 0, idle, 0, 0, 0, steal, 0, 0)]
    (kernel / "STAT").write_text("cpu  " + " ".join(map(str, columns)) + "\ncpu0 1 2 3\n")


def test_a_machine_that_tells_nothing_is_said_to(kernel: Path) -> None:
    surroundings = Watch().surroundings()
    assert surroundings.before == State(load=None, clock_mhz=None, governor=None)
    assert surroundings.disturbances == ()
    assert len(surroundings.absent) == 6
    assert "energy" in surroundings.absent


@pytest.mark.usefixtures("second")
def test_the_load_of_others_and_of_a_hypervisor_is_told(kernel: Path) -> None:
    stat(kernel, user=10, idle=50)
    watch = Watch()
    stat(kernel, user=10.9, idle=51, steal=0.1)
    surroundings = watch.surroundings()
    assert surroundings.others == pytest.approx(0.9)
    assert surroundings.stolen == pytest.approx(0.1)
    assert surroundings.disturbances == (
        "other processes kept 0.9 cores busy",
        "the hypervisor took 0.10 cores away",
    )


@pytest.mark.usefixtures("second")
def test_counters_that_stand_still_are_absent(kernel: Path) -> None:
    stat(kernel, user=0, idle=0)
    assert Watch().surroundings().others is None
    stat(kernel, user=10, idle=50)
    assert Watch().surroundings().others is None


def test_a_clock_that_moves_and_its_governor_are_told(kernel: Path) -> None:
    folder = kernel / "CPUS" / "cpu0" / "cpufreq"
    folder.mkdir(parents=True)
    (folder / "scaling_governor").write_text("powersave\n")
    (folder / "scaling_cur_freq").write_text("3000000\n")
    watch = Watch()
    (folder / "scaling_cur_freq").write_text("1500000\n")
    surroundings = watch.surroundings()
    assert surroundings.before == State(load=None, clock_mhz=3000.0, governor="powersave")
    assert surroundings.disturbances == ("the clock went from 3000 to 1500 MHz",)


def test_energy_is_summed_over_packages_and_may_wrap(kernel: Path) -> None:
    for name, energy in (("intel-rapl:0", 900), ("intel-rapl:1", 100), ("intel-rapl:0:0", 7)):
        zone = kernel / "POWER" / name
        zone.mkdir(parents=True)
        (zone / "max_energy_range_uj").write_text("1000\n")
        (zone / "energy_uj").write_text(f"{energy}\n")
    watch = Watch()
    (kernel / "POWER" / "intel-rapl:0" / "energy_uj").write_text("100\n")
    (kernel / "POWER" / "intel-rapl:1" / "energy_uj").write_text("400\n")
    assert watch.surroundings().energy_j == pytest.approx((200 + 300) / 1e6)


def test_threads_that_make_way_are_told() -> None:
    quiet = State(load=0.0, clock_mhz=None, governor=None)
    pushed = Surroundings(before=quiet, after=quiet, others=0.0, stolen=0.0, switches=55.0, energy_j=None)
    assert pushed.disturbances == ("a thread had to make way 55 times a second",)


@LINUX
def test_another_process_that_computes_is_seen() -> None:
    watch = Watch()
    burner = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    time.sleep(1)
    burner.kill()
    surroundings = watch.surroundings()
    burner.wait()
    assert surroundings.others is not None
    assert surroundings.others > 0
    assert "the load of other processes" not in surroundings.absent


def test_measurements_one_after_the_other_are_one() -> None:
    first, last = (State(load=load, clock_mhz=None, governor=None) for load in (1.0, 2.0))
    one = Surroundings(before=first, after=first, others=0.2, stolen=None, switches=1.0, energy_j=3.0)
    two = Surroundings(before=last, after=last, others=0.4, stolen=None, switches=3.0, energy_j=4.0)
    surroundings = combined([one, two])
    assert (surroundings.before, surroundings.after) == (first, last)
    assert surroundings.others == pytest.approx(0.3)
    assert (surroundings.stolen, surroundings.switches, surroundings.energy_j) == (None, 2.0, 7.0)
