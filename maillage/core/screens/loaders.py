"""How templates are read: their indentation is for who edits them, a page does without (a third of its weight)."""

import re

from django.template import Origin
from django.template.loaders import app_directories, filesystem

INDENTATION = re.compile(r"\n[ \t]+")


def without_indentation(name: str, text: str) -> str:
    """The same lines, from the margin: HTML reads a run of white as one space. Mails keep theirs."""
    return INDENTATION.sub("\n", text) if name.endswith(".html") else text


class FolderLoader(filesystem.Loader):
    def get_contents(self, origin: Origin) -> str:
        return without_indentation(str(origin.name), super().get_contents(origin))


class AppsLoader(FolderLoader, app_directories.Loader):
    """The same, in the folders of the apps."""
