"""Addresses of unscheduled care in the workspace of a CPTS."""

from django.urls import URLPattern, path

from maillage.core.screens.access import View


def care(route: str, view: View, name: str) -> URLPattern:
    return path(f"cpts/<slug:cpts_slug>/soins/{route}", view, name=name)
