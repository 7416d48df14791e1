"""What report.json and ``bench --json`` hold: plain data, read and written here, without PyTorch."""
