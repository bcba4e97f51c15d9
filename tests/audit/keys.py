"""Fixed keys, so that vectors and notes are the same in every run. Never used outside tests."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

LOG_PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
WITNESS_PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34)))
SECOND_WITNESS_PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(3, 35)))
