"""Ground truth: captured signatures verify over the transcript of ``requester``."""

from captures.signature_tests import SignatureTests
from captures.signatures import SIGNERS

from responder.requester.transcript import Transcript
from responder.spec.codes import ResponseCode

SESSION_BEGINS = (ResponseCode.KEY_EXCHANGE_RSP, ResponseCode.PSK_EXCHANGE_RSP)


class RequesterBook:
    """Gives ``requester.transcript`` every exchange; a session's L1 is kept by one of its own."""

    def __init__(self):
        self.connection = Transcript()
        self.session = Transcript()

    def __call__(self, exchange):
        transcript = self.connection if exchange.session is None else self.session
        response = exchange.response
        signature_size = len(response.raw) - len(response.unsigned)
        signed = transcript.add(exchange.request.raw, response.raw, signature_size=signature_size)
        if response.message.code in SESSION_BEGINS:
            self.session = self.after_vca()
        if response.message.code not in SIGNERS or signed is None:
            return None
        assert signed.context == SIGNERS[response.message.code]
        assert signed.signature == response.message.signature
        return list(signed.parts)

    def after_vca(self):
        """A session begins with the connection's VCA and no other message."""
        transcript = Transcript()
        vca = self.connection.vca
        for request, response in zip(vca[::2], vca[1::2], strict=True):
            transcript.add(request, response)
        return transcript


class TestRequester(SignatureTests):
    new_book = RequesterBook
