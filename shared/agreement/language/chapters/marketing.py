"""What marketing owes, and what a miss brings to either side: read and kept, not judged yet."""

from collections.abc import Mapping

from shared.agreement.language.chapters.sales import deed
from shared.agreement.language.condition_reader import condition
from shared.agreement.language.schema import (
    PERIOD,
    Key,
    Read,
    Shape,
    comparison,
    either,
    later,
    list_of,
    needed,
    number,
    pattern,
    share,
    span,
    text,
    word,
)

_goal = either(number, word("from goal"))
_MEANS = (
    "webinar",
    "paid search",
    "paid social",
    "content",
    "email",
    "event",
    "partner",
    "outbound",
    "seo",
    "referral",
)
_commitments = Shape(
    {
        "volume": Shape({"mqls": _goal, "leads": _goal, "per": needed(PERIOD), "at_most": share, "at_risk": share}),
        "quality": Shape(
            {
                "accepted": comparison(),
                "with_needs": comparison(),
                "above_score": Shape({"score": comparison("number"), "share": comparison()}),
                "improve": Shape(
                    {"accepted": pattern(r"\d+(\.\d+)? points?", "an amount such as 2 points"), "every": PERIOD}
                ),
                "per": PERIOD,
            }
        ),
        "hygiene": Shape({"duplicates": comparison(), "refused": comparison(), "per": PERIOD}),
        "cost": Shape({"per_mql": comparison("number"), "budget": number, "per": PERIOD}),
        "plan": list_of(
            Shape(
                {"campaign": needed(text), "means": word(*_MEANS), "mqls": number, "leads": number, "per_mql": number}
            )
        ),
        "sourced": Shape({"revenue": _goal, "pipeline": _goal, "per": PERIOD}),
        "nurture": Shape(
            {
                "tracks": list_of(Shape({"track": needed(text), "when": needed(condition)})),
                "start": Shape({"within": span}),
                "back_to": word("previous owner", "routing"),
                "within": span,
                "end": Shape({"after": span, "do": word("archive")}),
            }
        ),
        "answer_feedback": Shape({"within": span, "share": comparison(), "per": PERIOD}),
        "then": list_of(Shape({"at": word("at_risk", "missed"), "do": list_of(either(deed, word("open variance")))})),
    }
)
_variance = Shape(
    {
        "opens": Shape({"commitment": word("missed"), "promise": Shape({"kept": comparison(), "per": PERIOD})}),
        "meet": Shape(
            {"within": span, "who": list_of(word("signed_by", "managers", "executive", "marketing", "sales"))}
        ),
        "remedy": Shape(
            {
                "plan_within": span,
                "needs": list_of(word("cause", "action", "owner", "due")),
                "closes": pattern(r"after \d+ good periods?", "words such as after 2 good periods"),
            }
        ),
    }
)

MARKETING: Mapping[str, Key | Read] = {
    "commitments": later(_commitments, "what marketing owes in numbers"),
    "variance": later(_variance, "meetings and remedies after a miss"),
}
