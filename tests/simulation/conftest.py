"""The city is the same for all tests, so it is built once."""

import pytest

from consentry.simulation import City


@pytest.fixture(scope="session")
def city() -> City:
    return City.build()
