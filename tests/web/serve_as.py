"""edgeattn serve --lan, where a name stands for this machine's address in a network that it may not have.

python serve_as.py NAME NAME.edge
"""

from __future__ import annotations

import sys

from edgeattn.__main__ import main
from edgeattn.serve import server
from edgeattn.serve.address import LOOPBACK

_, name, bundle = sys.argv
listening = server.listening
server.network_host = lambda: name
server.listening = lambda _, port: listening(LOOPBACK, port)
sys.exit(main(["serve", bundle, "--lan"]))
