import click
import pytest

from responder.cli.algorithm_names import algorithm_in
from responder.spec.algorithms import BASE_ASYM, BASE_HASHES


@pytest.mark.parametrize("text", ["ECDSA-P384", "ecdsa-p384", "ECDSA_P384", "ecdsap384"])
def test_spellings_of_one_name(text):
    assert algorithm_in(BASE_ASYM)(text).name == "ECDSA-P384"


@pytest.mark.parametrize(
    ("text", "said"),
    [("SHA-348", "did you mean 'SHA-384'?"), ("xyzzy", "'xyzzy' is none of SHA-256, SHA-384")],
)
def test_what_is_no_name(text, said):
    with pytest.raises(click.BadParameter) as refused:
        algorithm_in(BASE_HASHES)(text)
    assert said in refused.value.message
    assert ("did you mean" in refused.value.message) is ("did you mean" in said)
