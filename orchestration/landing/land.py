"""Landing: decide what is new, convert it, judge it, commit it.

The warehouse file is not touched.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb
from filelock import FileLock

from orchestration.errors import RefusedError
from orchestration.landing.convert import Converted, connect, convert
from orchestration.landing.fetch import Incoming, incoming
from orchestration.landing.lake import (
    Lake,
    LandedFile,
    Manifest,
    content_sha256,
    now,
    standing,
)
from orchestration.landing.overlap import refuse_overlaps
from orchestration.landing.profile import PeriodProfile, merged
from orchestration.landing.sources import SourceType, known_types
from orchestration.pricing.matches import meanings
from orchestration.settings import Settings, SourceSettings
from orchestration.warehouse import warehouse

Progress = Callable[[str], None]


@dataclass(frozen=True)
class LandResult:
    """What landing one source did.

    Attributes:
        loads: the loads that were accepted (in a dry run: that would be tried).
        replaced: periods whose former delivery they supersede.
        refusal: why the source was refused, or None.
    """

    source_name: str
    loads: tuple[str, ...] = ()
    rows: int = 0
    quarantined_rows: int = 0
    replaced: tuple[str, ...] = ()
    duplicates: int = 0
    refusal: RefusedError | None = None

    @property
    def is_new(self) -> bool:
        """Whether anything was accepted."""
        return bool(self.loads)


@dataclass(frozen=True)
class _Load:
    """Files that land together: (what is offered, its local copy, its sha256)."""

    files: tuple[tuple[Incoming, Path, str], ...]

    @property
    def content(self) -> str:
        return content_sha256(sha256 for _, _, sha256 in self.files)


def land(
    settings: Settings,
    names: Iterable[str] | None = None,
    *,
    force: bool = False,
    allow_empty: bool = False,
    dry_run: bool = False,
    periods: Iterable[str] | None = None,
    progress: Progress = lambda message: None,
) -> list[LandResult]:
    """Land sources.

    Args:
        names: which sources; all by default.
        force: land again what was delivered already.
        allow_empty: accept a delivery without rows where there was data.
        dry_run: say what would land, without landing.
        periods: land only files that hold one of these periods (a partition run).

    Raises:
        RefusedError: a source was refused; the others have landed, and what was accepted before
            still stands.
    """
    wanted = [settings.source(name) for name in names] if names is not None else settings.sources
    only = frozenset(periods) if periods is not None else None
    results = []
    for source in wanted:
        progress(f"landing {source.name}")
        try:
            results.append(
                _Landing(settings, source, force, allow_empty, dry_run, only, progress).run()
            )
        except RefusedError as refusal:
            if not dry_run:
                _record(settings, source, refusal)
            results.append(LandResult(source.name, refusal=refusal))
    if any(item.loads for item in results) and not dry_run:
        # Also where another source was refused: what was accepted stands.
        warehouse(settings).load(progress)
    refused = [item.refusal for item in results if item.refusal is not None]
    if refused:
        raise _all_refusals(refused)
    return results


def _all_refusals(refused: list[RefusedError]) -> RefusedError:
    if len(refused) == 1:
        return refused[0]
    listed = "\n".join(f"  {item}" for item in refused)
    return RefusedError(f"{len(refused)} sources\n{listed}")


def _record(settings: Settings, source: SourceSettings, refusal: RefusedError) -> None:
    Lake(settings).refuse(
        {
            "source_name": source.name,
            "source_type": source.type,
            "dataset": known_types()[source.type].dataset.name,
            "loaded_at": now(),
            "rule": refusal.rule,
            "file": refusal.file,
            "row": refusal.row,
            "gate": list(refusal.checks),
        }
    )


class _Landing:
    """Landing of one source in one run."""

    def __init__(
        self,
        settings: Settings,
        source: SourceSettings,
        force: bool,
        allow_empty: bool,
        dry_run: bool,
        periods: frozenset[str] | None,
        progress: Progress,
    ) -> None:
        self.settings = settings
        self.source = source
        self.source_type: SourceType = known_types()[source.type]
        self.delivery = source.delivery or self.source_type.delivery
        self.force = force
        self.allow_empty = allow_empty
        self.dry_run = dry_run
        self.periods = periods
        self.progress = progress
        self.lake = Lake(settings)
        self.config = _config(source)

    def run(self) -> LandResult:
        """Land what is new."""
        lock = self.settings.work / "locks" / f"land-{self.source.name}.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(lock):
            if not self.dry_run:
                self.lake.sweep(self.source.name)
            copies = self.lake.stage / f"{self.source.name}-copies"
            copies.mkdir(parents=True, exist_ok=True)
            try:
                loads, duplicates = self._plan(incoming(self.settings, self.source), copies)
                if self.dry_run or not loads:
                    return self._planned(loads, duplicates)
                return self._land(loads, duplicates)
            finally:
                shutil.rmtree(copies, ignore_errors=True)

    def _planned(self, loads: list[_Load], duplicates: int) -> LandResult:
        names = tuple(file.name for load in loads for file, _, _ in load.files)
        return LandResult(
            self.source.name, loads=names if self.dry_run else (), duplicates=duplicates
        )

    def _plan(self, offered: list[Incoming], copies: Path) -> tuple[list[_Load], int]:
        """The loads to make, and how many files only repeat what stands."""
        former = self.lake.of_source(self.source.name)
        # Only the newest landing of a file counts, and only if the same settings made it: a file
        # or a mapping that goes back to what it was is new again.
        newest = {file.name: (item.config, file) for item in former for file in item.files}
        known = {name: file for name, (config, file) in newest.items() if config == self.config}
        fetched: list[tuple[Incoming, Path, str]] = []
        for file in offered:
            seen = known.get(file.name)
            if self._is_elsewhere(file, former):
                continue
            if seen is not None and file.stamp and seen.stamp == file.stamp and not self.force:
                # Unchanged by its stamp: for a snapshot it still belongs to the whole.
                if self.delivery == "snapshot":
                    fetched.append((file, Path(), seen.sha256))
                continue
            path = file.fetch(copies)
            fetched.append((file, path, file.sha256(path)))
        if self.delivery == "snapshot":
            return self._plan_snapshot(fetched, former, copies)
        return self._plan_files(fetched, known)

    def _plan_files(
        self, fetched: list[tuple[Incoming, Path, str]], known: dict[str, LandedFile]
    ) -> tuple[list[_Load], int]:
        """A load a file; the same content again is none, where files add up under any name."""
        replaced = {
            file.name
            for file, _, sha256 in fetched
            if file.name in known and known[file.name].sha256 != sha256
        }
        contents = {file.sha256 for name, file in known.items() if name not in replaced}
        loads = []
        for file, path, sha256 in fetched:
            repeats = (
                sha256 in contents
                if self.delivery == "append"
                else file.name in known and known[file.name].sha256 == sha256
            )
            if repeats and not self.force:
                continue
            contents.add(sha256)
            loads.append(_Load(((file, path, sha256),)))
        return loads, len(fetched) - len(loads)

    def _is_elsewhere(self, file: Incoming, former: list[Manifest]) -> bool:
        """Whether a file is known to hold none of the periods that are to be landed."""
        if self.periods is None or self.delivery == "snapshot":
            return False
        holds = [
            item for item in former if any(
                known.name == file.name and known.stamp == file.stamp for known in item.files
            )
        ]  # fmt: skip
        return bool(holds) and not any(
            self.periods & {period.period for period in item.periods} for item in holds
        )

    def _plan_snapshot(
        self, fetched: list[tuple[Incoming, Path, str]], former: list[Manifest], copies: Path
    ) -> tuple[list[_Load], int]:
        content = content_sha256(sha256 for _, _, sha256 in fetched)
        last = former[-1] if former else None
        stands = last is not None and (last.config, last.content) == (self.config, content)
        if stands and not self.force:
            return [], len(fetched)
        complete = tuple(
            (file, path if path != Path() else file.fetch(copies), sha256)
            for file, path, sha256 in fetched
        )
        # Two files with the same bytes are one file delivered twice, not twice the money.
        once = {sha256: (file, path, sha256) for file, path, sha256 in reversed(complete)}
        kept = tuple(entry for entry in complete if once[entry[2]][0].name == entry[0].name)
        return [_Load(kept)], len(complete) - len(kept)

    def _land(self, loads: list[_Load], duplicates: int) -> LandResult:
        con = connect(self.settings)
        try:
            prepared = []
            for place, load in enumerate(loads):
                self.progress(f"landing {self.source.name}: file {place + 1} of {len(loads)}")
                found = self._prepare(con, load, place)
                if found is not None:
                    prepared.append(found)
            if self.source_type.dataset.is_bill:
                refuse_overlaps(con, self.settings, self.lake, self.source, prepared)
            judged = self._judge(con, prepared)
        finally:
            con.close()
        before = standing(self.lake.of_source(self.source.name))
        stood = {grain.period for grain in before.grains}
        for manifest, staged in judged:
            self.lake.commit(manifest, staged)
        accepted = [manifest for manifest, _ in judged]
        touched = {
            period.period
            for manifest in accepted
            for period in manifest.periods
            if period.period not in manifest.duplicates
        }
        return LandResult(
            self.source.name,
            loads=tuple(manifest.load_id for manifest in accepted),
            rows=sum(period.row_count for item in accepted for period in item.periods),
            quarantined_rows=sum(
                period.quarantined_rows for item in accepted for period in item.periods
            ),
            replaced=tuple(sorted(touched & stood)),
            duplicates=duplicates,
        )

    def _prepare(
        self, con: duckdb.DuckDBPyConnection, load: _Load, place: int
    ) -> tuple[Manifest, Path] | None:
        """Convert a load's files into a staged folder; its manifest is not written yet."""
        load_id, sequence = self.lake.next_load(self.source.name, load.content, ahead=place)
        staged = self.lake.staged(load_id)
        converted: list[Converted] = []
        files: list[LandedFile] = []
        for number, (file, path, sha256) in enumerate(load.files):
            one = convert(
                con,
                self.source,
                self.source_type,
                path,
                shown=file.name,
                load_id=load_id,
                part=staged / f"part-{number}.parquet",
            )
            self._check_quarantine(one)
            converted.append(one)
            folder = f"{self.source_type.dataset.name}/{self.source.name}/{load_id}"
            files.append(
                LandedFile(
                    name=file.name,
                    sha256=sha256,
                    stamp=file.stamp,
                    part=f"{folder}/{one.part.name}",
                    quarantine=f"{folder}/{one.quarantine.name}" if one.quarantine else None,
                    rows=one.row_count,
                    columns=tuple(one.columns),
                )
            )
        periods = merged([period for one in converted for period in one.periods])
        if self.periods is not None and not self.periods & {item.period for item in periods}:
            shutil.rmtree(staged)
            return None
        former = self._former(load)
        replaces = self._check_empty(load, periods, former)
        self._check_truncated(load, periods, former)
        models = sorted(
            {pair for one in converted for pair in one.models},
            key=lambda pair: (pair[0] or "", pair[1] or ""),
        )
        known = meanings(models)
        manifest = Manifest(
            load_id=load_id,
            source_name=self.source.name,
            source_type=self.source.type,
            dataset=self.source_type.dataset.name,
            delivery=self.delivery,
            sequence=sequence,
            loaded_at=now(),
            config=self.config,
            files=tuple(files),
            periods=tuple(periods),
            duplicates=self._unchanged(periods),
            replaces=replaces,
            models=tuple(models),
            matches=tuple(known[pair] for pair in models),
        )
        return manifest, staged

    def _check_quarantine(self, one: Converted) -> None:
        """Refuse a file in which too many rows cannot be read."""
        if one.first_bad is None:
            return
        share = one.quarantined_rows / (one.quarantined_rows + one.row_count)
        limit = self.settings.gate.max_quarantined_share
        if share > limit:
            row, rule = one.first_bad
            raise RefusedError(
                f"{rule} ({one.quarantined_rows} of {one.quarantined_rows + one.row_count} rows "
                f"cannot be read, more than the {limit:.0%} that may be quarantined)",
                file=one.source_file,
                row=row,
                next_step="correct the file, or raise [gate] max_quarantined_share if such rows "
                "may be left out; they stay listed in quarantine."
                f"{self.source_type.dataset.name}",
            )

    def _former(self, load: _Load) -> Manifest | None:
        """The delivery that this one would follow."""
        loads = self.lake.of_source(self.source.name)
        if self.delivery == "append":
            name = load.files[0][0].name
            loads = [item for item in loads if item.files[0].name == name]
        return loads[-1] if loads else None

    def _check_empty(
        self, load: _Load, periods: list[PeriodProfile], former: Manifest | None
    ) -> tuple[str, ...]:
        if any(item.row_count for item in periods):
            return ()
        stood = tuple(item.period for item in former.periods if item.row_count) if former else ()
        if stood and not self.allow_empty:
            raise RefusedError(
                f"the delivery is empty, but {', '.join(stood[:6])} had rows",
                file=load.files[0][0].name,
                next_step="if there really is nothing any more: "
                f"twinledger land {self.source.name} --allow-empty",
            )
        return stood

    def _check_truncated(
        self, load: _Load, periods: list[PeriodProfile], former: Manifest | None
    ) -> None:
        """A plain CSV that was cut off reads as a shorter file: compare with the former one."""
        if former is None or any(not _ends_mid_line(path) for _, path, _ in load.files):
            return
        rows = sum(item.row_count for item in periods)
        stood = sum(item.row_count for item in former.periods)
        if rows < stood / 2:
            raise RefusedError(
                f"the file ends in the middle of a line and has {rows} rows where the former "
                f"delivery had {stood}: it was cut off",
                file=load.files[-1][0].name,
                next_step="deliver the file again",
            )

    def _unchanged(self, periods: list[PeriodProfile]) -> tuple[str, ...]:
        """Periods whose rows equal those that stand: the older delivery keeps them."""
        if self.delivery != "snapshot" or self.force:
            return ()
        former = self.lake.of_source(self.source.name)
        holds = standing(former).periods_of
        stood = {
            period.period: (period.content_hash, period.row_count)
            for item in former
            if item.config == self.config
            for period in item.periods
            if period.period in holds.get(item.load_id, frozenset())
        }
        return tuple(
            item.period
            for item in periods
            if stood.get(item.period) == (item.content_hash, item.row_count)
        )

    def _judge(
        self, con: duckdb.DuckDBPyConnection, prepared: list[tuple[Manifest, Path]]
    ) -> list[tuple[Manifest, Path]]:
        """Great Expectations on the profiles and a bounded sample; a failed check refuses."""
        from orchestration.landing.gate_step import judge_loads

        if not prepared:
            return []
        self.progress(f"judging {self.source.name}")
        return judge_loads(con, self.settings, self.source, self.source_type, self.lake, prepared)


def _ends_mid_line(path: Path) -> bool:
    if not path.name.endswith(".csv"):
        return False
    with path.open("rb") as stream:
        stream.seek(0, 2)
        if stream.tell() == 0:
            return False
        stream.seek(-1, 2)
        return stream.read(1) != b"\n"


def _config(source: SourceSettings) -> str:
    """Fingerprint of the settings that shape the landed rows."""
    shaping = source.model_dump(
        include={
            "type", "delivery", "mapping", "constants", "format", "delimiter", "timezone",
            "time_unit", "epoch", "records", "skip_duplicates", "options",
        }
    )  # fmt: skip
    return content_sha256([json.dumps(shaping, sort_keys=True)])[:16]
