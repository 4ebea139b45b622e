"""Exit 0 when the Sightline in this container is healthy. Standard library only: it starts at once."""

import os
import sys
import urllib.request

port = os.environ.get("SIGHTLINE_HTTP_PORT") or "4318"
try:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
        sys.exit(answer.status != 200)
except OSError as error:
    sys.exit(f"not healthy: {error}")
