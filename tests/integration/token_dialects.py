"""Seven ways in which vendors and gateways count the same tokens.

`Truth` is what a call really used, in disjoint counts. A dialect renders it in a source's own
numbers, and says what of it can be seen in them. What is illegal in a dialect is a change of its
numbers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from tests.unit.landing import test_azure_openai, test_bedrock_logs, test_litellm, test_otel_genai
from tests.unit.landing import test_vertex_usage as vertex
from tests.unit.landing.usage_logs import lines
from tests.unit.landing.vendor_server import anthropic_bucket, day_start, openai_bucket, page

FIRST, SECOND = day_start("2026-03-01"), day_start("2026-03-02")

Numbers = dict[str, int]
Break = Callable[[Numbers], Numbers]


@dataclass(frozen=True)
class Truth:
    """Tokens of one call; no token is in two of the counts."""

    text: int
    audio: int
    image: int
    read_text: int
    read_audio: int
    read_image: int
    write_5m: int
    write_1h: int
    said: int
    spoken: int
    drawn: int
    thought: int

    @property
    def read(self) -> int:
        return self.read_text + self.read_audio + self.read_image

    @property
    def write(self) -> int:
        return self.write_5m + self.write_1h

    @property
    def uncached(self) -> int:
        return self.text + self.audio + self.image

    @property
    def visible(self) -> int:
        return self.said + self.spoken + self.drawn

    @property
    def total(self) -> int:
        return sum(getattr(self, field.name) for field in fields(self))


class Seen(NamedTuple):
    """A row of a staging model."""

    uncached: int
    read: int = 0
    write_5m: int = 0
    write_1h: int = 0
    write_other: int = 0
    visible: int = 0
    reasoning: int = 0
    audio: int = 0
    image: int = 0
    read_audio: int = 0
    spoken: int = 0
    drawn: int = 0
    mismatch: bool = False

    @property
    def total(self) -> int:
        """All classes; the modalities are parts of them."""
        return sum(self[:7])


COLUMNS = """
    input_uncached_tokens, input_cache_read_tokens, input_cache_write_5m_tokens,
    input_cache_write_1h_tokens, input_cache_write_other_tokens, output_visible_tokens,
    output_reasoning_tokens, input_audio_tokens, input_image_tokens,
    input_cache_read_audio_tokens, output_audio_tokens, output_image_tokens, has_token_mismatch
"""


@dataclass(frozen=True)
class Dialect:
    """How one source counts.

    Attributes:
        kind: the source type that lands it.
        model: the staging model.
        numbers: a call in the source's numbers; with False, without what it need not tell.
        files: the files of many calls, each of the model `m<its place>`.
        seen: what the numbers show of the call.
        total: the source's own total.
        broken: what makes legal numbers illegal, by what it is.
        more: further settings of the source.
    """

    kind: str
    model: str
    numbers: Callable[[Truth, bool], Numbers]
    files: Callable[[Sequence[Numbers]], dict[str, str]]
    seen: Callable[[Truth, bool], Seen]
    total: Callable[[Numbers], int]
    broken: Mapping[str, Break]
    more: str = ""


def _add(numbers: Numbers, **more: int) -> Numbers:
    return {**numbers, **more}


def _capped(seen: Seen, audio: int, image: int) -> Seen:
    """Modalities counted over the whole prompt: no more than what no cache served."""
    heard = min(audio, seen.uncached)
    return seen._replace(audio=heard, image=min(image, seen.uncached - heard))


# --- OpenAI's `usage`: parts inside the prompt and the completion


def _chat(truth: Truth, is_told: bool) -> Numbers:
    numbers = {
        "prompt_tokens": truth.uncached + truth.read + truth.write,
        "completion_tokens": truth.visible + truth.thought,
        "cached": truth.read,
        "cache_write": truth.write,
        "audio": truth.audio + truth.read_audio,
        "reasoning": truth.thought,
        "spoken": truth.spoken,
    }
    if is_told:
        numbers["cached_audio"] = truth.read_audio
        numbers["total_tokens"] = truth.total
    return numbers


def _chat_files(calls: Sequence[Numbers]) -> dict[str, str]:
    def usage(n: Numbers) -> dict[str, Any]:
        prompt = {
            "cached_tokens": n["cached"], "cache_write_tokens": n["cache_write"],
            "audio_tokens": n["audio"],
            "cached_tokens_details": {"audio_tokens": n.get("cached_audio")},
        }  # fmt: skip
        return {
            "prompt_tokens": n["prompt_tokens"],
            "completion_tokens": n["completion_tokens"],
            "total_tokens": n.get("total_tokens"),
            "prompt_tokens_details": prompt,
            "completion_tokens_details": {
                "reasoning_tokens": n["reasoning"],
                "audio_tokens": n["spoken"],
            },
        }

    records = [
        test_azure_openai.record(place, modelName=f"m{place}", usage=usage(numbers))
        for place, numbers in enumerate(calls)
    ]
    return {"PT1H.json": lines(records)}


def _chat_seen(truth: Truth, is_told: bool) -> Seen:
    seen = Seen(
        uncached=truth.uncached, read=truth.read, write_other=truth.write, visible=truth.visible,
        reasoning=truth.thought, read_audio=truth.read_audio if is_told else 0,
        spoken=truth.spoken,
    )  # fmt: skip
    return _capped(seen, truth.audio if is_told else truth.audio + truth.read_audio, 0)


def _chat_total(n: Numbers) -> int:
    return n.get("total_tokens", n["prompt_tokens"] + n["completion_tokens"])


CHAT = Dialect(
    kind="azure_openai",
    model="stg_azure_openai__requests",
    numbers=_chat,
    files=_chat_files,
    seen=_chat_seen,
    total=_chat_total,
    broken={
        "more cached than asked": lambda n: _add(n, cached=n["prompt_tokens"] + 1),
        "more thought than said": lambda n: _add(n, reasoning=n["completion_tokens"] + 1),
        "another total": lambda n: _add(n, total_tokens=_chat_total(n) + 1),
        "a total below the answer": lambda n: _add(
            n, completion_tokens=n["completion_tokens"] + 2, total_tokens=1
        ),
        "more audio than asked": lambda n: _add(n, audio=n["prompt_tokens"] + 1),
        "more audio than said": lambda n: _add(n, spoken=n["completion_tokens"] + 1),
    },
)

# --- OpenAI's report: uncached, cached and written make up the input; thinking is not told


def _report(truth: Truth, is_told: bool) -> Numbers:
    numbers = {
        "input_tokens": truth.uncached + truth.read + truth.write,
        "input_cached_tokens": truth.read,
        "input_cache_write_tokens": truth.write_5m,
        "input_cache_write_12h_tokens": truth.write_1h,
        "output_tokens": truth.visible + truth.thought,
        "input_audio_tokens": truth.audio,
        "input_image_tokens": truth.image,
        "output_audio_tokens": truth.spoken,
        "output_image_tokens": truth.drawn,
    }
    if is_told:
        numbers["input_uncached_tokens"] = truth.uncached
        numbers["input_cached_audio_tokens"] = truth.read_audio
    return numbers


def _report_files(calls: Sequence[Numbers]) -> dict[str, str]:
    kind = {"object": "organization.usage.completions.result", "num_model_requests": 1}
    results = [{**kind, **numbers, "model": f"m{place}"} for place, numbers in enumerate(calls)]
    return {"usage.json": json.dumps(page([openai_bucket(FIRST, SECOND, results)]))}


def _report_seen(truth: Truth, is_told: bool) -> Seen:
    return Seen(
        uncached=truth.uncached, read=truth.read, write_other=truth.write,
        visible=truth.visible + truth.thought, audio=truth.audio, image=truth.image,
        read_audio=truth.read_audio if is_told else 0, spoken=truth.spoken, drawn=truth.drawn,
    )  # fmt: skip


REPORT = Dialect(
    kind="openai",
    model="stg_openai__usage",
    numbers=_report,
    files=_report_files,
    seen=_report_seen,
    total=lambda n: n["input_tokens"] + n["output_tokens"],
    broken={
        "another rest": lambda n: _add(
            n,
            input_uncached_tokens=n["input_tokens"]
            - n["input_cached_tokens"]
            - n["input_cache_write_tokens"]
            - n["input_cache_write_12h_tokens"]
            + 1,
        ),
        "more cached than asked": lambda n: _add(n, input_cached_tokens=n["input_tokens"] + 1),
        "more written than asked": lambda n: _add(
            n, input_cache_write_tokens=n["input_tokens"] + 1
        ),
        "less than nothing written": lambda n: _add(
            n, input_cache_write_tokens=-1, input_cached_tokens=n["input_cached_tokens"]
        ),
        "more audio than asked": lambda n: _add(n, input_audio_tokens=n["input_tokens"] + 1),
        "more cached audio than cached": lambda n: _add(
            n, input_cached_audio_tokens=n["input_cached_tokens"] + 1
        ),
        "more drawn than said": lambda n: _add(n, output_image_tokens=n["output_tokens"] + 1),
    },
)

# --- Anthropic's report: disjoint as it comes


def _claude(truth: Truth, is_told: bool) -> Numbers:
    return {
        "uncached_input_tokens": truth.uncached,
        "cache_read_input_tokens": truth.read,
        "ephemeral_5m_input_tokens": truth.write_5m,
        "ephemeral_1h_input_tokens": truth.write_1h,
        "output_tokens": truth.visible + truth.thought,
    }


def _claude_files(calls: Sequence[Numbers]) -> dict[str, str]:
    results = [
        {
            **{key: n for key, n in numbers.items() if not key.startswith("ephemeral")},
            "cache_creation": {key: n for key, n in numbers.items() if key.startswith("ephemeral")},
            "server_tool_use": {"web_search_requests": 0},
            "model": f"m{place}",
        }
        for place, numbers in enumerate(calls)
    ]
    return {"usage.json": json.dumps(page([anthropic_bucket(FIRST, SECOND, results)]))}


CLAUDE = Dialect(
    kind="anthropic",
    model="stg_anthropic__usage",
    numbers=_claude,
    files=_claude_files,
    seen=lambda truth, is_told: Seen(
        uncached=truth.uncached, read=truth.read, write_5m=truth.write_5m,
        write_1h=truth.write_1h, visible=truth.visible + truth.thought,
    ),
    total=lambda n: sum(n.values()),
    broken={},
)  # fmt: skip

# --- Bedrock: the input excludes the cache, the total does not; lifetimes may be told


def _bedrock(truth: Truth, is_told: bool) -> Numbers:
    numbers = {
        "inputTokenCount": truth.uncached,
        "cacheReadInputTokenCount": truth.read,
        "cacheWriteInputTokenCount": truth.write,
        "outputTokenCount": truth.visible + truth.thought,
    }
    split = {"total": truth.total, "5m": truth.write_5m, "1h": truth.write_1h}
    return {**numbers, **split} if is_told else numbers


def _bedrock_files(calls: Sequence[Numbers]) -> dict[str, str]:
    def record(place: int, n: Numbers) -> dict[str, Any]:
        details = [{"ttl": ttl, "inputTokens": n[ttl]} for ttl in ("5m", "1h") if ttl in n]
        usage = {"totalTokens": n.get("total"), "cacheDetails": details}
        return test_bedrock_logs.record(
            place,
            modelId=f"m{place}",
            input={key: n[key] for key in list(n)[:3]},
            output={
                "outputTokenCount": n["outputTokenCount"],
                "outputBodyJson": {"usage": usage},
            },
        )

    return {"log.jsonl": lines(record(place, numbers) for place, numbers in enumerate(calls))}


def _bedrock_seen(truth: Truth, is_told: bool) -> Seen:
    return Seen(
        uncached=truth.uncached, read=truth.read,
        write_5m=truth.write_5m if is_told else 0, write_1h=truth.write_1h if is_told else 0,
        write_other=0 if is_told else truth.write, visible=truth.visible + truth.thought,
    )  # fmt: skip


def _bedrock_total(n: Numbers) -> int:
    written = max(n["cacheWriteInputTokenCount"], n.get("5m", 0) + n.get("1h", 0))
    parts = n["inputTokenCount"] + n["cacheReadInputTokenCount"] + written + n["outputTokenCount"]
    return n.get("total", parts)


def _without_total(numbers: Numbers) -> Numbers:
    return {key: count for key, count in numbers.items() if key != "total"}


BEDROCK = Dialect(
    kind="bedrock_logs",
    model="stg_bedrock__requests",
    numbers=_bedrock,
    files=_bedrock_files,
    seen=_bedrock_seen,
    total=_bedrock_total,
    broken={
        "another total": lambda n: _add(n, total=_bedrock_total(n) + 1),
        "no total at all": lambda n: _add(n, outputTokenCount=n["outputTokenCount"] + 1, total=0),
        "more by lifetime than written": lambda n: _without_total(
            _add(n, **{"5m": n["cacheWriteInputTokenCount"] + 1})
        ),
        "less by lifetime than written": lambda n: _without_total(
            _add(n, cacheWriteInputTokenCount=n["cacheWriteInputTokenCount"] + 2, **{"5m": 1})
            | {"1h": 0}
        ),
    },
)

# --- Gemini: the prompt holds the cache, the candidates not the thinking; tools' prompts beside it


def _gemini(truth: Truth, is_told: bool) -> Numbers:
    numbers = {
        "promptTokenCount": truth.uncached + truth.read,
        # What a tool read is input of its own; the counts of writes stand in for it here.
        "toolUsePromptTokenCount": truth.write,
        "cachedContentTokenCount": truth.read,
        "candidatesTokenCount": truth.visible,
        "thoughtsTokenCount": truth.thought,
        "prompt_AUDIO": truth.audio + truth.read_audio,
        "prompt_IMAGE": truth.image + truth.read_image,
        "candidates_AUDIO": truth.spoken,
        "candidates_IMAGE": truth.drawn,
    }
    if is_told:
        numbers |= {
            "totalTokenCount": truth.total,
            "cache_AUDIO": truth.read_audio,
            "cache_IMAGE": truth.read_image,
        }
    return numbers


def _gemini_files(calls: Sequence[Numbers]) -> dict[str, str]:
    def usage(n: Numbers) -> dict[str, Any]:
        details = {
            f"{part}TokensDetails": [
                {"modality": key.removeprefix(f"{part}_"), "tokenCount": count}
                for key, count in n.items()
                if key.startswith(f"{part}_")
            ]
            for part in ("prompt", "cache", "candidates")
        }
        return {**{key: count for key, count in n.items() if "_" not in key}, **details}

    records = [
        vertex.record(place, usage(n), model=f"publishers/google/models/m{place}")
        for place, n in enumerate(calls)
    ]
    return {"log.jsonl": lines(records)}


def _gemini_seen(truth: Truth, is_told: bool) -> Seen:
    seen = Seen(
        uncached=truth.uncached + truth.write, read=truth.read, visible=truth.visible,
        reasoning=truth.thought, read_audio=truth.read_audio if is_told else 0,
        spoken=truth.spoken, drawn=truth.drawn,
    )  # fmt: skip
    untold = (0, 0) if is_told else (truth.read_audio, truth.read_image)
    return _capped(seen, truth.audio + untold[0], truth.image + untold[1])


def _gemini_total(n: Numbers) -> int:
    parts = ("promptTokenCount", "toolUsePromptTokenCount", "candidatesTokenCount")
    return n.get("totalTokenCount", sum(n[part] for part in parts) + n["thoughtsTokenCount"])


GEMINI = Dialect(
    kind="vertex_usage",
    model="stg_vertex__requests",
    numbers=_gemini,
    files=_gemini_files,
    seen=_gemini_seen,
    total=_gemini_total,
    broken={
        "another total": lambda n: _add(n, totalTokenCount=_gemini_total(n) + 1),
        "no total at all": lambda n: _add(
            n, thoughtsTokenCount=n["thoughtsTokenCount"] + 1, totalTokenCount=0
        ),
        "more cached than asked": lambda n: _add(
            n, cachedContentTokenCount=n["promptTokenCount"] + 1
        ),
        "more audio than asked": lambda n: _add(
            n, prompt_AUDIO=n["promptTokenCount"] + n["toolUsePromptTokenCount"] + 1
        ),
        "more cached audio than audio": lambda n: _add(n, cache_AUDIO=n["prompt_AUDIO"] + 1),
        "more drawn than said": lambda n: _add(n, candidates_IMAGE=n["candidatesTokenCount"] + 1),
    },
    more="constants = {sampling_rate = 1}",
)

# --- OpenTelemetry: everything should be inside; a total tells what an emitter put outside

_SPAN = "gen_ai.usage."


def _span(truth: Truth, is_told: bool) -> Numbers:
    numbers = {
        "input_tokens": truth.uncached + truth.read + truth.write,
        "output_tokens": truth.visible + truth.thought,
        "cache_read.input_tokens": truth.read,
        "cache_creation.input_tokens": truth.write,
        "reasoning.output_tokens": truth.thought,
        "audio.input_tokens": truth.audio + truth.read_audio,
        "image.input_tokens": truth.image + truth.read_image,
        "audio.output_tokens": truth.spoken,
    }
    return {**numbers, "total_tokens": truth.total} if is_told else numbers


def _span_files(calls: Sequence[Numbers]) -> dict[str, str]:
    spans = [
        test_otel_genai.span(
            place + 1,
            usage={
                **{f"{_SPAN}{name}": count for name, count in numbers.items()},
                "gen_ai.response.model": f"m{place}",
            },
        )
        for place, numbers in enumerate(calls)
    ]
    return {"traces.json": json.dumps(test_otel_genai.export(*spans))}


def _span_seen(truth: Truth, is_told: bool) -> Seen:
    seen = Seen(
        uncached=truth.uncached, read=truth.read, write_other=truth.write, visible=truth.visible,
        reasoning=truth.thought, spoken=truth.spoken,
    )  # fmt: skip
    return _capped(seen, truth.audio + truth.read_audio, truth.image + truth.read_image)


def _span_total(n: Numbers) -> int:
    cached = n["cache_read.input_tokens"] + n["cache_creation.input_tokens"]
    # More cached than asked: it stands outside of the input.
    outside = cached if cached > n["input_tokens"] else 0
    return n.get("total_tokens", n["input_tokens"] + outside + n["output_tokens"])


def _beyond(n: Numbers) -> int:
    """A total that no place of the parts explains."""
    parts = ("cache_read.input_tokens", "cache_creation.input_tokens", "reasoning.output_tokens")
    return n["input_tokens"] + n["output_tokens"] + sum(n[part] for part in parts) + 1


SPAN = Dialect(
    kind="otel_genai",
    model="stg_otel_genai__requests",
    numbers=_span,
    files=_span_files,
    seen=_span_seen,
    total=_span_total,
    broken={
        "another total": lambda n: _add(n, total_tokens=_beyond(n)),
        "no total at all": lambda n: _add(
            n,
            total_tokens=0,
            output_tokens=n["output_tokens"] + n["cache_read.input_tokens"] + 1,
        ),
        "more thought than said": lambda n: {
            **{key: count for key, count in n.items() if key != "total_tokens"},
            "reasoning.output_tokens": n["output_tokens"] + 1,
        },
        "more audio than asked": lambda n: _add(n, **{"audio.input_tokens": _beyond(n)}),
        "more audio than said": lambda n: _add(
            n, **{"audio.output_tokens": n["output_tokens"] + 1}
        ),
    },
)


def _outside(is_cache: bool, is_thought: bool) -> Dialect:
    """Emitters that put parts outside, and state a total."""

    def numbers(truth: Truth, is_told: bool) -> Numbers:
        found = _span(truth, True)
        if is_cache:
            found["input_tokens"] -= truth.read + truth.write
        if is_thought:
            found["output_tokens"] -= truth.thought
        return found

    return Dialect(
        "otel_genai", SPAN.model, numbers, _span_files, _span_seen, _span_total, broken={}
    )


EMITTERS = {
    "cache": _outside(is_cache=True, is_thought=False),
    "thinking": _outside(is_cache=False, is_thought=True),
    "both": _outside(is_cache=True, is_thought=True),
}

# --- LiteLLM: OpenAI's form for every vendor; writes may be split by lifetime


def _gateway(truth: Truth, is_told: bool) -> Numbers:
    numbers = {
        "prompt_tokens": truth.uncached + truth.read + truth.write,
        "completion_tokens": truth.visible + truth.thought,
        "cached_tokens": truth.read,
        "cache_creation": truth.write,
        "audio_tokens": truth.audio + truth.read_audio,
        "image_tokens": truth.image + truth.read_image,
        "reasoning": truth.thought,
        "spoken": truth.spoken,
        "drawn": truth.drawn,
    }
    return {**numbers, "5m": truth.write_5m, "1h": truth.write_1h} if is_told else numbers


def _gateway_files(calls: Sequence[Numbers]) -> dict[str, str]:
    def record(place: int, n: Numbers) -> dict[str, Any]:
        lifetimes = {f"ephemeral_{ttl}_input_tokens": n.get(ttl) for ttl in ("5m", "1h")}
        usage = {
            "cache_creation_input_tokens": n["cache_creation"],
            "prompt_tokens_details": {
                **{key: n[key] for key in ("cached_tokens", "audio_tokens", "image_tokens")},
                "cache_creation_token_details": lifetimes,
            },
            "completion_tokens_details": {
                "reasoning_tokens": n["reasoning"],
                "audio_tokens": n["spoken"],
                "image_tokens": n["drawn"],
            },
        }
        return test_litellm.call(
            place,
            model=f"m{place}",
            prompt_tokens=n["prompt_tokens"],
            completion_tokens=n["completion_tokens"],
            metadata={"usage_object": usage},
        )

    return {"spend.jsonl": lines(record(place, numbers) for place, numbers in enumerate(calls))}


def _gateway_seen(truth: Truth, is_told: bool) -> Seen:
    seen = Seen(
        uncached=truth.uncached, read=truth.read,
        write_5m=truth.write_5m if is_told else 0, write_1h=truth.write_1h if is_told else 0,
        write_other=0 if is_told else truth.write, visible=truth.visible,
        reasoning=truth.thought, spoken=truth.spoken, drawn=truth.drawn,
    )  # fmt: skip
    return _capped(seen, truth.audio + truth.read_audio, truth.image + truth.read_image)


GATEWAY = Dialect(
    kind="litellm",
    model="stg_litellm__requests",
    numbers=_gateway,
    files=_gateway_files,
    seen=_gateway_seen,
    total=lambda n: n["prompt_tokens"] + n["completion_tokens"],
    broken={
        "more cached than asked": lambda n: _add(n, cached_tokens=n["prompt_tokens"] + 1),
        "more written than asked": lambda n: _add(n, cache_creation=n["prompt_tokens"] + 1),
        "less than nothing cached": lambda n: _add(n, cached_tokens=-1),
        "more thought than said": lambda n: _add(n, reasoning=n["completion_tokens"] + 1),
        "more by lifetime than written": lambda n: _add(n, **{"5m": n["cache_creation"] + 1}),
        "less by lifetime than written": lambda n: _add(
            n, cache_creation=n["cache_creation"] + 2, **{"5m": 1, "1h": 0}
        ),
        "more images than asked": lambda n: _add(n, image_tokens=n["prompt_tokens"] + 1),
        "more drawn than said": lambda n: _add(n, drawn=n["completion_tokens"] + 1),
    },
)

DIALECTS = {
    "openai chat usage": CHAT,
    "openai usage report": REPORT,
    "anthropic usage report": CLAUDE,
    "bedrock invocation log": BEDROCK,
    "gemini usage metadata": GEMINI,
    "opentelemetry spans": SPAN,
    "litellm spend log": GATEWAY,
}
