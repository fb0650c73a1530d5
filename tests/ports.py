"""Ports for servers that tests start later, in another process, or again after they were killed."""

from __future__ import annotations

import socket
import sys


def free_port() -> int:
    """Return a port on which nobody listens, and which nobody else is given while these tests run.

    A socket stays bound to it, without listening, until this process ends: who asks for any port gets another one (on
    Linux; elsewhere it is only free now), who names this one may listen on it, as servers do (SO_REUSEADDR), and who
    connects meanwhile is refused.
    """
    end = socket.socket()
    end.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    end.bind(("127.0.0.1", 0))
    port: int = end.getsockname()[1]
    if sys.platform == "linux":
        end.detach()
    else:
        end.close()
    return port
