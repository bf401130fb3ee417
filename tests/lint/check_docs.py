#!/usr/bin/env python3
"""Checks that the manuals name what the code has, and nothing else.

Settings stand in docs/settings.md with default, range and context; columns of views in any page of
docs/; rows of health and answers of check() in docs/statements.md.  Links between pages lead
somewhere.  Prints one line for each thing that falls short and exits 1 if there was any.
"""
import glob
import os
import re
import sys

SETTINGS = "docs/settings.md"
STATEMENTS = "docs/statements.md"
# Views whose columns are another's.
SAME_COLUMNS = {"slow_statements"}
UNIT = {"GUC_UNIT_MS": ("ms", 1), "GUC_UNIT_S": ("ms", 1000), "GUC_UNIT_MIN": ("ms", 60000),
        "GUC_UNIT_BYTE": ("B", 1), "GUC_UNIT_KB": ("B", 1024), "0": ("", 1)}
SUFFIX = {"": ("", 1), "ms": ("ms", 1), "s": ("ms", 1000), "min": ("ms", 60000),
          "B": ("B", 1), "kB": ("B", 1024), "MB": ("B", 1024 ** 2), "GB": ("B", 1024 ** 3),
          "TB": ("B", 1024 ** 4)}
CONTEXT = {"PGC_POSTMASTER": "restart", "PGC_SIGHUP": "reload", "PGC_SUSET": "at once, superuser",
           "PGC_USERSET": "at once, any user"}
NUMBERS = {"MAX_KILOBYTES": 2 ** 31 - 1, "INT_MAX": 2 ** 31 - 1, "1024 * 1024": 1024 ** 2}
faults = []


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def fault(path, what):
    faults.append(f"{path}: {what}")


def compare(path, kind, in_code, in_page):
    """Both are collections of names."""
    for name in sorted(set(in_code) - set(in_page)):
        fault(path, f"{kind} {name} is missing")
    for name in sorted(set(in_page) - set(in_code)):
        fault(path, f"{kind} {name} is not in the code")


def table_rows(text):
    """Rows of all tables, as lists of cells."""
    for line in text.split("\n"):
        if line.startswith("| ") and not line.startswith("|--"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def first_names(text):
    """What stands in backquotes in the first cells of tables."""
    return {name for row in table_rows(text) for name in re.findall(r"`([^`]+)`", row[0])}


def quantity(text, default_unit=""):
    """"16kB" as a base unit and a number of it."""
    number, suffix = re.fullmatch(r"(\d+) ?(\w*)", text).groups()
    base, factor = SUFFIX[suffix or default_unit]
    return base, int(number) * factor


def settings_of_code():
    """Name to (default, minimum, maximum, context), as the page shows them."""
    source = read("extension/core/settings.c")
    found = {}
    for name, rest in re.findall(r'\{"(arx_perf\.\w+)",(.*?)\}', source, re.S):
        cells = [c.strip() for c in re.sub(r'"[^"]*"', "", rest).split(",")]
        cells = cells[cells.index(next(c for c in cells if c.startswith("&"))) + 1:]
        if len(cells) == 1:
            found[name] = ("on" if cells[0] == "true" else "off", "off", "on", "PGC_SUSET")
            continue
        base, factor = UNIT[cells[4]]
        initial, low, high = ((base, int(NUMBERS.get(c, c)) * factor) for c in cells[:3])
        found[name] = (initial, low, high, cells[3])
    for name in re.findall(r'Variable\(\s*"(arx_perf\.\w+)"', source):
        found[name] = None              # an enumeration: its name only
    return found


def check_settings():
    code, page = settings_of_code(), read(SETTINGS)
    rows = {row[0].strip("`"): row[1:] for row in table_rows(page)
            if row[0].startswith("`arx_perf.")}
    compare(SETTINGS, "setting", code, rows)
    for name in set(code) & set(rows):
        if f"**`{name}`**" not in page:
            fault(SETTINGS, f"setting {name} has no paragraph that begins with it")
        if code[name] is None:
            continue
        initial, low, high, context = code[name]
        shown = rows[name]
        if CONTEXT[context] != shown[2]:
            fault(SETTINGS, f"setting {name} takes effect: {CONTEXT[context]}")
        if isinstance(initial, str):
            if shown[0] != initial:
                fault(SETTINGS, f"default of {name} is {initial}")
            continue
        ends = shown[1].split(" .. ")
        unit = ends[1].partition(" ")[2]
        if quantity(shown[0]) != initial:
            fault(SETTINGS, f"default of {name} is {initial}")
        # 2 TB is what one kilobyte less is called
        if quantity(ends[0], unit) != low or not 0 <= quantity(ends[1])[1] - high[1] <= 1024:
            fault(SETTINGS, f"range of {name} is {low} to {high}")


def section(page, heading):
    """The text below a heading of level two, its subsections included."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", page, re.S | re.M)
    return found.group(1) if found else ""


def check_views():
    page = "\n".join(read(path) for path in sorted(glob.glob("docs/*.md")))
    sql = "".join(read(path) for path in sorted(glob.glob("extension/sql/*.sql")))
    columns = {view: set() for view in re.findall(r"CREATE VIEW arx_perf\.(\w+)", sql)}
    for view, column in re.findall(r"COMMENT ON COLUMN arx_perf\.(\w+)\.(\w+)", sql):
        columns[view].add(column)
    for view, names in sorted(columns.items()):
        text = section(page, f"arx_perf.{view}")
        if not text:
            fault("docs", f"no section for arx_perf.{view}")
        elif view not in SAME_COLUMNS:
            shown = [row for row in table_rows(text) if len(row) == 3]
            compare("docs", f"column {view}.", names,
                    {row[0].strip("`") for row in shown if row[0].startswith("`")})


def check_health():
    page = read(STATEMENTS)
    sources = "".join(read(path) for path in sorted(glob.glob("extension/*/*health.c")))
    metrics = set(re.findall(r'\badd(?:_loss)?\(health, "(\w+)"', sources))
    metrics |= set(re.findall(r'arx_health_add(?:_unknown)?\(&?health,\s*'
                              r'(?:"\w+"|names\[i\]),\s*"(\w+)"', sources))
    text = section(page, "arx_perf.health")
    compare(STATEMENTS, "metric", metrics,
            {row[0].strip("`") for row in table_rows(text)
             if len(row) == 2 and row[0].startswith("`")})
    checks = set(re.findall(r'arx_check_add\(\s*&?health,\s*"([^"]+)"', sources))
    shown = first_names(section(page, "arx_perf.check")) - {"check_name"}
    compare(STATEMENTS, "check", checks, {name for name in shown
                                          if name != "version" and not name.startswith("worker ")})


def check_links():
    pages = glob.glob("*.md") + glob.glob("docs/*.md") + glob.glob("tests/**/*.md", recursive=True)
    for path in sorted(pages):
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", read(path)):
            there = os.path.join(os.path.dirname(path), target)
            if "://" not in target and not os.path.exists(there):
                fault(path, f"link to {target} leads nowhere")


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
    check_settings()
    check_views()
    check_health()
    check_links()
    for line in faults:
        print(line)
    return 1 if faults else 0


sys.exit(main())
