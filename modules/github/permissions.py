"""Permissions that Terraform needs to manage the module classes' resources: exact actions, limited to a project's
names.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ..iam import Condition, Statement
from ..key import STORAGE_ACTIONS


@dataclass(frozen=True)
class DeploymentTarget:
    """The deployment that a role is for: regions, the project's tag, the state bucket, and the account (default: that
    of the role's stack).
    """

    regions: Sequence[str]
    project: str
    state_bucket: str
    account_id: str | None = None


@dataclass(frozen=True)
class ArnAccount:
    """The parts of an ARN that an account determines."""

    id: str
    partition: str
    dns_suffix: str


@dataclass(frozen=True)
class Service:
    """Actions of one service, and the ARNs of its resources: {aws} (the partition), {region}, {account} and {name} are
    filled in.
    """

    prefix: str
    arns: Sequence[str]
    read: Sequence[str]
    write: Sequence[str]


# fmt: off
SERVICES = (
    Service("s3", ["arn:{aws}:s3:::{name}"], [
        "GetAccelerateConfiguration", "GetBucketAcl", "GetBucketCORS", "GetBucketLocation", "GetBucketLogging",
        "GetBucketNotification", "GetBucketObjectLockConfiguration", "GetBucketOwnershipControls", "GetBucketPolicy",
        "GetBucketPublicAccessBlock", "GetBucketRequestPayment", "GetBucketTagging", "GetBucketVersioning",
        "GetBucketWebsite", "GetEncryptionConfiguration", "GetLifecycleConfiguration", "GetReplicationConfiguration",
        "ListBucket",
    ], [
        # No object may be read or deleted: a workflow cannot remove a bucket that is not empty.
        "CreateBucket", "DeleteBucket", "DeleteBucketPolicy", "PutBucketCORS", "PutBucketNotification",
        "PutBucketOwnershipControls", "PutBucketPolicy", "PutBucketPublicAccessBlock", "PutBucketTagging",
        "PutBucketVersioning", "PutEncryptionConfiguration", "PutLifecycleConfiguration",
    ]),
    Service("lambda", ["arn:{aws}:lambda:{region}:{account}:function:{name}"], [
        "GetAlias", "GetFunction", "GetFunctionCodeSigningConfig", "GetFunctionConfiguration",
        "GetFunctionEventInvokeConfig", "GetFunctionRecursionConfig", "GetPolicy", "ListTags", "ListVersionsByFunction",
    ], [
        "AddPermission", "CreateAlias", "CreateFunction", "DeleteAlias", "DeleteFunction", "DeleteFunctionConcurrency",
        "DeleteFunctionEventInvokeConfig", "PublishVersion", "PutFunctionConcurrency", "PutFunctionEventInvokeConfig",
        "PutFunctionRecursionConfig", "RemovePermission", "TagResource", "UntagResource", "UpdateAlias",
        "UpdateFunctionCode", "UpdateFunctionConfiguration", "UpdateFunctionEventInvokeConfig",
    ]),
    Service("dynamodb", ["arn:{aws}:dynamodb:{region}:{account}:table/{name}"], [
        "DescribeContinuousBackups", "DescribeTable", "DescribeTimeToLive", "ListTagsOfResource",
    ], [
        "CreateTable", "DeleteTable", "TagResource", "UntagResource", "UpdateContinuousBackups", "UpdateTable",
        "UpdateTimeToLive",
    ]),
    Service("sns", ["arn:{aws}:sns:{region}:{account}:{name}"], [
        "GetTopicAttributes", "ListSubscriptionsByTopic", "ListTagsForResource",
    ], [
        "CreateTopic", "DeleteTopic", "SetTopicAttributes", "Subscribe", "TagResource", "UntagResource",
    ]),
    Service("sqs", ["arn:{aws}:sqs:{region}:{account}:{name}"], [
        "GetQueueAttributes", "GetQueueUrl", "ListQueueTags",
    ], ["CreateQueue", "DeleteQueue", "SetQueueAttributes", "TagQueue", "UntagQueue"]),
    Service("logs", [
        "arn:{aws}:logs:{region}:{account}:log-group:/aws/lambda/{name}",
        "arn:{aws}:logs:{region}:{account}:log-group:/aws/apigateway/{name}",
        # API Gateway names execution log groups by the id of the API.
        "arn:{aws}:logs:{region}:{account}:log-group:API-Gateway-Execution-Logs_*",
    ], ["ListTagsForResource"], [
        "CreateLogGroup", "DeleteLogGroup", "DeleteRetentionPolicy", "PutRetentionPolicy", "TagResource",
        "UntagResource",
    ]),
    Service("cloudwatch", [
        "arn:{aws}:cloudwatch:{region}:{account}:alarm:{name}", "arn:{aws}:cloudwatch::{account}:dashboard/{name}",
    ], ["GetDashboard", "ListTagsForResource"], [
        "DeleteAlarms", "DeleteDashboards", "PutDashboard", "PutMetricAlarm", "TagResource", "UntagResource",
    ]),
    Service("iam", ["arn:{aws}:iam::{account}:role/{name}"], [
        "GetRole", "GetRolePolicy", "ListAttachedRolePolicies", "ListInstanceProfilesForRole", "ListRolePolicies",
    ], [
        "CreateRole", "DeleteRole", "DeleteRolePolicy", "PutRolePolicy", "TagRole", "UntagRole",
        "UpdateAssumeRolePolicy", "UpdateRole",
    ]),
    Service("kms", ["arn:{aws}:kms:{region}:{account}:alias/{name}"], [], [
        "CreateAlias", "DeleteAlias", "UpdateAlias",
    ]),
    Service("codedeploy", [
        "arn:{aws}:codedeploy:{region}:{account}:application:{name}",
        "arn:{aws}:codedeploy:{region}:{account}:deploymentconfig:{name}",
        "arn:{aws}:codedeploy:{region}:{account}:deploymentgroup:{name}/*",
    ], ["GetApplication", "GetDeploymentConfig", "GetDeploymentGroup", "ListTagsForResource"], [
        "CreateApplication", "CreateDeploymentConfig", "CreateDeploymentGroup", "DeleteApplication",
        "DeleteDeploymentConfig", "DeleteDeploymentGroup", "TagResource", "UntagResource", "UpdateDeploymentGroup",
    ]),
    # Secrets Manager appends a hyphen and six characters. Workflows neither read nor write values.
    Service("secretsmanager", ["arn:{aws}:secretsmanager:{region}:{account}:secret:{name}-??????"], [
        "DescribeSecret", "GetResourcePolicy",
    ], [
        "CreateSecret", "DeleteResourcePolicy", "DeleteSecret", "PutResourcePolicy", "TagResource", "UntagResource",
        "UpdateSecret",
    ]),
    Service("events", [
        "arn:{aws}:events:{region}:{account}:rule/{name}", "arn:{aws}:events:{region}:{account}:rule/*/{name}",
    ], ["DescribeRule", "ListTagsForResource", "ListTargetsByRule"], [
        "DeleteRule", "PutRule", "PutTargets", "RemoveTargets", "TagResource", "UntagResource",
    ]),
    Service("scheduler", ["arn:{aws}:scheduler:{region}:{account}:schedule/default/{name}"], ["GetSchedule"], [
        "CreateSchedule", "DeleteSchedule", "UpdateSchedule",
    ]),
    # API ARNs contain ids, not names.
    Service("apigateway", ["arn:{aws}:apigateway:{region}::/restapis", "arn:{aws}:apigateway:{region}::/restapis/*",
                           "arn:{aws}:apigateway:{region}::/usageplans", "arn:{aws}:apigateway:{region}::/usageplans/*",
                           "arn:{aws}:apigateway:{region}::/apikeys", "arn:{aws}:apigateway:{region}::/apikeys/*",
                           "arn:{aws}:apigateway:{region}::/tags/*"],
            ["GET"], ["DELETE", "PATCH", "POST", "PUT"]),
    Service("application-autoscaling", ["arn:{aws}:application-autoscaling:{region}:{account}:scalable-target/*"],
            ["ListTagsForResource"],
            ["DeleteScalingPolicy", "DeregisterScalableTarget", "PutScalingPolicy", "RegisterScalableTarget",
             "TagResource", "UntagResource"]),
)
# fmt: on

# List actions that AWS supports for the whole account only.
LISTS = (
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:DescribeScalingPolicies",
    "cloudwatch:DescribeAlarms",
    "dynamodb:ListTables",
    "kms:ListAliases",
    "logs:DescribeLogGroups",
    "sns:GetSubscriptionAttributes",  # subscriptions have no ARN that a policy could name
)
READ_KEYS = ("kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags")
WRITE_KEYS = (
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:EnableKeyRotation",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)


def reviewing(target: DeploymentTarget, account: ArnAccount, names: Sequence[str]) -> list[Statement]:
    """What a plan reads, the state with its lock, and a prefix for reviewed plans."""
    bucket = f"arn:{account.partition}:s3:::{target.state_bucket}"
    state = f"{bucket}/{target.project}/*/terraform.tfstate"
    return [
        *(_of(service, service.read, target, account, names) for service in SERVICES if service.read),
        Statement(sid="Lists", actions=LISTS, resources=["*"]),
        Statement(
            sid="Mappings",
            actions=["lambda:GetEventSourceMapping", "lambda:ListTags"],
            resources=_mappings(target, account),
        ),
        Statement(
            sid="Keys",
            actions=READ_KEYS,
            resources=_keys(target, account),
            conditions=[_tagged("aws:ResourceTag", target.project)],
        ),
        Statement(sid="StateBucket", actions=["s3:ListBucket"], resources=[bucket]),
        Statement(sid="State", actions=["s3:GetObject"], resources=[state]),
        # A plan locks the state that it reads.
        Statement(
            sid="Lock", actions=["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], resources=[f"{state}.tflock"]
        ),
        Statement(
            sid="Reviews", actions=["s3:GetObject", "s3:PutObject"], resources=[f"{bucket}/reviews/{target.project}/*"]
        ),
    ]


def deploying(target: DeploymentTarget, account: ArnAccount, names: Sequence[str]) -> list[Statement]:
    """What applying a plan writes, in addition to what `reviewing` allows."""
    tagged = _tagged("aws:ResourceTag", target.project)
    return [
        *(_of(service, service.write, target, account, names) for service in SERVICES),
        Statement(sid="Keys", actions=WRITE_KEYS, resources=_keys(target, account), conditions=[tagged]),
        Statement(
            sid="KeysOfTables",
            actions=STORAGE_ACTIONS,  # DynamoDB requires these of whoever creates a table with a key
            resources=_keys(target, account),
            conditions=[
                tagged,
                Condition(
                    "StringEquals",
                    "kms:ViaService",
                    [f"dynamodb.{region}.{account.dns_suffix}" for region in target.regions],
                ),
            ],
        ),
        Statement(
            sid="Mappings",
            actions=["lambda:DeleteEventSourceMapping", "lambda:UpdateEventSourceMapping"],
            resources=_mappings(target, account),
            conditions=[_of_functions(target, account, names)],
        ),
        # Terraform calls these for a gradual release, and no other function.
        Statement(
            sid="StartReleases",
            actions=["lambda:InvokeFunction"],
            resources=[f"{function}-release-start" for function in _functions(target, account, names)],
        ),
        Statement(
            sid="MappingTags",
            actions=["lambda:TagResource", "lambda:UntagResource"],
            resources=_mappings(target, account),
        ),
        # A new mapping has no ARN yet: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
        Statement(
            sid="NewMappings",
            actions=["lambda:CreateEventSourceMapping"],
            resources=["*"],
            conditions=[_of_functions(target, account, names)],
        ),
        Statement(sid="Subscriptions", actions=["sns:Unsubscribe"], resources=["*"]),
        Statement(
            sid="NewKeys",
            actions=["kms:CreateKey", "kms:TagResource"],
            resources=["*"],
            conditions=[_tagged("aws:RequestTag", target.project)],
        ),
        Statement(
            sid="RolesOfFunctions",
            actions=["iam:PassRole"],
            resources=[f"arn:{account.partition}:iam::{account.id}:role/{name}" for name in names],
            conditions=[
                Condition(
                    "StringEquals",
                    "iam:PassedToService",
                    ["codedeploy.amazonaws.com", "lambda.amazonaws.com", "scheduler.amazonaws.com"],
                )
            ],
        ),
        Statement(
            sid="WriteState",
            actions=["s3:PutObject"],
            resources=[f"arn:{account.partition}:s3:::{target.state_bucket}/{target.project}/*/terraform.tfstate"],
        ),
    ]


def _of(
    service: Service, actions: Sequence[str], target: DeploymentTarget, account: ArnAccount, names: Sequence[str]
) -> Statement:
    arns = [
        arn.format(name=name, region=region, account=account.id, aws=account.partition)
        for arn in service.arns
        for region in target.regions
        for name in names
    ]
    return Statement(
        sid=service.prefix.title().replace("-", ""),
        actions=[f"{service.prefix}:{action}" for action in actions],
        resources=list(dict.fromkeys(arns)),
    )


def _mappings(target: DeploymentTarget, account: ArnAccount) -> list[str]:
    return [f"arn:{account.partition}:lambda:{region}:{account.id}:event-source-mapping:*" for region in target.regions]


def _functions(target: DeploymentTarget, account: ArnAccount, names: Sequence[str]) -> list[str]:
    return [
        f"arn:{account.partition}:lambda:{region}:{account.id}:function:{name}"
        for region in target.regions
        for name in names
    ]


def _of_functions(target: DeploymentTarget, account: ArnAccount, names: Sequence[str]) -> Condition:
    return Condition("ArnLike", "lambda:FunctionArn", _functions(target, account, names))


def _keys(target: DeploymentTarget, account: ArnAccount) -> list[str]:
    return [f"arn:{account.partition}:kms:{region}:{account.id}:key/*" for region in target.regions]


def _tagged(key: str, project: str) -> Condition:
    return Condition("StringEquals", f"{key}/Project", [project])
