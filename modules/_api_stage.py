"""The stage of an API: logs, metrics, throttling, firewall and alarm."""

import json

from cdktf_cdktf_provider_aws.api_gateway_deployment import ApiGatewayDeployment
from cdktf_cdktf_provider_aws.api_gateway_method_settings import ApiGatewayMethodSettings
from cdktf_cdktf_provider_aws.api_gateway_stage import ApiGatewayStage
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.wafv2_web_acl_association import Wafv2WebAclAssociation
from constructs import Construct

from ._checks import is_token
from ._identifiers import shorten
from ._limits import LOG_GROUP_NAME
from .accepted import accept
from .alarms import Alarms, AlarmTopic
from .function import LOGS_WITHOUT_KEY
from .key import AnyKey

STAGE = "live"

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
ACCESS_LOG = {
    "requestId": "$context.requestId",
    "requestTime": "$context.requestTime",
    "httpMethod": "$context.httpMethod",
    "resourcePath": "$context.resourcePath",
    "status": "$context.status",
    "responseLatency": "$context.responseLatency",
    "responseLength": "$context.responseLength",
    "integrationStatus": "$context.integration.status",
    "integrationLatency": "$context.integration.latency",
    "sourceIp": "$context.identity.sourceIp",
    "caller": "$context.identity.userArn",
    "error": "$context.error.message",
}

NO_CACHE = "an answer is what is true now, for one caller; a cache gives it to others, later, and costs by the hour"
NO_FIREWALL = "callers are known and throttled; who opens an API to strangers puts a web ACL before `stage.arn`"
RULES_OF_FIREWALL = "the web ACL's rules are its owner's, and in another plan; no Java runs behind this API"
ACCEPTED_OF_STAGE = {
    "CKV_AWS_120": NO_CACHE,
    "CKV2_AWS_51": "it would prove API Gateway to a server of one's own; Lambda knows it by its permission",
}


def add_stage(
    api: Construct,
    *,
    name: str,
    rest_api_id: str,
    deployment: ApiGatewayDeployment,
    open_to_anybody: bool,
    rate_limit: int,
    burst_limit: int,
    execution_log_level: str,
    log_retention_days: int,
    web_acl_arn: str | None,
    key: AnyKey | None,
) -> tuple[ApiGatewayStage, CloudwatchLogGroup]:
    """The stage, and the log group of its access log."""
    access_log = _add_log_group(api, "AccessLog", f"/aws/apigateway/{name}", log_retention_days, key)
    # API Gateway creates the execution log group under this name; created here first, it has a retention.
    execution_log = _add_log_group(
        api, "ExecutionLog", f"API-Gateway-Execution-Logs_{rest_api_id}/{STAGE}", log_retention_days, key
    )
    stage = ApiGatewayStage(
        api,
        "Stage",
        rest_api_id=rest_api_id,
        deployment_id=deployment.id,
        stage_name=STAGE,
        xray_tracing_enabled=True,
        access_log_settings={"destination_arn": access_log.arn, "format": json.dumps(ACCESS_LOG)},
        depends_on=[execution_log],
    )
    accept(stage, ACCEPTED_OF_STAGE)
    if web_acl_arn:
        Wafv2WebAclAssociation(api, "WebAcl", resource_arn=stage.arn, web_acl_arn=web_acl_arn)
        accept(stage, {"CKV2_AWS_77": RULES_OF_FIREWALL})
    elif not open_to_anybody:
        accept(stage, {"CKV2_AWS_29": NO_FIREWALL})
    settings = ApiGatewayMethodSettings(
        api,
        "MethodSettings",
        rest_api_id=rest_api_id,
        stage_name=stage.stage_name,
        method_path="*/*",
        settings={
            "metrics_enabled": True,
            "logging_level": execution_log_level,
            "data_trace_enabled": False,
            "throttling_rate_limit": rate_limit,
            "throttling_burst_limit": burst_limit,
        },
    )
    accept(settings, {"CKV_AWS_225": NO_CACHE})
    return stage, access_log


SHOWN_OF_NAME = 256  # characters of an API's name, which may be as long as a description


def add_alarms(api: Construct, *, name: str, topic: AlarmTopic | None) -> None:
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
    shown = name if is_token(name) else name[:SHOWN_OF_NAME]
    Alarms(api, "Alarms", name=name, topic=topic).add(
        "ServerErrors",
        description=f"{shown} answered with a 5xx status; the function's log and the execution log say why",
        namespace="AWS/ApiGateway",
        metric="5XXError",
        dimensions={"ApiName": name, "Stage": STAGE},
        above=0,
    )


def _add_log_group(api: Construct, id_: str, name: str, retention_days: int, key: AnyKey | None) -> CloudwatchLogGroup:
    if not is_token(name):
        name = shorten(name, LOG_GROUP_NAME.longest, LOG_GROUP_NAME.characters)
    log_group = CloudwatchLogGroup(
        api, id_, name=name, retention_in_days=retention_days, kms_key_id=key.arn if key else None
    )
    if key:
        key.allow_log_group(name)
    else:
        accept(log_group, {"CKV_AWS_158": LOGS_WITHOUT_KEY})
    return log_group
