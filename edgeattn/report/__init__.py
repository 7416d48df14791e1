"""One report: as data, a table, a page and a picture."""

import logging

_matplotlib = logging.getLogger("matplotlib")
if _matplotlib.level == logging.NOTSET:  # else it warns twice of a home folder that may not be written
    _matplotlib.setLevel(logging.ERROR)
