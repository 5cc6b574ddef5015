"""Simulate a stack under a load."""

import argparse
import json
import os
import tempfile
from pathlib import Path

from sluice_cli.arguments import add_json, add_project, project_of
from sluice_cli.exit_codes import ExitCode
from sluice_cli.load_model.advice import advise
from sluice_cli.load_model.arrivals import PATTERNS
from sluice_cli.load_model.cost import cost_of_load
from sluice_cli.load_model.highest import highest_rate
from sluice_cli.load_model.inputs import checked_arrivals, checked_picture, chosen_entry, read_counts
from sluice_cli.load_model.quotas import ADJUSTABLE, raised
from sluice_cli.load_model.reading import read_model
from sluice_cli.load_model.report import as_json, lines
from sluice_cli.load_model.simulation import LoadSimulation


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stack", metavar="STACK", help="the stack's name")
    add_project(parser)
    parser.add_argument(
        "--rate", metavar="N", help="events a second; the highest of the pattern (a schedule has times of its own)"
    )
    parser.add_argument(
        "--pattern",
        default="steady",
        metavar="PATTERN",
        help="; ".join(f"{name}: {words}" for name, words in PATTERNS.items()) + " (default: steady)",
    )
    parser.add_argument("--hours", metavar="N", help="how long events arrive (default: 1; diurnal: 24)")
    parser.add_argument("--minutes", metavar="N", help="how long events arrive, beside --hours")
    parser.add_argument(
        "--entry", metavar="CONSTRUCT", help="where events come in (default: the likeliest, see docs/load.md)"
    )
    parser.add_argument(
        "--work", type=Path, metavar="FILE", help="what an event takes (default: review_load.toml beside cdktf.json)"
    )
    parser.add_argument(
        "--quota",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help=f"a quota that AWS raised for the account: {', '.join(ADJUSTABLE)}",
    )
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw the run over time: FILE.svg or FILE.png")
    parser.add_argument("--no-advice", action="store_true", help="do not simulate again with settings changed")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the random numbers (default: 1)")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    project = project_of(arguments)
    given = checked_arrivals(arguments.pattern, arguments.rate, arguments.hours, arguments.minutes)
    quotas = raised(arguments.quota)
    counts = read_counts(project.folder, arguments.work)
    draw = checked_picture(arguments.picture)
    with tempfile.TemporaryDirectory(prefix="sluice-load-") as folder:
        synthesized = project.synthesize(os.environ, Path(folder) / "cdktf.out", quiet=True)
        synthesized.check([arguments.stack])
        model = read_model(synthesized.folders[arguments.stack], arguments.stack, quotas, counts)
    entry = chosen_entry(model, counts, arguments.entry)
    arrivals = given.in_messages_of(model, entry)
    result = LoadSimulation(model, entry, arrivals, seed=arguments.seed).run()
    cost = cost_of_load(result)
    advice = [] if arguments.no_advice else advise(result, seed=arguments.seed)
    is_scheduled = entry.address in model.schedules
    highest = None if arguments.no_advice or is_scheduled else highest_rate(model, entry, seed=arguments.seed)
    if draw:
        draw(result)
    if arguments.json:
        print(json.dumps(as_json(result, cost, advice, highest), indent=2))
    else:
        print("\n".join(lines(result, cost, advice, highest)))
        if arguments.picture:
            print(f"\n{arguments.picture}")
    return ExitCode.DONE
