"""Another emulator accepts what the local AWS accepts."""

from pathlib import Path

from checks.second_opinion import differences
from checks.systems import SYSTEMS


def test_all_systems_are_deployed_on_moto_and_a_second_plan_is_empty(tmp_path: Path) -> None:
    assert differences(sorted(SYSTEMS), tmp_path / "moto") == ""
