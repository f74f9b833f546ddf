"""Trees have the roots of RFC 9162, and paths lead to them; nothing else does."""

import pytest

from tests.udfs.sealing.trees import naive_root
from udfs.sealing.hashing import followed_path, leaf_hash, tree_path, tree_root

# Of the leaves of RFC 9162's reference implementation, as Certificate Transparency tests them.
KNOWN_LEAVES = [
    bytes.fromhex(each)
    for each in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
KNOWN_ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


@pytest.mark.parametrize(("size", "root"), KNOWN_ROOTS.items())
def test_known_roots(size: int, root: str) -> None:
    """The published ones, of up to eight leaves."""
    assert tree_root(list(map(leaf_hash, KNOWN_LEAVES[:size]))).hex() == root


@pytest.mark.parametrize("size", [*range(18), 33, 64, 100])
def test_paths_lead_to_the_root(size: int) -> None:
    """Of every leaf at its own place, and at no other place or size."""
    texts = [str(each).encode() for each in range(size)]
    hashes = list(map(leaf_hash, texts))
    root = tree_root(hashes)
    assert root == naive_root(texts)
    for index, leaf in enumerate(hashes):
        path = tree_path(hashes, index)
        assert followed_path(leaf, index, size, path) == root
        for other in range(size):
            if other != index:
                assert followed_path(leaf, other, size, path) != root


def test_a_path_of_another_length_is_none() -> None:
    """One hash too few, or too many, or a place outside of the tree."""
    hashes = [leaf_hash(bytes([each])) for each in range(5)]
    path = tree_path(hashes, 1)
    assert followed_path(hashes[1], 1, 5, path[:-1]) is None
    assert followed_path(hashes[1], 1, 5, [*path, path[0]]) is None
    assert followed_path(hashes[1], 5, 5, path) is None
    assert followed_path(hashes[1], -1, 5, path) is None
