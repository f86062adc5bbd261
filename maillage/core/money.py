"""Amounts in euros: always Decimal, rounded half up to the cent, shown the French way."""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
NBSP = "\N{NO-BREAK SPACE}"
NNBSP = "\N{NARROW NO-BREAK SPACE}"


def to_cents(euros: Decimal) -> Decimal:
    """Round half up to the cent, the way an invoice does."""
    return euros.quantize(CENT, ROUND_HALF_UP)


def grouped(value: int) -> str:
    """61915 -> 61 915, with narrow no-break spaces."""
    return f"{value:,}".replace(",", NNBSP)


def format_euros(euros: Decimal | None) -> str:
    """2640 -> 2 640 €; 16875.5 -> 16 875,50 €; None (unknown) -> à confirmer."""
    if euros is None:
        return "à confirmer"
    euros = to_cents(euros)
    whole = abs(int(euros))
    cents = f",{abs(euros) % 1:.2f}".replace("0.", "", 1) if euros % 1 else ""
    sign = "−" if euros < 0 else ""
    return f"{sign}{grouped(whole)}{cents}{NBSP}€"


def decimal(value: float, decimals: int) -> str:
    """61915 -> 61 915; 3.394 to two decimals -> 3,39; a rounded zero carries no sign."""
    text = f"{value:,.{decimals}f}".replace(",", NNBSP).replace(".", ",")
    return text.replace("-", "−") if any(char in "123456789" for char in text) else text.replace("-", "")
