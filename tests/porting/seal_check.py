"""Whether a sealed PDF is as it was sealed: told by its bytes, without the library that sealed it."""

import re
from dataclasses import dataclass

from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec


class BrokenError(Exception):
    pass


@dataclass(frozen=True)
class Seal:
    """`start` and `end` are the places of the signature's own hexadecimal text."""

    start: int
    end: int
    certificate: x509.Certificate


def check_seal(pdf: bytes) -> Seal:
    """Every byte counts: those that are signed, and the signature as it is written."""
    ranges = re.findall(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)\]", pdf)
    if len(ranges) != 1:
        raise BrokenError("not one signature")
    first, first_length, second, second_length = map(int, ranges[0])
    if first != 0 or second + second_length != len(pdf) or second < first_length:
        raise BrokenError("something lies outside what is signed")
    info = _read_signature(pdf[first_length:second])
    certificate = _check(info["content"], pdf[:first_length] + pdf[second:])
    # Only what has been found good is written anew: the library loses itself in broken ones.
    if info.copy().dump(force=True) != info.dump():
        raise BrokenError("not written as DER is")
    return Seal(first_length + 1, second - 1, certificate)


def _read_signature(gap: bytes) -> cms.ContentInfo:
    if gap[:1] != b"<" or gap[-1:] != b">" or not re.fullmatch(rb"[0-9A-F]+", gap[1:-1]):
        raise BrokenError("the signature is not written as it was")
    padded = bytes.fromhex(gap[1:-1].decode())
    # Two bytes of length follow the first two: such a signature has 256 bytes to 64 kB.
    length = 4 + int.from_bytes(padded[2:4])
    if padded[:2] != b"\x30\x82" or any(padded[length:]):
        raise BrokenError("something beside the signature")
    return cms.ContentInfo.load(padded[:length], strict=True)


def _check(signed: cms.SignedData, covered: bytes) -> x509.Certificate:
    [signer], [chosen] = signed["signer_infos"], signed["certificates"]
    certificate = x509.load_der_x509_certificate(chosen.chosen.dump())
    attributes = {each["type"].native: each["values"] for each in signer["signed_attrs"]}
    [digest] = attributes["message_digest"]
    # What no signature covers is what its signed parts make it.
    named = signer["sid"].chosen
    told = (
        signed["version"].native,
        [each.native for each in signed["digest_algorithms"]],
        signed["encap_content_info"].native,
        signer["version"].native,
        signer["digest_algorithm"].native,
        signer["signature_algorithm"]["algorithm"].native,
        named["serial_number"].native,
        named["issuer"].dump(),
        # The signed attributes name the certificate (ESS signing-certificate-v2).
        certificate.fingerprint(hashes.SHA256()) in signer["signed_attrs"].dump(),
        digest.native,
    )
    sha256 = {"algorithm": "sha256", "parameters": None}
    expected = (
        "v1",
        [sha256],
        {"content_type": "data", "content": None},
        "v1",
        sha256,
        "sha256_ecdsa",
        certificate.serial_number,
        certificate.issuer.public_bytes(),
        True,
        _sha256(covered),
    )
    if told != expected:
        raise BrokenError("changed")
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    text = signer["signed_attrs"].untag().dump()
    key.verify(signer["signature"].native, text, ec.ECDSA(hashes.SHA256()))
    return certificate


def _sha256(content: bytes) -> bytes:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(content)
    return digest.finalize()
