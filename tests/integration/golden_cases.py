"""Public bugs of token accounting: what each source said, and what was made of it.

Token counts and prices are those of the thread. Where a thread does not give them all, the ones
here reproduce both figures that it states, and the case says so. Prices are a negotiated list of
the workspace, so that no figure here moves with the installed price data.
Threads: LL is BerriAI/litellm, PX Arize-ai/phoenix, LF langfuse/claude-observability-plugin,
LA langfuse/langfuse, CL Enderfga/claw-orchestrator and NoesisVision/nasde-toolkit, TT
VasiHemanth/tokentelemetry, PL preloop/preloop.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.integration.price_lists import prices, usd
from tests.unit.landing import test_bedrock_logs as bedrock
from tests.unit.landing import test_langfuse as langfuse
from tests.unit.landing import test_litellm as litellm
from tests.unit.landing import test_litellm_daily as litellm_daily
from tests.unit.landing import test_openrouter as openrouter
from tests.unit.landing import test_otel_genai as otel
from tests.unit.landing import test_vertex_usage as vertex


@dataclass(frozen=True)
class Case:
    """One bug.

    Attributes:
        thread: where it was told.
        source: the source that landed the usage.
        model: the model as that source names it; with `feature`, only that call.
        vendor: what the vendor charges, to the last decimal.
        naive: what the tool's formula makes of the same usage.
        said: (the vendor's figure, the tool's) as the thread rounds them, where it states them.
    """

    thread: str
    source: str
    model: str
    vendor: Decimal
    naive: Decimal
    said: tuple[str | None, str | None] = (None, None)
    feature: str | None = None


CASES: list[Case] = []
LIST: list[dict[str, Any]] = []
RECORDS: dict[str, list[dict[str, Any]]] = {}


def spend(model: str, provider: str, prompt: int, completion: int, **details: Any) -> None:
    """A row of LiteLLM's spend log."""
    rows = RECORDS.setdefault("gateway", [])
    usage = {"prompt_tokens": prompt, "completion_tokens": completion, **details}
    changes = {"model": model, "custom_llm_provider": provider, "metadata": {"usage_object": usage}}
    counts = {"prompt_tokens": prompt, "completion_tokens": completion}
    rows.append(litellm.call(len(rows), **changes, **counts, total_tokens=prompt + completion))


def cached(tokens: int, **more: int) -> dict[str, Any]:
    return {"prompt_tokens_details": {"cached_tokens": tokens, **more}}


# Cached tokens charged twice: once inside the prompt, once as cached. The reporter recomputed with
# Vertex's prices below 200k; the tool took those above for prompt and answer.
RECORDS["gemini"] = [
    vertex.record(
        1,
        {
            "promptTokenCount": 262_960,
            "cachedContentTokenCount": 257_955,
            "candidatesTokenCount": 1_744,
            "totalTokenCount": 264_704,
        },
    )
]
LIST += prices(
    "google",
    "gemini-2.5-pro",
    {"input_uncached": "1.25", "input_cache_read": "0.625", "output": "10"},
)
CASES.append(
    Case(
        "LL#14849 cached tokens charged twice",
        "gemini",
        "gemini-2.5-pro",
        usd((262_960 - 257_955, "1.25"), (257_955, "0.625"), (1_744, "10")),
        usd((262_960, "2.5"), (257_955, "0.3125"), (1_744, "15")),
        ("0.1849", "0.7642"),
    )
)

# The same at OpenAI, the issue that it comes back from. gpt-4o's prices of October 2024.
spend("gpt-4o-2024-08-06", "openai", 2_006, 300, **cached(1_920))
LIST += prices(
    "openai",
    "gpt-4o",
    {"input_uncached": "2.5", "input_cache_read": "1.25", "output": "10"},
)
CASES.append(
    Case(
        "LL#6215 cached tokens charged twice",
        "gateway",
        "gpt-4o-2024-08-06",
        usd((86, "2.5"), (1_920, "1.25"), (300, "10")),
        usd((2_006, "2.5"), (1_920, "1.25"), (300, "10")),
    )
)

# The same at xAI, whose text tokens hold the cached ones. The prices are the reporter's own, far
# apart on purpose; the thread gives the answer's tokens of its first example only.
spend("grok-code-fast-1", "xai", 2_693, 5, **cached(2_585, text_tokens=2_693))
LIST += prices(
    "x-ai",
    "grok-code-fast-1",
    {"input_uncached": "200", "input_cache_read": "0.00001", "output": "0.00001"},
)
CASES.append(
    Case(
        "LL#14874 cached tokens charged twice",
        "gateway",
        "grok-code-fast-1",
        usd((108, "200"), (2_585, "0.00001"), (5, "0.00001")),
        usd((2_693, "200"), (2_585, "0.00001"), (5, "0.00001")),
        ("0.0216", None),
    )
)

# Cached tokens at the full price, for want of a column for theirs; gpt-4o's prices as above.
spend("gpt-4o-2024-11-20", "openai", 62_394, 214, **cached(60_024))
CASES.append(
    Case(
        "LA#4590 cached tokens at the full price",
        "gateway",
        "gpt-4o-2024-11-20",
        usd((2_370, "2.5"), (60_024, "1.25"), (214, "10")),
        usd((62_394, "2.5"), (214, "10")),
    )
)

# Written tokens charged twice: once inside the prompt, once as written. The vendor's console has
# 0.04614 for the writes and 0.00825 for the answer; the tool said 0.091311.
spend("claude-3-7-sonnet-20250219", "anthropic", 12_307, 550, cache_creation_input_tokens=12_304)
LIST += prices(
    "anthropic",
    "claude-3-7-sonnet-20250219",
    {"input_uncached": "3", "input_cache_write_5m": "3.75", "output": "15"},
)
CASES.append(
    Case(
        "LL#9812 cache writes charged twice",
        "gateway",
        "claude-3-7-sonnet-20250219",
        usd((3, "3")) + Decimal("0.04614") + Decimal("0.00825"),
        usd((12_307, "3"), (12_304, "3.75"), (550, "15")),
        (None, "0.091311"),
    )
)

# Cache ignored: a session of Claude Code through Vertex, whose totals the daily table holds. The
# tool's 0.54 is Sonnet's input and output alone; the 5.94 are both models with the cache.
SONNET, HAIKU = "claude-sonnet-4@20250514", "claude-3-5-haiku@20241022"
CACHE = {"cache_read_input_tokens": 14_000_000, "cache_creation_input_tokens": 293_700}
RECORDS["gateway_days"] = [
    litellm_daily.row(
        number,
        model=model,
        custom_llm_provider="vertex_ai",
        prompt_tokens=fresh + sum(cache.values()),
        completion_tokens=output,
        cache_read_input_tokens=cache.get("cache_read_input_tokens", 0),
        cache_creation_input_tokens=cache.get("cache_creation_input_tokens", 0),
    )
    for number, (model, fresh, output, cache) in enumerate(
        [(SONNET, 450, 36_100, CACHE), (HAIKU, 105_400, 3_600, {})]
    )
]
CLAUDE = {
    "input_uncached": "3", "input_cache_read": "0.3", "input_cache_write_5m": "3.75",
    "input_cache_write_1h": "6", "output": "15",
}  # fmt: skip
LIST += prices("vertex_ai", SONNET, CLAUDE)
LIST += prices("vertex_ai", HAIKU, {"input_uncached": "0.8", "output": "4"})
_SONNET = usd((450, "3"), (14_000_000, "0.3"), (293_700, "3.75"), (36_100, "15"))
_HAIKU = usd((105_400, "0.8"), (3_600, "4"))
CASES += [
    Case(
        "LL#11935 cache ignored",
        "gateway_days",
        SONNET,
        _SONNET,
        usd((450, "3"), (36_100, "15")),
        (None, "0.54"),
    ),
    Case("LL#11935 the session's other model", "gateway_days", HAIKU, _HAIKU, Decimal(0)),
]

# Cache ignored the other way: implicit caching of Gemini, charged as if nothing was cached. The
# thread has a picture only: the counts are made up.
spend("gemini-2.5-flash", "gemini", 56_000, 500, **cached(50_000))
LIST += prices(
    "google",
    "gemini-2.5-flash",
    {"input_uncached": "0.3", "input_cache_read": "0.075", "output": "2.5"},
)
CASES.append(
    Case(
        "LL#16341 implicit cache ignored",
        "gateway",
        "gemini-2.5-flash",
        usd((6_000, "0.3"), (50_000, "0.075"), (500, "2.5")),
        usd((56_000, "0.3"), (500, "2.5")),
    )
)

# Writes for an hour at the price of five minutes, over a window that the vendor's panel reports
# as 16.36 (from rounded counts), and one call of it.
FABLE = {
    "input_uncached": "10", "input_cache_read": "1", "input_cache_write_5m": "12.5",
    "input_cache_write_1h": "20", "output": "50",
}  # fmt: skip
LIST += prices("anthropic", "claude-fable-5", FABLE)
RECORDS["traces"] = [
    langfuse.observation(
        1,
        provided_model_name="claude-fable-5",
        metadata={"feature": "window"},
        usage_details={
            "input": 1_900, "output": 16_300, "input_cache_read": 4_800_000,
            "input_cache_creation_1h": 533_800,
        },
    ),
    langfuse.observation(
        2,
        provided_model_name="claude-fable-5",
        metadata={"feature": "call"},
        usage_details={"input": 0, "output": 0, "input_cache_creation_1h": 37_175},
    ),
]  # fmt: skip
_REST = usd((1_900, "10"), (16_300, "50"), (4_800_000, "1"))
CASES += [
    Case(
        "LF#34 an hour's cache writes at the price of five minutes",
        "traces",
        "claude-fable-5",
        _REST + usd((533_800, "20")),
        _REST + usd((533_800, "12.5")),
        ("16.31", "12.31"),
        feature="window",
    ),
    Case(
        "LF#34 one call",
        "traces",
        "claude-fable-5",
        usd((37_175, "20")),
        usd((37_175, "12.5")),
        ("0.7435", "0.4646875"),
        feature="call",
    ),
]

# Tracing code that puts into the input what a cache served, all of it or only what was written; a
# total tells. The first two threads give the counts, at made-up prices; the third gives the prices.
RECORDS["traces"] += [
    langfuse.observation(number, provided_model_name=model, usage_details=usage, metadata={})
    for number, (model, usage) in enumerate(
        [
            (
                "gpt-4.1-mini",
                {"input": 17_903, "input_cached_tokens": 17_817, "output": 50, "total": 17_953},
            ),
            (
                "gpt-5.1",
                {"input": 22_118, "output": 1_970, "output_reasoning": 956, "total": 24_088},
            ),
            (
                "claude-sonnet-4-6",
                {
                    "input": 12_304 + 3, "cache_read_input_tokens": 40_000, "output": 550,
                    "cache_creation_input_tokens": 12_304, "total": 12_304 + 3 + 40_000 + 550,
                },
            ),
        ],
        start=3,
    )
]  # fmt: skip
TRACED = {"input_uncached": "1.25", "input_cache_read": "0.125", "output": "10"}
LIST += prices("openai", "gpt-4.1-mini", TRACED)
LIST += prices("openai", "gpt-5.1", TRACED)
LIST += prices("anthropic", "claude-sonnet-4-6", CLAUDE)
CASES += [
    Case(
        "LA#10592 cached tokens charged twice",
        "traces",
        "gpt-4.1-mini",
        usd((86, "1.25"), (17_817, "0.125"), (50, "10")),
        usd((17_903, "1.25"), (17_817, "0.125"), (50, "10")),
    ),
    Case(
        "LA#11244 thinking charged twice",
        "traces",
        "gpt-5.1",
        usd((22_118, "1.25"), (1_970, "10")),
        usd((22_118, "1.25"), (1_970 + 956, "10")),
    ),
    Case(
        "LL#26919 cache writes charged twice",
        "traces",
        "claude-sonnet-4-6",
        usd((3, "3"), (40_000, "0.3"), (12_304, "3.75"), (550, "15")),
        usd((12_307, "3"), (40_000, "0.3"), (12_304, "3.75"), (550, "15")),
    ),
]

# Cached image tokens counted as cached and as images, +72 %. The thread states both amounts and
# xAI's rules; the counts are chosen to give them.
spend("grok-4.6", "xai", 3_064, 250, **cached(3_024, image_tokens=1_153))
LIST += prices(
    "x-ai",
    "grok-4.6",
    {"input_uncached": "2", "input_cache_read": "0.5", "output": "6"},
)
CASES.append(
    Case(
        "LL#37407 cached images charged twice",
        "gateway",
        "grok-4.6",
        usd((40, "2"), (3_024, "0.5"), (250, "6")),
        usd((1_153, "2"), (3_024, "0.5"), (250, "6")),
        ("0.003092", "0.005318"),
    )
)

# Bedrock: the answer taken as total less prompt, although the total holds the cache. 40 times.
# The thread's 0.0048 is "approximately"; its counts at its prices are 0.0047.
US_SONNET = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
GLOBAL_SONNET = "global.anthropic.claude-sonnet-4-5-20250929-v1:0"
RECORDS["bedrock"] = [
    bedrock.record(
        number,
        modelId=model,
        input={
            "inputTokenCount": fresh,
            "cacheReadInputTokenCount": read,
            "cacheWriteInputTokenCount": written,
        },
        output={
            "outputTokenCount": output,
            "outputBodyJson": {
                "usage": {
                    "inputTokens": fresh,
                    "outputTokens": output,
                    "totalTokens": fresh + read + written + output,
                }
            },
        },
    )
    for number, (model, fresh, read, written, output) in enumerate(
        [(US_SONNET, 3, 13_216, 25, 12), (GLOBAL_SONNET, 4_299, 35_574, 17_787, 631)]
    )
]
LIST += prices(
    "aws",
    US_SONNET,
    {
        "input_uncached": "3.3", "input_cache_read": "0.33", "input_cache_write_5m": "4.1",
        "output": "16.5",
    },
)  # fmt: skip
LIST += prices("aws", GLOBAL_SONNET, CLAUDE)
CASES += [
    Case(
        "PX#10036 forty times",
        "bedrock",
        US_SONNET,
        usd((3, "3.3"), (13_216, "0.33"), (25, "4.1"), (12, "16.5")),
        usd((3, "3"), (13_256 - 3, "15")),
        ("0.0047", "0.20"),
    ),
    Case(
        "PX#13379 completion = total - prompt",
        "bedrock",
        GLOBAL_SONNET,
        usd((4_299, "3"), (35_574, "0.3"), (17_787, "3.75"), (631, "15")),
        usd((4_299, "3"), (58_291 - 4_299, "15")),
    ),
]

# The same seen by tracing code, whose prompt holds nothing of the cache.
RECORDS["spans"] = [
    otel.export(
        otel.span(
            1,
            usage={
                "llm.token_count.total": 8_712,
                "llm.token_count.prompt": 3,
                "llm.token_count.completion": 442,
                "llm.token_count.prompt_details.cache_read": 7_917,
                "llm.token_count.prompt_details.cache_write": 350,
            },
            attributes={
                "gen_ai.provider.name": "aws.bedrock",
                "gen_ai.request.model": GLOBAL_SONNET,
                "gen_ai.response.model": GLOBAL_SONNET,
            },
        )
    )
]
LIST += prices("aws.bedrock", GLOBAL_SONNET, CLAUDE)
CASES.append(
    Case(
        "PX#10783 completion = total - prompt",
        "spans",
        GLOBAL_SONNET,
        usd((3, "3"), (7_917, "0.3"), (350, "3.75"), (442, "15")),
        usd((3, "3"), (8_712 - 3, "15")),
        (None, "0.13"),
    )
)

# A slug that the vendor redirects bills another model: 1.40 recorded, 7.50 on the invoice (both at
# the prices of long prompts).
spend("grok-4-fast-reasoning", "xai", 1_000_000, 1_000_000)
for band, fast, billed in ((0, ("0.2", "0.5"), ("1.25", "2.5")), (1, ("0.4", "1"), ("2.5", "5"))):
    for model, start, pair in (
        ("grok-4-fast-reasoning", 128_001, fast),
        ("grok-4.3", 200_001, billed),
    ):
        both = dict(zip(("input_uncached", "output"), pair, strict=True))
        LIST += prices("x-ai", model, both, context_from_tokens=band * start)
ALIASES = [
    {
        "provider": "xai",
        "model": "grok-4-fast-reasoning",
        "billed_provider": "x-ai",
        "billed_model": "grok-4.3",
        "reason": "the vendor redirects the retired slug",
        "valid_from": None,
        "valid_to": None,
    }
]
CASES.append(
    Case(
        "LL#38730 a redirected slug",
        "gateway",
        "grok-4-fast-reasoning",
        usd((1_000_000, "2.5"), (1_000_000, "5")),
        usd((1_000_000, "0.4"), (1_000_000, "1")),
        ("7.50", "1.40"),
    )
)

# Reasoning replaces the answer: only the 768 of 977 (21 % less), the 448 of 482 were charged.
spend("gpt-5-nano", "openai", 17, 977, completion_tokens_details={"reasoning_tokens": 768})
spend(
    "gpt-5-nano-2025-08-07", "openai", 17, 482, completion_tokens_details={"reasoning_tokens": 448}
)
LIST += prices("openai", "gpt-5-nano", {"input_uncached": "0.05", "output": "0.4"})
CASES += [
    Case(
        f"LL#18599 {reasoning} of {output} output tokens",
        "gateway",
        model,
        usd((17, "0.05"), (output, "0.4")),
        usd((17, "0.05"), (reasoning, "0.4")),
    )
    for model, output, reasoning in (
        ("gpt-5-nano", 977, 768),
        ("gpt-5-nano-2025-08-07", 482, 448),
    )
]

# Thinking taken off the answer, which does not hold it at this vendor.
RECORDS["gemini"].append(
    vertex.record(
        2,
        {
            "promptTokenCount": 324,
            "candidatesTokenCount": 1_364,
            "thoughtsTokenCount": 495,
            "totalTokenCount": 2_183,
        },
        model="publishers/google/models/gemini-3-pro",
        model_version="gemini-3-pro",
    )
)
LIST += prices("google", "gemini-3-pro", {"input_uncached": "2", "output": "12"})
CASES.append(
    Case(
        "LA#12531 thinking not charged",
        "gemini",
        "gemini-3-pro",
        usd((324, "2"), (1_364 + 495, "12")),
        usd((324, "2"), (1_364 - 495, "12")),
        (None, "0.011076"),
    )
)

# A stream with a server tool: the split by lifetime is that of its first round only. What exceeds
# the split is of unknown lifetime, at the price of the shorter one; the row is flagged.
SPLIT = {"ephemeral_5m_input_tokens": 31_490, "ephemeral_1h_input_tokens": 0}
spend(
    "claude-sonnet-4-5",
    "anthropic",
    734_311,
    0,
    cache_read_input_tokens=426_653,
    cache_creation_input_tokens=184_457,
    prompt_tokens_details={"cached_tokens": 426_653, "cache_creation_token_details": SPLIT},
    server_tool_use={"web_search_requests": 5},
)
LIST += prices("anthropic", "claude-sonnet-4-5", {**CLAUDE, "web_searches": "10000"})
_FRESH = usd((734_311 - 426_653 - 184_457, "3"), (426_653, "0.3"), (5, "10000"))
CASES.append(
    Case(
        "LL#42663 only the first round's cache writes",
        "gateway",
        "claude-sonnet-4-5",
        _FRESH + usd((184_457, "3.75")),
        _FRESH + usd((31_490, "3.75")),
    )
)

# Long prompts: reads and writes of the cache at the prices of short ones. Counts are made up.
spend(
    "claude-sonnet-4",
    "anthropic",
    300_000,
    1_000,
    cache_creation_input_tokens=40_000,
    prompt_tokens_details={"cached_tokens": 250_000},
)
LIST += prices("anthropic", "claude-sonnet-4", CLAUDE)
LIST += prices(
    "anthropic",
    "claude-sonnet-4",
    {"input_uncached": "6", "input_cache_read": "0.6", "input_cache_write_5m": "7.5",
     "output": "22.5"},
    context_from_tokens=200_001,
)  # fmt: skip
CASES.append(
    Case(
        "LL#16377 a long prompt's cache at the short one's price",
        "gateway",
        "claude-sonnet-4",
        usd((10_000, "6"), (250_000, "0.6"), (40_000, "7.5"), (1_000, "22.5")),
        usd((10_000, "6"), (250_000, "0.3"), (40_000, "3.75"), (1_000, "22.5")),
    )
)

# The cache-read multiplier is no constant: 0.025 here, 0.1 elsewhere. A real trial's amounts; its
# exact counts are not told, these give both. Anthropic's own report says what was used.
FABLE_51 = {
    "uncached_input_tokens": 45, "cache_read_input_tokens": 3_909_567, "output_tokens": 104_000,
    "cache_creation": {"ephemeral_1h_input_tokens": 200_000, "ephemeral_5m_input_tokens": 0},
    "model": "claude-fable-5-1", "service_tier": "standard", "context_window": "0-200k",
}  # fmt: skip
LIST += prices("anthropic", "claude-fable-5-1", {**FABLE, "input_cache_read": "0.25"})
_REST = usd((45, "10"), (200_000, "20"), (104_000, "50"))
CASES.append(
    Case(
        "CL#94 cache reads at 0.025 of the input price",
        "claude",
        "claude-fable-5-1",
        _REST + usd((3_909_567, "0.25")),
        _REST + usd((3_909_567, "1")),
        ("10.17784175", "13.11"),
    )
)

# A gateway that tells what it charged, and what the vendor behind it asked of it: the same money.
ROUTED = Decimal("0.000001979964")
RECORDS["router"] = [
    openrouter.generation(
        1,
        is_byok=False,
        **dict.fromkeys(("total_cost", "usage", "usage_upstream"), float(ROUTED)),
    )
]


def call(model: str, provider: str, at: str, feature: str | None = None) -> None:
    """A request of 10,000 tokens in, 4,000 of them cached, and 1,000 out."""
    RECORDS.setdefault("events", []).append(
        {
            "started_at": at,
            "provider": provider,
            "model": model,
            "input_tokens": 10_000,
            "cached_input_tokens": 4_000,
            "output_tokens": 1_000,
            "feature": feature or at,
        }
    )


def charged(fresh: str, read: str, output: str) -> Decimal:
    return usd((6_000, fresh), (4_000, read), (1_000, output))


# A price that changes within a day (a Sunday), and one that doubles at some hours from Monday to
# Friday: what is rated by the day takes one price for all calls of it.
FLASH = "deepseek-v4-flash"
OLD, NEW, PEAK = ("0.14", "0.0028", "0.28"), ("0.22", "0.007", "0.66"), ("0.44", "0.014", "1.32")
CLASSES = ("input_uncached", "input_cache_read", "output")
MOMENT = "2026-08-16T16:00:00Z"
LIST += prices("deepseek", FLASH, dict(zip(CLASSES, OLD, strict=True)), valid_to=MOMENT)
LIST += prices("deepseek", FLASH, dict(zip(CLASSES, NEW, strict=True)), valid_from=MOMENT)
for opens, closes in (("01:00:00", "04:00:00"), ("06:00:00", "10:00:00")):
    hours = {"from_time": opens, "to_time": closes, "weekdays": "12345", "valid_from": MOMENT}
    LIST += prices("deepseek", FLASH, dict(zip(CLASSES, PEAK, strict=True)), **hours)
for moment, right, wrong in (
    ("2026-08-16 15:59:00", OLD, NEW),
    ("2026-08-16 15:59:59.999", OLD, NEW),
    ("2026-08-16 16:00:00", NEW, OLD),
    ("2026-08-16 16:01:00", NEW, OLD),
    ("2026-08-17 00:59:59", NEW, PEAK),
    ("2026-08-17 01:00:00", PEAK, NEW),
    ("2026-08-17 03:59:59", PEAK, NEW),
    ("2026-08-17 04:00:00", NEW, PEAK),
    ("2026-08-21 06:00:00", PEAK, NEW),
    ("2026-08-21 09:59:59", PEAK, NEW),
    ("2026-08-21 10:00:00", NEW, PEAK),
    # Saturday and Sunday have no peak.
    ("2026-08-22 02:00:00", NEW, PEAK),
    ("2026-08-23 07:00:00", NEW, PEAK),
):
    call(FLASH, "deepseek", moment)
    CASES.append(
        Case(
            f"TT#307 DeepSeek at {moment}",
            "events",
            FLASH,
            charged(*right),
            charged(*wrong),
            feature=moment,
        )
    )

# Promotions: an introductory price that ends (as announced then), and one that begins.
for model, provider, promoted, listed, days in (
    (
        "claude-sonnet-5",
        "anthropic",
        ("2", "0.2", "10"),
        ("3", "0.3", "15"),
        {"valid_from": "2026-06-30", "valid_to": "2026-08-31"},
    ),
    (
        "gpt-5.6-sol",
        "openai",
        ("4", "0.4", "20"),
        ("5", "0.5", "30"),
        {"valid_from": "2026-08-21", "valid_to": "2026-11-21"},
    ),
):
    LIST += prices(
        provider, model, dict(zip(CLASSES, promoted, strict=True)), is_promotion="true", **days
    )
    LIST += prices(provider, model, dict(zip(CLASSES, listed, strict=True)))
    for moment, is_promoted in (
        ("2026-08-20 23:59:59", model == "claude-sonnet-5"),
        ("2026-08-31 23:59:59", True),
        ("2026-09-01 00:00:00", model == "gpt-5.6-sol"),
    ):
        call(model, provider, moment, f"{model} {moment}")
        CASES.append(
            Case(
                f"promotion of {model} at {moment}",
                "events",
                model,
                charged(*(promoted if is_promoted else listed)),
                charged(*(listed if is_promoted else promoted)),
                feature=f"{model} {moment}",
            )
        )
