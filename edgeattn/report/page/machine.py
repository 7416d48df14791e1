"""A machine as the page shows it."""

from __future__ import annotations

from edgeattn.report.number_words import counts
from edgeattn_runtime.machine import Machine


def machine_facts(machine: Machine) -> dict[str, str]:
    """Return what there is to know of a machine, by words for each."""
    return {
        "Processor": machine.cpu,
        "Instruction sets": ", ".join(machine.instruction_sets) or "none of those that int8 kernels use",
        "Cores": str(machine.cores),
        "Memory": "unknown" if machine.memory_mb is None else f"{machine.memory_mb / 1000:.0f} GB",
        "System": machine.system,
        "Versions": counts(machine.versions),
    }
