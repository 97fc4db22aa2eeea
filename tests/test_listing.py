"""Tables of the commands: whole cells in a file, nothing lost on a narrow screen."""

import io

import pytest
from rich.console import Console

from assets.commands.listing import counted, print_rows

FIXED = ("action", "issue", "due", "state")
TOLD = ("decision", "owner", "what came of it")
LONG = "Withdraw the new sign-in of app 8.4.0, and say so to everybody who wrote [sic] about it"
ROWS = [
    ("ACT-0004", "ISS-0012", "2026-08-14", "overdue 101 days", LONG, "S. Whitlock, Call", None),
    ("ACT-0011", "ISS-0007.D-0002", "2026-11-20", "open", "Call", "P. Nair, Digital & UI", LONG),
]


def printed(width: int, *, is_terminal: bool, rows=ROWS, told=TOLD) -> list[str]:
    file = io.StringIO()
    out = Console(file=file, width=width, force_terminal=is_terminal, color_system=None)
    print_rows(out, FIXED, told, rows, "Actions")
    return file.getvalue().splitlines()


def words(lines) -> str:
    return "".join(" ".join(lines).split())


def test_in_a_file_every_row_is_one_line_with_whole_cells():
    lines = printed(80, is_terminal=False)
    for row in ROWS:
        [line] = [one for one in lines if row[0] in one]
        assert all(str(cell) in line for cell in row if cell is not None)


@pytest.mark.parametrize("width", [80, 60])
def test_on_a_narrow_terminal_nothing_is_lost_and_no_line_is_wider(width):
    lines = printed(width, is_terminal=True)
    assert max(map(len, lines)) <= width
    assert "…" not in "".join(lines)
    for row in ROWS:
        assert all(words([cell]) in words(lines) for cell in row if cell)


def test_on_a_wide_terminal_the_columns_have_their_names():
    lines = printed(300, is_terminal=True)
    assert [name for name in (*FIXED, *TOLD) if name in lines[2]] == [*FIXED, *TOLD]


def test_what_fits_keeps_its_columns_at_80():
    rows = [(*row[:4], "short") for row in ROWS]
    lines = printed(80, is_terminal=True, rows=rows, told=("note",))
    assert max(map(len, lines)) <= 80
    assert sum("short" in line and "ACT-" in line for line in lines) == 2


def test_one_is_singular():
    assert counted(1, "customer") == "1 customer"
    assert counted(0, "report") == "0 reports"
    assert counted(1204, "record") == "1,204 records"
