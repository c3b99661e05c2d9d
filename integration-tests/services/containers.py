"""Where the port of a container is."""

from __future__ import annotations

from typing import Any

__all__ = ["place_of"]


def place_of(container: Any, port: int) -> tuple[str, int]:
    """The host and the port at which a container's port is reached.

    By IPv4: to IPv6 an engine may give another number, and the same number to another container.
    """
    host = container.get_container_host_ip()
    return "127.0.0.1" if host == "localhost" else host, int(container.get_exposed_port(port))
