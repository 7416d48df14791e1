"""The report as a person reads it on a terminal."""

from edgeattn.report.table.checks import checks_table, edge_cases_parts, golden_table, layers_table
from edgeattn.report.table.layout import INDENT, pairs, show
from edgeattn.report.table.machines import device_parts, differing_machines, machine_line
from edgeattn.report.table.report import conditions_line, report_parts, verdict_line

__all__ = [
    "INDENT",
    "checks_table",
    "conditions_line",
    "device_parts",
    "differing_machines",
    "edge_cases_parts",
    "golden_table",
    "layers_table",
    "machine_line",
    "pairs",
    "report_parts",
    "show",
    "verdict_line",
]
