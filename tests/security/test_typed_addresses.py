"""What a stranger types about themselves, or names a CPTS, carries no address into the mails of the instance."""

import pytest
from django.urls import reverse

from maillage.cpts.models import Cpts
from maillage.members.models import Membership

LURES = ["Votre session expire : https://maillage-verif.example", "www.ailleurs.example", "a@ailleurs.example"]


@pytest.mark.parametrize("lure", LURES)
def test_a_request_to_join_carries_none(cpts, client, lure):
    form = {"family_name": "Essai", "given_name": "Max", "occupation": lure, "commune": "24037", "email": "m@e.invalid"}
    page = client.post(reverse("members:join", args=[cpts.slug]), form)
    assert page.status_code == 200
    assert "occupation" in page.context["form"].errors
    assert not Membership.objects.exists()


@pytest.mark.parametrize("lure", LURES)
def test_nor_does_a_founded_cpts(member, client, lure):
    client.force_login(member)
    before = Cpts.objects.count()
    page = client.post(reverse("territory:found"), {"name": f"CPTS {lure}", "confirmed": "", "departement": "24"})
    assert page.status_code == 200
    assert "name" in page.context["form"].errors
    assert Cpts.objects.count() == before


@pytest.mark.parametrize("lure", LURES)
def test_nor_does_the_name_of_an_account(client, lure, db):
    form = {"given_name": lure, "family_name": "Essai", "email": "z@exemple.invalid"}
    page = client.post(reverse("account_signup"), form | {"password1": "une longue phrase 42", "password2": ""})
    assert "given_name" in page.context["form"].errors
