"""The routes of the page: the form, the check of one file, and the assets."""

import time

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.requests import ClientDisconnect

from pipeline.producers.gateway.address_limit import client_network
from pipeline.producers.gateway.problems import ProblemBody, ProblemResponse
from pipeline.producers.gateway.rate_limits import RateLimitExceededError
from pipeline.producers.gateway.verify_page.answer import Answer, answer_of
from pipeline.producers.gateway.verify_page.languages import choose_language, texts
from pipeline.producers.gateway.verify_page.metrics import VERIFICATION_SECONDS, VERIFICATIONS
from pipeline.producers.gateway.verify_page.page import InjectedPage, VerifyPage
from pipeline.producers.gateway.verify_page.refusal import Refusal, RefusalKind
from pipeline.producers.gateway.verify_page.upload import Upload
from pipeline.producers.gateway.verify_page.verification_queue import BUSY_SECONDS
from pipeline.producers.gateway.verify_page.view import PATH, refusal_texts
from pipeline.producers.gateway.waiting_limit import TooManyWaitingError

_SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self';"
    " img-src 'self' blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_FOREVER = "public, max-age=31536000, immutable"  # the address holds the hash of the content

router = APIRouter(prefix=PATH, include_in_schema=False)


@router.get("")
async def show_form(request: Request, page: InjectedPage) -> Response:
    """Answer with the form, or say that the model is still loading."""
    language = _language(request)
    try:
        page.queue.verifier  # noqa: B018 - it refuses while there is none
    except Refusal as refusal:
        return _html(page.view.refusal(language, refusal), language, refusal)
    return _html(page.view.form(language), language)


@router.post("")
async def check_file(request: Request, page: InjectedPage) -> Response:
    """Check the uploaded file; the answer is a page, or JSON if the client asks for that alone."""
    language, as_json = _language(request), _wants_json(request)
    upload = Upload(request, page.max_bytes)
    try:
        answer = await _answer_or_discard(request, page, upload)
    except Refusal as refusal:
        VERIFICATIONS.labels(refusal.kind.slug).inc()
        if as_json:
            return _problem(page, refusal, language)
        return _html(page.view.refusal(language, refusal), language, refusal)
    except ClientDisconnect:
        VERIFICATIONS.labels("disconnected").inc()
        return Response(status_code=400)  # nobody reads it
    VERIFICATIONS.labels(answer.label.value).inc()
    if as_json:
        return JSONResponse(_in_words(answer, language), headers=_headers(language))
    return _html(page.view.answer(language, answer), language)


@router.get("/assets/{name}")
async def asset(name: str, page: InjectedPage) -> Response:
    """Answer with a style sheet, script or icon."""
    found = page.view.asset(name)
    if found is None:
        return Response(status_code=404, headers=_SECURITY)
    return Response(
        found.content, media_type=found.media_type, headers={**_SECURITY, "Cache-Control": _FOREVER}
    )


async def _answer_or_discard(request: Request, page: VerifyPage, upload: Upload) -> Answer:
    try:
        return await _answer(request, page, upload)
    except Refusal:
        await upload.discard()
        raise


async def _answer(request: Request, page: VerifyPage, upload: Upload) -> Answer:
    """Return the answer to an upload; raise :class:`Refusal`. The limits are asked before it is read."""
    verifier = page.queue.verifier
    client = client_network(request)
    try:
        page.limiter.take(client)
        with page.uploading.hold(client), page.queue.place():
            data = await upload.file()
            started = time.perf_counter()
            verdict = await page.queue.verify(data)
    except RateLimitExceededError as error:
        raise Refusal(RefusalKind.TOO_MANY, error.retry_after) from error
    except TooManyWaitingError as error:
        raise Refusal(RefusalKind.BUSY, BUSY_SECONDS) from error
    VERIFICATION_SECONDS.observe(time.perf_counter() - started)
    return answer_of(verdict, verifier.checks, verifier.error_rates)


def _language(request: Request) -> str:
    return choose_language(request.query_params.get("lang"), request.headers.get("accept-language"))


def _wants_json(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "text/html" not in accept


def _in_words(answer: Answer, language: str) -> dict[str, object]:
    title, text = (texts(language)(f"verdict.{answer.wording}.{part}") for part in ("title", "text"))
    return {"title": title, "text": text, **answer.model_dump(mode="json")}


def _headers(language: str, refusal: Refusal | None = None) -> dict[str, str]:
    return {
        **_SECURITY,
        "Cache-Control": "no-store",
        "Content-Language": language,
        "Vary": "Accept, Accept-Language",
        **(refusal.headers if refusal else {}),
    }


def _html(page: str, language: str, refusal: Refusal | None = None) -> Response:
    status = refusal.kind.status if refusal else 200
    return HTMLResponse(page, status, headers=_headers(language, refusal))


def _problem(page: VerifyPage, refusal: Refusal, language: str) -> Response:
    title, detail = refusal_texts(refusal, texts(language), page.max_bytes)
    kind = refusal.kind
    body = ProblemBody(type=f"urn:fakeme:problem:{kind.slug}", title=title, status=kind.status, detail=detail)
    return ProblemResponse(
        body.model_dump(mode="json", exclude_defaults=True), kind.status, _headers(language, refusal)
    )
