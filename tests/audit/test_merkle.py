"""RFC 6962 by the book, every small size against a recursion written from the RFC's own words."""

from collections.abc import Sequence
from hashlib import sha256
from hmac import digest

import pytest
from hypothesis import given, strategies as st

from consentry.audit import merkle
from consentry.audit.merkle import Frontier, Nodes, Root, Tree, expand, extends, includes

BOUNDARIES = [*range(301), 511, 512, 513, 65_535, 65_536, 65_537]

# The eight leaves and the roots that Certificate Transparency's implementations test with.
KNOWN_LEAVES = [
    bytes.fromhex(text)
    for text in (
        *("", "00", "10", "2021", "3031", "40414243", "5051525354555657"),
        "606162636465666768696a6b6c6d6e6f",
    )
]
KNOWN_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def leaf_hashes(count: int) -> list[bytes]:
    return [merkle.leaf_hash(index.to_bytes(4, "big")) for index in range(count)]


HASHES = leaf_hashes(65_537)


def recursive_root(hashes: Sequence[bytes]) -> bytes:
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    middle = 1
    while middle * 2 < len(hashes):
        middle *= 2
    left, right = recursive_root(hashes[:middle]), recursive_root(hashes[middle:])
    return sha256(b"\x01" + left + right).digest()


def tree_over(hashes: Sequence[bytes], size: int | None = None) -> Tree:
    frontier, tiles = Frontier().append(hashes)
    full = {(tile.level, tile.number): tile.hashes for tile in tiles}

    def nodes(level: int, number: int, width: int) -> Nodes:
        stored = full.get((level, number)) or frontier.rows[level]
        return expand(stored[: width * merkle.HASH_BYTES])

    return Tree(len(hashes) if size is None else size, nodes)


def test_the_known_vectors_of_certificate_transparency() -> None:
    hashes = [merkle.leaf_hash(leaf) for leaf in KNOWN_LEAVES]
    assert [merkle.tree_root(hashes[: n + 1]).hex() for n in range(8)] == KNOWN_ROOTS
    assert merkle.tree_root([]).hex() == (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )


def test_the_known_proofs_of_certificate_transparency() -> None:
    tree = tree_over([merkle.leaf_hash(leaf) for leaf in KNOWN_LEAVES])
    assert [step.hex() for step in tree.inclusion(0)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]
    assert [step.hex() for step in tree.consistency(6)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@pytest.mark.parametrize("start", [0, 100, 200])
def test_every_root_up_to_300_is_the_recursive_one(start: int) -> None:
    for size in range(start, start + 101):
        expected = recursive_root(HASHES[:size])
        assert merkle.tree_root(HASHES[:size]) == expected
        assert Frontier().append(HASHES[:size])[0].root() == expected
        assert tree_over(HASHES[:size]).root() == expected


@pytest.mark.parametrize("size", [511, 512, 513, 65_535, 65_536, 65_537])
def test_roots_at_the_edges_of_tiles(size: int) -> None:
    grown = Frontier()
    for start in range(0, size, 1024):
        grown, _ = grown.append(HASHES[start : min(start + 1024, size)])
    assert grown == Frontier().append(HASHES[:size])[0]
    assert grown.root() == merkle.tree_root(HASHES[:size]) == tree_over(HASHES[:size]).root()


@given(st.lists(st.integers(0, 700), max_size=6))
def test_a_tree_does_not_depend_on_how_it_grew(steps: list[int]) -> None:
    grown, tiles = Frontier(), []
    for step in steps:
        grown, full = grown.append(HASHES[grown.size : grown.size + step])
        tiles += full
    at_once, all_tiles = Frontier().append(HASHES[: sum(steps)])
    assert grown == at_once
    assert sorted(tiles, key=lambda t: (t.level, t.number)) == sorted(
        all_tiles, key=lambda t: (t.level, t.number)
    )


def test_every_inclusion_up_to_130_leads_to_the_root_and_nowhere_else() -> None:
    for size in range(1, 131):
        tree, root = tree_over(HASHES[:size]), recursive_root(HASHES[:size])
        for position in range(size):
            proof = tree.inclusion(position)
            assert includes(HASHES[position], position, size, proof, root)
            assert not includes(HASHES[position + 1], position, size, proof, root)
            assert not includes(HASHES[position], position, size, [*proof, root], root)
            assert not includes(HASHES[position], position, size, proof[1:], root) or not proof
            elsewhere = (position + 1) % size
            assert size == 1 or not includes(HASHES[position], elsewhere, size, proof, root)


def test_every_pair_of_sizes_up_to_70_is_consistent_and_a_fork_is_not() -> None:
    for new in range(1, 71):
        tree, root = tree_over(HASHES[:new]), Root(new, recursive_root(HASHES[:new]))
        for old in range(new + 1):
            proof = tree.consistency(old)
            before = Root(old, recursive_root(HASHES[:old]))
            assert extends(before, root, proof)
            assert not extends(Root(old, b"f" * 32), root, proof)
            # Anything extends the empty tree: there is nothing that it could contradict.
            assert extends(before, Root(new, b"f" * 32), proof) is (old == 0)
            assert not extends(before, root, [*proof, b"f" * 32])
            assert not proof or not extends(before, root, proof[:-1])


@pytest.mark.parametrize("size", [255, 256, 257, 300, 65_535, 65_536, 65_537])
def test_proofs_at_the_edges_of_tiles(size: int) -> None:
    tree, root = tree_over(HASHES[:size]), merkle.tree_root(HASHES[:size])
    for position in {0, 1, 127, 128, 254, 255 % size, 256 % size, size // 2, size - 2, size - 1}:
        assert includes(HASHES[position], position, size, tree.inclusion(position), root)
    for old in {1, 2, 254, 255, size // 2, size - 1, size}:
        before = Root(old, merkle.tree_root(HASHES[:old]))
        assert extends(before, Root(size, root), tree.consistency(old))


@pytest.mark.parametrize("position", [-1, 5, 6])
def test_a_position_outside_the_tree_has_no_proof(position: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        tree_over(HASHES[:5]).inclusion(position)
    assert not includes(HASHES[0], position, 5, [], HASHES[0])


def test_a_larger_old_tree_has_no_proof() -> None:
    with pytest.raises(ValueError, match="outside"):
        tree_over(HASHES[:5]).consistency(6)
    assert not extends(Root(6, HASHES[0]), Root(5, HASHES[0]), [])


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=300))
def test_a_public_leaf_is_a_keyed_hash(salt: bytes, body: bytes) -> None:
    assert merkle.public_leaf(salt, body) == b"\x01" + digest(salt, body, "sha256")


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_salt_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        merkle.public_leaf(b"s" * length, b"body")
