"""What other apps point to here, found by the keys they declare: adding an app changes nothing."""

from django.db import models
from django.db.models import Exists, ForeignKey, ForeignObjectRel, OuterRef, Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact


def unnamed(model: type[models.Model]) -> Q:
    """The condition that no row of any model names a row of this one."""
    condition = Q()
    for relation in model._meta.get_fields(include_hidden=True):
        if isinstance(relation, ForeignObjectRel) and isinstance(relation.field, ForeignKey):
            rows = relation.field.model._default_manager.filter(**{relation.field.name: OuterRef("pk")})
            condition &= Q(~Exists(rows))
    return condition


def is_digest(name: str) -> Q:
    """A column of 64 signs that leads to no folder: what both engines read without a function of ours."""
    return Q(Exact(Length(name), 64)) & ~Q(**{f"{name}__contains": "/"})
