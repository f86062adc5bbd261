"""Dates as people type them in France; the first form is also how they are shown in a field."""

DATE_INPUT_FORMATS = ["%d/%m/%Y", "%Y-%m-%d", "%d/%m/%y", "%d.%m.%Y", "%d-%m-%Y", "%d %m %Y"]
