"""Header and capabilities: the registers' values and masks by hand, and as lspci reads them."""

import shutil
import subprocess

import pytest
from device.pcie_fakes import Block, FakeMailbox, value, write

from responder.device.pcie.function import Function
from responder.device.pcie.layout import (
    DEFAULT_REGIONS,
    MANAGEMENT,
    Bar,
    FunctionLayout,
    VirtualFunctions,
)

EVERYTHING = FunctionLayout(
    regions=(*DEFAULT_REGIONS, MANAGEMENT),
    multi_function=True,
    ari=True,
    ats=True,
    page_request=True,
    pasid=True,
    phantom_functions=1,
    bars=(Bar(0, 0x4000), Bar(2, 0x2000), Bar(4, 1 << 20, sizes=(1 << 20, 1 << 22))),
    virtual_functions=VirtualFunctions(
        4, 0x5BD1, bars=(Bar(0, 0x4000), Bar(2, 0x2000, wide=False))
    ),
)
MEGABYTE_MASK = 0xFFF0_0000

ROWS = [
    # offset, bytes, value, bits that can be written
    (0x00, 2, 0x1B36, 0),
    (0x02, 2, 0x5BD0, 0),
    (0x04, 2, 0, 0x0546),
    (0x08, 1, 1, 0),
    (0x09, 3, 0x120000, 0),
    (0x0C, 1, 0, 0xFF),
    (0x0D, 1, 0, 0),
    (0x0E, 1, 0x80, 0),
    (0x0F, 1, 0, 0),
    (0x10, 4, 4, 0xFFFF_C000),
    (0x14, 4, 0, 0xFFFF_FFFF),
    (0x18, 4, 4, 0xFFFF_E000),
    (0x1C, 4, 0, 0xFFFF_FFFF),
    (0x20, 4, 4, MEGABYTE_MASK),
    (0x24, 4, 0, 0xFFFF_FFFF),
    (0x28, 4, 0, 0),
    (0x2C, 4, 0x1100_1AF4, 0),
    (0x30, 4, 0, 0),
    (0x34, 4, 0x40, 0),
    (0x38, 4, 0, 0),
    (0x3C, 1, 0, 0xFF),
    (0x3D, 3, 0, 0),
    # power management: version 3, No_Soft_Reset; D3hot is what all ones choose
    (0x40, 4, 0x0003_5001, 0),
    (0x44, 4, 0x0008, 0x3),
    (0x48, 8, 0, 0),
    # MSI-X: 8 vectors, table and pending bits in BAR 2
    (0x50, 2, 0x6011, 0),
    (0x52, 2, 0x0007, 0xC000),
    (0x54, 4, 0x0000_0002, 0),
    (0x58, 4, 0x0000_1002, 0),
    (0x5C, 4, 0, 0),
    # PCI Express: version 2, endpoint; FLR and TEE-IO, extended tags, phantom functions
    (0x60, 4, 0x0002_0010, 0),
    (0x64, 4, 0x5000_8029, 0),
    (0x68, 2, 0x2910, 0x7BFF),
    (0x6C, 4, 0x0040_0044, 0),
    (0x70, 2, 0, 0x02CB),
    (0x72, 2, 0x1044, 0),
    (0x74, 16, 0, 0),
    (0x84, 4, 0x0020_0010, 0),
    (0x88, 2, 0, 0x0310),
    (0x8A, 2, 0, 0),
    (0x8C, 4, 0x1E, 0),
    (0x90, 2, 4, 0xFFBF),
    (0x92, 2, 0, 0),
    (0x94, 8, 0, 0),
    (0x9C, 100, 0, 0),
    # Advanced Error Reporting
    (0x100, 4, 0x1482_0001, 0),
    (0x104, 4, 0, 0),
    (0x108, 4, 0x0040_0000, 0x305F_F010),
    (0x10C, 4, 0x1046_2010, 0x305F_F010),
    (0x110, 4, 0, 0),
    (0x114, 4, 0xE000, 0xF1C1),
    (0x118, 4, 0xA0, 0x140),
    (0x11C, 44, 0, 0),
    # Alternative Routing-ID
    (0x148, 8, 0x1501_000E, 0),
    # SR-IOV: 4 virtual functions
    (0x150, 4, 0x1901_0010, 0),
    (0x154, 4, 0, 0),
    (0x158, 2, 0, 0x19),
    (0x15A, 2, 0, 0),
    (0x15C, 4, 0x0004_0004, 0),
    (0x160, 2, 0, 0xFFFF),
    (0x162, 2, 0, 0),
    (0x164, 4, 0x0001_0001, 0),
    (0x168, 4, 0x5BD1_0000, 0),
    (0x16C, 4, 0x553, 0),
    (0x174, 4, 4, 0xFFFF_C000),
    (0x178, 4, 0, 0xFFFF_FFFF),
    (0x17C, 4, 0, 0xFFFF_E000),
    (0x180, 16, 0, 0),
    # Address Translation, Page Request, PASID
    (0x190, 4, 0x1981_000F, 0),
    (0x194, 2, 0x20, 0),
    (0x196, 2, 0, 0x801F),
    (0x198, 4, 0x1A81_0013, 0),
    (0x19C, 2, 0, 0x1),
    (0x19E, 2, 0x100, 0),
    (0x1A0, 4, 0x100, 0),
    (0x1A4, 4, 0, 0xFFFF_FFFF),
    (0x1A8, 4, 0x1B01_001B, 0),
    (0x1AC, 2, 0x1406, 0),
    (0x1AE, 2, 0, 0x7),
    # Resizable BAR: one BAR of 1 or 4 MiB
    (0x1B0, 4, 0x0001_0015, 0),
    (0x1B4, 4, 0x50, 0),
    (0x1B8, 4, 0x24, 0x3F00),
    (0x1BC, 4096 - 0x1BC, 0, 0),
]
"""What a function with everything has, byte for byte; status bits that ones clear are apart."""

RW1C = [(0x06, 2, 0x0010, 0xF900), (0x6A, 2, 0, 0x000F), (0x104, 4, 0, 0x305F_F010),
        (0x110, 4, 0, 0xF1C1), (0x19E, 2, 0x100, 0x3)]  # fmt: skip
NAMES = {0x06: "header.status", 0x6A: "pcie.device_status", 0x104: "aer.uncorrectable_status",
         0x110: "aer.correctable_status", 0x19E: "page_request.status"}  # fmt: skip

VIRTUAL = FunctionLayout(virtual=True, vf_rules=True)


@pytest.mark.parametrize(("offset", "size", "initial", "writable"), ROWS)
def test_masks(offset, size, initial, writable):
    function = Function(0, EVERYTHING)
    ones = (1 << 8 * size) - 1
    assert value(function, offset, size) == initial
    write(function, offset, ones, size)
    assert value(function, offset, size) == initial | writable
    write(function, offset, 0, size)
    assert value(function, offset, size) == initial & ~writable


def test_the_rows_leave_nothing_out():
    covered = sorted([(row[0], row[1]) for row in ROWS] + [(0x06, 2), (0x6A, 2), (0x170, 4)])
    end = 0
    for offset, size in covered:
        assert offset <= end, f"gap before {offset:#x}"
        end = max(end, offset + size)
    assert end == 4096


@pytest.mark.parametrize(("offset", "size", "constant", "clears"), RW1C)
def test_ones_clear_status_bits_and_zeros_leave_them(offset, size, constant, clears):
    function = Function(0, EVERYTHING)
    function.config.put(NAMES[offset], constant | clears)
    write(function, offset, 0, size)
    assert value(function, offset, size) == constant | clears
    lowest = clears & -clears
    write(function, offset, lowest, size)
    assert value(function, offset, size) == constant | clears & ~lowest
    write(function, offset, (1 << 8 * size) - 1, size)
    assert value(function, offset, size) == constant


def test_a_function_with_nothing_optional():
    layout = FunctionLayout(
        bars=(), regions=(), vectors=0, aer=False, flr=False, tee_io=False, no_soft_reset=False
    )
    function = Function(0, layout)
    assert value(function, 0x40, 2) == 0x5001
    assert value(function, 0x44, 2) == 0
    assert value(function, 0x50, 2) == 0x0010, "no MSI-X"
    assert value(function, 0x54, 4) == 0x8021
    write(function, 0x10, 0xFFFF_FFFF, 4)
    assert value(function, 0x10, 4) == 0
    assert value(function, 0x100, 4) == 0, "no extended capability"


def test_a_virtual_function_by_the_rules_of_sriov():
    function = Function(1, VIRTUAL)
    assert value(function, 0x00, 4) == 0xFFFF_FFFF
    assert function.config_write(0, b"\xff" * 0x100, 0.0), "Initiate FLR is its own"
    assert value(function, 0x04, 2) == 0x0004, "only Bus Master Enable"
    assert [value(function, 0x10 + 4 * n, 4) for n in range(6)] == [0] * 6
    assert value(function, 0x3C, 1) == 0
    assert value(function, 0x52, 2) == 0xC007, "MSI-X is its own"
    assert value(function, 0x68, 2) == 0
    assert value(function, 0x70, 2) == 0


def walk(function, offset):
    found = []
    while offset:
        header = value(function, offset, 4)
        found.append((header & 0xFFFF, header >> 16 & 0xF, offset))
        offset = header >> 20
    return found


@pytest.mark.parametrize("layout", [FunctionLayout(), FunctionLayout(aer=False)])
def test_blocks_are_chained_behind_what_the_layout_has(layout):
    blocks = [FakeMailbox(), FakeMailbox(1), Block()]
    function = Function(0, layout, blocks, serial_number=0x0011_2233_4455_6677)
    walked = walk(function, 0x100)
    start = 0x148 if layout.aer else 0x100
    expected = [(1, 2, 0x100)] * layout.aer + [
        (3, 1, start), (0x2E, 1, start + 12), (0x2E, 1, start + 32), (0x30, 1, start + 52),
    ]  # fmt: skip
    assert walked == expected
    assert value(function, 0, 4) == 0x5BD0_1B36
    assert value(function, start + 4, 8) == 0x0011_2233_4455_6677
    write(function, start, 0xFFFF_FFFF_FFFF_FFFF_FFFF_FFFF, 12)
    assert walk(function, 0x100) == expected
    assert value(function, start + 4, 8) == 0x0011_2233_4455_6677


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="do not fit"):
        Function(0, FunctionLayout(), [Block() for _ in range(200)])


def hex_dump(function):
    data = function.config_read(0, 4096, 0.0)
    rows = (f"{at:02x}: {data[at : at + 16].hex(' ')}\n" for at in range(0, 4096, 16))
    return "01:00.0 Function\n" + "".join(rows)


def test_lspci_reads_what_is_meant(tmp_path):
    lspci = shutil.which("lspci") or shutil.which("lspci", path="/usr/sbin:/sbin")
    if lspci is None:
        pytest.skip("lspci is missing (Debian: pciutils)")
    function = Function(0, EVERYTHING, [Block()], serial_number=0x0011_2233_4455_6677)
    write(function, 0x10, 0x1_8000_0000, 8)
    write(function, 0x20, 0x9000_0000, 4)
    write(function, 0x04, 0x0406, 2)
    write(function, 0x52, 0x8000, 2)
    write(function, 0x160, 4, 2)
    write(function, 0x174, 0x2_0000_0000, 8)
    write(function, 0x158, 0x0009, 2)
    (tmp_path / "dump").write_text(hex_dump(function))
    command = [lspci, "-n", "-vvv", "-F", str(tmp_path / "dump")]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    told = [line.strip() for line in ran.stdout.splitlines()]
    expected = [
        "01:00.0 1200: 1b36:5bd0 (rev 01)",
        "Subsystem: 1af4:1100",
        "Region 0: Memory at 180000000 (64-bit, non-prefetchable)",
        "Region 4: Memory at 90000000 (64-bit, non-prefetchable)",
        "Capabilities: [40] Power Management version 3",
        "Status: D0 NoSoftRst+ PME-Enable- DSel=0 DScale=0 PME-",
        "Capabilities: [50] MSI-X: Enable+ Count=8 Masked-",
        "Vector table: BAR=2 offset=00000000",
        "PBA: BAR=2 offset=00001000",
        "Capabilities: [60] Express (v2) Endpoint, MSI 00",
        "ExtTag+ AttnBtn- AttnInd- PwrInd- RBE+ FLReset+ SlotPowerLimit 0W",
        "MaxPayload 128 bytes, MaxReadReq 512 bytes",
        "LnkSta:\tSpeed 16GT/s, Width x4",
        "Capabilities: [100 v2] Advanced Error Reporting",
        "Capabilities: [148 v1] Alternative Routing-ID Interpretation (ARI)",
        "Capabilities: [150 v1] Single Root I/O Virtualization (SR-IOV)",
        "IOVCtl:\tEnable+ Migration- Interrupt- MSE+ ARIHierarchy- 10BitTagReq-",
        "Initial VFs: 4, Total VFs: 4, Number of VFs: 4, Function Dependency Link: 00",
        "VF offset: 1, stride: 1, Device ID: 5bd1",
        "Region 0: Memory at 0000000200000000 (64-bit, non-prefetchable)",
        "Capabilities: [190 v1] Address Translation Service (ATS)",
        "Capabilities: [198 v1] Page Request Interface (PRI)",
        "Capabilities: [1a8 v1] Process Address Space ID (PASID)",
        "Capabilities: [1b0 v1] Physical Resizable BAR",
        "BAR 4: current size: 1MB, supported: 1MB 4MB",
        "Capabilities: [1bc v1] Device Serial Number 00-11-22-33-44-55-66-77",
    ]
    assert [line for line in expected if line not in told] == [], ran.stdout
    control = next(line for line in told if line.startswith("Control:"))
    assert "Mem+ BusMaster+" in control
    assert "DisINTx+" in control
    assert any(line.startswith("Capabilities: [1c8") for line in told), "the block behind it"
