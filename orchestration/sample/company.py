"""The invented company that the sample describes: who is who, what they ask models, what they run.

Nothing here is real but the names of public model ids and cloud services.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

LAST_DAY = date(2026, 10, 31)
"""Default last day: a constant, so that the sample does not depend on the day it is written."""

CANARY = "CANARY-7f3a91"
"""Stands wherever a real log may hold what users wrote. It must never be landed."""

TEAMS = {
    "search": "discovery",
    "ranking": "discovery",
    "care": "customer_care",
    "vision": "commerce",
    "growth": "commerce",
    "platform": "engineering",
}
"""team → cost centre."""

COST_CENTERS = {
    "discovery": ("Search and discovery", "m.ostrow"),
    "customer_care": ("Customer care", "l.haverkamp"),
    "commerce": ("Commerce", "d.tindall"),
    "engineering": ("Engineering platform", "r.quade"),
}
"""cost centre → (name, owner)."""

CUSTOMERS = (
    "aldergate", "brightmoor", "calderway", "dunmarsh", "elmstead", "fairholt",
    "glenrock", "harrowby", "islay_foods", "juniper_bank", "kestrel_air", "lindqvist",
)  # fmt: skip


@dataclass(frozen=True)
class Feature:
    """What one product feature asks a model for.

    `slots` is its share of the requests, in 64ths; tokens are typical figures of one request;
    `cached_quarters` is how many quarters of the prompt the vendor may find in its cache.
    """

    feature: str
    team: str
    product: str
    use_case: str
    model: str
    slots: int
    prompt_tokens: int
    output_tokens: int
    cached_quarters: int
    for_customers: bool = True


FEATURES = (
    Feature("answers", "search", "finder", "question_answering", "gpt-5.6-sol", 16, 24000, 1100, 2),
    Feature(
        "semantic_index", "ranking", "finder", "semantic_search",
        "text-embedding-3-small", 8, 6000, 0, 0, for_customers=False,
    ),
    Feature("rerank", "ranking", "finder", "semantic_search", "gpt-4o-mini", 8, 9000, 80, 2),
    Feature("ticket_triage", "care", "helper", "ticket_resolution", "gpt-4o-mini", 8, 4000, 150, 1),
    Feature("ticket_reply", "care", "helper", "ticket_resolution", "gpt-4o", 10, 26000, 900, 2),
    Feature(
        "image_tagging", "vision", "studio", "catalogue_enrichment",
        "gpt-4o", 5, 9000, 250, 0, for_customers=False,
    ),
    Feature("ad_copy", "growth", "studio", "campaign_copy", "gpt-5-mini", 4, 8000, 4000, 1),
    Feature(
        "code_review", "platform", "workbench", "developer_assistance",
        "gpt-5.6-sol", 5, 100000, 4200, 3, for_customers=False,
    ),
)  # fmt: skip
"""Eight features; their slots add up to 64."""

BUG_FEATURE = "ticket_reply"
"""From a planted day on, this feature sends every prompt twice."""

UNKNOWN_MODEL = "vega-9-preview"
"""A model that no price book knows: its tokens stay unpriced."""

VENDOR = "OpenAI"
