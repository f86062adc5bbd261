"""What a template weighs once read."""

from django.template.loader import get_template

from maillage.core.screens.loaders import without_indentation


def test_a_page_is_read_without_the_indentation_of_its_template():
    assert without_indentation("a.html", "<ul>\n    <li>\n\t\tun deux\n</ul>\n") == "<ul>\n<li>\nun deux\n</ul>\n"
    assert "\n " not in get_template("components/form_errors.html").template.source
    assert "\n " not in get_template("account/login.html").template.source


def test_a_mail_keeps_its_indentation():
    assert without_indentation("a.txt", "Bonjour\n  · un") == "Bonjour\n  · un"
