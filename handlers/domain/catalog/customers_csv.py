"""Customers from a CSV file, as spreadsheets and CRMs write it.

One row a customer; columns as in `COLUMNS`, in any order, only `key` required. `uses` holds `service@region` and
`channels` holds `platform:address`, several parted by `|`; `contract_credits` holds `below:percent` pairs. Rows go
through the same checks as the YAML catalog: every fault by line, and all of the file or nothing.
"""

import csv
import dataclasses
import io
from collections.abc import Callable, Iterable

from handlers.domain.catalog.parse import read_customers
from handlers.domain.catalog.reading import Faults
from handlers.domain.catalog.records import Catalog, Customer
from handlers.domain.catalog.yaml_tree import Listing, Mapping, Node, Scalar, checked_text, shown

CONTRACT_COLUMNS: dict[str, str] = {
    "contract_version": "version",
    "contract_zone": "zone",
    "contract_mode": "mode",
    "contract_uptime": "uptime",
    "contract_credits": "credits",
    "contract_from": "from",
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


def parse_customers_csv(text: str, catalog: Catalog, *, filename: str = "customers.csv") -> tuple[Customer, ...]:
    """The customers of a CSV text, checked against the services, regions and people of `catalog`.

    A file parted by semicolons, as spreadsheets write it in much of Europe, is read as well. Raises CatalogErrors with
    every fault by line, and nothing else.
    """
    faults = Faults(filename)
    rows = _rows(checked_text(text, filename=filename), faults)
    customers = read_customers([(_row(row, line), _label(row, line)) for line, row in rows], catalog, faults)
    faults.settle()
    return customers


def with_customers(catalog: Catalog, customers: Iterable[Customer]) -> Catalog:
    """The catalog with these customers in place of its own; all else stays."""
    return dataclasses.replace(catalog, customers=tuple(customers))


def _rows(text: str, faults: Faults) -> list[tuple[int, dict[str, str]]]:
    head = text.partition("\n")[0]
    comma = ";" if ";" in head and "," not in head else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=comma, strict=True)
    found: list[tuple[int, dict[str, str]]] = []
    columns: list[str] = []
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if not columns:
                    columns = _columns(cells, line, faults)
                elif len(cells) != len(columns):
                    message = f"has {len(cells)} values for {len(columns)} columns; look at its commas and quotes"
                    faults.add(line, f"row {line}", message)
                elif len(found) >= MOST_CUSTOMERS:
                    faults.add(line, "", f"more than {MOST_CUSTOMERS:,} customers; split the file")
                    break
                else:
                    pairs = ((c, v.strip()) for c, v in zip(columns, cells, strict=True))
                    found.append((line, {c: v for c, v in pairs if c and v}))
            line = reader.line_num + 1
    except csv.Error as error:
        faults.add(max(line, reader.line_num), "", f"this is no CSV here: {error}; look at the quotes")
    if not columns:
        faults.add(1, "", "the file holds nothing; its first line names the columns")
        faults.settle()
    return found


def _columns(cells: list[str], line: int, faults: Faults) -> list[str]:
    columns = [cell.strip().casefold().replace(" ", "_") for cell in cells]
    for count, column in enumerate(columns):
        if column not in COLUMNS:
            near = faults.nearest(column, COLUMNS) or f"; there are {', '.join(COLUMNS)}"
            faults.add(line, "columns", f"there is no column {shown(cells[count].strip())}{near}")
        elif column in columns[:count]:
            faults.add(line, "columns", f"the column {shown(column)} stands twice")
    if "key" not in columns:
        faults.add(line, "columns", "the column key is missing")
    faults.settle()  # rows under wrong columns would only repeat the fault
    return columns


def _label(row: dict[str, str], line: int) -> str:
    return shown(row.get("key", f"row {line}"))[1:-1]


def _row(row: dict[str, str], line: int) -> Node:
    """A row as the mapping the YAML catalog would hold."""
    entries: list[tuple[str, Node]] = []
    contract: list[tuple[str, Node]] = []
    for column, value in row.items():
        if column == "uses":
            entries.append((column, _list(value, line, _use)))
        elif column == "channels":
            entries.append((column, _list(value, line, _channel)))
        elif column == "contract_credits":
            contract.append(("credits", _list(value, line, _credit)))
        elif column in CONTRACT_COLUMNS:
            contract.append((CONTRACT_COLUMNS[column], Scalar(value, line)))
        else:
            entries.append((column, Scalar(value, line)))
    if contract:
        entries.append(("contract", _mapping(contract, line)))
    return _mapping(entries, line)


def _mapping(entries: list[tuple[str, Node]], line: int) -> Mapping:
    return Mapping(tuple((Scalar(key, line), value) for key, value in entries), line)


def _list(value: str, line: int, item: Callable[[str, int], Node]) -> Listing:
    return Listing(tuple(item(part.strip(), line) for part in value.split("|")), line)


def _use(part: str, line: int) -> Node:
    service, at, region = part.partition("@")
    entries: list[tuple[str, Node]] = [("service", Scalar(service.strip(), line))]
    return _mapping([*entries, ("region", Scalar(region.strip(), line))] if at else entries, line)


def _channel(part: str, line: int) -> Node:
    platform, colon, address = part.partition(":")
    return _mapping([(platform.strip(), Scalar(address.strip(), line))], line) if colon else Scalar(part, line)


def _credit(part: str, line: int) -> Node:
    below, _, percent = part.partition(":")
    return _mapping([("below", Scalar(below.strip(), line)), ("percent", Scalar(percent.strip(), line))], line)
