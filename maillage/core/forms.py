"""How forms look: every form of the product, and allauth's, go through these two templates."""

from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    """Label above, help under, errors beside the field and summed up on top."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"
