"""Words that must make somebody call the 15 first. Pure.

They are a net for whoever writes a request, not a medical decision: common words of vital emergencies, as the public
information on the number 15 gives them (chest pain, breathlessness, stroke, loss of consciousness, bleeding…).
"""

from maillage.core.text import normalised

SIGNS = (
    "douleur thoracique",
    "douleur a la poitrine",
    "mal a la poitrine",
    "oppression thoracique",
    "infarctus",
    "respire mal",
    "ne respire",
    "du mal a respirer",
    "essouffl",
    "detresse respiratoire",
    "etouffe",
    "paralys",
    "visage deforme",
    "bouche de travers",
    "n arrive plus a parler",
    "avc",
    "inconscien",
    "perte de connaissance",
    "malaise",
    "convulsion",
    "crise d epilepsie",
    "hemorragie",
    "saigne beaucoup",
    "vomit du sang",
    "suicid",
    "intoxication",
    "allergie grave",
    "choc anaphylactique",
    "brulure grave",
    "raideur de la nuque",
    "nourrisson",
)


def warning_signs(text: str) -> list[str]:
    """Those found in what was typed, whatever the accents and capitals."""
    plain = normalised(text)
    return [sign for sign in SIGNS if sign in plain]
