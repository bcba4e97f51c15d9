"""The tables of the working room. Events are only ever added."""

from sqlalchemy import Column, Double, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from consentry.infra.db import Instant, JsonText, metadata

ID = String(36)
WORD = String(40)
NAME = String(200)

incident = Table(
    "incident",
    metadata,
    Column("id", ID, primary_key=True),
    Column("party_id", ForeignKey("party.id"), nullable=False),
    Column("type", WORD, nullable=False),
    Column("title", String(120), nullable=False),
    Column("address", String(200), nullable=False),
    Column("priority", WORD, nullable=False),
    Column("lat", Double, nullable=False),
    Column("lon", Double, nullable=False),
    Column("area", JsonText, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("opened_by_kind", WORD, nullable=False),
    Column("opened_by_id", ID, nullable=False),
    Column("opened_by_name", NAME, nullable=False),
    # Both set for a dispatched one, neither for one that was opened by hand.
    Column("source_name", WORD),
    Column("source_reference", String(80)),
    Column("shaped_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("closed_by_kind", WORD),
    Column("closed_by_id", ID),
    Column("closed_by_name", NAME),
    Column("outcome", WORD),
    Column("outcome_words", String(500)),
    Column("version", Integer, nullable=False),
    Column("events", Integer, nullable=False),
    UniqueConstraint("party_id", "source_name", "source_reference"),
    Index("ix_incident_page", "party_id", "id"),
    Index("ix_incident_open", "party_id", "closed_at", "id"),
)
incident_shaper = Table(
    "incident_shaper",
    metadata,
    Column("incident_id", ForeignKey("incident.id"), primary_key=True),
    Column("person_id", ID, primary_key=True),
)
incident_assignment = Table(
    "incident_assignment",
    metadata,
    Column("incident_id", ForeignKey("incident.id"), primary_key=True),
    Column("person_id", ID, primary_key=True),
    Column("name", NAME, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_incident_assignment_person", "person_id", "incident_id"),
)
incident_event = Table(
    "incident_event",
    metadata,
    Column("incident_id", ForeignKey("incident.id"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("kind", WORD, nullable=False),
    Column("by_kind", WORD, nullable=False),
    Column("by_id", ID, nullable=False),
    Column("by_name", NAME, nullable=False),
    Column("details", JsonText, nullable=False),
)
