"""Where messages may be sent: no address of a bureau's own network is reached through Kancha unless a setting says so
(server-side request forgery, CWE-918).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from service.errors import TargetError
from service.network import Network, Resolve, is_allowed, is_inner, resolve


@dataclass(frozen=True)
class Target:
    """A host that may be spoken to.

    Args:
        host: Its name.
        port: The port.
        address: The address that was looked at: the connection goes there and is not looked up again.
    """

    host: str
    port: int
    address: str


def target_of(host: str, port: int, networks: Sequence[Network], look_up: Resolve = resolve) -> Target:
    """Where a host is.

    Args:
        host: Its name or address.
        port: The port.
        networks: Networks that are allowed although they are not of the open internet.
        look_up: Finds addresses.

    Raises:
        TargetError: If nothing may be sent there, or nobody knows it.
    """
    try:
        addresses = look_up(host, port)
    except (OSError, UnicodeError) as error:
        raise TargetError(f"Nobody knows the host {host[:80]!r}.", remedy="Check its name.", host=host[:80]) from error
    # all of them, not one: a name with a good and a bad address would be reached by either
    if not addresses or not all(is_allowed(one, networks) for one in addresses):
        raise TargetError(
            f"The host {host[:80]!r} lies in a network that nothing may be sent to.",
            remedy="An administrator names the network in KANCHA_ALARMS__NETWORKS.",
            host=host[:80],
        )
    return Target(host, port, addresses[0])


def target_of_url(url: str, networks: Sequence[Network], look_up: Resolve = resolve) -> Target:
    """Where an address of the web leads.

    Raises:
        TargetError: If nothing may be sent there: no HTTPS (HTTP within an allowed network), a name with a password,
            an inner network.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if parts.scheme not in ("https", "http") or not host or parts.username is not None or parts.fragment:
        raise TargetError("That is no address of a webhook.", remedy="Write it as https://host/path.")
    found = target_of(host, port or (443 if parts.scheme == "https" else 80), networks, look_up)
    if parts.scheme == "http" and not is_inner(found.address, networks):
        raise TargetError("Findings do not travel in the clear.", remedy="Use https://.", host=host[:80])
    return found
