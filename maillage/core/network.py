"""Where a request comes from on the network: what the trusted proxy says, and nothing that the caller says."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from allauth.account.adapter import get_adapter
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest

UNKNOWN = "unknown"
HOME_PREFIX, BLOCK_PREFIX = 64, 48


def address_of(request: HttpRequest) -> str:
    """The address that the trusted proxy saw (ALLAUTH_TRUSTED_PROXY_COUNT of them); ours when there is no proxy.

    `UNKNOWN` when the proxy says nothing that is an address: those who come so are counted together.
    """
    try:
        address: str = get_adapter().get_client_ip(request)
    except (ImproperlyConfigured, PermissionDenied):
        return UNKNOWN
    return address


def network_of(address: str, *, prefix: int = HOME_PREFIX) -> str:
    """An IPv4 address as it is; the /64 of an IPv6, which one home or one machine fills as it likes.

    >>> network_of("192.0.2.7"), network_of("2001:db8:1:2:3::4"), network_of("::ffff:192.0.2.7")
    ('192.0.2.7', '2001:db8:1:2::/64', '192.0.2.7')
    """
    parsed = _parsed(address)
    if not isinstance(parsed, IPv6Address):
        return address
    return str(parsed.ipv4_mapped or ip_network((parsed, prefix), strict=False))


def block_of(address: str) -> str:
    """The /48 that a subscriber may be given, 65,536 networks of ours; an IPv4 address is its own block."""
    return network_of(address, prefix=BLOCK_PREFIX)


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(address)
    except ValueError:
        return None
