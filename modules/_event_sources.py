"""Lambda event source mappings: Lambda polls a queue or a table's stream, and invokes a function with batches."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from cdktf import TerraformResource
from cdktf_cdktf_provider_aws.lambda_event_source_mapping import (
    LambdaEventSourceMapping,
    LambdaEventSourceMappingFilterCriteria,
    LambdaEventSourceMappingFilterCriteriaFilter,
)
from constructs import Construct

from . import _limits as limits
from ._any_function import AnyFunction
from ._checks import check_templates
from ._delivery import place
from ._event_filters import OF_STREAMS, check_pattern
from ._expressions import as_written
from ._pollers import Pattern
from ._stream_filters import check_records


def poll(
    source: Construct,
    function: AnyFunction,
    *,
    arn: str,
    batch_size: int,
    window_seconds: int,
    filters: Sequence[Pattern],
    partial_failures: bool,
    depends_on: Sequence[TerraformResource],
    **options: Any,
) -> LambdaEventSourceMapping:
    """Make Lambda poll a source for a function. Lambda checks the role's permissions first, so the mapping waits for
    them.
    """
    limits.EVENT_FILTERS.check(source, "filters", filters)
    limits.BATCH_WINDOW_SECONDS.check(source, "window_seconds", window_seconds)
    scope, id_ = place(source, function)
    return LambdaEventSourceMapping(
        scope,
        id_,
        event_source_arn=arn,
        function_name=function.arn,
        batch_size=batch_size,
        maximum_batching_window_in_seconds=window_seconds or None,
        filter_criteria=_criteria(source, filters),
        # Without it, one failed record causes a retry of the whole batch.
        function_response_types=["ReportBatchItemFailures"] if partial_failures else None,
        depends_on=list(depends_on),
        **options,
    )


def _criteria(source: Construct, filters: Sequence[Pattern]) -> LambdaEventSourceMappingFilterCriteria | None:
    if not filters:
        return None
    check_templates(source, "filters", filters)
    for pattern in filters:
        check_pattern(source, "filters", pattern, OF_STREAMS)
        check_records(source, pattern)
    patterns = [json.dumps(one) for one in filters]
    for text in patterns:
        limits.EVENT_FILTER.check(source, "filters", text)
    return LambdaEventSourceMappingFilterCriteria(
        filter=[LambdaEventSourceMappingFilterCriteriaFilter(pattern=as_written(source, text)) for text in patterns]
    )
