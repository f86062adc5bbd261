"""How forms look: every form of the product, and allauth's, go through these templates."""

from typing import Any

from django.forms import Field
from django.forms.renderers import TemplatesSetting


class Shared(dict[str, Field]):
    """The fields of a form that changes none of them: not copied for each form, which costs more than checking them."""

    def __deepcopy__(self, memo: Any) -> dict[str, Field]:
        return dict(self)


class Renderer(TemplatesSetting):
    """Django's controls, our fields: label above, help under, error beside it."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"
