"""What is asked of the port and the interface of a device: keys, lock, report."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from responder.spec.ide import KeySet
from responder.spec.tdisp import PAGE_SIZE, TdiState


@dataclass(frozen=True, slots=True)
class TdiOptions:
    """An interface, and how it is locked.

    Attributes:
        function_id: FUNCTION_ID: requester id in bits 15:0, segment in 23:16, which counts if bit
            24 is set.
        port_index: the port whose streams get keys.
        stream_id: the stream that gets keys, and the default stream of the lock.
        key_set: the key set that gets keys first.
        lock_flags: bits of ``LockFlag``; ``None`` for all that the device supports but LOCK_MSIX.
        reporting_offset: MMIO_REPORTING_OFFSET, in bytes.
        p2p_address_mask: BIND_P2P_ADDRESS_MASK.
        p2p_stream_id: the stream that is bound to a peer.
        portion: bytes of the interface report that are asked for at once.
        state_before: the state in which the interface has to be before it is locked; ``None`` for
            any.
        bars: address and size in bytes of BARs by their number, where the host knows them.
        non_tee: addresses of ranges that the host knows to stay outside of the trusted environment.
        vdm_vendor: VENDOR_ID of a vendor's message, as on the wire, in the registry of the PCI-SIG.
        vdm_data: its data.
        config: what SET_TDISP_CONFIG_REQUEST sets.
    """

    function_id: int = 0
    port_index: int = 0
    stream_id: int = 0
    key_set: KeySet = KeySet.K0
    lock_flags: int | None = None
    reporting_offset: int = 0
    p2p_address_mask: int = 0
    p2p_stream_id: int = 1
    portion: int = PAGE_SIZE
    state_before: TdiState | None = TdiState.CONFIG_UNLOCKED
    bars: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    non_tee: frozenset[int] = frozenset()
    vdm_vendor: bytes = b"\x01\x00"
    vdm_data: bytes = b""
    config: int = 0
