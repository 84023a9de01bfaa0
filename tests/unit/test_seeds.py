"""The user's reference files take the place of the shipped ones, or are refused with the reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.build.seeds import own_seeds
from orchestration.errors import SettingsError
from orchestration.settings import Settings

Reference = Callable[[str], Settings]


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "seeds"
    (folder / "reference").mkdir(parents=True)
    (folder / "reference" / "teams.csv").write_text("team,owner\nshipped,x\n", "utf-8")
    (folder / "reference" / "rates.csv").write_text("day,rate\n", "utf-8")
    (folder / "reference" / "_reference.yml").write_text("seeds: []\n", "utf-8")
    monkeypatch.setattr("orchestration.build.seeds.SHIPPED", folder)
    return folder


@pytest.fixture
def reference(workspace: Callable[..., Settings], shipped: Path) -> Reference:
    def write(content: str) -> Settings:
        settings = workspace('[reference]\nteams = "teams.csv"\n')
        (settings.folder / "teams.csv").write_bytes(content.encode("utf-8"))
        return settings

    return write


def test_the_users_file_is_taken_without_its_byte_order_mark(reference: Reference) -> None:
    files = own_seeds(reference("\ufeffteam,owner\nmine,y\n"))
    assert files["teams"].read_text("utf-8") == "team,owner\nmine,y\n"
    assert files.keys() == {"teams"}


def test_unchanged_files_keep_their_time(reference: Reference) -> None:
    settings = reference("team,owner\nmine,y\n")
    file = own_seeds(settings)["teams"]
    before = file.stat().st_mtime_ns
    own_seeds(settings)
    assert file.stat().st_mtime_ns == before


def test_what_is_not_wanted_any_more_goes(
    reference: Reference, workspace: Callable[..., Settings]
) -> None:
    file = own_seeds(reference("team,owner\n"))["teams"]
    assert own_seeds(workspace("")) == {}
    assert not file.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("team\nmine\n", "lacks the column 'owner'"),
        ("team,owner,Colour\n", "has the unknown column 'Colour'"),
        ("team,owner,owner\n", "repeats the column 'owner'"),
        ("team,owner\na,b\nc,d,e\n", "row 2: 3 values for 2 columns"),
        ("", "lacks the column 'team'"),
    ],
)
def test_a_file_that_does_not_fit_is_named(
    reference: Reference, content: str, message: str
) -> None:
    with pytest.raises(SettingsError, match=message) as told:
        own_seeds(reference(content))
    assert "teams.csv" in told.value.message and told.value.next_step


def test_no_text_and_no_file_are_told(reference: Reference) -> None:
    settings = reference("")
    (settings.folder / "teams.csv").write_bytes(b"team,owner\n\xff\xfe,x\n")
    with pytest.raises(SettingsError, match="no UTF-8 text"):
        own_seeds(settings)
    (settings.folder / "teams.csv").unlink()
    with pytest.raises(SettingsError, match="cannot read"):
        own_seeds(settings)


def test_an_unknown_table_is_told(
    workspace: Callable[..., Settings], shipped: Path, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match=r"\[reference\] team is no reference table"):
        own_seeds(workspace('[reference]\nteam = "teams.csv"\n'))
