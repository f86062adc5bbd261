"""What the gallery shows: one of each component."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone

from maillage.core.addresses import EmailField
from maillage.core.models import Job, JobState
from maillage.core.screens.listing import Column, Filter, Listing
from maillage.geography.models import Departement
from maillage.territory.queries.map_data import map_data


class GalleryForm(forms.Form):
    """A form as it looks once refused."""

    email = EmailField(label="Adresse électronique", help_text="Celle que la personne lit.")
    role = forms.ChoiceField(label="Rôle", choices=[("", "Choisir…"), ("member", "membre")])


def gallery_facts(on: date, parameters: QueryDict) -> dict[str, Any]:
    """Something to show in each component; the list is a real one, of the départements."""
    listing = Listing(
        queryset=Departement.objects.select_related("region"),
        parameters=parameters,
        columns=(
            Column("nom", "Département", lambda departement: departement.name, "name"),
            Column("code", "Code", lambda departement: departement.code, "code"),
            Column("region", "Région", lambda departement: departement.region.name, "region__name"),
        ),
        search_in=("name",),
        filters=(Filter("region", "Région", "region", [("75", "Nouvelle-Aquitaine"), ("76", "Occitanie")]),),
        default_sort="code",
        empty="Aucun département : chargez les données de référence.",
    )
    now = timezone.now()
    running = Job(
        label="Import", state=JobState.RUNNING, done=42, total=100, message="Lecture du fichier", created_at=now
    )
    return {
        "listing": listing,
        "page": listing.page(),
        "map": map_data([], None),
        "job": running,
        "form": GalleryForm({"email": "pas-une-adresse", "role": ""}),
        "steps": [
            {"on": on, "title": "Signature du contrat", "text": "100 % du fonctionnement", "tone": ""},
            {
                "on": on + timedelta(days=180),
                "title": "Démarrage au plus tard",
                "text": "accès aux soins",
                "tone": "soon",
            },
        ],
    }
