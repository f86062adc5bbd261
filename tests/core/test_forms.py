"""How a field looks."""

import pytest
from allauth.account.forms import SetPasswordField
from django import forms
from django.urls import reverse
from pytest_django.asserts import assertInHTML

from maillage.core.screens.fields import NameField
from maillage.core.screens.forms import Shared

CHOICES = [("a", "L’un & l’autre"), ("b", "Le second")]


def test_the_help_of_a_password_is_a_list(client, db):
    page = client.get(reverse("account_reset_password_from_key", args=["1", "set-password"]))
    assert page.status_code == 200
    help_text = SetPasswordField(label="Mot de passe").help_text
    form = forms.Form()
    form.fields["one"] = forms.CharField(help_text=help_text)
    assert "<ul><li>" in form["one"].as_field_group()


class Asked(forms.Form):
    name = forms.CharField(label="Nom & prénom", help_text="Le vôtre")
    note = forms.CharField(label="Note", required=False)
    agrees = forms.BooleanField(label="J’accepte")
    how = forms.ChoiceField(label="Comment", choices=CHOICES, widget=forms.RadioSelect)


def test_a_field_says_its_label_its_error_and_its_help():
    form = Asked({"name": "<b>", "note": ""})
    name, note, agrees, how = (str(field.as_field_group()) for field in form)
    assertInHTML('<label for="id_name">Nom &amp; prénom</label>', name)
    assertInHTML('<div class="help" id="id_name_helptext">Le vôtre</div>', name)
    assert 'value="&lt;b&gt;"' in name
    assertInHTML('<label for="id_note">Note <small>(facultatif)</small></label>', note)
    assert "<small>" not in name
    assert agrees.index("<input") < agrees.index('<label for="id_agrees">')
    assertInHTML("<legend>Comment</legend>", how)
    assert 'class="errorlist"' not in name
    assert 'class="errorlist"' in str(Asked({"name": ""})["name"].as_field_group())


def test_shared_fields_are_one_for_all_forms_whose_answers_stay_apart():
    class Fixed(Asked):
        pass

    Fixed.base_fields = Shared(Fixed.base_fields)
    first, second = Fixed({"name": "Une"}), Fixed({"name": ""})
    assert first.fields["name"] is second.fields["name"]
    assert (first["name"].errors, bool(second["name"].errors), first["name"].value()) == ([], True, "Une")
    del first.fields["note"]
    assert "note" in second.fields
    assert "note" in Fixed().fields


def test_a_long_text_is_told_and_not_cut_by_the_browser():
    class Told(forms.Form):
        text = forms.CharField(max_length=5, widget=forms.Textarea({"rows": 2}))

    told = Told({"text": "Plus de cinq <signes>"})
    assert "maxlength" not in str(told["text"])
    assert ">\nPlus de cinq &lt;signes&gt;</textarea>" in str(told["text"])
    assert told.errors["text"]


@pytest.mark.parametrize(
    "text",
    ["Gagnez sur EXEMPLE.COM", "Voir exemple。com", "exemple .com", "http:exemple.com", "ex.com", "a/b", "WWW.x"],
)
def test_a_name_carries_no_address_of_a_page(text):
    with pytest.raises(forms.ValidationError):
        NameField(max_length=160).clean(text)


@pytest.mark.parametrize("text", ["M.Durand", "Dr.Élise Durand", "Dr. J.-P. Durand", "Infirmière D.E.", "Jean d’Ax"])
def test_a_name_is_taken_as_people_write_it(text):
    assert NameField(max_length=160).clean(text) == text
