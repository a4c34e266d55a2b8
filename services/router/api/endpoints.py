"""Webhook endpoints over HTTP. An endpoint that cannot work is refused when it is configured, not at each delivery."""

from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter
from pydantic import AwareDatetime

from services.router.api.auth import AccessDep, Admin, StrictModel
from services.router.sources.registry import SOURCES
from services.router.sources.source import Source
from shared.access import endpoints as store
from shared.base.errors import BadRequest

router = APIRouter()


class NewEndpoint(StrictModel):
    """An endpoint to create; the source's default scheme if none is named, a new secret if none is given."""

    source: str
    scheme: str = ""
    name: str = ""
    url: str | None = None
    secret: str | None = None
    mapping: dict[str, Any] | None = None
    options: dict[str, Any] | None = None


class NewSecret(StrictModel):
    """A secret to add; the earlier ones are valid until `until`."""

    secret: str | None = None
    until: AwareDatetime | None = None


@router.post("/v1/endpoints", status_code=201)
async def create_endpoint(who: Admin, access: AccessDep, new: NewEndpoint) -> dict[str, Any]:
    """Create a webhook endpoint; its secret is shown only in this response."""
    scheme = _check(new)
    endpoint_id, url, secret = await store.create_endpoint(
        access,
        source=new.source,
        scheme=scheme,
        name=new.name or new.source,
        url=new.url,
        secret=new.secret,
        mapping=new.mapping,
        options=new.options,
        by=who.name,
    )
    return {
        "id": endpoint_id,
        "url": url,
        "secret": secret,
        "source": new.source,
        "scheme": scheme,
        "register": _url_to_register(scheme, url, secret),
    }


def _check(new: NewEndpoint) -> str:
    """The scheme of a new endpoint. Raises BadRequest for an endpoint that would refuse every request."""
    source = SOURCES.get(new.source)
    if source is None:
        raise BadRequest(f"{new.source!r} is not a source; use one of {', '.join(sorted(SOURCES))}.")
    scheme = new.scheme or next(iter(source.schemes))
    if scheme not in source.schemes:
        raise BadRequest(f"{scheme!r} is not a scheme of {new.source}; use one of {', '.join(source.schemes)}.")
    _check_secret(source, scheme, new.secret)
    if new.url is not None and not _is_absolute(new.url):
        raise BadRequest(
            f"The URL {new.url!r} must be the whole address as it is registered at the sender, https://..."
        )
    return scheme


def _check_secret(source: Source, scheme: str, secret: str | None) -> None:
    """Raises BadRequest if a secret cannot serve the scheme, or if only the sender can name it."""
    problem = source.secret_problem([scheme], secret) if secret else source.secret_needed(scheme)
    if problem:
        raise BadRequest(problem)


def _is_absolute(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _url_to_register(scheme: str, url: str, secret: str) -> str:
    """The address to register at the sender; a path secret is its last part."""
    return f"{url.rstrip('/')}/{secret}" if scheme == "path" else url


@router.get("/v1/endpoints")
async def list_endpoints(who: Admin, access: AccessDep) -> list[dict[str, Any]]:
    """All endpoints, without their secrets."""
    return [
        {
            "id": endpoint.id,
            "name": endpoint.name,
            "source": endpoint.source,
            "scheme": endpoint.scheme,
            "url": endpoint.url,
            "secrets": len(endpoint.secrets),
            "mapping": endpoint.mapping,
            "revoked": endpoint.revoked,
        }
        for endpoint in access.endpoints()
    ]


@router.post("/v1/endpoints/{endpoint_id}/rotate")
async def rotate_endpoint(who: Admin, access: AccessDep, endpoint_id: str, new: NewSecret) -> dict[str, str]:
    """Add a secret to an endpoint."""
    endpoint = access.endpoint(endpoint_id)
    if endpoint:
        _check_secret(SOURCES[endpoint.source], endpoint.scheme, new.secret)
    secret = await store.rotate_endpoint(access, endpoint_id, new.secret, new.until, who.name)
    url = _url_to_register(endpoint.scheme, endpoint.url, secret) if endpoint else ""
    return {"secret": secret, "register": url}


@router.post("/v1/endpoints/{endpoint_id}/revoke")
async def revoke_endpoint(who: Admin, access: AccessDep, endpoint_id: str) -> dict[str, str]:
    """Revoke an endpoint."""
    await store.revoke_endpoint(access, endpoint_id, who.name)
    return {"id": endpoint_id, "state": "revoked"}
