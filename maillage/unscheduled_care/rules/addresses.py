"""Which addresses of the network are public: where a server may go on somebody else's word. Pure.

What IANA keeps for special purposes is refused, and so is every IPv6 range that leads to IPv4 addresses by
translation or by a tunnel: what lies behind cannot be told. Written out rather than asked of `ipaddress`, whose
answers change with the version of Python (https://www.iana.org/assignments/iana-ipv4-special-registry, same for IPv6).
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

REFUSED_V4 = [
    ip_network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by a provider
        "127.0.0.0/8",  # this machine
        "169.254.0.0/16",  # link local; 169.254.169.254 tells secrets of a cloud
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
]
# The only range of IPv6 that is given out. Outside of it: ::/96, ::ffff:0:0/96, 64:ff9b::/96, 64:ff9b:1::/48, 100::/64,
# 5f00::/16, fc00::/7, fe80::/10, fec0::/10, ff00::/8.
GLOBAL_V6 = ip_network("2000::/3")
REFUSED_V6 = [
    ip_network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
]


def is_public(text: str) -> bool:
    """Whether an address, as the resolver writes it, may be visited."""
    address = ip_address(text.partition("%")[0])
    return _is_public_v4(address) if isinstance(address, IPv4Address) else _is_public_v6(address)


def _is_public_v4(address: IPv4Address) -> bool:
    return not any(address in network for network in REFUSED_V4)


def _is_public_v6(address: IPv6Address) -> bool:
    return address in GLOBAL_V6 and not any(address in network for network in REFUSED_V6)
