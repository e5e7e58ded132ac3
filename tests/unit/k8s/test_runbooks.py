"""Every alert has its section in the operations manual, and every section its alert."""

import re

import pytest
import yaml

from tests.unit.structure.tree import ROOT

MANUAL = (ROOT / "docs" / "OPERATIONS.md").read_text(encoding="utf-8")
SECTIONS = re.findall(r"^### (Semblant\w+)$", MANUAL, re.MULTILINE)


def alerts():
    found = {}
    for path in sorted((ROOT / "k8s" / "alerts").glob("*.yaml")):
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            found |= {rule["alert"]: rule for rule in group["rules"] if "alert" in rule}
    return found


def test_alerts_and_runbooks_are_the_same():
    assert sorted(SECTIONS) == sorted(alerts())


@pytest.mark.parametrize(("name", "rule"), alerts().items())
def test_an_alert_leads_to_its_runbook(name, rule):
    assert rule["annotations"]["runbook_url"] == f"docs/OPERATIONS.md#{name.lower()}"


def test_burn_rates_are_those_of_the_objectives():
    shares = re.findall(r"^\| [^|]+ \| ([\d.]+) % \|", MANUAL, re.MULTILINE)
    answered, fast, *_ = (1 - float(share) / 100 for share in shares)
    rules = alerts()
    told = {
        "SemblantAvailabilityBurnsFast": [14.4 * answered, 6 * answered],
        "SemblantAvailabilityBurns": [answered],
        "SemblantLatencyBurnsFast": [6 * fast],
        "SemblantLatencyBurns": [fast],
    }
    for name, wanted in told.items():
        limits = re.findall(r"> (?:([\d.]+) \* )?([\d.]+)", rules[name]["expr"])
        found = {round(float(times or 1) * float(share), 9) for times, share in limits}
        assert found == {round(value, 9) for value in wanted}
