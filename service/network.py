"""Speaking to other machines: which addresses are of the open internet, and a line that lasts no longer than it may."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Sequence[str]]
"""Addresses of a name, as the system knows them."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""Addresses that lead to one of IPv4."""


def resolve(host: str, port: int) -> Sequence[str]:
    """Addresses of a name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(one[4][0]) for one in found]


def is_allowed(address: str, networks: Sequence[Network]) -> bool:
    """Whether an address is one of the open internet, or of a network that was allowed."""
    found: Address = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    if inner is None and found.version == 6 and found in _NAT64:
        inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
    if inner is not None:
        found = inner
    return is_inner(str(found), networks) or (found.is_global and not found.is_multicast)


def is_inner(address: str, networks: Sequence[Network]) -> bool:
    """Whether an address lies in a network that was allowed."""
    found = ipaddress.ip_address(address.partition("%")[0])
    return any(found.version == one.version and found in one for one in networks)


class BoundedLine:
    """A connection that is cut after a bounded time, however slowly its other end speaks.

    Args:
        raw: The connection.
        most_s: How long it may last, s.
    """

    def __init__(self, raw: socket.socket, most_s: float) -> None:
        self.socket, self.was_cut = raw, False
        self._timer = threading.Timer(most_s, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def encrypt(self, host: str) -> None:
        """Speak TLS from here on."""
        # the socket of before is let go of: cutting it would cut nothing, neither here nor in the handshake
        context = ssl.create_default_context()
        line = context.wrap_socket(self.socket, server_hostname=host, do_handshake_on_connect=False)
        self.socket = line
        if self.was_cut:
            self._cut()
        line.do_handshake()

    def close(self) -> None:
        """Let go."""
        self._timer.cancel()
        self.socket.close()

    def _cut(self) -> None:
        self.was_cut = True
        with contextlib.suppress(OSError):
            # not TLS's own, after which the rest would be read as plain text
            socket.socket.shutdown(self.socket, socket.SHUT_RDWR)
