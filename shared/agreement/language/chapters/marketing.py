"""The chapter on what marketing owes, and on variance after a miss; parsed, and not executed yet."""

from collections.abc import Mapping

from shared.agreement.language.chapters.escalation import escalation_action
from shared.agreement.language.condition_reader import condition
from shared.agreement.language.schema import (
    PERIOD,
    Key,
    MappingSchema,
    NodeReader,
    bound,
    duration,
    either,
    list_of,
    matching,
    not_executed,
    number,
    one_of,
    required,
    share,
    text,
)

_goal = either(number, one_of("from goal"))
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
_commitments = MappingSchema(
    {
        "volume": MappingSchema(
            {"mqls": _goal, "leads": _goal, "per": required(PERIOD), "at_most": share, "at_risk": share}
        ),
        "quality": MappingSchema(
            {
                "accepted": bound(),
                "with_needs": bound(),
                "above_score": MappingSchema({"score": bound("number"), "share": bound()}),
                "improve": MappingSchema(
                    {"accepted": matching(r"\d+(\.\d+)? points?", "an amount such as 2 points"), "every": PERIOD}
                ),
                "per": PERIOD,
            }
        ),
        "hygiene": MappingSchema({"duplicates": bound(), "refused": bound(), "per": PERIOD}),
        "cost": MappingSchema({"per_mql": bound("number"), "budget": number, "per": PERIOD}),
        "plan": list_of(
            MappingSchema(
                {
                    "campaign": required(text),
                    "means": one_of(*_MEANS),
                    "mqls": number,
                    "leads": number,
                    "per_mql": number,
                }
            )
        ),
        "sourced": MappingSchema({"revenue": _goal, "pipeline": _goal, "per": PERIOD}),
        "nurture": MappingSchema(
            {
                "tracks": list_of(MappingSchema({"track": required(text), "when": required(condition)})),
                "start": MappingSchema({"within": duration}),
                "back_to": one_of("previous owner", "routing"),
                "within": duration,
                "end": MappingSchema({"after": duration, "do": one_of("archive")}),
            }
        ),
        "answer_feedback": MappingSchema({"within": duration, "share": bound(), "per": PERIOD}),
        "then": list_of(
            MappingSchema(
                {"at": one_of("at_risk", "missed"), "do": list_of(either(escalation_action, one_of("open variance")))}
            )
        ),
    }
)
_variance = MappingSchema(
    {
        "opens": MappingSchema(
            {"commitment": one_of("missed"), "promise": MappingSchema({"kept": bound(), "per": PERIOD})}
        ),
        "meet": MappingSchema(
            {"within": duration, "who": list_of(one_of("signed_by", "managers", "executive", "marketing", "sales"))}
        ),
        "remedy": MappingSchema(
            {
                "plan_within": duration,
                "needs": list_of(one_of("cause", "action", "owner", "due")),
                "closes": matching(r"after \d+ good periods?", "words such as after 2 good periods"),
            }
        ),
    }
)

MARKETING: Mapping[str, Key | NodeReader] = {
    "commitments": not_executed(_commitments, "what marketing owes in numbers"),
    "variance": not_executed(_variance, "meetings and remedies after a miss"),
}
