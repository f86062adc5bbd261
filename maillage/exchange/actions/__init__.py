"""Every write of exchange."""

from maillage.exchange.actions.contacts import (
    choose,
    contact_of,
    forget,
    key_of,
    on_forget,
    record_bounce,
    retry_address,
)
from maillage.exchange.actions.mail import CONTACT_LINK, DELIVER, deliver, write_mail

__all__ = [
    "CONTACT_LINK",
    "DELIVER",
    "choose",
    "contact_of",
    "deliver",
    "forget",
    "key_of",
    "on_forget",
    "record_bounce",
    "retry_address",
    "write_mail",
]
