"""Refusals: what the product says no to, in words its users understand."""


class DomainError(Exception):
    """An anticipated refusal. Subclasses sit beside the action that raises them.

    `user_message` is French, shown as it is, and never sent to error tracking.
    """

    user_message = "Cette action n’est pas possible."

    def __init__(self, user_message: str | None = None) -> None:
        self.user_message = user_message or self.user_message
        super().__init__(self.user_message)


class UnreadableFile(DomainError):
    """A file that cannot be read, or not within what a reading may take."""

    user_message = "Le fichier ne peut pas être lu : rien n’a changé."
