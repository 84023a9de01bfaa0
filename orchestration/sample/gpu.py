"""The company's own GPU nodes and the jobs on them: busy by night and day, and idle on purpose.

All times are whole quarters of an hour, so that GPU hours are exact decimals.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

from orchestration.sample.days import Span
from orchestration.sample.draws import draw

_TIME = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class Node:
    """A server; `hourly_price` is US dollars for the whole node."""

    node: str
    gpu_model: str
    gpus: int
    hourly_price: Decimal
    available_from: datetime
    available_to: datetime

    @property
    def category(self) -> str:
        """Small GPUs serve, large ones train: so the shipped category rules take them."""
        return "self_hosted_inference" if "L40S" in self.gpu_model else "training"


@dataclass(frozen=True)
class Job:
    """One job; it holds `gpus` × `gpu_fraction` GPUs of its node. No start: it never ran."""

    job: str
    started_at: datetime | None
    ended_at: datetime | None
    gpus: int
    gpu_fraction: Decimal
    node: Node
    state: str
    kind: str
    owner: str
    team: str
    product: str
    feature: str
    use_case: str
    workload: str

    @property
    def gpu_hours(self) -> Decimal:
        """GPU hours that the job held."""
        if self.started_at is None or self.ended_at is None:
            return Decimal(0)
        minutes = int((self.ended_at - self.started_at).total_seconds()) // 60
        return self.gpus * self.gpu_fraction * minutes / Decimal(60)


_JOB_COLUMNS = (
    "JobID Start End AllocGPUs GPUShare GPUType NodeList State JobKind User"
    " Team Product Feature UseCase Workload"
)

_TAGGER = ("vision", "studio", "image_tagging", "catalogue_enrichment")
_RANKER = ("ranking", "finder", "rerank", "semantic_search")
_ADS = ("growth", "studio", "ad_copy", "campaign_copy")


def nodes(span: Span) -> list[Node]:
    """Two nodes all the time, a third from the middle of the sample on."""
    first = datetime.combine(span.first, datetime.min.time())
    last = datetime.combine(span.last, datetime.min.time()) + timedelta(days=1)
    later = datetime.combine(span.new_node_day, datetime.min.time())
    return [
        Node("gpu-l1", "NVIDIA L40S", 8, Decimal("1.60"), first, last),
        Node("gpu-a1", "NVIDIA A100-SXM4-80GB", 8, Decimal("2.40"), first, last),
        Node("gpu-h1", "NVIDIA H100-SXM5-80GB", 4, Decimal("2.00"), later, last),
    ]


def jobs(seed: int, span: Span) -> Iterator[Job]:
    """All jobs, by node and day. Weekends and the third node are mostly idle."""
    first, second, third = nodes(span)
    number = 100000
    for day in span.days:
        midnight = datetime.combine(day, datetime.min.time())
        dice = partial(_dice, seed, day)
        plans: list[tuple[Node, int, int, int, str, str, tuple[str, str, str, str], str]] = [
            # node, GPUs, start and length in quarters of an hour, kind, owner, keys, workload
            (first, 3, 0, 96, "inference", "svc-tagger", _TAGGER, "image-tagger"),
        ]
        if day.weekday() < 5:
            plans.append(
                (first, 4, 72 + dice("s1", 9), 20 + dice("l1", 21), "training", "k.brandt",
                 _RANKER, "rank-training")
            )  # fmt: skip
            plans.append(
                (second, 8, 4 + dice("s2", 8), 24 + dice("l2", 25), "training", "p.oduya",
                 _RANKER, "rank-training")
            )  # fmt: skip
        if day >= third.available_from.date() and day.weekday() in (1, 3):
            plans.append(
                (third, 2, 36, 8 + dice("l3", 17), "training", "j.sorel", _ADS, "ad-tuning")
            )
        for node, gpus, start, length, kind, owner, keys, workload in plans:
            number += 1
            failed = kind == "training" and dice(f"state:{number}", 100) < 12
            ended = midnight + timedelta(minutes=15 * (start + length))
            yield Job(
                str(number), midnight + timedelta(minutes=15 * start),
                min(ended, node.available_to), gpus, Decimal(1), node,
                "FAILED" if failed else "COMPLETED", kind, owner, *keys, workload,
            )  # fmt: skip
        if day.weekday() == 2:
            number += 1
            # A notebook on half a GPU, without owner keys; and a job that never got its GPUs.
            yield Job(
                str(number), midnight + timedelta(hours=9), midnight + timedelta(hours=17), 1,
                Decimal("0.5"), first, "COMPLETED", "notebook", "a.student", "", "", "", "", "",
            )  # fmt: skip
            number += 1
            yield Job(
                str(number), None, None, 8, Decimal(1), second, "CANCELLED", "training",
                "p.oduya", *_RANKER, "rank-training",
            )  # fmt: skip


def _dice(seed: int, day: date, name: str, n: int) -> int:
    return draw(seed, f"gpu:{day}:{name}", n)


def write_gpu_files(folder: Path, seed: int, span: Span) -> None:
    """Write `nodes.csv` and `jobs.csv`."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "nodes.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            ["hostname", "gpu_type", "gpu_count", "usd_per_hour", "lease_start", "lease_end"]
        )
        for node in nodes(span):
            writer.writerow(
                [node.node, node.gpu_model, node.gpus, node.hourly_price,
                 f"{node.available_from:{_TIME}}", f"{node.available_to:{_TIME}}"]
            )  # fmt: skip
    with (folder / "jobs.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_JOB_COLUMNS.split())
        for job in jobs(seed, span):
            writer.writerow(
                [
                    job.job,
                    f"{job.started_at:{_TIME}}" if job.started_at else "",
                    f"{job.ended_at:{_TIME}}" if job.ended_at else "",
                    job.gpus, job.gpu_fraction, job.node.gpu_model, job.node.node, job.state,
                    job.kind, job.owner, job.team, job.product, job.feature, job.use_case,
                    job.workload,
                ]
            )  # fmt: skip
