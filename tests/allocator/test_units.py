"""Units: one table, both languages, conversion there and back."""

from __future__ import annotations

import pytest

from allocator import units


def test_every_word_of_the_table_means_one_unit_only() -> None:
    words = [units.squash(word) for unit in units.UNITS for word in (unit.name, *unit.words)]
    assert len(words) == len(set(words))


def test_every_dimension_has_one_base_unit() -> None:
    for dimension in {unit.dimension for unit in units.UNITS}:
        assert sum(unit.dimension == dimension and unit.factor == 1.0 for unit in units.UNITS) == 1


@pytest.mark.parametrize(
    ("value", "found", "wanted", "answer"),
    [
        (1, "公顷", "亩", 15),
        (15, "mu", "ha", 1),
        (1, "万吨标准煤", "tce", 10_000),
        (1, "亿元", "mcny", 100),
        (1, "万元", "mcny", 0.01),
        (1, "GW", "MW", 1000),
        (1, "ｈａ", "mu", 15),
        (100, "平方公里", "公顷", 10_000),
        (20, "%", "1", 0.2),
    ],
)
def test_units_convert_as_they_are_defined(value: float, found: str, wanted: str, answer: float) -> None:
    assert units.convert(value, found, wanted) == pytest.approx(answer)


@pytest.mark.parametrize("pair", [("mu", "mcny"), ("cubit", "mu"), ("t", "tce")])
def test_units_of_another_dimension_never_convert(pair: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="->"):
        units.convert(1.0, *pair)


@pytest.mark.parametrize(
    ("header", "name", "unit"),
    [
        ("用地(亩)", "用地", "亩"),
        ("用地（公顷）", "用地", "公顷"),
        ("总投资【单位：亿元】", "总投资", "亿元"),
        ("plan_mcny", "plan", "mcny"),
        ("能耗/万吨标准煤", "能耗", "万吨标准煤"),
        ("land [ha]", "land", "ha"),
        ("unit_cost", "unit_cost", None),
        ("现金流(万元/年)", "现金流", "万元/年"),
    ],
)
def test_a_header_gives_up_its_unit(header: str, name: str, unit: str | None) -> None:
    assert units.split_header(header) == (name, unit)


def test_the_usual_resources_have_a_unit_of_the_table() -> None:
    for name, (unit, words) in units.RESOURCES.items():
        assert units.unit(unit) is not None
        assert all(units.resource(word) == name for word in words)
