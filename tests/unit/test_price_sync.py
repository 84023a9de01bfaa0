"""`twinledger prices sync`: lists landed one after the other, and what they say otherwise."""

from __future__ import annotations

import gzip
import json
import shutil
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from orchestration.landing.land import land
from orchestration.pricing.changes import price_diff
from orchestration.pricing.litellm_map import read_price_map
from orchestration.pricing.standing import known_now, standing_snapshots
from orchestration.settings import Settings

SOURCE = '[[sources]]\nname = "{name}"\ntype = "prices"\nuri = "{name}/*"\n'
RELEASES = (
    ("1.61.1", "2025-02-10", 0),
    ("1.77.7", "2025-09-20", 17),
    # 102 by the text of the files: one of them is 1.2999e-07 against 1.2999000000000001e-07,
    # which is no price change but the noise of a double.
    ("1.100.0", "2026-10-30", 102 - 1),
)


def sync(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], settings: Settings
) -> tuple[int, str]:
    from orchestration.cli import main

    monkeypatch.setattr(
        "sys.argv", ["twinledger", "prices", "sync", "--settings", str(settings.file)]
    )
    with pytest.raises(SystemExit) as ended:
        main()
    captured = capsys.readouterr()
    assert "Traceback" not in captured.out + captured.err
    return int(ended.value.code or 0), captured.out + captured.err


def test_real_releases_through_the_lake(
    workspace: Any,
    data: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Through the gate too: it must not refuse what vendors really charge."""
    settings = workspace(SOURCE.format(name="litellm"))
    folder = settings.folder / "litellm"
    folder.mkdir()
    former = None
    for release, day, changed in RELEASES:
        name = f"litellm-{release}_model_prices_and_context_window_backup.json.gz"
        shutil.copy(data / "price_books_litellm" / name, folder / f"{day}.json.gz")
        code, out = sync(monkeypatch, capsys, settings)
        assert code == 0
        assert f"Landed litellm, the prices of {day}" in out
        listed = read_price_map(
            gzip.decompress((folder / f"{day}.json.gz").read_bytes()),
            "l",
            None,  # type: ignore[arg-type]
        ).models
        snapshots = standing_snapshots(settings)["litellm"]
        if former is not None:
            diff = price_diff(snapshots[-2].rows, snapshots[-1].rows)
            inputs = [
                change
                for change in diff.changed
                if (change.token_class, change.service_tier) == ("input_uncached", "standard")
                and (change.context_from_tokens, change.condition) == (0, "")
            ]
            priced = {
                (row["provider"], row["model"])
                for row in snapshots[-1].rows.to_pylist()
                if row["token_class"] == "input_uncached"
            }
            # Listed before, but without any price (all zeros say nothing): new to the price book.
            newly_priced = [pair for pair in diff.new if pair[1] in former and pair in priced]
            assert len(inputs) + len(newly_priced) == changed
            assert f"{len(diff.new):,} new models, {len(diff.vanished):,} vanished" in out
        former = listed
    code, out = sync(monkeypatch, capsys, settings)
    assert "litellm, the prices of 2026-10-30 stand already" in out
    assert "genai_prices and litellm both list" in out


@pytest.mark.usefixtures("no_gate")
def test_the_four_snapshots_of_genai_prices_in_time_order(workspace: Any, data: Path) -> None:
    settings = workspace(SOURCE.format(name="genai"))
    folder = settings.folder / "genai"
    folder.mkdir()
    files = sorted((data / "price_books_genai_prices").glob("data_*.json.gz"))
    for file in files:
        shutil.copy(file, folder)
        land(settings)
    snapshots = standing_snapshots(settings)["genai_prices"]
    assert [f"data_{one.snapshot_date}.json.gz" for one in snapshots] == [f.name for f in files]
    for place, (before, after) in enumerate(pairwise(snapshots)):
        diff = price_diff(before.rows, after.rows)
        former, later = inputs_of(files[place]), inputs_of(files[place + 1])
        expected = {
            pair: (former[pair], later[pair])
            for pair in former.keys() & later.keys()
            if former[pair] != later[pair]
        }
        found = {
            (change.provider, change.model): (change.before, change.after)
            for change in diff.changed
            if (change.token_class, change.context_from_tokens) == ("input_uncached", 0)
            and (change.provider, change.model) in former.keys() & later.keys()
        }
        assert found == expected
        assert expected
    # A model that is listed no more keeps what was said of it last.
    now = {(row["provider"], row["model"]) for row in known_now(snapshots).to_pylist()}
    assert {pair for file in files for pair in inputs_of(file)} <= now


def inputs_of(file: Path) -> dict[tuple[str, str], Decimal]:
    """(provider, model) → its one price of an input token, where there is one."""
    document = json.loads(gzip.decompress(file.read_bytes()), parse_float=Decimal)
    return {
        (provider["id"], model["id"]): (Decimal(price) / 1_000_000).quantize(Decimal("1e-18"))
        for provider in document
        for model in provider["models"]
        if isinstance(model["prices"], dict)
        and isinstance(price := model["prices"].get("input_mtok"), Decimal | int)
    }


@pytest.mark.usefixtures("no_gate")
def test_each_pair_of_lists_is_compared(
    workspace: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = workspace(
        SOURCE.format(name="ours")
        + SOURCE.format(name="theirs")
        + SOURCE.format(name="deal")
        + 'options = {kind = "negotiated"}\n'
    )
    for name in ("ours", "theirs", "deal"):
        (settings.folder / name).mkdir()
    head = "provider,model,token_class,unit_price,geography\n"
    (settings.folder / "ours" / "2026-10-01.csv").write_text(
        head + "in-house,m,output,0.000002,\nin-house,m,output,0.000003,eu\n"
    )
    (settings.folder / "theirs" / "2026-10-01.csv").write_text(
        head + "in-house,m,output,0.000002,\nin-house,m,output,0.000004,eu\n"
    )
    (settings.folder / "deal" / "2026-10-01.csv").write_text(head + "in-house,m,output,0.000001,\n")
    code, out = sync(monkeypatch, capsys, settings)
    assert code == 0
    assert "ours and theirs both list 1 models; 1 prices differ" in out
    (line,) = [line for line in out.splitlines() if line.startswith("in-house")]
    assert line.split() == ["in-house", "m", "output", "standard", "0", "3.00", "4.00", "m", "eu"]
    # What was negotiated differs on purpose.
    assert "deal and ours both list 1 models; 0 prices differ" in out

    (settings.folder / "ours" / "2026-11-01.csv").write_text(
        head + "in-house,n,output,0.000002,\nin-house,m,output,0.000005,eu\n"
    )
    (settings.folder / "theirs" / "2026-11-01.csv").write_text("nonsense\n")
    code, out = sync(monkeypatch, capsys, settings)
    # The refused list is named; the others are told of.
    assert code == 1
    assert "theirs/2026-11-01.csv" in out
    told = " ".join(out.split())
    assert "1 new models, 0 vanished" in told
    assert "1 prices changed, 0 are new, 1 are gone" in told
