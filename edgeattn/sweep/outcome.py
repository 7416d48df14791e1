"""What a row came to: a report, or the line that says why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from edgeattn.report.report import Report


@dataclass(frozen=True, slots=True)
class Outcome:
    """Either a report, or why there is none.

    Attributes:
        report: As JSON; None where the model could not be exported.
        told: Why, in one line; empty where there is a report.
    """

    report: str | None
    told: str = ""

    def read(self) -> Report | None:
        """Return the report; raises BundleError where it is of another release."""
        return None if self.report is None else Report.from_json(self.report)
