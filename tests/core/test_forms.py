"""Lists to choose in, written by us as Django's templates write them."""

import pytest
from allauth.account.forms import SetPasswordField
from django import forms
from django.forms.renderers import TemplatesSetting
from django.test.html import parse_html
from django.urls import reverse
from django.utils.functional import lazy
from django.utils.safestring import mark_safe

from maillage.core.forms import Renderer, Shared
from maillage.core.markup import markup

CHOICES = [("", "—"), ("a", "L’un & l’autre"), ("Groupe <1>", [(1, "un"), (2, '"deux"')])]


@pytest.mark.parametrize("value", ["", "a", 2, None, "<x>"])
@pytest.mark.parametrize("widget", [forms.Select, forms.SelectMultiple, forms.NullBooleanSelect])
@pytest.mark.parametrize("attrs", [{}, {"required": True, "disabled": False, "aria-describedby": 'x"<'}])
def test_a_select_is_written_as_django_writes_it(value, widget, attrs):
    one = widget(attrs=attrs) if widget is forms.NullBooleanSelect else widget(attrs=attrs, choices=CHOICES)
    ours, theirs = (one.render("n", value, renderer=renderer) for renderer in (Renderer(), TemplatesSetting()))
    assert parse_html(ours) == parse_html(theirs)


@pytest.mark.parametrize("value", ["", "a", 2, None, "<x> & 'y'"])
@pytest.mark.parametrize(
    "widget",
    [
        forms.TextInput, forms.NumberInput, forms.EmailInput, forms.URLInput, forms.TelInput, forms.SearchInput,
        forms.PasswordInput, forms.HiddenInput, forms.DateInput, forms.DateTimeInput, forms.TimeInput,
        forms.CheckboxInput,
    ],
)  # fmt: skip
@pytest.mark.parametrize("attrs", [{}, {"id": "x", "required": True, "disabled": False, "aria-describedby": 'x"<'}])
def test_a_control_is_written_as_django_writes_it(value, widget, attrs):
    one = widget(attrs=attrs)
    ours, theirs = (one.render("n", value, renderer=renderer) for renderer in (Renderer(), TemplatesSetting()))
    assert parse_html(ours) == parse_html(theirs)


@pytest.mark.parametrize("value", ["", "a", ["a", ""], None])
@pytest.mark.parametrize("widget", [forms.RadioSelect, forms.CheckboxSelectMultiple])
@pytest.mark.parametrize("attrs", [{"id": "x"}, {"id": "x", "class": "y", "required": True}])
def test_choices_are_written_as_django_writes_them(value, widget, attrs):
    one = widget(attrs=attrs, choices=CHOICES[:2])
    ours, theirs = (one.render("n", value, renderer=renderer) for renderer in (Renderer(), TemplatesSetting()))
    assert parse_html(ours) == parse_html(theirs)


safe_text = lazy(lambda: mark_safe("<b>sûr</b>"), str)
plain_text = lazy(lambda: "<b>", str)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("<b>", "&lt;b&gt;"),
        (mark_safe("<b>"), "<b>"),
        (3, "3"),
        (safe_text(), "<b>sûr</b>"),
        (plain_text(), "&lt;b&gt;"),
    ],
)
def test_a_value_is_escaped_unless_it_is_safe(value, expected):
    assert markup("{value}", value=value) == expected


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
    how = forms.ChoiceField(label="Comment", choices=CHOICES[:2], widget=forms.RadioSelect)


def test_a_field_says_its_label_its_error_and_its_help():
    form = Asked({"name": "<b>", "note": ""})
    name, note, agrees, how = (str(field.as_field_group()) for field in form)
    assert '<label for="id_name">Nom &amp; prénom</label>' in name
    assert '<div class="help" id="id_name_helptext">Le vôtre</div>' in name
    assert 'value="&lt;b&gt;"' in name
    assert "<small>(facultatif)</small>" in note
    assert "<small>" not in name
    assert agrees.index("<input") < agrees.index('<label for="id_agrees">')
    assert "<fieldset><legend>Comment</legend>" in how
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
