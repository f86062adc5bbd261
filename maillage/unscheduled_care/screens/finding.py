"""Finding a slot: what the regulation and the desk of a CPTS share."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.utils import timezone

from maillage.core.errors import DomainError
from maillage.core.leases import spend_leased
from maillage.core.limits import LimitReached
from maillage.core.screens.access import View
from maillage.core.screens.forms import Shared
from maillage.core.secrecy.sealing import can_seal
from maillage.core.text import normalised
from maillage.directory.rules.professions import GROUPS
from maillage.geography.fields import CommuneField, commune_text
from maillage.geography.models import Commune
from maillage.unscheduled_care import actions
from maillage.unscheduled_care.actions import Booker
from maillage.unscheduled_care.limits import SEARCH_LEASE, SEARCHES
from maillage.unscheduled_care.models import Appointment, Effector, Slot
from maillage.unscheduled_care.queries.moments import when
from maillage.unscheduled_care.queries.places import departement_of_place
from maillage.unscheduled_care.queries.search import PER_SEARCH, FoundSlot, Need, find_hits, read_hits, slot_to_book
from maillage.unscheduled_care.rules.ranking import RADII, USUAL_RADIUS, bucket_label
from maillage.unscheduled_care.rules.slots import ALL_MODES, MODE_LABELS, Mode

SHOWN = 25
LONGEST_REASON = 120
FIRST = ("10G", "60", "70", "50", "21", "40")  # asked for most; the others follow
CHOICES = sorted(
    ((group.code, group.singular) for group in GROUPS), key=lambda choice: (choice[0] not in FIRST, choice[1])
)


class FindForm(forms.Form):
    """Four fields; the rest is folded."""

    commune = CommuneField(label="Commune du patient", max_length=120)
    profession = forms.ChoiceField(label="Profession", choices=CHOICES, initial="10G")
    delai = forms.TypedChoiceField(
        label="Délai",
        coerce=int,
        choices=[(12, "12 h"), (24, "24 h"), (48, "48 h"), (72, "72 h")],
        initial=48,
        widget=forms.RadioSelect,
    )
    medecin = forms.CharField(label="Médecin traitant", max_length=80, required=False)
    km = forms.TypedChoiceField(
        label="Rayon",
        coerce=int,
        choices=[(km, f"{km} km") for km in RADII],
        initial=USUAL_RADIUS,
        required=False,
    )
    mode = forms.ChoiceField(
        label="Comment",
        required=False,
        choices=[("", "Peu importe"), *[(str(mode.name), label) for mode, label in MODE_LABELS.items()]],
    )


FindForm.base_fields = Shared(FindForm.base_fields)  # every search makes one


@dataclass(frozen=True)
class SearchResults:
    """What is shown of a search."""

    slots: list[FoundSlot]
    total: int
    commune: Commune
    km: float
    own_doctor_notice: str
    is_cut: bool

    @property
    def first(self) -> FoundSlot | None:
        return self.slots[0] if self.slots else None


def search_form(parameters: QueryDict, commune: Commune | None = None) -> FindForm:
    """Filled with what the address says; before the first search, with what is usual."""
    if "commune" in parameters:
        whole = parameters.copy()
        whole.setdefault("km", f"{USUAL_RADIUS}")  # what is searched is what is shown
        return FindForm(whole)
    return FindForm(initial={"commune": commune_text(commune)})


def search_results(
    form: FindForm,
    *,
    now: datetime,
    cpts_id: int | None = None,
    departements: frozenset[str] | None = None,
) -> SearchResults | None:
    """None until the form is filled. `departements`: those of the role of a regulator; None: anywhere."""
    if not form.is_bound or not form.is_valid():
        return None
    data, commune = form.cleaned_data, form.cleaned_data["commune"]
    if commune.latitude is None:
        form.add_error("commune", "Cette commune n’a pas de position connue : essayez une voisine.")
        return None
    own = own_doctor(data["medecin"], data["profession"])
    notice = own_doctor_notice(data["medecin"], own)
    need = Need(
        group=data["profession"],
        latitude=commune.latitude,
        longitude=commune.longitude,
        km=data["km"] or USUAL_RADIUS,
        since=now,
        until=now + timedelta(hours=data["delai"]),
        cpts_id=cpts_id,
        modes=int(Mode[data["mode"]]) if data["mode"] else ALL_MODES,
        own_doctor_id=own.pk if own else None,
    )
    hits = find_hits(need, now=now)
    if own and not any(hit.is_own_doctor for hit in hits):
        notice = f"{own} n’a pas de créneau libre dans ce délai."
    if departements is None:
        shown, total = read_hits(hits[:SHOWN], now=now), len(hits)
    else:
        inside = [
            read_hit
            for read_hit in read_hits(hits, now=now)
            if departement_of_place(read_hit.slot.schedule) in departements
        ]
        shown, total = inside[:SHOWN], len(inside)
    return SearchResults(
        shown,
        total,
        commune,
        need.km,
        notice,
        len(hits) >= PER_SEARCH,
    )


def search_context(
    request: HttpRequest, form: FindForm, results: SearchResults | None, *, moved: Appointment | None, at: datetime
) -> dict[str, Any]:
    """What the page of a search and its part that is refreshed show, of a regulation or of a desk."""
    return {
        "form": form,
        "results": results,
        "moved": moved,
        "at": at,
        "query": request.GET.urlencode(),
        "may_seal": can_seal(),
    }


def own_doctor(text: str, group: str) -> Effector | None:
    """The one professional whose name holds every word; None when none does, or several."""
    words = [word for word in normalised(text).split() if word not in {"dr", "docteur"}]
    if not words:
        return None
    rows = Effector.objects.active().filter(group=group)
    for word in words:
        rows = rows.filter(search_name__contains=word)
    matching = list(rows[:2])
    return matching[0] if len(matching) == 1 else None


def own_doctor_notice(text: str, own: Effector | None) -> str:
    """Why the own doctor is not first."""
    if own or not text.strip():
        return ""
    return f"« {text.strip()} » ne désigne pas un seul professionnel : son médecin traitant n’a pas été cherché."


def count_search(user: Any) -> None:
    """A software searches under an account, as often as it likes but not without end. Raises LimitReached."""
    spend_leased(SEARCHES, lease=SEARCH_LEASE, at=timezone.now(), account=user.pk)


def km_text(hit: FoundSlot) -> str:
    return f"{hit.km:.1f}".replace(".", ",")


def answer_json(form: FindForm, results: SearchResults | None) -> HttpResponse:
    """The same search for another software under the same account: what a line of the page shows, or what is wrong.

    Asked nothing, it says what may be asked.
    """
    if not form.is_bound:
        return _json({"asked": list(form.fields)})
    if results is None:
        return _json(
            {"errors": {name: [str(error) for error in errors] for name, errors in form.errors.items()}}, status=400
        )
    slots = [json_of(slot) for slot in results.slots]
    return _json({"commune": results.commune.code, "km": results.km, "total": results.total, "slots": slots})


def json_of(found_slot: FoundSlot) -> dict[str, Any]:
    slot = found_slot.slot
    return {
        "uuid": slot.uuid,
        "start": slot.starts_at,
        "end": slot.ends_at,
        "professional": str(slot.effector),
        "profession": slot.effector.profession_label,
        "place": str(slot.schedule),
        "city": slot.schedule.city,
        "km": km_text(found_slot),
        "bucket": bucket_label(found_slot.bucket),
        "modes": slot.mode_labels,
        "walk_in": slot.walk_in,
        "reasons": slot.reasons,
        "own_doctor": found_slot.is_own_doctor,
        "phone": slot.phone,
    }


def _json(content: dict[str, Any], status: int = 200) -> HttpResponse:
    return HttpResponse(orjson.dumps(content), content_type="application/json", status=status)


def asked_slot(uuid: UUID) -> Slot:
    """The slot that is to be booked, with its owner. Raises Http404."""
    slot = slot_to_book(uuid)
    if slot is None:
        raise Http404
    return slot


def book_or_move(
    slot: Slot, *, asked: QueryDict, reason: str, moved: Appointment | None, booker: Booker, at: datetime
) -> Appointment:
    """Book for the patient of a search, or move there the appointment it speaks of. Raises DomainError.

    `reason`: why they come, as it was typed with the booking: never in the address of a search.

    `moved` is what `deplacer` names, as far as the person may change it: a stranger's is nobody's.
    """
    if asked.get("deplacer"):
        if moved is None:
            raise Http404
        return actions.move(appointment=moved, to=slot, booker=booker, at=at)
    data = _searched(asked) if asked else {}  # from the door of the SAS, there was no search
    commune = data.get("commune")
    code = commune.code if commune else ""
    return actions.book_slot(slot=slot, booker=booker, reason=reason, commune=code, at=at)


def typed_reason(posted: QueryDict) -> str:
    """« Motif », one line."""
    return " ".join(posted.get("motif", "").replace("\0", "").split())[:LONGEST_REASON]


def search_again(request: HttpRequest, error: LimitReached, asked: QueryDict, page: View) -> HttpResponse:
    """The page of the search as it was, and why nothing was booked; 429 (core.web.limits)."""
    messages.error(request, error.user_message)
    request.GET = asked  # type: ignore[assignment]
    return page(request)


def _searched(asked: QueryDict) -> dict[str, Any]:
    """What is understood of a search, as far as it is."""
    form = search_form(asked)
    form.is_valid()
    return getattr(form, "cleaned_data", {})


def refusal_with_next(error: DomainError, results: SearchResults | None) -> str:
    """The refusal, and what is left that suits best."""
    first = results.first if results else None
    if first:
        return (
            f"{error.user_message} {when(first.starts_at).capitalize()}, {first.slot.effector}, à {km_text(first)} km."
        )
    return f"{error.user_message} Aucun autre créneau ne répond à votre recherche." if results else error.user_message


def commune_of(row: Appointment) -> str:
    """As the field reads it back, whatever its homonyms."""
    return commune_text(Commune.objects.filter(code=row.commune).only("code", "name").first())


def move_query(row: Appointment) -> str:
    """The search of another slot for an appointment."""
    parameters = QueryDict(mutable=True)
    parameters.update(
        {"commune": commune_of(row), "profession": row.effector.group, "delai": "72", "deplacer": str(row.uuid)}
    )
    return parameters.urlencode()
