"""One report: as data, a table, a page and a picture."""
