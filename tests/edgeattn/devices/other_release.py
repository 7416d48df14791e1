"""edgeattn device of another release; with --no-nanny, as this process alone says another version."""

from __future__ import annotations

import sys

from edgeattn.__main__ import main
from edgeattn.devices.on_device import worker

if __name__ == "__main__":
    worker.declaration = lambda _: {"runtime": "0.0.1"}
    sys.exit(main(["device", *sys.argv[1:]]))
