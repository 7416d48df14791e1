"""What continuous integration reads of reports: JUnit XML, and a Markdown summary for a pull request."""

from edgeattn.report.ci.junit import junit
from edgeattn.report.ci.outcome import Outcome, golden_outcomes, outcomes
from edgeattn.report.ci.summary import golden_summary, summary

__all__ = ["Outcome", "golden_outcomes", "golden_summary", "junit", "outcomes", "summary"]
