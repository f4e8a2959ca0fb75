"""What a run found out, as tables for a terminal and for benchmarks/README.md, as JSON, and as pictures."""

from __future__ import annotations

import dataclasses
import json
import os
import textwrap
from collections.abc import Iterable
from typing import Any

from benchmarks import checks
from benchmarks.case import NAMES, is_peer, load
from benchmarks.figures import ABSOLUTE, BEST_PEER, FLOOR, MAX_SPREAD, Goal, Row, Verdict, format_figure, significant
from benchmarks.harness import CaseResult, Entry, Report, RowResult
from benchmarks.peers import OURS, PEERS

_NOTES = 46


def status(report: Report) -> int:
    """Return the exit status: 1 if memodisk itself failed or gave a wrong answer anywhere."""
    ours = [row.entries[OURS] for case in report.cases for row in case.rows if OURS in row.entries]
    return int(any(entry.failed or entry.answer != checks.RIGHT for entry in ours))


# Words


def ratio_text(ratio: float | None) -> str:
    """Return a ratio as it is printed."""
    return "" if ratio is None else f"{significant(ratio)}×"


def goal_text(goal: Goal, row: Row) -> str:
    """Return a goal in words."""
    if goal.against == ABSOLUTE:
        return f"at most {format_figure(goal.at_most, row.unit)}"
    other = {BEST_PEER: "best peer", FLOOR: "floor"}.get(goal.against, goal.against)
    return f"at most {significant(goal.at_most)}× {other}"


def verdict_text(verdict: Verdict, row: Row) -> str:
    """Return what came of a goal in words."""
    word = {True: "reached", False: "missed", None: "too noisy"}[verdict.reached]
    found = format_figure(verdict.ratio, row.unit) if verdict.goal.against == ABSOLUTE else ratio_text(verdict.ratio)
    return f"{goal_text(verdict.goal, row)}: {found}, {word}"


def note(entry: Entry) -> str:
    """Return what has to be said of a contender: that it failed, or is wrong."""
    if entry.failed and entry.figure is None:
        return entry.failed
    if entry.answer != checks.RIGHT:
        return f"wrong: {entry.answer}"
    if entry.counts:
        return ", ".join(f"{count} {name}" if count > 1 else name for name, count in entry.counts.items())
    return ""


UNREST = (
    "Unrest: in a tenth of the processes of a case, the same piece of pure Python took that much longer than it has "
    f"to. Above {100 * MAX_SPREAD:.0f} % only counts are judged."
)


def unrest_text(case: CaseResult) -> str:
    """Return the unrest of a case."""
    return f"{100 * case.unrest:.0f} %" + ("" if case.is_quiet else ", TOO NOISY TO JUDGE")


def machine_text(report: Report) -> str:
    """Return machine and versions in one line."""
    machine = report.machine
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['system']}, {machine['file system']}, "
        f"Python {machine['python']}, {machine['date']}; {versions}"
    )


# The terminal


def table(header: list[str], lines: list[list[str]], left: tuple[int, ...] = (0,)) -> str:
    """Return a table in fixed columns; the first column and those in `left` are flush left."""
    widths = [max(len(line[i]) for line in [header, *lines]) for i in range(len(header))]
    texts = []
    for line in [header, *lines]:
        cells = [c.ljust(w) if i in left else c.rjust(w) for i, (c, w) in enumerate(zip(line, widths, strict=True))]
        texts.append("  ".join(cells).rstrip())
    return "\n".join(texts)


def text(report: Report) -> str:
    """Return the whole report for a terminal."""
    parts = ["\n".join(textwrap.wrap(machine_text(report), 110)), _peers(report)]
    parts += [_case(case) for case in report.cases]
    parts.append("\n".join(textwrap.wrap(UNREST, 110)))
    return "\n\n".join(parts)


def _peers(report: Report) -> str:
    probes = list(checks.PROBES)
    lines = [[name, report.versions[name], *(traits[p] for p in probes)] for name, traits in report.traits.items()]
    return "== What they notice besides the arguments ==\n" + table(["", "version", *probes], lines, (0, 1, 2, 3))


def _case(case: CaseResult) -> str:
    title = f"== {case.title} =="
    if case.skipped:
        return f"{title}\nnot run: {case.skipped}"
    lines = []
    for result in case.rows:
        words = [verdict_text(verdict, result.row) for verdict in result.verdicts]
        noisy = "  (too noisy to judge)" if result.noisy else ""
        lines.append([result.row.title + noisy, "", "", "", "", ""])
        for name in sorted(result.entries, key=lambda name: _order(result, name)):
            entry = result.entries[name]
            if entry.figure is None and not entry.failed:
                continue
            lines.append(_line(result, name, entry))
        lines += [["  → " + one, "", "", "", "", ""] for one in words]
    # The titles may run on into the other columns.
    short = [line if any(line[1:]) else ["", *line[1:]] for line in lines]
    header = ["", "median", "range", "to best peer", "to floor", ""]
    printed = table(header, short, (0, 5)).split("\n")
    for number, line in enumerate(lines, 1):
        if not any(line[1:]):
            printed[number] = line[0]
    return f"{title}  ({case.seconds:.0f} s, unrest {unrest_text(case)})\n" + "\n".join(printed)


def _order(result: RowResult, name: str) -> tuple[Any, ...]:
    entry = result.entries[name]
    figure = entry.figure
    sign = -1 if result.row.more_is_better else 1
    return name != result.row.ours, not is_peer(name), figure is None, sign * figure.median if figure else 0


def _line(result: RowResult, name: str, entry: Entry) -> list[str]:
    row, figure = result.row, entry.figure
    label = f"  {name}" if is_peer(name) or name in (OURS, row.ours) else f"  ({name})"
    if figure is None:
        return [label, "–", "", "", "", textwrap.shorten(note(entry), _NOTES, placeholder="…")]
    low, high = format_figure(figure.low, row.unit), format_figure(figure.high, row.unit)
    compared = not (is_peer(name) and entry.answer != checks.RIGHT)
    remark = note(entry)
    return [
        label,
        format_figure(figure.median, row.unit),
        f"{low} – {high}" if low != high else "",
        ratio_text(result.ratio(name, result.best)) if compared else "",
        ratio_text(result.ratio(name, row.floor)) if compared else "",
        remark if entry.counts else textwrap.shorten(remark, _NOTES, placeholder="…"),
    ]


# The tables of benchmarks/README.md


_SIGNS = {True: "✓", False: "✗", None: "?"}


def markdown(report: Report) -> str:
    """Return the tables for benchmarks/README.md: a line for each row."""
    parts = ["Machine: " + machine_text(report) + "."]
    for case in report.cases:
        lines = [f"| {case.title} | memodisk | best correct peer | floor | goal |", "|" + " --- |" * 5]
        lines += [_cells(result) for result in case.rows if result.row.ours in result.figures]
        parts += [] if case.skipped else ["\n".join(lines)]
    parts.append(
        f"*{UNREST} Here: {', '.join(f'{c.name} {unrest_text(c)}' for c in report.cases if c.spins and not c.waits)}.*"
    )
    return "\n\n".join(parts) + "\n"


def _cells(result: RowResult) -> str:
    """Return the line of one row: figures, what ours is as a multiple of them, and what came of the goals."""
    row, figures = result.row, result.figures

    def compared(other: str | None) -> str:
        if other is None or other not in figures:
            return ""
        ratio = ratio_text(result.ratio(row.ours, other))
        return f"{format_figure(figures[other].median, row.unit)} {other}" + (f" ({ratio})" if ratio else "")

    goals = []
    for verdict in result.verdicts:
        is_absolute = verdict.goal.against == ABSOLUTE
        found = "" if is_absolute else f": {ratio_text(verdict.ratio)}"
        goals.append(f"{goal_text(verdict.goal, row)}{found} {_SIGNS[verdict.reached]}")
    ours = format_figure(figures[row.ours].median, row.unit)
    return "| " + " | ".join([row.title, ours, compared(result.best), compared(row.floor), "; ".join(goals)]) + " |"


# JSON


def to_json(report: Report) -> str:
    """Return everything that was measured, round by round."""
    document = {
        "format": 1,
        "level": report.level,
        "machine": report.machine,
        "versions": report.versions,
        "traits": report.traits,
        "cases": [_case_fields(case) for case in report.cases],
    }
    return json.dumps(document, indent=1) + "\n"


def _case_fields(case: CaseResult) -> dict[str, Any]:
    rows = []
    for result in case.rows:
        contenders = {}
        for name, entry in result.entries.items():
            figure = entry.figure
            contenders[name] = {
                "rounds": entry.rounds,
                "median": figure.median if figure else None,
                "range": [figure.low, figure.high] if figure else None,
                "to_best_peer": result.ratio(name, result.best),
                "to_floor": result.ratio(name, result.row.floor),
                "answer": entry.answer,
                "failed": entry.failed,
                "counts": entry.counts,
            }
        verdicts = [
            {**dataclasses.asdict(verdict), "text": verdict_text(verdict, result.row)} for verdict in result.verdicts
        ]
        rows.append(
            {
                "key": result.row.key,
                "title": result.row.title,
                "unit": result.row.unit,
                "more_is_better": result.row.more_is_better,
                "floor": result.row.floor,
                "best_peer": result.best,
                "noisy": result.noisy,
                "goals": verdicts,
                "contenders": contenders,
            }
        )
    return {
        "name": case.name,
        "title": case.title,
        "seconds": case.seconds,
        "skipped": case.skipped,
        "unrest": case.unrest,
        "quiet": case.is_quiet,
        "spins": case.spins,
        "rows": rows,
    }


def from_json(texts: Iterable[str]) -> Report:
    """Return what several runs of one level found out, as one report. Of a case measured twice the last counts."""
    found: Report | None = None
    for document in map(json.loads, texts):
        one = Report(**{name: document[name] for name in ("level", "machine", "versions", "traits")})
        one.cases = [_read_case(fields, one.level) for fields in document["cases"]]
        if found is None:
            found = one
            continue
        if found.level != one.level:
            raise ValueError(f"runs of different levels: {found.level} and {one.level}")
        found.versions |= one.versions
        found.traits |= one.traits
        found.cases = list({case.name: case for case in [*found.cases, *one.cases]}.values())
    if found is None:
        raise ValueError("no run to report on")
    found.cases.sort(key=lambda case: NAMES.index(case.name))
    found.versions = {name: found.versions[name] for name in PEERS if name in found.versions}
    return found


def _read_case(fields: dict[str, Any], level: str) -> CaseResult:
    case = load(fields["name"])
    result = CaseResult(case.name, case.title, seconds=fields["seconds"], skipped=fields["skipped"], waits=case.waits)
    result.spins = [(wall, processor) for wall, processor in fields["spins"]]
    rows = {row.key: row for row in case.rows(case.sizes[level])}
    for measured in fields["rows"]:
        entries = {
            name: Entry(one["rounds"], one["counts"], one["answer"], one["failed"])
            for name, one in measured["contenders"].items()
        }
        result.rows.append(RowResult(rows[measured["key"]], entries))
    result.conclude()
    return result


def write(path: str, content: str) -> None:
    """Write a text file."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(content)


# Pictures


def plot(report: Report, directory: str) -> list[str]:
    """Draw a picture for each case that was measured, and return their paths."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    os.makedirs(directory, exist_ok=True)
    paths = []
    for case in report.cases:
        rows = [result for result in case.rows if result.row.ours in result.figures]
        if not rows:
            continue
        counts = [len(result.figures) for result in rows]
        figure, axes = pyplot.subplots(
            len(rows), 1, figsize=(8, 0.7 * len(rows) + 0.27 * sum(counts)), squeeze=False, layout="constrained",
            gridspec_kw={"height_ratios": counts},
        )  # fmt: skip
        for axis, result in zip(axes[:, 0], rows, strict=True):
            _bars(axis, result)
        path = os.path.join(directory, f"{case.name}.png")
        figure.savefig(path, dpi=120)
        pyplot.close(figure)
        paths.append(path)
    return paths


def _bars(axis: Any, result: RowResult) -> None:
    """Draw one row: a bar for each contender, its range as a line; floors are grey, wrong answers hatched."""
    figures = result.figures
    names = sorted(figures, key=lambda name: _order(result, name))[::-1]
    for place, name in enumerate(names):
        figure = figures[name]
        is_wrong = is_peer(name) and result.entries[name].answer != checks.RIGHT
        colour = "#1f77b4" if name == result.row.ours else "#f0a35e" if is_peer(name) else "#999999"
        axis.barh(place, figure.median, color=colour, height=0.7, hatch="///" if is_wrong else None, edgecolor="white")
        axis.plot([figure.low, figure.high], [place, place], color="black", linewidth=1)
        words = format_figure(figure.median, result.row.unit) + (" wrong" if is_wrong else "")
        axis.annotate(
            words, (max(figure.high, figure.median), place), (4, 0), textcoords="offset points", va="center", fontsize=8
        )
    axis.set_yticks(range(len(names)), names, fontsize=8)
    positive = [figure.median for figure in figures.values() if figure.median > 0]
    # Bars from a tenth of a microsecond to a minute are comparable on a logarithmic axis only.
    title = result.row.title
    if positive and max(positive) > 20 * min(positive):
        title += " – logarithmic"
        axis.set_xscale("log")
        axis.set_xlim(min(positive) / 3, max(positive) * 6)
    else:
        axis.set_xlim(0, max([*positive, 1e-9]) * 1.25)
    axis.set_title(title, fontsize=9, loc="left")
    axis.set_xticks([])
    axis.minorticks_off()
    for side in ("top", "right", "bottom"):
        axis.spines[side].set_visible(False)
