"""Ground truth: signatures of an independent implementation verify over ``core``'s transcript."""

from captures.signature_tests import SignatureTests

from responder.core.transcript import Buffer, Transcript
from responder.spec.codes import RequestCode, ResponseCode, name_of_code
from responder.spec.versions import V10

BUFFERS = {
    RequestCode.GET_VERSION: Buffer.A,
    RequestCode.GET_CAPABILITIES: Buffer.A,
    RequestCode.NEGOTIATE_ALGORITHMS: Buffer.A,
    RequestCode.GET_DIGESTS: Buffer.B,
    RequestCode.GET_CERTIFICATE: Buffer.B,
    RequestCode.CHALLENGE: Buffer.C,
    RequestCode.GET_MEASUREMENTS: Buffer.M,
    RequestCode.GET_ENDPOINT_INFO: Buffer.E,
}
"""The buffer that each exchange belongs to."""
IN_SESSIONS = (Buffer.M, Buffer.E)
"""What a session keeps too."""
SESSION_BEGINS = (ResponseCode.KEY_EXCHANGE_RSP, ResponseCode.PSK_EXCHANGE_RSP)


class CoreBook:
    """Keeps ``core.transcript`` the way the responder does, one for the connection and session."""

    def __init__(self):
        self.connection = Transcript()
        self.session = Transcript()
        self.authenticated = False

    def __call__(self, exchange):
        code, answer = exchange.request.message.code, exchange.response.message
        if code == RequestCode.GET_VERSION:
            self.__init__()
        in_session = exchange.session is not None
        transcript = self.session if in_session else self.connection
        if answer.code == ResponseCode.ERROR:
            if code == RequestCode.GET_MEASUREMENTS:
                transcript.clear(Buffer.M)
            return None
        transcript.begin(code)
        self.connection.begin_m1(code, authenticated=self.authenticated, outside=not in_session)
        if answer.code in SESSION_BEGINS:
            self.session = self.with_vca()
        if code not in BUFFERS or (in_session and BUFFERS[code] not in IN_SESSIONS):
            return None
        return self.append(transcript, BUFFERS[code], exchange)

    def append(self, transcript, buffer, exchange):
        answer = exchange.response.message
        for side in (exchange.request, exchange.response):
            transcript.append(buffer, name_of_code(side.message.code), side.unsigned)
        if not getattr(answer, "signature", b""):
            return None
        covered = [part for _, part in transcript.signed(buffer, answer.spdm_version)]
        transcript.complete(buffer)
        self.authenticated = self.authenticated or buffer is Buffer.C
        return covered

    def with_vca(self):
        """A session's transcript: its own measurements after the connection's VCA."""
        transcript = Transcript()
        for name, message in self.connection.signed(Buffer.A, V10):
            transcript.append(Buffer.A, name, message)
        return transcript


class TestCore(SignatureTests):
    new_book = CoreBook
