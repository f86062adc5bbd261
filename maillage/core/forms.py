"""How forms look: every form of the product, and allauth's, go through here.

Fields and their controls are written in Python, as Django's templates would: a page of forms spent half of its time
in them. The others are Django's, and `components/form.html`.
"""

from collections.abc import Callable
from typing import Any

from django.forms import BoundField, Field
from django.forms.renderers import TemplatesSetting
from django.utils.safestring import SafeString

from maillage.core.markup import escaped, markup, together

Widget = dict[str, Any]
FIELD = '<div class="field">{inside}{help}</div>'
HELP = '<div class="help" id="{id}_helptext">{text}</div>'
CHECK = '<div class="check">{control}<label for="{id}">{label}</label></div>{errors}'
CHOICES = "<fieldset><legend>{label}</legend>{errors}{control}</fieldset>"
LABELLED = '<label for="{id}">{label}{optional}</label>{errors}{control}'
OPTIONAL = SafeString(" <small>(facultatif)</small>")
NOTHING = SafeString()


class Shared(dict[str, Field]):
    """The fields of a form that changes none of them: not copied for each form, which costs more than checking them."""

    def __deepcopy__(self, memo: Any) -> dict[str, Field]:
        return dict(self)


def field_html(field: BoundField) -> SafeString:
    """Label above, help under, error beside it."""
    told = markup(HELP, id=field.auto_id, text=field.help_text) if field.help_text else NOTHING
    return markup(FIELD, inside=_inside(field), help=told)


def _inside(field: BoundField) -> SafeString:
    named = {"label": field.label, "control": field, "errors": field.errors or NOTHING}
    if field.widget_type == "checkbox":
        return markup(CHECK, id=field.id_for_label, **named)
    if field.use_fieldset:
        return markup(CHOICES, **named)
    is_asked = field.field.required or getattr(field.field, "asked_in_some_cases", False)
    optional = NOTHING if is_asked else OPTIONAL
    return markup(LABELLED, id=field.id_for_label, optional=optional, **named)


def input_html(widget: Widget) -> SafeString:
    value = NOTHING if widget["value"] is None else markup(' value="{value}"', value=widget["value"])
    return markup(
        '<input type="{type}" name="{name}"{value}{rest}>',
        type=widget["type"], name=widget["name"], value=value, rest=_attributes(widget["attrs"]),
    )  # fmt: skip


def select_html(widget: Widget) -> SafeString:
    inside = together(_options(name, options) for name, options, _ in widget["optgroups"])
    rest = _attributes(widget["attrs"])
    return markup('<select name="{name}"{rest}>{inside}</select>', name=widget["name"], rest=rest, inside=inside)


def textarea_html(widget: Widget) -> SafeString:
    """What is pasted too long is told, not cut in silence as `maxlength` would."""
    rest, text = _attributes({**widget["attrs"], "maxlength": None}), widget["value"] or ""
    return markup('<textarea name="{name}"{rest}>\n{value}</textarea>', name=widget["name"], rest=rest, value=text)


def _options(group: str | None, options: list[Widget]) -> SafeString:
    inside = together(
        markup(
            '<option value="{value}"{rest}>{label}</option>',
            value=one["value"], rest=_attributes(one["attrs"]), label=one["label"],
        )
        for one in options
    )  # fmt: skip
    return markup('<optgroup label="{name}">{inside}</optgroup>', name=group, inside=inside) if group else inside


def choices_html(widget: Widget) -> SafeString:
    """Buttons or boxes to choose among, each inside its label; groups of them are nowhere in the product."""
    assert not any(group for group, _, _ in widget["optgroups"])
    attributes = {name: widget["attrs"].get(name) or None for name in ("id", "class")}
    options = (one for _, some, _ in widget["optgroups"] for one in some)
    inside = together(markup("<div>{one}</div>", one=_choice(one)) for one in options)
    return markup("<div{rest}>{inside}</div>", rest=_attributes(attributes), inside=inside)


def _choice(option: Widget) -> SafeString:
    control = input_html(option)
    if not option.get("wrap_label"):
        return control
    rest = _attributes({"for": option["attrs"].get("id")})
    return markup("<label{rest}>{control} {label}</label>", rest=rest, control=control, label=option["label"])


def _attributes(attrs: dict[str, Any]) -> SafeString:
    """As Django writes them: True is a name alone, False or None nothing."""
    return SafeString("".join(
        f" {escaped(name)}" if value is True else f' {escaped(name)}="{escaped(value)}"'
        for name, value in attrs.items()
        if value is not False and value is not None
    ))  # fmt: skip


WIDGETS = "django/forms/widgets/"
INPUTS = (
    "text",
    "number",
    "email",
    "url",
    "tel",
    "search",
    "password",
    "hidden",
    "date",
    "datetime",
    "time",
    "checkbox",
)
WRITTEN: dict[str, Callable[[Widget], SafeString]] = {
    **{f"{WIDGETS}{name}.html": input_html for name in (*INPUTS, "input")},
    f"{WIDGETS}select.html": select_html,
    f"{WIDGETS}textarea.html": textarea_html,
    f"{WIDGETS}radio.html": choices_html,
    f"{WIDGETS}checkbox_select.html": choices_html,
}


class Renderer(TemplatesSetting):
    """What is written here, and Django's templates for the rest: file fields, lists of errors."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        if template_name == self.field_template_name:
            return field_html(context["field"])
        if write := WRITTEN.get(template_name):
            return write(context["widget"])
        return super().render(template_name, context, request)
