"""Customers from a CSV file, as spreadsheets and CRMs write it.

One row a customer; columns as in `COLUMNS`, in any order, only `key` required. `uses` holds `service@region`, with
` from 2026-01-01 to 2026-06-30` behind it where it began or ended, and `channels` holds `platform:address`, several
parted by `|`; `contract_credits` holds `below:percent` pairs. A further row with a customer's key and contract columns
alone is a further version of that contract. Rows go through the same checks as the YAML catalog: every fault by line
and cell, and all of the file or nothing.
"""

import csv
import dataclasses
import io
import re
from collections.abc import Callable, Iterable

from handlers.domain.catalog.parse import read_customers
from handlers.domain.catalog.reading import Faults
from handlers.domain.catalog.records import Catalog, Customer
from handlers.domain.catalog.yaml_tree import Listing, Mapping, Node, Scalar, Spot, checked_text, shown

CONTRACT_COLUMNS: dict[str, str] = {
    "contract_version": "version",
    "contract_zone": "zone",
    "contract_mode": "mode",
    "contract_uptime": "uptime",
    "contract_credits": "credits",
    "contract_from": "from",
    "contract_to": "to",
    "contract_source": "source",
}
COLUMNS: tuple[str, ...] = (
    "key",
    "name",
    "uses",
    "account_manager",
    "deliver",
    "channels",
    "timezone",
    "locale",
    *CONTRACT_COLUMNS,
)
MOST_CUSTOMERS = 50_000
"""Rows of one file. Ours."""


_DATES = re.compile(r"(?P<place>.*?)(?:\s+from\s+(?P<start>\S+))?(?:\s+to\s+(?P<end>\S+))?", re.IGNORECASE)


@dataclasses.dataclass(frozen=True, slots=True)
class _Row:
    """One line's values by column, each with the number of its cell, counted from 1."""

    line: int
    cells: dict[str, tuple[str, int]]

    def text(self, column: str) -> str:
        return self.cells.get(column, ("", 0))[0]

    @property
    def adds_version(self) -> bool:
        """Whether it says nothing but a further version of a customer's contract."""
        return "key" in self.cells and len(self.cells) > 1 and self.cells.keys() <= {"key", *CONTRACT_COLUMNS}


def parse_customers_csv(text: str, catalog: Catalog, *, filename: str = "customers.csv") -> tuple[Customer, ...]:
    """The customers of a CSV text, checked against the services, regions and people of `catalog`.

    A file parted by semicolons, as spreadsheets write it in much of Europe, is read as well. Raises CatalogErrors with
    every fault by line, and nothing else.
    """
    faults = Faults(filename)
    rows = _rows(checked_text(text, filename=filename), faults)
    nodes = [(_row(group), shown(group[0].text("key") or f"row {group[0].line}")[1:-1]) for group in _grouped(rows)]
    customers = read_customers(nodes, catalog, faults)
    faults.settle()
    return customers


def with_customers(catalog: Catalog, customers: Iterable[Customer]) -> Catalog:
    """The catalog with these customers in place of its own; all else stays."""
    return dataclasses.replace(catalog, customers=tuple(customers))


def _rows(text: str, faults: Faults) -> list[_Row]:
    head = text.partition("\n")[0]
    comma = ";" if ";" in head and "," not in head else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=comma, strict=True)
    found: list[_Row] = []
    columns: list[str] = []
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if not columns:
                    columns = _columns(cells, line, faults)
                elif len(cells) != len(columns):
                    message = f"has {len(cells)} values for {len(columns)} columns; look at its commas and quotes"
                    faults.add(Spot(line), f"row {line}", message)
                elif len(found) >= MOST_CUSTOMERS:
                    faults.add(Spot(line), "", f"more than {MOST_CUSTOMERS:,} customers; split the file")
                    break
                else:
                    numbered = enumerate(zip(columns, cells, strict=True), 1)
                    found.append(_Row(line, {c: (v.strip(), n) for n, (c, v) in numbered if v.strip()}))
            line = reader.line_num + 1
    except csv.Error as error:
        faults.add(Spot(max(line, reader.line_num)), "", f"this is no CSV here: {error}; look at the quotes")
    if not columns:
        faults.add(Spot(1), "", "the file holds nothing; its first line names the columns")
        faults.settle()
    return found


def _columns(cells: list[str], line: int, faults: Faults) -> list[str]:
    columns = [cell.strip().casefold().replace(" ", "_") for cell in cells]
    for count, column in enumerate(columns):
        if column not in COLUMNS:
            near = faults.nearest(column, COLUMNS) or f"; there are {', '.join(COLUMNS)}"
            faults.add(Spot(line, count + 1), "columns", f"there is no column {shown(cells[count].strip())}{near}")
        elif column in columns[:count]:
            faults.add(Spot(line, count + 1), "columns", f"the column {shown(column)} stands twice")
    if "key" not in columns:
        faults.add(Spot(line), "columns", "the column key is missing")
    faults.settle()  # rows under wrong columns would only repeat the fault
    return columns


def _grouped(rows: Iterable[_Row]) -> list[list[_Row]]:
    """Each customer's rows: the one that says everything, and those that add versions of the contract."""
    groups: list[list[_Row]] = []
    by_key: dict[str, list[_Row]] = {}
    for row in rows:
        group = by_key.get(row.text("key").casefold())
        if group is not None and row.adds_version:
            group.append(row)
        else:
            groups.append([row])
            by_key.setdefault(row.text("key").casefold(), groups[-1])
    return groups


def _row(group: list[_Row]) -> Node:
    """A customer's rows as the mapping the YAML catalog would hold."""
    first = group[0]
    spot = Spot(first.line)
    entries: list[tuple[str, Node]] = []
    for column, (value, cell) in first.cells.items():
        at = Spot(first.line, cell)
        if column == "uses":
            entries.append((column, _list(value, at, _use)))
        elif column == "channels":
            entries.append((column, _list(value, at, _channel)))
        elif column not in CONTRACT_COLUMNS:
            entries.append((column, Scalar(value, at)))
    versions = [version for row in group if (version := _contract(row)) is not None]
    if len(versions) == 1:
        entries.append(("contract", versions[0]))
    elif versions:
        entries.append(("contract", Listing(tuple(versions), spot)))
    return _mapping(entries, spot)


def _contract(row: _Row) -> Node | None:
    """The version of a contract that a row holds."""
    entries: list[tuple[str, Node]] = []
    for column, (value, cell) in row.cells.items():
        if column in CONTRACT_COLUMNS:
            at = Spot(row.line, cell)
            node = _list(value, at, _credit) if column == "contract_credits" else Scalar(value, at)
            entries.append((CONTRACT_COLUMNS[column], node))
    return _mapping(entries, Spot(row.line)) if entries else None


def _mapping(entries: list[tuple[str, Node]], spot: Spot) -> Mapping:
    return Mapping(tuple((Scalar(key, spot), value) for key, value in entries), spot)


def _list(value: str, spot: Spot, item: Callable[[str, Spot], Node]) -> Listing:
    return Listing(tuple(item(part.strip(), spot) for part in value.split("|")), spot)


def _use(part: str, spot: Spot) -> Node:
    found = _DATES.fullmatch(part)
    place = found["place"] if found else part
    service, at, region = place.partition("@")
    entries: list[tuple[str, Node]] = [("service", Scalar(service.strip(), spot))]
    entries += [("region", Scalar(region.strip(), spot))] if at else []
    days = (("from", found["start"]), ("to", found["end"])) if found else ()
    return _mapping([*entries, *((key, Scalar(day, spot)) for key, day in days if day)], spot)


def _channel(part: str, spot: Spot) -> Node:
    platform, colon, address = part.partition(":")
    return _mapping([(platform.strip(), Scalar(address.strip(), spot))], spot) if colon else Scalar(part, spot)


def _credit(part: str, spot: Spot) -> Node:
    below, _, percent = part.partition(":")
    return _mapping([("below", Scalar(below.strip(), spot)), ("percent", Scalar(percent.strip(), spot))], spot)
