"""report.html: the report as one page that needs nothing but itself, to be attached and read anywhere."""

from edgeattn.report.page.page import page
from edgeattn.report.page.view import View, inline, machine_facts

__all__ = ["View", "inline", "machine_facts", "page"]
