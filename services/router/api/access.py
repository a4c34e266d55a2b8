"""Keys, doors and targets over HTTP; the router writes them, everybody reads them."""

from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, ConfigDict
from starlette.responses import Response

from services.router.sources.registry import SOURCES
from services.router.sources.source import Source
from shared.access import admin as write
from shared.access.cache import Access
from shared.base.credentials import Principal
from shared.base.errors import BadRequest
from shared.web.http import access_of, allow, json_response

doors = APIRouter()
Admin = Annotated[Principal, Depends(allow("admin"))]
Ops = Annotated[Principal, Depends(allow("ops", "admin"))]
Here = Annotated[Access, Depends(access_of)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewKey(_Strict):
    """A key to make."""

    name: str
    roles: list[str]
    person: str | None = None


class NewEndpoint(_Strict):
    """A door to open."""

    source: str
    scheme: str = ""
    name: str = ""
    url: str | None = None
    secret: str | None = None
    mapping: dict[str, Any] | None = None
    options: dict[str, Any] | None = None


class NewSecret(_Strict):
    """A secret to add; the old ones count until `until`."""

    secret: str | None = None
    until: AwareDatetime | None = None


class NewTarget(_Strict):
    """A target to make."""

    name: str
    url: str
    local: bool = False


@doors.post("/v1/keys", status_code=201)
async def make_key(who: Admin, access: Here, new: NewKey) -> dict[str, Any]:
    """Make an API key; it is answered this once."""
    key_id, token = await write.create_key(access, new.name, new.roles, new.person, who.name)
    return {"id": key_id, "key": token}


@doors.get("/v1/keys")
async def keys(who: Admin, access: Here) -> list[dict[str, Any]]:
    """All keys, without their secrets."""
    return await write.list_keys(access)


@doors.post("/v1/keys/{key_id}/revoke")
async def revoke_key(who: Admin, access: Here, key_id: str) -> dict[str, str]:
    """Switch a key off."""
    await write.revoke_key(access, key_id, who.name)
    return {"id": key_id, "state": "revoked"}


@doors.post("/v1/endpoints", status_code=201)
async def make_endpoint(who: Admin, access: Here, new: NewEndpoint) -> dict[str, Any]:
    """Open a door; its secret is answered this once."""
    source = SOURCES.get(new.source)
    if source is None:
        raise BadRequest(f"{new.source!r} is not a source; use one of {', '.join(sorted(SOURCES))}.")
    scheme = new.scheme or next(iter(source.schemes))
    if scheme not in source.schemes:
        raise BadRequest(f"{scheme!r} is not a scheme of {new.source}; use one of {', '.join(source.schemes)}.")
    _fits(source, scheme, new.secret)
    if new.url is not None and not _whole(new.url):
        raise BadRequest(
            f"The URL {new.url!r} must be the whole address as it is registered at the sender, https://..."
        )
    made = await write.create_endpoint(
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
    return {"id": made[0], "url": made[1], "secret": made[2], "source": new.source, "scheme": scheme} | {
        "register": _register(scheme, made[1], made[2])
    }


def _fits(source: Source, scheme: str, secret: str | None) -> None:
    """Raises TheirMistake where a secret cannot serve, or where only the sender can name it."""
    wrong = source.secret_problem([scheme], secret) if secret else source.secret_needed(scheme)
    if wrong:
        raise BadRequest(wrong)


def _whole(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _register(scheme: str, url: str, secret: str) -> str:
    """The address for the sender; a path secret is its last part."""
    return f"{url.rstrip('/')}/{secret}" if scheme == "path" else url


@doors.get("/v1/endpoints")
async def endpoints(who: Admin, access: Here) -> list[dict[str, Any]]:
    """All doors, without their secrets."""
    return [
        {
            "id": door.id,
            "name": door.name,
            "source": door.source,
            "scheme": door.scheme,
            "url": door.url,
            "secrets": len(door.secrets),
            "mapping": door.mapping,
            "revoked": door.revoked,
        }
        for door in access.endpoints()
    ]


@doors.post("/v1/endpoints/{endpoint_id}/rotate")
async def rotate(who: Admin, access: Here, endpoint_id: str, new: NewSecret) -> dict[str, str]:
    """Add a secret."""
    door = access.endpoint(endpoint_id)
    if door:
        _fits(SOURCES[door.source], door.scheme, new.secret)
    secret = await write.rotate_endpoint(access, endpoint_id, new.secret, new.until, who.name)
    return {"secret": secret, "register": _register(door.scheme, door.url, secret) if door else ""}


@doors.post("/v1/endpoints/{endpoint_id}/revoke")
async def revoke_endpoint(who: Admin, access: Here, endpoint_id: str) -> dict[str, str]:
    """Close a door."""
    await write.revoke_endpoint(access, endpoint_id, who.name)
    return {"id": endpoint_id, "state": "revoked"}


@doors.get("/v1/changes")
async def changes(who: Ops, access: Here, cursor: str | None = None, limit: int = 100) -> Response:
    """Who changed keys, doors, targets and the clock, newest first; `cursor` is the `next` of the page before."""
    most = max(1, min(limit, 1000))
    found = await write.list_changes(access, cursor, most)
    return json_response({"changes": found, "next": found[-1]["id"] if len(found) == most else None})


@doors.post("/v1/targets", status_code=201)
async def make_target(who: Admin, access: Here, new: NewTarget) -> dict[str, str]:
    """Make a target; its secret is answered this once."""
    if not new.url.startswith("https://") and not (new.local and new.url.startswith("http://")):
        raise BadRequest(f"The target URL {new.url!r} must be https; a private http address needs `local`.")
    return {
        "name": new.name,
        "secret": await write.put_destination(access, new.name, new.url, None, new.local, who.name),
    }


@doors.get("/v1/targets")
async def targets(who: Admin, access: Here) -> list[dict[str, Any]]:
    """All targets, without their secrets."""
    return [{"name": target.name, "url": target.url, "local": target.local} for target in access.destinations()]


@doors.post("/v1/targets/{name}/rotate")
async def rotate_target(who: Admin, access: Here, name: str) -> dict[str, str]:
    """Give a target a new secret."""
    target = access.destination(name)
    if target is None:
        raise BadRequest(f"There is no target {name}.", status=404)
    return {"secret": await write.put_destination(access, name, target.url, None, target.local, who.name)}


@doors.post("/v1/targets/{name}/revoke")
async def revoke_target(who: Admin, access: Here, name: str) -> dict[str, str]:
    """Switch a target off."""
    await write.revoke_destination(access, name, who.name)
    return {"name": name, "state": "revoked"}
