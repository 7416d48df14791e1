"""What continuous integration reads of reports: a Markdown summary for a pull request."""

from edgeattn.report.ci.summary import golden_summary, summary

__all__ = ["golden_summary", "summary"]
