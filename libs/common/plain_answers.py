"""How a route that is no GraphQL answers what it refuses, and what failed."""

import logging

from starlette.responses import JSONResponse, Response

from libs.common.graphql.errors import ErrorCode, log_fault, sentence_and_code

log = logging.getLogger(__name__)


def refuse(status: int, code: str, message: str, *, is_unread: bool = False) -> Response:
    """Of a body that is refused unread no more is taken: the connection ends with the answer."""
    log.info("what was sent is refused", extra={"action": "request.refused", "code": code})
    answer = JSONResponse({"code": code, "message": message}, status_code=status)
    if is_unread:
        answer.headers["connection"] = "close"
    return answer


def mask(fault: Exception) -> Response:
    """The fault is told in the log, once, and not to who asked."""
    log_fault(fault)
    sentence, code = sentence_and_code(fault)
    status = 503 if code is ErrorCode.UNAVAILABLE else 500
    return JSONResponse({"code": code, "message": sentence}, status_code=status)
