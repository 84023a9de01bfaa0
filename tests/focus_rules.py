"""An interpreter of FOCUS' machine-readable requirement model (`model-1.2.json.gz`).

A rule is a sentence with a check in a small language (`CheckValue`, `AND`, `FormatDateTime`, …) and
a condition on the rows it is about. Rules stand in a tree: what a rule asks applies where the
conditions of the rules above it hold, and to who supports what they name.

Values are the cells of a CSV: text, None where the cell is empty. Numbers are compared as Decimal,
exact to the last digit.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

Row = Mapping[str, str | None]
Check = dict[str, Any]

_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE]-?\d+)?")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z")
# `<unit>`, `<quantity> <unit>`, `<unit>/<interval>` and combinations of them.
_UNIT = re.compile(r"(\d+ )?[^\d/\s][^/]*(/(\d+ )?[^/\s][^/]*)?")


@dataclass(frozen=True)
class Rule:
    """One rule of the model, with what it inherits.

    Attributes:
        criteria: what a provider must support for the rule to apply.
        conditions: checks that a row must pass for the rule to be about it.
        requirement: the check, empty where the model has none.
    """

    id: str
    sentence: str
    keyword: str
    criteria: frozenset[str]
    conditions: tuple[Check, ...]
    requirement: Check


@dataclass
class Report:
    """What became of each rule: passed, failed, advice, not applicable, unchecked."""

    passed: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    advice: dict[str, str] = field(default_factory=dict)
    not_applicable: list[str] = field(default_factory=list)
    permissions: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)

    def told(self, name: str) -> str:
        return (
            f"{name}: {len(self.passed)} passed, {len(self.failed)} failed,"
            f" {len(self.advice)} recommendations not followed,"
            f" {len(self.not_applicable)} not applicable, {len(self.permissions)} permissions,"
            f" {len(self.unchecked)} without a check"
        )


class Model:
    """The rules of one version of FOCUS.

    Args:
        corrected: rule → (requirement, condition) for rules whose check does not say what their
            sentence says.
    """

    def __init__(
        self,
        path: Path,
        currencies: Path,
        corrected: Mapping[str, tuple[Check, Check]] | None = None,
    ) -> None:
        with gzip.open(path) as file:
            self._rules: dict[str, dict[str, Any]] = json.load(file)["ModelRules"]
        for rule in self._rules.values():
            criteria = rule["ValidationCriteria"]
            for part in ("Requirement", "Condition"):
                criteria[part] = _normal(criteria[part])
        with currencies.open(encoding="utf-8-sig", newline="") as file:
            self._currencies = {cell for row in csv.reader(file) for cell in row}
        self._corrected = corrected or {}
        parents: dict[str, set[str]] = defaultdict(set)
        for name, rule in self._rules.items():
            for child in _named(rule["ValidationCriteria"]["Requirement"]):
                parents[child].add(name)
        self.rules = {name: self._rule(name, parents) for name in self._rules}
        self._alternatives = {
            child
            for rule in self.rules.values()
            if rule.requirement.get("CheckFunction") == "OR"
            for child in _named(rule.requirement)
        }
        self._numbers: dict[str, Decimal] = {}

    def _rule(self, name: str, parents: Mapping[str, set[str]]) -> Rule:
        own = self._rules[name]["ValidationCriteria"]
        above: list[str] = []
        todo = [name]
        while todo:
            for parent in sorted(parents.get(todo.pop(), ())):
                if parent not in above:
                    above.append(parent)
                    todo.append(parent)
        requirement, condition = self._corrected.get(name, (own["Requirement"], own["Condition"]))
        conditions = [condition, *(self._condition(parent) for parent in above)]
        criteria = [self._rules[one]["ApplicabilityCriteria"] for one in (name, *above)]
        return Rule(
            name,
            own["MustSatisfy"],
            own["Keyword"],
            frozenset(criterion for some in criteria for criterion in some),
            tuple(one for one in conditions if one.get("CheckFunction")),
            requirement,
        )

    def _condition(self, name: str) -> Check:
        if name in self._corrected:
            return self._corrected[name][1]
        return dict(self._rules[name]["ValidationCriteria"]["Condition"])

    def check(self, columns: Sequence[str], rows: Sequence[Row], supported: set[str]) -> Report:
        """Every rule on the rows of a file.

        Args:
            supported: the applicability criteria that hold for whoever the rows are of.
        """
        report = Report()
        for rule in self.rules.values():
            if rule.keyword == "MAY":
                report.permissions.append(rule.id)
            elif rule.id in self._alternatives:
                continue  # One of them must hold, which the rule above says.
            elif not rule.requirement:
                report.unchecked.append(rule.id)
            elif not rule.criteria <= supported:
                report.not_applicable.append(rule.id)
            elif rule.requirement["CheckFunction"] == "AND" and [*_named(rule.requirement)]:
                continue  # Made of other rules, which stand for themselves.
            elif broken := self._broken(rule, columns, rows):
                must = rule.keyword in ("MUST", "MUST NOT")
                (report.failed if must else report.advice)[rule.id] = broken
            else:
                report.passed.append(rule.id)
        return report

    def _broken(self, rule: Rule, columns: Sequence[str], rows: Sequence[Row]) -> str:
        function = rule.requirement["CheckFunction"]
        if function == "ColumnPresent":
            column = rule.requirement["ColumnName"]
            return "" if column in columns else f"{column} is missing"
        about = [row for row in rows if all(self._holds(one, row) for one in rule.conditions)]
        if function == "CheckDistinctCount":
            return self._miscounted(rule.requirement, about)
        wrong = [row for row in about if not self._holds(rule.requirement, row)]
        if not wrong:
            return ""
        shown = {name: wrong[0].get(name) for name in sorted(_columns(rule.requirement))}
        return f"{len(wrong)} of {len(about)} rows, e.g. {shown}"

    def _miscounted(self, check: Check, rows: Iterable[Row]) -> str:
        found: dict[str, set[str | None]] = defaultdict(set)
        for row in rows:
            if (key := row[check["ColumnAName"]]) is not None:
                found[key].add(row[check["ColumnBName"]])
        for key, values in found.items():
            if len(values) != check["ExpectedCount"]:
                return f"{key}: {sorted(map(str, values))}"
        return ""

    def _holds(self, check: Check, row: Row) -> bool:
        function = check["CheckFunction"]
        if function == "AND":
            return all(self._holds(item, row) for item in check["Items"])
        if function == "OR":
            return any(self._holds(item, row) for item in check["Items"])
        return bool(getattr(self, f"_{_snake_case(function)}")(check, row))

    def _check_model_rule(self, check: Check, row: Row) -> bool:
        rule = self.rules[check["ModelRuleId"]]
        own = self._condition(rule.id)
        return all(self._holds(one, row) for one in (own, rule.requirement) if one)

    def _check_value(self, check: Check, row: Row) -> bool:
        value, wanted = row.get(check["ColumnName"]), check["Value"]
        if wanted is None or value is None:
            return value is wanted
        if isinstance(wanted, int | float):
            return self._number(value) == Decimal(str(wanted))
        return value == wanted

    def _check_not_value(self, check: Check, row: Row) -> bool:
        return not self._check_value(check, row)

    def _check_same_value(self, check: Check, row: Row) -> bool:
        return row[check["ColumnAName"]] == row[check["ColumnBName"]]

    def _check_not_same_value(self, check: Check, row: Row) -> bool:
        return not self._check_same_value(check, row)

    def _check_greater_or_equal_than_value(self, check: Check, row: Row) -> bool:
        value = row[check["ColumnName"]]
        return value is None or self._number(value) >= Decimal(str(check["Value"]))

    def _column_by_column_equals_column_value(self, check: Check, row: Row) -> bool:
        values = [row[check[name]] for name in ("ColumnAName", "ColumnBName", "ResultColumnName")]
        if any(value is None for value in values):
            return True
        one, other, result = (self._number(value) for value in values if value is not None)
        with localcontext() as context:
            context.prec = 100
            return one * other == result

    def _number(self, text: str) -> Decimal:
        if text not in self._numbers:
            self._numbers[text] = Decimal(text)
        return self._numbers[text]

    def _cell(self, check: Check, row: Row, holds: Callable[[str], object]) -> bool:
        value = row[check["ColumnName"]]
        return value is None or bool(holds(value))

    def _type_decimal(self, check: Check, row: Row) -> bool:
        return self._cell(check, row, _NUMBER.fullmatch)

    _format_numeric = _type_decimal
    _check_decimal_value = _type_decimal

    def _type_date_time(self, check: Check, row: Row) -> bool:
        return self._cell(check, row, _MOMENT.fullmatch)

    _format_date_time = _type_date_time

    def _type_string(self, check: Check, row: Row) -> bool:
        return self._cell(check, row, lambda value: value.isprintable() or "\n" in value)

    def _format_string(self, check: Check, row: Row) -> bool:
        return self._cell(check, row, lambda value: value.strip() and _is_unicode(value))

    def _format_unit(self, check: Check, row: Row) -> bool:
        return self._cell(check, row, _UNIT.fullmatch)

    def _format_currency(self, check: Check, row: Row) -> bool:
        # A national currency is ISO 4217's; a vendor's own is any string.
        return self._format_string(check, row)

    def _check_national_currency(self, check: Check, row: Row) -> bool:
        return self._cell(check, row, self._currencies.__contains__)

    def _format_key_value(self, check: Check, row: Row) -> bool:
        return self._cell(check, row, _is_key_value)


def read_csv(path: Path) -> tuple[list[str], list[dict[str, str | None]]]:
    """Columns and rows of a CSV; an empty cell is null."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = [{name: cell or None for name, cell in row.items()} for row in reader]
        return list(reader.fieldnames or ()), rows


def _snake_case(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def _normal(check: Check) -> Check:
    """A check in one form: some conditions of the model are written in two others."""
    if "AND" in check:
        items = check["AND"] if isinstance(check["AND"], list) else [check["AND"]]
        return {"CheckFunction": "AND", "Items": items}
    if "CheckCondition" in check:
        return {
            "ColumnName" if key == "CheckCondition" else key: value for key, value in check.items()
        }
    return check


def _named(check: Check) -> Iterable[str]:
    """The rules that a check names."""
    if check.get("CheckFunction") == "CheckModelRule":
        yield check["ModelRuleId"]
    for item in check.get("Items", ()):
        yield from _named(item)


def _columns(check: Check) -> set[str]:
    ends = ("ColumnName", "AName", "BName")
    names = {value for key, value in check.items() if key.endswith(ends)}
    return names.union(*(_columns(item) for item in check.get("Items", ())))


def _is_unicode(value: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in value)


def _is_key_value(text: str) -> bool:
    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a key twice")
        return found

    try:
        value = json.loads(text, object_pairs_hook=unique)
    except ValueError:
        return False
    return isinstance(value, dict) and not any(
        isinstance(item, dict | list) for item in value.values()
    )
