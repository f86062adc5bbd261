"""The letter that leaves by MSSanté, to the mailbox that the national register gives."""

from maillage.core.letters import Letter, Samples


def number_code(code: str) -> Letter:
    """Eight characters that prove a national number, to whoever reads its own mailbox."""
    return Letter(
        "Code de vérification Maillage",
        (
            "Quelqu’un prouve, sur Maillage, que votre numéro national est le sien. Si c’est vous, tapez ce code dans "
            "« Mon identité » :",
            f"{code[:4]} {code[4:]}",
        ),
        after=(
            "Il sert un quart d’heure. Si ce n’est pas vous, ne le donnez à personne : sans lui, rien ne se fait en "
            "votre nom.",
        ),
    )


def samples() -> Samples:
    return {"number_code": number_code("ABCD2345")}
