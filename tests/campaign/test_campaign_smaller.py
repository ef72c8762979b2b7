"""What is guessed to be smaller is, and every guess comes to an end."""

from responder.campaign.smaller import fewer, fewer_bits, nearer, sooner


def test_lists_lose_most_first_and_single_elements_at_last():
    found = list(fewer("abcd"))
    assert found[0] == (["a"], [1, 2, 3])
    assert [kept for kept, _ in found[-4:]] == [list("abc"), list("abd"), list("acd"), list("bcd")]
    assert all(len(kept) + len(gone) == 4 for kept, gone in found)


def test_a_list_keeps_what_it_must():
    assert list(fewer("a")) == []
    assert list(fewer("a", 0)) == [([], [0])]
    assert all(len(kept) >= 2 for kept, _ in fewer("abcde", 2))


def test_masks_have_some_of_the_bits_and_at_least_one():
    found = list(fewer_bits(0b1011_0000))
    assert found[0] == 0b1_0000
    assert all(0 < bits < 0b1011_0000 and bits & ~0b1011_0000 == 0 for bits in found)
    assert list(fewer_bits(0x8000)) == []


def test_numbers_come_nearer_to_the_simplest():
    assert list(nearer(100, 0)) == [0, 6, 25, 50, 75, 87, 93, 99]
    assert list(nearer(-9, -1)) == [-1, -3, -5, -7, -8]
    assert list(nearer(2, 1)) == [1]
    assert list(nearer(1, 1)) == []


def test_times_get_shorter_and_none_is_the_shortest():
    assert list(sooner(4.0)) == [0.0, 0.25, 1.0, 2.0, 3.0, 3.5, 3.75]
    assert list(sooner(0.0)) == []
