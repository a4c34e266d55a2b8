"""Page cursors: the position of the last row of a page, as text for `?cursor=`."""

from datetime import datetime

from shared.base.errors import BadRequest
from shared.base.rfc3339 import rfc3339


def encode_cursor(at: datetime, row_id: str) -> str:
    """The cursor of a row in a list ordered by instant and id, such as `2026-12-01T15:00:00Z~0193b0c4-...`."""
    return f"{rfc3339(at)}~{row_id}"


def decode_cursor(cursor: str) -> tuple[datetime, str]:
    """The instant and id of a cursor. Raises BadRequest for a text that `encode_cursor` did not make."""
    text, _, row_id = cursor.partition("~")
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not row_id:
        raise BadRequest("`cursor` is not a place in this list; send the `next` of the page before.")
    return at, row_id
