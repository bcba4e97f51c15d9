"""Nothing private reaches the logs, whatever it is called and however deep it lies."""

import pytest

from consentry.infra.telemetry import REMOVED, Metrics, remove_secrets


@pytest.mark.parametrize(
    "key",
    ["password", "Authorization", "session_token", "set_up_code", "totp", "private_key", "salt"],
)
def test_a_secret_is_removed(key: str) -> None:
    assert remove_secrets(None, "info", {key: "hunter2"}) == {key: REMOVED}


@pytest.mark.parametrize("key", ["lat", "lon", "position", "address"])
def test_a_place_is_removed(key: str) -> None:
    assert remove_secrets(None, "info", {"camera": {key: 1.0}}) == {"camera": {key: REMOVED}}


def test_the_rest_stays() -> None:
    event = {"event": "grant_revoked", "grant_id": "g", "count": 3}
    assert remove_secrets(None, "info", dict(event)) == event


def test_metrics_are_named_with_their_unit() -> None:
    names = {family.name for family in Metrics().registry.collect()}
    assert all(name.startswith("consentry_") for name in names)
    assert "consentry_request_seconds" in names
