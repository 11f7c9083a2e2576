#!/usr/bin/env python3
"""Start the converter for one request, under plain CGI.

The name is the one that web hosts configure for; the protocol is CGI, since FastCGI is not in Python's standard library.
Started by a FastCGI server, it says so and stops, instead of leaving that server to wait for an answer.
"""

import os
import socket
import stat
import sys
from pathlib import Path
from wsgiref.handlers import CGIHandler


def started_as_fastcgi() -> bool:
    """FastCGI hands over a listening socket as standard input; CGI a pipe, a file or nothing."""
    if not stat.S_ISSOCK(os.fstat(0).st_mode):
        return False
    with socket.socket(fileno=os.dup(0)) as given:
        return bool(given.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))


if started_as_fastcgi():
    sys.exit("index.fcgi speaks CGI, not FastCGI: let the web server run it as a CGI script (see fcgi.htaccess)")

# resolve() once: when `current` moves on while this request runs, it still sees one release only.
sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True  # a release is immutable

from converter import application  # noqa: E402

CGIHandler().run(application)
