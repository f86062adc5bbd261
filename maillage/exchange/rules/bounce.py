"""Reading the notices that mail servers send back (RFC 3464). Pure."""

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from uuid import UUID

OURS = re.compile(r"<([0-9a-f]{32})@")
LONGEST = 200


@dataclass(frozen=True)
class Bounce:
    """A message of ours that a server refused for good, and its words."""

    mail_uuid: UUID
    reason: str


def read(content: bytes) -> dict[str, str] | None:
    """What `bounce_of` says, in plain values: notices come from anybody, and are read apart."""
    bounce = bounce_of(content)
    return None if bounce is None else {"mail_uuid": str(bounce.mail_uuid), "reason": bounce.reason}


def bounce_of(raw: bytes) -> Bounce | None:
    """None when this is no notice, when it speaks of none of our messages, or when the server only asks to wait."""
    message = message_from_bytes(raw, policy=policy.default)
    status = next((part for part in message.walk() if part.get_content_type() == "message/delivery-status"), None)
    match = OURS.search(_original_headers(message))
    if status is None or match is None:
        return None
    blocks = [part for part in status.iter_parts() if part.get("Action", "").strip().lower() == "failed"]
    failed = next((block for block in blocks if block.get("Status", "").strip().startswith("5")), None)
    if failed is None:
        return None
    words = failed.get("Diagnostic-Code", "") or failed.get("Status", "")
    readable = "".join(sign if sign.isprintable() else " " for sign in words.rpartition(";")[2])
    return Bounce(UUID(match[1]), " ".join(readable.split())[:LONGEST])


def _original_headers(message: EmailMessage) -> str:
    """What the notice quotes of the message it is about."""
    for part in message.walk():
        if part.get_content_type() == "message/rfc822":
            return "".join(f"{name}: {value}\n" for name, value in part.get_content().items())
        if part.get_content_type() == "text/rfc822-headers":
            raw = part.get_payload(decode=True)
            return raw.decode(errors="replace") if isinstance(raw, bytes) else ""
    return ""
