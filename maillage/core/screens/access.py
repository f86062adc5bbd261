"""Who may open a page, when no role is involved. Rights on a CPTS: accounts.permissions.requires."""

from collections.abc import Callable

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt

View = Callable[..., HttpResponse]


def public(view: View) -> View:
    """Anybody, signed in or not."""
    view = login_not_required(view)
    view.access = "public"  # type: ignore[attr-defined]  # read by the walk of all URLs
    return view


def same_for_everybody(view: View) -> View:
    """Reference data that a browser may keep, whoever asked for them: they tell nothing of anybody."""
    view.is_same_for_everybody = True  # type: ignore[attr-defined]  # read by core.web.keeping
    return view


def machine(view: View) -> View:
    """A program, known by its certificate: no session, no form, no page (unscheduled_care.api)."""
    view = csrf_exempt(login_not_required(view))
    view.access = "machine"  # type: ignore[attr-defined]
    return view


def also_external(view: View) -> View:
    """Open to accounts of the identity provider too: regulators of the SAS. They open nothing else."""
    view.is_for_external = True  # type: ignore[attr-defined]  # read by accounts.middleware
    return view


def own_account(view: View) -> View:
    """One's own account, which a password alone opens: a second factor is set up there."""
    view = signed_in(view)
    view.is_own_account = True  # type: ignore[attr-defined]  # read by accounts.middleware
    return view


def signed_in(view: View) -> View:
    """Anybody with an account, whatever the role."""
    view.access = "signed-in"  # type: ignore[attr-defined]
    return view
