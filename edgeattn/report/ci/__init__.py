"""What continuous integration reads of reports: JUnit XML, and a Markdown summary for a pull request."""

from edgeattn.report.ci.findings import Finding, findings, golden_findings
from edgeattn.report.ci.junit import junit
from edgeattn.report.ci.summary import golden_summary, summary

__all__ = ["Finding", "findings", "golden_findings", "golden_summary", "junit", "summary"]
