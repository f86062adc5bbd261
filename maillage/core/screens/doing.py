"""One action of a page: called, then said done or refused, in a word above the next page."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone

from maillage.core.errors import DomainError

Result = TypeVar("Result")


def did(
    request: HttpRequest, act: Callable[..., Result], done: str | Callable[[Result], str], **arguments: Any
) -> bool:
    """Call one action as whoever asks, now; say what was done, or why it was not. True when it was.

    `done`: the sentence, or what makes it of what the action returned.
    """
    try:
        result = act(**arguments, by=request.user, at=timezone.now())
    except DomainError as error:
        messages.error(request, error.user_message)
        return False
    messages.success(request, done if isinstance(done, str) else done(result))
    return True
