"""One action of a page: called, then said done or refused, in a word above the next page."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest
from django.utils import timezone

from maillage.core.errors import DomainError

Result = TypeVar("Result")


def did(
    request: HttpRequest,
    act: Callable[..., Result],
    done: str | Callable[[Result], str],
    *,
    form: BaseForm | None = None,
    field: str | None = None,
    **arguments: Any,
) -> bool:
    """Call one action as whoever asks, now; say what was done, or why it was not. True when it was.

    `done`: the sentence, or what makes it of what the action returned. A refusal is said beside this `field` of the
    `form`, at its head without a field, above the next page without a form.
    """
    try:
        result = act(**arguments, by=request.user, at=timezone.now())
    except DomainError as error:
        if form is None:
            messages.error(request, error.user_message)
        else:
            form.add_error(field, error.user_message)
        return False
    messages.success(request, done if isinstance(done, str) else done(result))
    return True
