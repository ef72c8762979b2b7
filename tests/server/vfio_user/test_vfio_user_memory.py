"""Regions of memory: where they may be, what may be done there, and whose files they use."""

import errno
import os

import pytest
from server.vfio_user.peers import memory_file

from responder.server.vfio_user.codec import DmaMap, DmaUnmap, RequestError
from responder.server.vfio_user.descriptors import Descriptors
from responder.server.vfio_user.memory import MAX_FILES, MemoryMap

PAGE = 4096
pytestmark = pytest.mark.usefixtures("no_descriptor_is_left")


@pytest.fixture
def memory():
    its_map = MemoryMap()
    yield its_map
    its_map.close()


def came(*numbers):
    """Descriptors as a message brings them."""
    descriptors = Descriptors()
    descriptors.hold(numbers)
    return descriptors


def add(memory, address, size=PAGE, *files, writable=True, readable=True, offset=0):
    descriptors = came(*files)
    try:
        memory.add(DmaMap(readable, writable, offset, address, size), descriptors)
    finally:
        descriptors.close()


def refusal(action, *arguments, **more):
    with pytest.raises(RequestError) as refused:
        action(*arguments, **more)
    return refused.value.number


@pytest.mark.parametrize(
    ("address", "size"),
    [(0x3000, 1), (0x2000, 0x1001), (0x4FFF, 0x2000), (0x3800, 0x100), (0x2000, 0x8000)],
)
def test_regions_do_not_overlap(memory, address, size):
    add(memory, 0x3000, 0x2000)
    assert refusal(add, memory, address, size) == errno.EEXIST


def test_regions_may_touch_and_an_access_may_go_over_the_seam(memory):
    add(memory, 0x3000)
    add(memory, 0x2000)
    add(memory, 0x4000, writable=False)
    assert memory.allows(0x2000, 0x3000, write=False)
    assert memory.allows(0x2000, 0x2000, write=True)
    assert not memory.allows(0x2000, 0x2001, write=True)
    assert not memory.allows(0x1FFF, 2, write=False)
    assert not memory.allows(0x2000, 0x3001, write=False)
    assert not memory.allows(0x10000, 1, write=False)


def test_a_region_that_may_only_be_written(memory):
    add(memory, 0, readable=False)
    assert not memory.allows(0, 1, write=False)
    assert memory.allows(0, 1, write=True)


def test_the_last_byte_of_the_address_space(memory):
    add(memory, (1 << 64) - PAGE)
    assert memory.allows((1 << 64) - 1, 1, write=True)
    assert not memory.allows((1 << 64) - 1, 2, write=True)


def test_what_is_in_a_file_is_read_and_written_in_place(memory):
    file = memory_file(3 * PAGE, b"0123456789")
    ours = os.dup(file)
    add(memory, 0x10000, 2 * PAGE, file, offset=PAGE)
    os.pwrite(ours, b"abcdef", PAGE + 100)
    region = memory.find(0x10000 + 100)
    assert region.read(0x10000 + 100, 6) == b"abcdef"
    assert region.write(0x10000 + 200, b"xyz")
    assert os.pread(ours, 3, PAGE + 200) == b"xyz"
    os.close(ours)


def test_a_file_that_its_client_cuts_gives_nothing_and_ends_nobody(memory):
    file = memory_file(2 * PAGE)
    ours = os.dup(file)
    add(memory, 0, 2 * PAGE, file)
    os.ftruncate(ours, PAGE)
    assert memory.find(0).read(0, PAGE) == bytes(PAGE)
    assert memory.find(0).read(PAGE - 1, 2) is None
    os.close(ours)


def test_a_file_that_may_only_be_read(memory):
    file = memory_file(PAGE)
    add(memory, 0, PAGE, os.open(f"/proc/self/fd/{file}", os.O_RDONLY))
    os.close(file)
    assert memory.find(0).read(0, 4) == bytes(4)
    assert not memory.find(0).write(0, b"1234")


@pytest.mark.parametrize("offset", [1, PAGE, 1 << 63, (1 << 64) - 1])
def test_a_file_that_ends_before_the_region_does(memory, offset):
    assert refusal(add, memory, 0, PAGE, memory_file(PAGE), offset=offset) == errno.EINVAL
    assert memory.find(0) is None


def other_files():
    pipe, other_end = os.pipe()
    os.close(other_end)
    return [pipe, os.eventfd(0), os.open("/dev/zero", os.O_RDWR), os.open("/", os.O_RDONLY)]


def test_files_that_are_not_memory_are_not_used(memory):
    for number, file in enumerate(other_files()):
        add(memory, number * PAGE, PAGE, file)
        assert not memory.find(number * PAGE).has_file
        assert memory.find(number * PAGE).read(number * PAGE, 1) is None
        assert not memory.find(number * PAGE).write(number * PAGE, b"1")


def test_so_many_files_and_no_more(memory):
    file = memory_file(PAGE)
    for number in range(MAX_FILES + 1):
        add(memory, number * PAGE, PAGE, os.dup(file))
    assert memory.find((MAX_FILES - 1) * PAGE).has_file
    assert not memory.find(MAX_FILES * PAGE).has_file
    memory.remove(DmaUnmap(0, PAGE, everything=False))
    add(memory, 0, PAGE, os.dup(file))
    assert memory.find(0).has_file
    memory.remove(DmaUnmap(0, 0, everything=True))
    add(memory, 0, PAGE, file)
    assert memory.find(0).has_file


def test_one_file_for_a_region(memory):
    assert refusal(add, memory, 0, PAGE, memory_file(PAGE), memory_file(PAGE)) == errno.EINVAL


def test_so_many_regions_and_no_more(memory, monkeypatch):
    monkeypatch.setattr("responder.server.vfio_user.memory.MAX_MAPS", 3)
    for number in range(3):
        add(memory, number * PAGE)
    assert refusal(add, memory, 3 * PAGE) == errno.ENOSPC


@pytest.mark.parametrize(("address", "size"), [(0, PAGE), (PAGE, 1), (PAGE, 2 * PAGE), (0, 0)])
def test_only_a_whole_region_is_unmapped(memory, address, size):
    add(memory, PAGE)
    assert refusal(memory.remove, DmaUnmap(address, size, everything=False)) == errno.ENOENT
    assert memory.find(PAGE)


def test_one_region_or_all_of_them_are_unmapped(memory):
    for number in range(3):
        add(memory, number * PAGE, PAGE, memory_file(PAGE))
    memory.remove(DmaUnmap(PAGE, PAGE, everything=False))
    assert [memory.find(number * PAGE) is None for number in range(3)] == [False, True, False]
    memory.remove(DmaUnmap(0, 0, everything=True))
    assert all(memory.find(number * PAGE) is None for number in range(3))
