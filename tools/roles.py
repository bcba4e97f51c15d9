"""Write `docs/reference/roles.md` from the one table of roles and acts."""

import sys
from pathlib import Path

from consentry.kernel.access import ALLOWED, EDGE, PUBLIC, TOKEN_SCOPES, Act, Role

TARGET = Path(__file__).parents[1] / "docs" / "reference" / "roles.md"
HEAD = """# Who may do what

Generated from `consentry/kernel/access.py` by `python -m tools.roles`. The same table is what every
request is checked against, and what the authorisation matrix of the tests is computed from.

Every route names one act (`x-act` in `openapi.json`). Being allowed an act says nothing about
*which* things: every query also holds the caller's own agency, household or business, and what
belongs to another is not found (404). A responder finds the incidents they are assigned to.

- **Public**: nobody is signed in. Whoever is signed in may do these things too.
- **Edge**: a box beside cameras, proved by its key.
- **Token**: an API token, for the acts among these that it was given. Never an ask.
- A dot means that the role includes the act. A person may hold several roles.

"""
SHORT = {
    Role.OPERATOR: "Oper.",
    Role.RESPONDER: "Resp.",
    Role.INVESTIGATOR: "Inv.",
    Role.SUPERVISOR: "Sup.",
    Role.CUSTODIAN: "Cust.",
    Role.AUDITOR: "Aud.",
    Role.AGENCY_ADMIN: "Agency adm.",
    Role.HUB_ADMIN: "Hub adm.",
    Role.OWNER: "Owner",
}


def page() -> str:
    heads = ["Act", *(SHORT[role] for role in Role), "Public", "Edge", "Token"]
    rows = [heads, [":--", *([":-:"] * (len(heads) - 1))], *(_row(act) for act in Act)]
    return HEAD + "".join(f"| {' | '.join(cells)} |\n" for cells in rows)


def _row(act: Act) -> list[str]:
    marks = [act in PUBLIC or role in ALLOWED.get(act, frozenset()) for role in Role]
    marks += [act in PUBLIC, act in EDGE, act in TOKEN_SCOPES or act is Act.READ_PUBLIC]
    return [f"`{act.value}`", *("●" if mark else " " for mark in marks)]


if __name__ == "__main__":
    TARGET.write_text(page())
    sys.exit(0)
