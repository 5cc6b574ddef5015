"""Writes the report of the day before the planned time: the sales, and beside them those that could not be read.

A repeat for the same time finds what is written. The report is written last, so where it is, everything is.
"""

from dataclasses import dataclass
from typing import Any

from sluice_functions import environment, schedules
from sluice_functions.observability import MetricUnit, instrumented, logger, metrics

from .report import day_before, report_of
from .store import ReportStore, SalesStore, read_secret


@dataclass(frozen=True)
class Environment:
    bucket_name: str
    day_index: str
    sales_table_name: str
    secret_arn: str


ENVIRONMENT = environment.read(Environment)
SALES = SalesStore(ENVIRONMENT.sales_table_name, ENVIRONMENT.day_index)
REPORTS = ReportStore(ENVIRONMENT.bucket_name)


@instrumented
def handle(event: dict[str, Any], context: object) -> None:
    """Exceptions are not caught: Lambda then retries the event, and finally keeps it in the failure queue."""
    day = day_before(schedules.scheduled(event).time)
    report = report_of(SALES.of_day(day), read_secret(ENVIRONMENT.secret_arn))
    if report.rejected_count:
        REPORTS.write_once(f"rejected/{day}.csv", report.rejected)
    if REPORTS.write_once(f"reports/{day}.csv", report.sales):
        logger.info("report written", extra={"day": day, "sales": report.count, "rejected": report.rejected_count})
        metrics.add_metric("SalesReported", MetricUnit.Count, report.count)
        metrics.add_metric("SalesRejected", MetricUnit.Count, report.rejected_count)
