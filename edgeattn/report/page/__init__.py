"""report.html: the report as one page that needs nothing but itself, to be attached and read anywhere."""

from edgeattn.report.devices import machine_facts
from edgeattn.report.page.drawings import image_source
from edgeattn.report.page.page import page
from edgeattn.report.page.view import View

__all__ = ["View", "image_source", "machine_facts", "page"]
