"""Lists to choose in, written by us as Django's templates write them."""

import pytest
from django import forms
from django.forms.renderers import TemplatesSetting
from django.test.html import parse_html

from maillage.core.forms import Renderer

CHOICES = [("", "—"), ("a", "L’un & l’autre"), ("Groupe <1>", [(1, "un"), (2, '"deux"')])]


@pytest.mark.parametrize("value", ["", "a", 2, None, "<x>"])
@pytest.mark.parametrize("widget", [forms.Select, forms.SelectMultiple, forms.NullBooleanSelect])
@pytest.mark.parametrize("attrs", [{}, {"required": True, "disabled": False, "aria-describedby": 'x"<'}])
def test_a_select_is_written_as_django_writes_it(value, widget, attrs):
    one = widget(attrs=attrs) if widget is forms.NullBooleanSelect else widget(attrs=attrs, choices=CHOICES)
    ours, theirs = (one.render("n", value, renderer=renderer) for renderer in (Renderer(), TemplatesSetting()))
    assert parse_html(ours) == parse_html(theirs)
