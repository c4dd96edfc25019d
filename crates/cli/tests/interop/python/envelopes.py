"""Verifies DSSE envelopes with securesystemslib, and reads their payloads as in-toto statements.

Reads a JSON array of {"envelope", "keys": [{"keyid", "suite", "public"}], "threshold"} from stdin, prints for
each "verified", or the name of the error that refused it.
"""

import copy
import json
import sys

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from google.protobuf import json_format
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey


def key_of(described):
    raw = bytes.fromhex(described["public"])
    if described["suite"] == "ed25519":
        public, scheme = ed25519.Ed25519PublicKey.from_public_bytes(raw), None
    else:
        public, scheme = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw), None
    return SSlibKey.from_crypto(public, keyid=described["keyid"], scheme=scheme)


def der(envelope, keys):
    """DSSE leaves the form of a signature open; for P-256 this library takes ASN.1, the ledger r and s."""
    from base64 import b64decode, b64encode

    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    p256 = {key["keyid"] for key in keys if key["suite"] == "es256"}
    for signature in envelope["signatures"]:
        if signature["keyid"] in p256:
            raw = b64decode(signature["sig"])
            r, s = (int.from_bytes(half, "big") for half in (raw[:32], raw[32:]))
            signature["sig"] = b64encode(encode_dss_signature(r, s)).decode()
    return envelope


def judge(case):
    try:
        described = der(copy.deepcopy(case["envelope"]), case["keys"])
        envelope = Envelope.from_dict(described)
        envelope.verify([key_of(key) for key in case["keys"]], case["threshold"])
        statement = json_format.Parse(envelope.payload, statement_pb2.Statement())
        Statement.copy_from_pb(statement).validate()
        return "verified"
    except Exception as error:  # the name of any refusal is the answer
        return type(error).__name__


print(json.dumps([judge(case) for case in json.load(sys.stdin)]))
