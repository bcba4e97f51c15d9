"""A database that knows the agencies and people of these tests."""

import pytest
from sqlalchemy import insert

from consentry.identity.model import PartyKind
from consentry.identity.tables import membership, party, person
from consentry.infra.db import Database, Transaction
from consentry.kernel.access import Role
from tests.incidents.builders import AGENCY, NAMES, OTHER_AGENCY
from tests.kit import NOON


def add_people(tx: Transaction) -> None:
    for party_id in (AGENCY, OTHER_AGENCY):
        tx.connection.execute(
            insert(party).values(
                id=party_id, kind=PartyKind.AGENCY, name=f"Agency {party_id}", created_at=NOON
            )
        )
    for (party_id, person_id), name in NAMES.items():
        tx.connection.execute(
            insert(person).values(
                id=person_id,
                home_id=party_id,
                login=name.lower(),
                name=name,
                created_at=NOON,
                totp_confirmed=False,
                totp_step=0,
            )
        )
        tx.connection.execute(
            insert(membership).values(
                party_id=party_id, person_id=person_id, roles={Role.OPERATOR}, since=NOON
            )
        )


@pytest.fixture
def peopled(database: Database) -> Database:
    database.write_now(add_people)
    return database
