"""Containers, by testcontainers."""

from __future__ import annotations

import functools
from typing import Any

from dao_redshift.testing._services._programs import LOOPBACK


@functools.cache
def docker_answers() -> bool:
    """Whether testcontainers is installed and there is a Docker engine that answers."""
    try:
        from docker.errors import DockerException
        from testcontainers.core.docker_client import DockerClient
    except ImportError:
        return False
    try:
        return bool(DockerClient().client.ping())
    except DockerException:
        return False


def place_of(container: Any, port: int) -> tuple[str, int]:
    """The host and the port at which a container's port is reached.

    By IPv4: to IPv6 an engine may give another number, and the same number to another container.
    """
    host = container.get_container_host_ip()
    return LOOPBACK if host == "localhost" else host, int(container.get_exposed_port(port))
