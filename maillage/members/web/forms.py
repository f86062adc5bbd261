"""Forms of members: the shape of what is typed; what is allowed is decided by the actions."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.text import capfirst

from maillage.core.addresses import EmailField
from maillage.core.screens.fields import NameField, PhoneField
from maillage.core.text import normalised
from maillage.cpts.models import Cpts
from maillage.geography.fields import CommuneField, commune_text
from maillage.members.models import Body, College, FeeMethod, MemberKind, Membership, NewPatients
from maillage.members.queries.prefill import fields_of, main_role, practitioner_of
from maillage.records.screens.files import DocumentField

FIRST_YEAR = 2015


class EuroField(forms.DecimalField):
    """An amount as people type it: 1 040,50 €."""

    default_error_messages = {  # as Django declares it
        "invalid": "Tapez un montant, par exemple 30 ou 30,50.",
        "min_value": "Un montant n’est jamais négatif.",
        "max_digits": "Ce montant est trop grand.",
        "max_whole_digits": "Ce montant est trop grand.",
        "max_decimal_places": "Deux chiffres au plus après la virgule.",
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=Decimal(0), max_digits=7, decimal_places=2, localize=True, **kwargs)

    def to_python(self, value: Any) -> Any:
        return super().to_python("".join(value.replace("€", "").split()) if isinstance(value, str) else value)


class Colleges(forms.ModelChoiceField):  # type: ignore[type-arg]  # no generic at run time
    """The colleges of one CPTS."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(College.objects.none(), required=False, label="Collège", empty_label="Aucun", **kwargs)


class MemberForm(forms.Form):
    """One member, as the team writes it."""

    kind = forms.ChoiceField(label="Nature", choices=MemberKind.choices, initial=MemberKind.PERSON)
    structure = forms.CharField(
        label="Nom de la structure", required=False, max_length=160, help_text="Pour un hôpital, un EHPAD, une mairie…"
    )
    family_name = forms.CharField(label="Nom", required=False, max_length=80)
    given_name = forms.CharField(label="Prénom", required=False, max_length=80)
    occupation = forms.CharField(label="Profession ou fonction", required=False, max_length=80)
    commune = CommuneField(label="Commune", required=False, max_length=80, help_text="Nom, code postal ou code INSEE.")
    email = EmailField(label="Adresse électronique", required=False)
    phone = PhoneField(label="Téléphone", required=False)
    college = Colleges()
    joined_on = forms.DateField(
        localize=True, label="Adhère depuis le", required=False, help_text="Par exemple 12/01/2026."
    )
    is_public = forms.BooleanField(label="Accepte de paraître dans l’annuaire public", required=False)
    may_be_reached = forms.BooleanField(label="Accepte de recevoir les messages de la CPTS", required=False)
    new_patients = forms.ChoiceField(label="Nouveaux patients", choices=NewPatients.choices, required=False)
    home_visits = forms.BooleanField(label="Se déplace à domicile", required=False)
    languages = forms.CharField(label="Langues parlées", required=False, max_length=120)
    practical = forms.CharField(label="À savoir", required=False, max_length=300, widget=forms.Textarea({"rows": 2}))

    def __init__(self, *args: Any, cpts: Cpts, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["commune"].departement = cpts.departement_id  # type: ignore[attr-defined]
        self.fields["college"].queryset = College.objects.filter(cpts=cpts).order_by("name")  # type: ignore[attr-defined]
        for name in ("structure", "family_name"):
            self.fields[name].asked_in_some_cases = True  # type: ignore[attr-defined]

    def clean_joined_on(self) -> date | None:
        day: date | None = self.cleaned_data["joined_on"]
        if day and day > self.today:
            raise forms.ValidationError("Donnez une date passée.")
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("kind") == MemberKind.STRUCTURE and not data.get("structure"):
            self.add_error("structure", "Donnez le nom de la structure.")
        if data.get("kind") == MemberKind.PERSON and not data.get("family_name"):
            self.add_error("family_name", "Donnez le nom de la personne.")
        return data


def initial_of(membership: Membership) -> dict[str, Any]:
    """A membership as its form shows it."""
    named = {name: getattr(membership, name) for name in MemberForm.base_fields if name not in ("commune", "college")}
    return named | {
        "commune": commune_text(membership.commune),
        "college": membership.college_id,
    }


class OwnForm(forms.Form):
    """What a member says of themselves."""

    phone = PhoneField(label="Téléphone où les confrères me joignent", required=False)
    new_patients = forms.ChoiceField(label="Nouveaux patients", choices=NewPatients.choices, required=False)
    home_visits = forms.BooleanField(label="Je me déplace à domicile", required=False)
    languages = forms.CharField(label="Langues parlées", required=False, max_length=120)
    practical = forms.CharField(
        label="À savoir",
        required=False,
        max_length=300,
        widget=forms.Textarea({"rows": 2}),
        help_text="Par exemple : joignable entre 12 h et 14 h.",
    )
    is_public = forms.BooleanField(
        label="J’accepte de paraître dans l’annuaire public",
        required=False,
        help_text="Nom, profession, commune et ce qui précède, téléphone compris. Vous pouvez changer d’avis.",
    )
    may_be_reached = forms.BooleanField(label="J’accepte de recevoir les messages de la CPTS", required=False)


class JoinForm(forms.Form):
    """A request made in public, in two minutes."""

    rpps = forms.CharField(
        label="Numéro RPPS ou ADELI",
        required=False,
        max_length=14,
        help_text="Si vous en avez un : il remplit le reste à votre place.",
    )
    family_name = NameField(label="Nom", max_length=80)
    given_name = NameField(label="Prénom", max_length=80)
    occupation = NameField(label="Profession ou fonction", max_length=80)
    commune = CommuneField(label="Commune d’exercice", max_length=80, help_text="Nom, code postal ou code INSEE.")
    email = EmailField(label="Adresse électronique", help_text="La réponse du bureau y arrivera.")
    phone = PhoneField(label="Téléphone", required=False)
    message = forms.CharField(
        label="Ce qui vous amène", required=False, max_length=500, widget=forms.Textarea({"rows": 3})
    )
    is_public = forms.BooleanField(label="J’accepte de paraître dans l’annuaire public de la CPTS", required=False)
    may_be_reached = forms.BooleanField(label="J’accepte de recevoir les messages de la CPTS", required=False)
    # Hidden from people by the page: only a robot fills it.
    site = forms.CharField(label="Ne remplissez pas ce champ", required=False, max_length=200)

    def __init__(self, *args: Any, cpts: Cpts, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["commune"].departement = cpts.departement_id  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        practitioner = practitioner_of(data.get("rpps", ""))
        if data.get("rpps") and practitioner is None:
            self.add_error("rpps", "Ce numéro n’est pas dans l’annuaire : vérifiez-le, ou laissez ce champ vide.")
        elif practitioner and normalised(practitioner.family_name) not in normalised(data.get("family_name", "")):
            self.add_error("rpps", "Ce numéro est celui d’une autre personne.")
        self.practitioner = practitioner
        return data

    def fields_to_keep(self) -> dict[str, Any]:
        """What a request keeps: what was typed, and the link to the directory."""
        typed = {name: value for name, value in self.cleaned_data.items() if name not in ("rpps", "site")}
        if not self.practitioner:
            return typed
        known = fields_of(self.practitioner, main_role(self.practitioner))
        return {name: known[name] for name in ("practitioner", "practitioner_role", "group")} | typed


class AcceptForm(forms.Form):
    college = Colleges()
    with_account = forms.BooleanField(label="L’inviter à ouvrir son compte", required=False, initial=True)

    def __init__(self, *args: Any, cpts: Cpts, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["college"].queryset = College.objects.filter(cpts=cpts).order_by("name")  # type: ignore[attr-defined]


class RefuseForm(forms.Form):
    reason = forms.CharField(
        label="Motif", max_length=300, widget=forms.Textarea({"rows": 2}), help_text="La personne le lira."
    )


class FeeForm(forms.Form):
    """One fee."""

    year = forms.IntegerField(label="Année")
    amount = EuroField(label="Montant en euros")
    method = forms.ChoiceField(label="Moyen", choices=FeeMethod.choices)
    paid_on = forms.DateField(localize=True, label="Payée le")

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["year"].initial, self.fields["paid_on"].initial = today.year, today

    def clean_method(self) -> FeeMethod:
        return FeeMethod(self.cleaned_data["method"])

    def clean_year(self) -> int:
        year: int = self.cleaned_data["year"]
        if not FIRST_YEAR <= year <= self.today.year + 1:
            raise forms.ValidationError(f"Donnez une année entre {FIRST_YEAR} et {self.today.year + 1}.")
        return year

    def clean_paid_on(self) -> date:
        day: date = self.cleaned_data["paid_on"]
        if day > self.today:
            raise forms.ValidationError("Donnez une date passée.")
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        amount, method = data.get("amount"), data.get("method")
        if amount is not None and method:
            if method == FeeMethod.EXEMPT and amount:
                self.add_error("amount", "Une exonération est de 0 €.")
            if method != FeeMethod.EXEMPT and not amount:
                self.add_error("amount", "Donnez le montant, ou choisissez « exonération ».")
        return data


class LeaveForm(forms.Form):
    on = forms.DateField(localize=True, label="Départ le")

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["on"].initial = today

    def clean_on(self) -> date:
        day: date = self.cleaned_data["on"]
        if day > self.today:
            raise forms.ValidationError("Donnez une date passée ou d’aujourd’hui.")
        return day


class CollegeForm(forms.Form):
    name = forms.CharField(label="Nom", max_length=80, help_text="Par exemple : médecins, paramédicaux, usagers.")
    weight = forms.DecimalField(
        label="Poids dans les votes", min_value=Decimal(0), max_digits=5, decimal_places=2, initial=1, localize=True
    )
    has_vote = forms.BooleanField(
        label="Ses membres votent", required=False, initial=True, help_text="Décoché : voix consultative."
    )
    yearly_fee = EuroField(
        label="Cotisation annuelle en euros",
        required=False,
        help_text="Vide : les statuts n’en disent rien. 0 : l’adhésion est gratuite.",
    )


class SpreadsheetForm(forms.Form):
    file = forms.FileField(
        label="Votre tableur",
        help_text="XLSX, ODS ou CSV, une ligne par membre, les colonnes dans n’importe quel ordre.",
        allow_empty_file=True,
    )


class CampaignForm(forms.Form):
    """One letter to everybody who is missing; a blank line starts a paragraph."""

    subject = forms.CharField(label="Objet", max_length=120)
    body = forms.CharField(label="Texte", max_length=3_000, widget=forms.Textarea({"rows": 9}))
    signature = forms.CharField(label="Signature", max_length=120)

    def __init__(self, *args: Any, cpts: Cpts, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["subject"].initial = f"Rejoindre {cpts.with_article}"
        self.fields["body"].initial = (
            f"{capfirst(cpts.with_article)} "
            "réunit les professionnels de santé, du social et du médico-social de notre territoire. Nous y organisons "
            "ensemble l’accès à un médecin traitant, les soins non programmés, les parcours et la prévention.\n\n"
            "Vous exercez ici et n’en êtes pas encore membre : votre voix nous manque. Adhérer prend deux minutes, "
            "et nous restons à votre disposition pour en parler."
        )
        self.fields["signature"].initial = "Le bureau"


class MandateForm(forms.Form):
    """One function of one member."""

    membership = forms.ModelChoiceField(Membership.objects.none(), label="Membre")
    body = forms.ChoiceField(label="Instance", choices=Body.choices)
    function = forms.CharField(
        label="Fonction", max_length=80, help_text="Par exemple : présidente, trésorier, membre."
    )
    starts_on = forms.DateField(localize=True, label="Depuis le")
    ends_on = forms.DateField(localize=True, label="Jusqu’au", required=False)

    def __init__(self, *args: Any, cpts: Cpts, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        members = Membership.objects.of(cpts).current().select_related("cpts").order_by("search_name")
        self.fields["membership"].queryset = members  # type: ignore[attr-defined]
        self.fields["starts_on"].initial = today


class ConventionForm(forms.Form):
    """One agreement with one partner."""

    partner = forms.CharField(label="Partenaire", max_length=160, help_text="Hôpital, EHPAD, DAC, commune…")
    purpose = forms.CharField(label="Objet", max_length=300)
    signatories = forms.CharField(label="Signataires", max_length=200, required=False)
    starts_on = forms.DateField(localize=True, label="En vigueur depuis le", help_text="Par exemple 01/09/2026.")
    ends_on = forms.DateField(localize=True, label="Jusqu’au", required=False)
    is_renewed_tacitly = forms.BooleanField(label="Se renouvelle sans démarche", required=False)
    file = DocumentField(label="Document signé", required=False)


class NumberForm(forms.Form):
    """The number a code is asked for; the register says whether it has a mailbox."""

    number = forms.CharField(
        label="Numéro RPPS ou ADELI", max_length=20, widget=forms.TextInput({"autocomplete": "off"})
    )


class CodeForm(forms.Form):
    """A one-time code, spaces and small letters allowed."""

    code = forms.CharField(
        label="Code reçu", max_length=12, widget=forms.TextInput({"autocomplete": "one-time-code", "class": "code"})
    )
