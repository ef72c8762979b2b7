"""Randomness as a tree: reproducible, and no branch moves another."""

import hmac

from hypothesis import given, settings
from hypothesis import strategies as st

from responder.crypto.random_tree import RandomTree

PATHS = st.lists(st.one_of(st.text(max_size=4), st.integers(0, 300)), max_size=3)


def test_the_stream_is_hmac_with_a_counter():
    key = hmac.digest(b"spdm-responder random tree", b"seed", "sha256")
    first = hmac.digest(key, b"block\0" + bytes(7) + b"\x01", "sha256")
    assert RandomTree(b"seed").bytes(32) == first


def test_a_stream_goes_on():
    tree, other = RandomTree(b"seed"), RandomTree(b"seed")
    assert tree.bytes(10) + tree.bytes(0) + tree.bytes(90) == other.bytes(100)
    assert tree.bytes(32) == other.bytes(33)[:32]
    assert tree.bytes(32) != other.bytes(32)


@settings(max_examples=50, derandomize=True, deadline=None, database=None)
@given(PATHS, PATHS)
def test_paths_are_branches_of_their_own(one, other):
    tree = RandomTree(b"seed")
    same = tree.child(*one).bytes(16) == tree.child(*other).bytes(16)
    assert same == (one == other)


def test_a_branch_does_not_depend_on_what_others_drew():
    quiet, busy = RandomTree(b"seed"), RandomTree(b"seed")
    busy.bytes(1_000)
    busy.child("connection", 1).bytes(1_000)
    assert quiet.child("connection", 2).bytes(16) == busy.child("connection", 2).bytes(16)


def test_texts_and_numbers_are_different_steps():
    tree = RandomTree(b"seed")
    assert tree.child("1").bytes(16) != tree.child(1).bytes(16)
    assert tree.child("a", "b").bytes(16) != tree.child("ab").bytes(16)


def test_seeds_differ():
    assert RandomTree(b"one").bytes(16) != RandomTree(b"two").bytes(16)


def test_a_path_may_be_walked_in_pieces():
    tree = RandomTree(b"seed")
    whole = tree.child("connection", 1, "challenge").bytes(16)
    assert tree.child("connection").child(1, "challenge").bytes(16) == whole
    assert tree.child("connection").child(1).child("challenge").bytes(16) == whole
