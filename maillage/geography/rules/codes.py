"""What a commune code tells by itself. Pure."""


def departement_of(code: str) -> str:
    """24037 -> 24, 2A004 -> 2A, 97411 -> 974."""
    return code[:3] if code.startswith(("97", "98")) else code[:2]
