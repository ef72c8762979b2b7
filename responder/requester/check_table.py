"""The table of checks: id, what must hold, and the clause that says so.

Clauses without a document are DSP0274's. ``(judgement)`` marks what this project demands and no
document does; ``(libspdm)`` what the reference implementation demands.
"""

from dataclasses import dataclass

from responder.requester.check_rows import CHUNKS, DEVICE, ENCAPSULATED, RECORD, SESSION
from responder.requester.check_rows_cxl import CXL, TSP
from responder.requester.check_rows_tdi import IDE, TDI


@dataclass(frozen=True, slots=True)
class Check:
    """One duty of a conforming requester.

    Attributes:
        id: its name: the message's, or the step's, and what is checked.
        text: what must hold.
        source: the clause in which that is written.
    """

    id: str
    text: str
    source: str


_ANY = {
    "any.header": ("A response has at least the 4 bytes of a header.", "SPDM message format"),
    "any.version": ("SPDMVersion is that of the connection, in ERROR too.", "SPDM message format"),
    "any.response-code": ("The response is the one to the request sent.", "SPDM response codes"),
    "any.size-short": ("Every field that the layout needs is there.", "SPDM message format"),
    "any.size-trailing": ("Nothing follows but the transport's padding.", "SPDM message format"),
    "any.transfer-size": ("A message fits the DataTransferSize announced (1.2).", "CAPABILITIES"),
    "any.request-fits": ("No request exceeds the responder's DataTransferSize.", "CAPABILITIES"),
    "any.exchange-limit": ("The conversation ends within a bound.", "(judgement)"),
}

_ERROR = {
    "err.refused": ("An ERROR that calls for no retry ends the attestation.", "ERROR"),
    "err.extended-size": ("ExtendedErrorData has the size of its code, at most 32 bytes.", "ERROR"),
    "err.busy-limit": ("Busy ends within a bound.", "ERROR, Busy"),
    "err.resynch-limit": ("One restart at GET_VERSION is enough.", "ERROR, RequestResynch"),
    "err.not-ready-allowed": (
        "ResponseNotReady does not answer GET_VERSION, GET_CAPABILITIES, NEGOTIATE_ALGORITHMS.",
        "ResponseNotReady",
    ),
    "err.not-ready-size": ("ResponseNotReady has its 4 bytes of data.", "ResponseNotReady"),
    "err.not-ready-code": ("Its RequestCode is that of the request.", "ResponseNotReady"),
    "err.not-ready-rdtm": ("RDTM is at least 2.", "ResponseNotReady"),
    "err.not-ready-exponent": ("RDTExponent is at most 31.", "ResponseNotReady (libspdm)"),
    "err.not-ready-wait": ("The waits stay within the requester's patience.", "(judgement)"),
    "err.not-ready-limit": ("RESPOND_IF_READY is answered within a bound.", "(judgement)"),
}

_VERSION = {
    "ver.header-version": ("SPDMVersion of VERSION is 0x10.", "VERSION"),
    "ver.entries": ("There is at least one version entry.", "VERSION (libspdm)"),
    "ver.common": ("One version is common to both sides.", "VERSION"),
}

_CAPABILITIES = {
    "cap.ct-exponent": ("CTExponent is at most 31.", "CAPABILITIES"),
    "cap.transfer-size": ("DataTransferSize is at least 42 (1.2).", "CAPABILITIES"),
    "cap.message-size": ("MaxSPDMmsgSize is not below DataTransferSize (1.2).", "CAPABILITIES"),
    "cap.chunkless-sizes": ("Without CHUNK_CAP the two sizes agree (1.2).", "CAPABILITIES"),
    "cap.block-missing": ("The algorithms that were asked for are there (1.3).", "CAPABILITIES"),
    "cap.block-structures": ("The supported algorithms add up (1.3).", "CAPABILITIES"),
    "cap.required": ("The capabilities that this requester needs are there.", "(judgement)"),
    "cap.meas-reserved": ("MEAS_CAP is not 11b.", "CAPABILITIES"),
    "cap.meas-fresh": ("MEAS_FRESH_CAP comes with MEAS_CAP.", "CAPABILITIES"),
    "cap.cert-is-chal": ("1.0: CERT_CAP equals CHAL_CAP, unless MEAS_CAP signs.", "CAPABILITIES"),
    "cap.signed-meas-cert": ("1.0: signed measurements come with CERT_CAP.", "CAPABILITIES"),
    "cap.psk-reserved": ("PSK_CAP is not 11b.", "CAPABILITIES"),
    "cap.session-protection": (
        "KEY_EX_CAP or PSK_CAP comes with MAC_CAP or ENCRYPT_CAP.",
        "CAPABILITIES",
    ),
    "cap.protection-session": (
        "MAC, ENCRYPT, HANDSHAKE_IN_THE_CLEAR, HBEAT, KEY_UPD come with KEY_EX or PSK.",
        "CAPABILITIES",
    ),
    "cap.event-session": ("1.3: EVENT_CAP comes with KEY_EX_CAP or PSK_CAP.", "CAPABILITIES"),
    "cap.clear-psk": ("HANDSHAKE_IN_THE_CLEAR_CAP needs KEY_EX_CAP beside PSK.", "CAPABILITIES"),
    "cap.cert-or-public-key": ("CERT_CAP and PUB_KEY_ID_CAP exclude each other.", "CAPABILITIES"),
    "cap.cert-used": (
        "CERT_CAP or PUB_KEY_ID_CAP serves CHAL, KEY_EX, signed MEAS or signed EP_INFO.",
        "CAPABILITIES",
    ),
    "cap.cert-needed": (
        "CHAL, KEY_EX, MUT_AUTH, signed MEAS, signed EP_INFO need CERT or PUB_KEY_ID.",
        "CAPABILITIES",
    ),
    "cap.mut-auth-carrier": ("MUT_AUTH_CAP comes with KEY_EX_CAP or CHAL_CAP.", "CAPABILITIES"),
    "cap.mut-auth-encap": ("1.1: MUT_AUTH_CAP comes with ENCAP_CAP.", "CAPABILITIES"),
    "cap.ep-info-reserved": ("1.3: EP_INFO_CAP is not 11b.", "CAPABILITIES"),
    "cap.multi-key-reserved": ("1.3: MULTI_KEY_CAP is not 11b.", "CAPABILITIES"),
    "cap.multi-key-needs": (
        "1.3: MULTI_KEY_CAP comes with CERT_CAP and GET_KEY_PAIR_INFO_CAP.",
        "CAPABILITIES",
    ),
    "cap.public-key-pairs": (
        "1.3: PUB_KEY_ID_CAP excludes MULTI_KEY, GET_ and SET_KEY_PAIR_INFO.",
        "CAPABILITIES",
    ),
    "cap.certs-cert": ("1.2: ALIAS_CERT_CAP, SET_CERT_CAP come with CERT_CAP.", "CAPABILITIES"),
    "cap.csr-set-cert": ("1.2: CSR_CAP comes with SET_CERT_CAP.", "CAPABILITIES"),
    "cap.install-reset": (
        "1.2: CERT_INSTALL_RESET_CAP comes with CSR_CAP or SET_CERT_CAP.",
        "CAPABILITIES",
    ),
    "cap.key-pair-reset": (
        "1.4: SET_KEY_PAIR_RESET_CAP comes with SET_KEY_PAIR_INFO_CAP.",
        "CAPABILITIES",
    ),
}

_ALGORITHMS = {
    "alg.length": ("Length is the size of the message.", "ALGORITHMS"),
    "alg.extended-asym": ("No extended signature algorithm: none was offered.", "ALGORITHMS"),
    "alg.extended-hash": ("No extended hash algorithm: none was offered.", "ALGORITHMS"),
    "alg.one-measurement-specification": ("At most one is selected.", "ALGORITHMS"),
    "alg.one-opaque-format": ("At most one opaque data format is selected (1.2).", "ALGORITHMS"),
    "alg.one-measurement-hash": ("At most one measurement hash is selected.", "ALGORITHMS"),
    "alg.one-asym": ("At most one BaseAsym algorithm is selected.", "ALGORITHMS"),
    "alg.one-hash": ("At most one BaseHash algorithm is selected.", "ALGORITHMS"),
    "alg.one-pqc": ("At most one PqcAsym algorithm is selected (1.4).", "ALGORITHMS"),
    "alg.one-mel-specification": ("At most one MEL specification (1.3).", "ALGORITHMS"),
    "alg.offered-measurement-specification": ("The selected one was offered.", "ALGORITHMS"),
    "alg.offered-opaque-format": ("The selected opaque format was offered.", "ALGORITHMS"),
    "alg.offered-asym": ("BaseAsymSel was offered.", "ALGORITHMS"),
    "alg.offered-hash": ("BaseHashSel was offered.", "ALGORITHMS"),
    "alg.offered-pqc": ("PqcAsymSel was offered (1.4).", "ALGORITHMS"),
    "alg.offered-mel-specification": ("MELspecificationSel was offered (1.3).", "ALGORITHMS"),
    "alg.asym-needed": (
        "CERT, CHAL, signed MEAS and KEY_EX need a signature algorithm.",
        "ALGORITHMS",
    ),
    "alg.asym-exclusive": ("Classical and post-quantum exclude each other (1.4).", "ALGORITHMS"),
    "alg.hash-needed": ("CERT, CHAL, signed MEAS, KEY_EX, PSK need a base hash.", "ALGORITHMS"),
    "alg.measurement-specification-needed": (
        "MEAS_CAP selects the DMTF specification that was offered.",
        "ALGORITHMS",
    ),
    "alg.measurement-specification-unsupported": (
        "Without MEAS_CAP no measurement specification is selected.",
        "ALGORITHMS (libspdm)",
    ),
    "alg.measurement-hash-needed": (
        "MEAS_CAP with a specification selects a measurement hash.",
        "ALGORITHMS",
    ),
    "alg.measurement-hash-known": ("The measurement hash is one of the table.", "ALGORITHMS"),
    "alg.mel-needed": ("MEL_CAP selects the MEL specification offered (1.3).", "ALGORITHMS"),
    "alg.mel-unsupported": ("Without MEL_CAP none is selected (1.3).", "ALGORITHMS"),
    "alg.announced": ("CAPABILITIES told every algorithm that is selected (1.3).", "(judgement)"),
    "alg.multi-key-selected": (
        "RequesterMultiKeyConnSel fits the requester's MULTI_KEY_CAP (1.3).",
        "ALGORITHMS",
    ),
    "alg.structure-size": ("AlgCount is 0x20: 2 fixed bytes, none extended.", "ALGORITHMS"),
    "alg.structure-type": ("AlgType is defined in the connection's version.", "ALGORITHMS"),
    "alg.structure-order": ("AlgType increases from structure to structure.", "ALGORITHMS"),
    "alg.structure-asked": ("Only structures that were sent are answered.", "ALGORITHMS"),
    "alg.one-structure": ("At most one bit of AlgSupported is set.", "ALGORITHMS"),
    "alg.offered-structure": ("The bit of AlgSupported was offered.", "ALGORITHMS"),
    "alg.exchange-needed": ("KEY_EX of both sides selects DHE or KEM.", "ALGORITHMS"),
    "alg.exchange-exclusive": ("DHE and KEM exclude each other (1.4).", "ALGORITHMS"),
    "alg.aead-needed": ("ENCRYPT or MAC of both sides selects an AEAD.", "ALGORITHMS"),
    "alg.key-schedule-needed": ("KEY_EX or PSK selects the SPDM key schedule.", "ALGORITHMS"),
    "alg.requester-asym-needed": (
        "MUT_AUTH of both sides, or the requester's signed EP_INFO, selects its algorithm.",
        "ALGORITHMS",
    ),
    "alg.requester-asym-exclusive": (
        "ReqBaseAsymAlg and ReqPqcAsymAlg exclude each other (1.4).",
        "ALGORITHMS",
    ),
}

_DIGESTS = {
    "dig.empty": ("At least one slot is provisioned.", "DIGESTS"),
    "dig.slot-provisioned": ("The slot to authenticate is provisioned.", "(judgement)"),
    "dig.subset": ("ProvisionedSlotMask lies within SupportedSlotMask (1.3).", "DIGESTS"),
    "dig.model": ("CertificateInfo names a certificate model (1.3).", "DIGESTS"),
    "dig.slot0-generic": ("Slot 0 does not hold a generic certificate (1.3).", "DIGESTS"),
    "dig.slot0-usage": ("The key of slot 0 may sign something (1.3).", "DIGESTS (libspdm)"),
    "dig.none-digest": ("The digest of a slot without certificate is zero (1.3).", "DIGESTS"),
}

_CERTIFICATE = {
    "cert.slot": ("The slot is the one that was asked for.", "CERTIFICATE"),
    "cert.large": ("Lengths have 32 bits if that was asked for (1.4).", "CERTIFICATE"),
    "cert.model": ("A slot whose model is none has no certificate (1.3).", "CERTIFICATE"),
    "cert.info": (
        "CertificateInfo is as DIGESTS told, or fits the slot; 0 without multi-key (1.3).",
        "CERTIFICATE (libspdm)",
    ),
    "cert.portion-empty": ("A portion has at least one byte.", "CERTIFICATE (libspdm)"),
    "cert.portion-size": ("A portion is not longer than was asked for.", "CERTIFICATE"),
    "cert.total": ("Offset, portion and remainder always add up the same.", "CERTIFICATE"),
    "cert.chain-limit": ("The chain fits the requester's limit.", "(judgement)"),
    "cert.slot-size": ("A slot has a size, and holds its chain (1.3).", "CERTIFICATE (judgement)"),
    "cert.same": ("Read again, the chain is still the same.", "(judgement)"),
    "cert.digest": ("The chain's hash is the digest that DIGESTS told.", "DIGESTS"),
}

_CHAIN = {
    "x5.header-size": ("The chain holds its header and RootHash.", "Certificate chain format"),
    "x5.header-length": ("Length is the size of the chain.", "Certificate chain format"),
    "x5.framing": ("DER certificates fill the chain exactly.", "Certificate chain format"),
    "x5.count": ("The chain has at least one and at most a bound of certificates.", "(judgement)"),
    "x5.readable": ("Every certificate is DER as X.509 defines it.", "RFC 5280 4.1"),
    "x5.extensions": ("Every certificate's extensions can be read.", "RFC 5280 4.2"),
    "x5.version": ("Every certificate is X.509 version 3.", "Certificate requirements"),
    "x5.serial": ("Serial numbers are positive, of at most 20 bytes.", "RFC 5280 4.1.2.2"),
    "x5.names-present": ("Issuer and subject are not empty.", "Certificate requirements"),
    "x5.duplicate": ("No certificate comes twice.", "(judgement)"),
    "x5.not-before": ("Every certificate's validity has begun.", "RFC 5280 6.1.3"),
    "x5.not-after": ("No certificate has expired.", "RFC 5280 6.1.3"),
    "x5.critical-extension": ("Every critical extension is understood.", "RFC 5280 4.2"),
    "x5.signature-algorithm": ("No certificate is signed over MD5 or SHA-1.", "(judgement)"),
    "x5.public-key": ("Every public key can be read and lies on its curve.", "RFC 5280 4.1.2.7"),
    "x5.weak-key": ("RSA keys have at least 2048 bits and exponent 3 or more.", "(judgement)"),
    "x5.trusted-root": ("The chain begins at, or is issued by, a trusted root.", "RFC 5280 6.1"),
    "x5.root-hash": ("RootHash is the hash of that root.", "Certificate chain format"),
    "x5.name-chaining": ("Each issuer is the subject of the one before.", "RFC 5280 6.1.3"),
    "x5.signature": ("Each certificate is signed by the one before.", "RFC 5280 6.1.3"),
    "x5.issuer-ca": ("Each issuer's basicConstraints say CA.", "RFC 5280 6.1.4"),
    "x5.root-critical": ("A root's basicConstraints are critical.", "RFC 5280 4.2.1.9"),
    "x5.cert-sign": ("Each issuer's keyUsage, if any, allows keyCertSign.", "RFC 5280 6.1.4"),
    "x5.path-length": ("No pathLenConstraint is exceeded.", "RFC 5280 6.1.4"),
    "x5.leaf-ca": ("The leaf's basicConstraints do not say CA.", "Certificate requirements"),
    "x5.leaf-constraints": (
        "The leaf has basicConstraints (1.3).",
        "Certificate requirements",
    ),
    "x5.leaf-key-usage": (
        "The leaf's keyUsage allows digitalSignature; only a generic one may lack it.",
        "Certificate requirements",
    ),
    "x5.leaf-cert-sign": ("The leaf's keyUsage excludes keyCertSign.", "RFC 5280 4.2.1.9"),
    "x5.leaf-eku": ("The leaf's EKU is not the requester's alone.", "Certificate requirements"),
    "x5.alias-hardware-identity": (
        "An alias leaf does not carry the hardware-identity OID.",
        "Certificate requirements",
    ),
    "x5.device-mutable": (
        "A device certificate does not carry the mutable-certificate OID.",
        "Certificate requirements (judgement)",
    ),
    "x5.key-algorithm": ("The leaf's key is of the negotiated algorithm.", "ALGORITHMS"),
    "cma.san": ("The leaf's otherName 2.23.147 names this device.", "PCIe 6.1 6.31.3"),
}

_CHALLENGE = {
    "chal.slot": ("The slot is the one that was asked for.", "CHALLENGE_AUTH"),
    "chal.slot-mask": ("The slot mask has the slot; for a public key it is 0.", "CHALLENGE_AUTH"),
    "chal.basic-mutual-authentication": (
        "BasicMutAuthReq is clear: this requester has no MUT_AUTH_CAP.",
        "CHALLENGE_AUTH",
    ),
    "chal.chain-hash": ("CertChainHash is that of the chain or public key.", "CHALLENGE_AUTH"),
    "chal.opaque-size": ("OpaqueDataLength is at most 1024.", "CHALLENGE_AUTH"),
    "chal.opaque-format": ("No opaque data without a format (1.2).", "CHALLENGE_AUTH"),
    "chal.opaque-elements": ("Opaque data of format 1 adds up (1.2).", "General opaque data"),
    "chal.context": ("RequesterContext comes back as sent (1.3).", "CHALLENGE_AUTH"),
    "chal.signature": ("The signature over M1 verifies.", "CHALLENGE_AUTH"),
}

_MEASUREMENTS = {
    "meas.count-blocks": ("The answer to a count has no blocks.", "MEASUREMENTS"),
    "meas.count-total": ("There are 1 to 254 measurements.", "MEASUREMENTS (libspdm)"),
    "meas.none": (
        "All at once or one by one, there is at least one block.",
        "MEASUREMENTS (libspdm)",
    ),
    "meas.one-block": ("The answer to one index has one block.", "MEASUREMENTS"),
    "meas.block-layout": ("Whole blocks fill the record exactly.", "Measurement block"),
    "meas.block-count": ("There are as many blocks as NumberOfBlocks says.", "MEASUREMENTS"),
    "meas.index-asked": ("The block has the index that was asked for.", "MEASUREMENTS"),
    "meas.index-range": ("Indices are 1 to 254.", "Measurement block"),
    "meas.index-duplicate": ("No index comes twice.", "Measurement block (judgement)"),
    "meas.specification": ("Blocks are of the selected specification.", "Measurement block"),
    "meas.value-size": ("DMTFSpecMeasurementValueSize fits its block.", "DMTF measurement"),
    "meas.digest-size": ("A digest has the measurement hash's size.", "DMTF measurement"),
    "meas.content-changed-unsigned": (
        "Content changed is told only with a signature (1.2).",
        "MEASUREMENTS (libspdm)",
    ),
    "meas.content-changed-value": ("Content changed is not 11b (1.2).", "MEASUREMENTS"),
    "meas.slot": ("The slot is the one that was asked for (1.1, signed).", "MEASUREMENTS"),
    "meas.opaque-size": ("OpaqueDataLength is at most 1024.", "MEASUREMENTS"),
    "meas.opaque-format": ("No opaque data without a format (1.2).", "MEASUREMENTS"),
    "meas.opaque-elements": ("Opaque data of format 1 adds up (1.2).", "General opaque data"),
    "meas.context": ("RequesterContext comes back as sent (1.3).", "MEASUREMENTS"),
    "meas.signature": ("The signature over L1 verifies.", "MEASUREMENTS"),
    "meas.covered": ("The signature covers every block that is reported.", "(judgement)"),
}

_REST = {
    "vdm.standard-id": ("StandardID is that of the request.", "VENDOR_DEFINED_RESPONSE"),
    "vdm.vendor-id": ("VendorID is that of the request.", "VENDOR_DEFINED_RESPONSE"),
    "vdm.large": ("The large-payload bit is that of the request (1.4).", "VENDOR_DEFINED_RESPONSE"),
    "auth.proof": ("The device proves once that it holds its key.", "(judgement)"),
}

CHECKS: dict[str, Check] = {
    check_id: Check(check_id, *row)
    for group in (
        _ANY,
        _ERROR,
        _VERSION,
        _CAPABILITIES,
        _ALGORITHMS,
        _DIGESTS,
        _CERTIFICATE,
        _CHAIN,
        _CHALLENGE,
        _MEASUREMENTS,
        _REST,
        RECORD,
        SESSION,
        ENCAPSULATED,
        CHUNKS,
        DEVICE,
        IDE,
        TDI,
        CXL,
        TSP,
    )
    for check_id, row in group.items()
}
"""Every check of the requester by its id."""
