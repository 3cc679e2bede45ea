"""The letter press: in a child process, from what was signed to a sealed PDF/A.

typst sets it, pyHanko seals it (PAdES B-B); neither is ever loaded into the service.
"""

import json
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import typst
from asn1crypto import keys, pem, x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, SimpleSigner, sign_pdf
from pyhanko_certvalidator.registry import SimpleCertificateStore

_TEMPLATE: Final = Path(__file__).with_name("letter.typ")
_FIELD: Final = "Portline"


def work(content: bytes) -> bytes:
    """`content` is JSON: the letter, and the PEM text that seals it."""
    given = json.loads(content)
    return seal(set_letter(given["letter"]), given["seal"])


def set_letter(letter: dict[str, Any]) -> bytes:
    """Data reaches the template as data: no text can be markup."""
    pdf = typst.compile(
        _TEMPLATE.read_bytes(),
        format="pdf",
        pdf_standards=["a-4"],
        sys_inputs={"letter": json.dumps(letter)},
    )
    assert isinstance(pdf, bytes)
    return pdf


def seal(pdf: bytes, seal_pem: str) -> bytes:
    """A key, its certificate and the chain in one PEM text."""
    key, certificate, *chain = _read_pem(seal_pem.encode())
    known = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    known.register_multiple(chain)
    signer = SimpleSigner(signing_cert=certificate, signing_key=key, cert_registry=known)
    sealed = sign_pdf(
        IncrementalPdfFileWriter(BytesIO(pdf)),
        PdfSignatureMetadata(
            field_name=_FIELD,
            subfilter=SigSeedSubFilter.PADES,
            md_algorithm="sha256",
            reason="This letter is as it was signed.",
        ),
        signer,
    )
    return bytes(sealed.getvalue())


def _read_pem(text: bytes) -> list[Any]:
    """The private key first, whatever its place in the file."""
    found: list[Any] = []
    for kind, _headers, der in pem.unarmor(text, multiple=True):
        if kind == "PRIVATE KEY":
            found.insert(0, keys.PrivateKeyInfo.load(der))
        elif kind == "CERTIFICATE":
            found.append(x509.Certificate.load(der))
    return found
