"""Server-sent events and page cursors as text."""

from datetime import UTC, datetime

import pytest

from shared.base.errors import BadRequest
from shared.web.cursors import decode_cursor, encode_cursor
from shared.web.sse import sse_event

AT = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)


def test_a_server_sent_event_has_its_id_its_name_and_one_line_of_json() -> None:
    assert sse_event({"at": AT}, event="row", id=7) == b'id: 7\nevent: row\ndata: {"at":"2026-12-01T15:00:00Z"}\n\n'
    assert sse_event("two\nlines") == b'data: "two\\nlines"\n\n'


def test_a_page_cursor_is_decoded_to_its_instant_and_id() -> None:
    assert decode_cursor(encode_cursor(AT, "lead-1")) == (AT, "lead-1")


@pytest.mark.parametrize("cursor", ["x", "~lead", "2026-12-01T15:00:00~lead", "2026-12-01T15:00:00Z", "12~"])
def test_a_page_cursor_of_another_form_is_refused_with_a_sentence(cursor: str) -> None:
    with pytest.raises(BadRequest, match="send the `next` of the page before"):
        decode_cursor(cursor)
