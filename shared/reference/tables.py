"""The tables of the reference data: versions of the agreement, people, and the version of the roster."""

from typing import NamedTuple

from sqlalchemy import Column, Integer, MetaData, String, Table

from shared.store.types import Json, UtcDateTime


class ReferenceTables(NamedTuple):
    """`agreements`: each published version, compiled. `people`: each person as JSON. `roster_version`: one row (id 1)
    whose stamp changes with every change of people, so that a cached roster can be checked against it."""

    agreements: Table
    people: Table
    roster_version: Table


def reference_tables(metadata: MetaData) -> ReferenceTables:
    """Add the tables to the metadata of a service that keeps reference data."""
    return ReferenceTables(
        agreements=Table(
            "agreements",
            metadata,
            Column("version", Integer, primary_key=True),
            Column("hash", String(80), nullable=False),
            Column("published_at", UtcDateTime, nullable=False),
            Column("compiled", Json, nullable=False),
        ),
        people=Table(
            "people",
            metadata,
            Column("id", String(100), primary_key=True),
            Column("doc", Json, nullable=False),
        ),
        roster_version=Table(
            "roster_version",
            metadata,
            Column("id", Integer, primary_key=True),
            Column("stamp", String(36), nullable=False),
        ),
    )
