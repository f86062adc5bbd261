"""What a browser says of itself, in words people recognise; where it calls from, roughly. Pure: no Django."""

from ipaddress import IPv4Address, IPv6Address, ip_address

UNKNOWN_DEVICE, UNKNOWN_NETWORK = "appareil inconnu", "réseau inconnu"
# The first that is present names it: others are imitated by what comes before them.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def device_of(user_agent: str) -> str:
    """« Firefox sur Windows ». Anybody may write anything there: it informs, it proves nothing."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return f"{browser or 'Navigateur'} sur {system}" if system else browser or UNKNOWN_DEVICE


def rough_network(address: str) -> str:
    """The beginning of an address on the network: an operator, never a house."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return UNKNOWN_NETWORK
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    if parsed.is_loopback:
        return "cet ordinateur"
    if isinstance(parsed, IPv4Address):
        first, second, *_ = str(parsed).split(".")
        return f"réseau {first}.{second}.…"
    first, second, *_ = parsed.exploded.split(":")
    return f"réseau {first}:{second}:…"
