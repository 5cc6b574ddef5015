locals {
  tags = merge(
    {
      CostCenter  = var.cost_center
      Environment = var.environment
      ManagedBy   = "terraform"
      Owner       = var.owner
      Project     = var.project
      System      = "file-metadata"
    },
    var.tags
  )
  bucket_name = coalesce(var.metadata_bucket_name, "${var.project}-file-metadata-uploads-${var.environment}-${data.aws_caller_identity.account.account_id}")
  table_name  = coalesce(var.metadata_table_name, "${var.project}-file-metadata-metadata-${var.environment}")
  protected   = contains(var.protected_environments, var.environment)
}

data "aws_caller_identity" "account" {
}

data "aws_dynamodb_table" "metadata_current" {
  count = var.metadata_autoscale_to != null ? try(contains(data.aws_dynamodb_tables.metadata[0].names, "${local.table_name}"), false) ? 1 : 0 : 0
  name  = local.table_name
}

data "aws_dynamodb_tables" "metadata" {
  count = var.metadata_autoscale_to != null ? 1 : 0
}

data "aws_partition" "current" {
}

data "aws_region" "current" {
}

data "aws_iam_policy_document" "alarm_topic" {

  statement {
    sid       = "DenyInsecureTransport"
    actions   = ["sns:Publish"]
    effect    = "Deny"
    resources = [aws_sns_topic.alarm.arn]

    condition {
      test     = "Bool"
      values   = ["false"]
      variable = "aws:SecureTransport"
    }

    principals {
      identifiers = ["*"]
      type        = "*"
    }
  }

  statement {
    sid       = "AllowCloudwatch"
    actions   = ["sns:Publish"]
    effect    = "Allow"
    resources = [aws_sns_topic.alarm.arn]

    condition {
      test     = "StringEquals"
      values   = [data.aws_caller_identity.account.account_id]
      variable = "aws:SourceAccount"
    }

    principals {
      identifiers = ["cloudwatch.amazonaws.com"]
      type        = "Service"
    }
  }
}

resource "aws_sns_topic" "alarm" {
  name              = "${var.project}-file-metadata-alarms-${var.environment}"
  kms_master_key_id = aws_kms_key.key.arn
  tags              = local.tags
}

resource "aws_sns_topic_policy" "alarm" {
  arn    = aws_sns_topic.alarm.arn
  policy = data.aws_iam_policy_document.alarm_topic.json
}

resource "aws_sns_topic_subscription" "alarm_email" {
  count     = var.notification_email != null ? 1 : 0
  endpoint  = var.notification_email
  protocol  = "email"
  topic_arn = aws_sns_topic.alarm.arn
}

data "aws_iam_policy_document" "buffer" {
  count = var.metadata_delivery != "direct" ? 1 : 0

  statement {
    sid       = "DenyInsecureTransport"
    actions   = ["sqs:*"]
    effect    = "Deny"
    resources = [aws_sqs_queue.buffer[0].arn]

    condition {
      test     = "Bool"
      values   = ["false"]
      variable = "aws:SecureTransport"
    }

    principals {
      identifiers = ["*"]
      type        = "*"
    }
  }

  statement {
    sid       = "AllowS3"
    actions   = ["sqs:SendMessage"]
    effect    = "Allow"
    resources = [aws_sqs_queue.buffer[0].arn]

    condition {
      test     = "ArnEquals"
      values   = [aws_s3_bucket.uploads.arn]
      variable = "aws:SourceArn"
    }

    condition {
      test     = "StringEquals"
      values   = [data.aws_caller_identity.account.account_id]
      variable = "aws:SourceAccount"
    }

    principals {
      identifiers = ["s3.amazonaws.com"]
      type        = "Service"
    }
  }
}

data "aws_iam_policy_document" "buffer_dead_letters" {
  count = var.metadata_delivery != "direct" ? 1 : 0

  statement {
    sid       = "DenyInsecureTransport"
    actions   = ["sqs:*"]
    effect    = "Deny"
    resources = [aws_sqs_queue.buffer_dead_letters[0].arn]

    condition {
      test     = "Bool"
      values   = ["false"]
      variable = "aws:SecureTransport"
    }

    principals {
      identifiers = ["*"]
      type        = "*"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "buffer_backlog" {
  count               = var.metadata_delivery != "direct" ? 1 : 0
  alarm_name          = "${var.project}-file-metadata-buffer-${var.environment}-ApproximateAgeOfOldestMessage"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "Events wait for longer than all attempts at one of them take in ${var.project}-file-metadata-buffer-${var.environment}"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    QueueName = aws_sqs_queue.buffer[0].name
  }
  evaluation_periods = 1
  metric_name        = "ApproximateAgeOfOldestMessage"
  namespace          = "AWS/SQS"
  ok_actions         = [aws_sns_topic.alarm.arn]
  period             = 60
  statistic          = "Maximum"
  threshold          = var.lambda_timeout_seconds * 30
  treat_missing_data = "notBreaching"
  tags               = local.tags
}

resource "aws_cloudwatch_metric_alarm" "buffer_dead_letters_kept" {
  count               = var.metadata_delivery != "direct" ? 1 : 0
  alarm_name          = "${var.project}-file-metadata-buffer-${var.environment}-dead-letters-ApproximateNumberOfMessagesVisible"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "Messages that nobody could process after 5 times wait in ${var.project}-file-metadata-buffer-${var.environment}-dead-letters"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    QueueName = aws_sqs_queue.buffer_dead_letters[0].name
  }
  evaluation_periods = 1
  metric_name        = "ApproximateNumberOfMessagesVisible"
  namespace          = "AWS/SQS"
  ok_actions         = [aws_sns_topic.alarm.arn]
  period             = 60
  statistic          = "Maximum"
  threshold          = 0
  treat_missing_data = "notBreaching"
  tags               = local.tags
}

resource "aws_lambda_event_source_mapping" "buffer_to_extractor" {
  count                              = var.metadata_delivery != "direct" ? 1 : 0
  function_name                      = aws_lambda_function.extractor.arn
  batch_size                         = var.buffer_batch_size
  event_source_arn                   = aws_sqs_queue.buffer[0].arn
  function_response_types            = ["ReportBatchItemFailures"]
  maximum_batching_window_in_seconds = var.buffer_window_seconds
  tags                               = local.tags

  scaling_config {
    maximum_concurrency = var.buffer_max_concurrency
  }

  depends_on = [aws_iam_role_policy.extractor_poll_buffer]
}

resource "aws_sqs_queue" "buffer" {
  count                     = var.metadata_delivery != "direct" ? 1 : 0
  name                      = "${var.project}-file-metadata-buffer-${var.environment}"
  kms_master_key_id         = var.encryption_keys == "customer" ? aws_kms_key.key.arn : null
  message_retention_seconds = 1209600
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.buffer_dead_letters[0].arn
    maxReceiveCount     = 5
  })
  sqs_managed_sse_enabled    = var.encryption_keys != "customer" ? true : null
  visibility_timeout_seconds = var.lambda_timeout_seconds * 6 + var.buffer_window_seconds
  tags                       = local.tags
}

resource "aws_sqs_queue" "buffer_dead_letters" {
  count                     = var.metadata_delivery != "direct" ? 1 : 0
  name                      = "${var.project}-file-metadata-buffer-${var.environment}-dead-letters"
  kms_master_key_id         = var.encryption_keys == "customer" ? aws_kms_key.key.arn : null
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = var.encryption_keys != "customer" ? true : null
  tags                      = local.tags
}

resource "aws_sqs_queue_policy" "buffer" {
  count     = var.metadata_delivery != "direct" ? 1 : 0
  policy    = data.aws_iam_policy_document.buffer[0].json
  queue_url = aws_sqs_queue.buffer[0].url
}

resource "aws_sqs_queue_policy" "buffer_dead_letters" {
  count     = var.metadata_delivery != "direct" ? 1 : 0
  policy    = data.aws_iam_policy_document.buffer_dead_letters[0].json
  queue_url = aws_sqs_queue.buffer_dead_letters[0].url
}

data "aws_iam_policy_document" "extractor_assume_role" {

  statement {
    sid       = "LambdaService"
    actions   = ["sts:AssumeRole"]
    effect    = "Allow"
    resources = []

    principals {
      identifiers = ["lambda.amazonaws.com"]
      type        = "Service"
    }
  }
}

data "aws_iam_policy_document" "extractor_connect" {
  count = length(var.vpc_subnet_ids) > 0 ? 1 : 0

  statement {
    sid = "KeepInterfaces"
    actions = [
      "ec2:AssignPrivateIpAddresses",
      "ec2:CreateNetworkInterface",
      "ec2:DeleteNetworkInterface",
      "ec2:UnassignPrivateIpAddresses",
    ]
    effect    = "Allow"
    resources = ["arn:${data.aws_partition.current.partition}:ec2:*:*:*/*"]
  }

  statement {
    sid       = "FindInterfaces"
    actions   = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"]
    effect    = "Allow"
    resources = ["*"]
  }
}

data "aws_iam_policy_document" "extractor_failures" {

  statement {
    sid       = "DenyInsecureTransport"
    actions   = ["sqs:*"]
    effect    = "Deny"
    resources = [aws_sqs_queue.extractor_failures.arn]

    condition {
      test     = "Bool"
      values   = ["false"]
      variable = "aws:SecureTransport"
    }

    principals {
      identifiers = ["*"]
      type        = "*"
    }
  }
}

data "aws_iam_policy_document" "extractor_operate" {

  statement {
    sid       = "WriteOwnLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    effect    = "Allow"
    resources = ["${aws_cloudwatch_log_group.extractor.arn}:*"]
  }

  statement {
    sid       = "WriteTraces"
    actions   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
    effect    = "Allow"
    resources = ["*"]
  }

  statement {
    sid       = "KeepFailures"
    actions   = ["sqs:SendMessage"]
    effect    = "Allow"
    resources = [aws_sqs_queue.extractor_failures.arn]
  }

  dynamic "statement" {
    for_each = var.encryption_keys == "customer" ? [1] : []
    content {
      sid       = "UseKey"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      effect    = "Allow"
      resources = [aws_kms_key.key.arn]
    }
  }
}

data "aws_iam_policy_document" "extractor_poll_buffer" {
  count = var.metadata_delivery != "direct" ? 1 : 0

  statement {
    sid       = "Poll"
    actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    effect    = "Allow"
    resources = [aws_sqs_queue.buffer[0].arn]
  }

  dynamic "statement" {
    for_each = var.encryption_keys == "customer" ? [1] : []
    content {
      sid       = "DecryptMessages"
      actions   = ["kms:Decrypt"]
      effect    = "Allow"
      resources = [aws_kms_key.key.arn]
    }
  }
}

data "aws_iam_policy_document" "extractor_put_metadata" {

  statement {
    sid       = "Put"
    actions   = ["dynamodb:PutItem"]
    effect    = "Allow"
    resources = [aws_dynamodb_table.metadata.arn]
  }
}

data "aws_iam_policy_document" "extractor_read_uploads" {

  statement {
    sid       = "Read"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    effect    = "Allow"
    resources = ["${aws_s3_bucket.uploads.arn}/*"]
  }

  dynamic "statement" {
    for_each = var.encryption_keys == "customer" ? [1] : []
    content {
      sid       = "ReadKey"
      actions   = ["kms:Decrypt"]
      effect    = "Allow"
      resources = [aws_kms_key.key.arn]
    }
  }
}

data "aws_iam_policy_document" "extractor_reserve_connection" {
  count = length(var.vpc_subnet_ids) > 0 ? 1 : 0

  statement {
    sid = "InterfacesAreLambdas"
    actions = [
      "ec2:AssignPrivateIpAddresses",
      "ec2:CreateNetworkInterface",
      "ec2:DeleteNetworkInterface",
      "ec2:UnassignPrivateIpAddresses",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSubnets",
    ]
    effect    = "Deny"
    resources = ["*"]

    condition {
      test     = "ArnEquals"
      values   = [aws_lambda_function.extractor.arn]
      variable = "lambda:SourceFunctionArn"
    }
  }
}

data "aws_iam_policy_document" "extractor_use_key_of_metadata" {
  count = var.encryption_keys == "customer" ? 1 : 0

  statement {
    sid       = "UseTableKey"
    actions   = ["kms:Decrypt", "kms:DescribeKey"]
    effect    = "Allow"
    resources = [aws_kms_key.key.arn]
  }
}

resource "aws_cloudwatch_log_group" "extractor" {
  # checkov:skip=CKV_AWS_158: CloudWatch Logs encrypts all logs by itself; they hold no file contents and no secrets
  name              = "/aws/lambda/${var.project}-file-metadata-extractor-${var.environment}"
  kms_key_id        = var.encryption_keys == "customer" ? aws_kms_key.key.arn : null
  retention_in_days = var.log_retention_days
  tags              = local.tags
}

resource "aws_cloudwatch_metric_alarm" "extractor_destination_delivery_failures" {
  alarm_name          = "${var.project}-file-metadata-extractor-${var.environment}-DestinationDeliveryFailures"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "${var.project}-file-metadata-extractor-${var.environment} could not keep a failed event in ${aws_sqs_queue.extractor_failures.name}"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    FunctionName = "${var.project}-file-metadata-extractor-${var.environment}"
  }
  evaluation_periods = 1
  metric_name        = "DestinationDeliveryFailures"
  namespace          = "AWS/Lambda"
  ok_actions         = [aws_sns_topic.alarm.arn]
  period             = 60
  statistic          = "Sum"
  threshold          = 0
  treat_missing_data = "notBreaching"
  tags               = local.tags
}

resource "aws_cloudwatch_metric_alarm" "extractor_duration" {
  alarm_name          = "${var.project}-file-metadata-extractor-${var.environment}-Duration"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "${var.project}-file-metadata-extractor-${var.environment} took more than 80 % of its timeout of ${var.lambda_timeout_seconds} s"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    FunctionName = "${var.project}-file-metadata-extractor-${var.environment}"
  }
  evaluation_periods = 1
  metric_name        = "Duration"
  namespace          = "AWS/Lambda"
  ok_actions         = [aws_sns_topic.alarm.arn]
  period             = 60
  statistic          = "Maximum"
  threshold          = var.lambda_timeout_seconds * 800
  treat_missing_data = "notBreaching"
  tags               = local.tags
}

resource "aws_cloudwatch_metric_alarm" "extractor_errors" {
  alarm_name          = "${var.project}-file-metadata-extractor-${var.environment}-Errors"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "${var.project}-file-metadata-extractor-${var.environment} failed; after two more tries the event is kept in ${aws_sqs_queue.extractor_failures.name}"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    FunctionName = "${var.project}-file-metadata-extractor-${var.environment}"
  }
  evaluation_periods = 1
  metric_name        = "Errors"
  namespace          = "AWS/Lambda"
  ok_actions         = [aws_sns_topic.alarm.arn]
  period             = 60
  statistic          = "Sum"
  threshold          = 0
  treat_missing_data = "notBreaching"
  tags               = local.tags
}

resource "aws_cloudwatch_metric_alarm" "extractor_failures_kept" {
  alarm_name          = "${var.project}-file-metadata-extractor-${var.environment}-ApproximateNumberOfMessagesVisible"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "Events that ${var.project}-file-metadata-extractor-${var.environment} could not process wait in ${aws_sqs_queue.extractor_failures.name}"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    QueueName = aws_sqs_queue.extractor_failures.name
  }
  evaluation_periods = 1
  metric_name        = "ApproximateNumberOfMessagesVisible"
  namespace          = "AWS/SQS"
  ok_actions         = [aws_sns_topic.alarm.arn]
  period             = 60
  statistic          = "Maximum"
  threshold          = 0
  treat_missing_data = "notBreaching"
  tags               = local.tags
}

resource "aws_cloudwatch_metric_alarm" "extractor_throttles" {
  alarm_name          = "${var.project}-file-metadata-extractor-${var.environment}-Throttles"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "${var.project}-file-metadata-extractor-${var.environment} was throttled: raise its or the account's concurrency"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    FunctionName = "${var.project}-file-metadata-extractor-${var.environment}"
  }
  evaluation_periods = 1
  metric_name        = "Throttles"
  namespace          = "AWS/Lambda"
  ok_actions         = [aws_sns_topic.alarm.arn]
  period             = 60
  statistic          = "Sum"
  threshold          = 0
  treat_missing_data = "notBreaching"
  tags               = local.tags
}

resource "aws_iam_role" "extractor" {
  name               = "${var.project}-file-metadata-extractor-${var.environment}"
  assume_role_policy = data.aws_iam_policy_document.extractor_assume_role.json
  tags               = local.tags
}

resource "aws_iam_role_policy" "extractor_connect" {
  # RESOURCE_MISMATCH: AWS prescribes all resources of EC2, not only interfaces; the function's own code is denied the same actions
  count  = length(var.vpc_subnet_ids) > 0 ? 1 : 0
  name   = "ConnectExtractor"
  policy = data.aws_iam_policy_document.extractor_connect[0].json
  role   = aws_iam_role.extractor.name
}

resource "aws_iam_role_policy" "extractor_operate" {
  name   = "OperateExtractor"
  policy = data.aws_iam_policy_document.extractor_operate.json
  role   = aws_iam_role.extractor.name
}

resource "aws_iam_role_policy" "extractor_poll_buffer" {
  count  = var.metadata_delivery != "direct" ? 1 : 0
  name   = "PollBuffer"
  policy = data.aws_iam_policy_document.extractor_poll_buffer[0].json
  role   = aws_iam_role.extractor.name
}

resource "aws_iam_role_policy" "extractor_put_metadata" {
  name   = "PutMetadata"
  policy = data.aws_iam_policy_document.extractor_put_metadata.json
  role   = aws_iam_role.extractor.name
}

resource "aws_iam_role_policy" "extractor_read_uploads" {
  name   = "ReadUploads"
  policy = data.aws_iam_policy_document.extractor_read_uploads.json
  role   = aws_iam_role.extractor.name
}

resource "aws_iam_role_policy" "extractor_reserve_connection" {
  # UNKNOWN_CONDITION_FOR_ACTION: Lambda adds this condition key to what a function's code asks of any service
  count  = length(var.vpc_subnet_ids) > 0 ? 1 : 0
  name   = "ReserveConnectionExtractor"
  policy = data.aws_iam_policy_document.extractor_reserve_connection[0].json
  role   = aws_iam_role.extractor.name
}

resource "aws_iam_role_policy" "extractor_use_key_of_metadata" {
  count  = var.encryption_keys == "customer" ? 1 : 0
  name   = "UseKeyOfMetadata"
  policy = data.aws_iam_policy_document.extractor_use_key_of_metadata[0].json
  role   = aws_iam_role.extractor.name
}

resource "aws_lambda_function" "extractor" {
  # checkov:skip=CKV_AWS_115: concurrency reserved here is taken from the account's other functions; throttled events wait in Lambda's queue for six hours, and an alarm rings
  # checkov:skip=CKV_AWS_116: the on-failure destination keeps the event and the error; a dead-letter queue would keep the event only, a second time
  # checkov:skip=CKV_AWS_117: it calls AWS's own endpoints only; in a VPC each would have to be paid for by the hour
  # checkov:skip=CKV_AWS_173: the environment holds names, no secrets, and Lambda encrypts it at rest by itself
  # checkov:skip=CKV_AWS_272: the code's hash is in the reviewed plan; a signing profile is the account's own to make
  function_name           = "${var.project}-file-metadata-extractor-${var.environment}"
  code_signing_config_arn = var.code_signing_config_arn
  filename                = "${path.module}/file_metadata.zip"
  handler                 = "file_metadata.handler.handle"
  kms_key_arn             = var.encryption_keys == "customer" ? aws_kms_key.key.arn : null
  memory_size             = 256
  role                    = aws_iam_role.extractor.arn
  runtime                 = var.lambda_runtime
  source_code_hash        = try(filebase64sha256("${path.module}/file_metadata.zip"), null)
  timeout                 = var.lambda_timeout_seconds
  tags                    = local.tags

  environment {
    variables = merge(
      {
        POWERTOOLS_METRICS_NAMESPACE = "${var.project}-file-metadata-extractor-${var.environment}"
        POWERTOOLS_SERVICE_NAME      = "${var.project}-file-metadata-extractor-${var.environment}"
        TABLE_NAME                   = aws_dynamodb_table.metadata.name
      },
      var.metadata_index_shards > 1 ? {
        INDEX_SHARDS = var.metadata_index_shards
      } : {}
    )
  }

  tracing_config {
    mode = "Active"
  }

  dynamic "vpc_config" {
    for_each = length(var.vpc_subnet_ids) > 0 ? [1] : []
    content {
      security_group_ids = var.vpc_security_group_ids
      subnet_ids         = var.vpc_subnet_ids
    }
  }

  lifecycle {
    precondition {
      condition     = fileexists("${path.module}/file_metadata.zip")
      error_message = "${path.module}/file_metadata.zip is missing: use a released archive of this module, or run `make terraform-modules` in a clone of the repository."
    }
  }

  depends_on = [
    aws_cloudwatch_log_group.extractor,
    aws_iam_role_policy.extractor_operate,
    aws_iam_role_policy.extractor_connect,
  ]
}

resource "aws_lambda_function_event_invoke_config" "extractor_asynchronous_invocation" {
  function_name                = aws_lambda_function.extractor.function_name
  maximum_event_age_in_seconds = 21600
  maximum_retry_attempts       = 2

  destination_config {

    on_failure {
      destination = aws_sqs_queue.extractor_failures.arn
    }
  }

  lifecycle {
    replace_triggered_by = [aws_lambda_function.extractor.id]
  }
}

resource "aws_lambda_permission" "extractor_invoke_for_uploads" {
  function_name  = aws_lambda_function.extractor.function_name
  action         = "lambda:InvokeFunction"
  principal      = "s3.amazonaws.com"
  source_account = data.aws_caller_identity.account.account_id
  source_arn     = aws_s3_bucket.uploads.arn

  lifecycle {
    replace_triggered_by = [aws_lambda_function.extractor.id]
  }
}

resource "aws_sqs_queue" "extractor_failures" {
  name                      = "${var.project}-file-metadata-extractor-${var.environment}-failures"
  kms_master_key_id         = var.encryption_keys == "customer" ? aws_kms_key.key.arn : null
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = var.encryption_keys != "customer" ? true : null
  tags                      = local.tags
}

resource "aws_sqs_queue_policy" "extractor_failures" {
  policy    = data.aws_iam_policy_document.extractor_failures.json
  queue_url = aws_sqs_queue.extractor_failures.url
}

data "aws_iam_policy_document" "key" {
  # checkov:skip=CKV_AWS_109: a key policy's resource is `*`, which is this one key, and its principals are this account
  # checkov:skip=CKV_AWS_111: a key policy's resource is `*`, which is this one key, and its principals are this account
  # checkov:skip=CKV_AWS_356: a key policy's resource is `*`, which is this one key, and its principals are this account

  statement {
    sid       = "AccountPolicies"
    actions   = ["kms:*"]
    effect    = "Allow"
    resources = ["*"]

    principals {
      identifiers = [
        "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.account.account_id}:root",
      ]
      type = "AWS"
    }
  }

  statement {
    sid       = "AllowCloudwatch"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
    effect    = "Allow"
    resources = ["*"]

    condition {
      test     = "StringEquals"
      values   = [data.aws_caller_identity.account.account_id]
      variable = "aws:SourceAccount"
    }

    principals {
      identifiers = ["cloudwatch.amazonaws.com"]
      type        = "Service"
    }
  }

  dynamic "statement" {
    for_each = var.encryption_keys == "customer" ? [1] : []
    content {
      sid       = "AllowLogs"
      actions   = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
      effect    = "Allow"
      resources = ["*"]

      condition {
        test = "StringEquals"
        values = [
          "arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.name}:${data.aws_caller_identity.account.account_id}:log-group:/aws/lambda/${var.project}-file-metadata-extractor-${var.environment}",
        ]
        variable = "kms:EncryptionContext:aws:logs:arn"
      }

      principals {
        identifiers = ["logs.${data.aws_region.current.name}.${data.aws_partition.current.dns_suffix}"]
        type        = "Service"
      }
    }
  }

  dynamic "statement" {
    for_each = var.encryption_keys == "customer" && var.metadata_delivery != "direct" ? [1] : []
    content {
      sid       = "AllowS3"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
      effect    = "Allow"
      resources = ["*"]

      condition {
        test     = "StringEquals"
        values   = [data.aws_caller_identity.account.account_id]
        variable = "aws:SourceAccount"
      }

      principals {
        identifiers = ["s3.amazonaws.com"]
        type        = "Service"
      }
    }
  }
}

resource "aws_kms_alias" "key" {
  name          = "alias/${var.project}-file-metadata-messages-${var.environment}"
  target_key_id = aws_kms_key.key.key_id
}

resource "aws_kms_key" "key" {
  # checkov:skip=CKV_AWS_109: a key policy's resource is `*`, which is this one key, and its principals are this account
  # checkov:skip=CKV_AWS_111: a key policy's resource is `*`, which is this one key, and its principals are this account
  # checkov:skip=CKV_AWS_356: a key policy's resource is `*`, which is this one key, and its principals are this account
  # RESOURCE_STAR: a key policy's resource is `*`, which is this one key, and its principals are this account
  description             = var.encryption_keys == "customer" ? "Encrypts what file-metadata publishes and keeps (${var.environment})" : "Encrypts what file-metadata publishes (${var.environment})"
  deletion_window_in_days = 30
  enable_key_rotation     = true
  policy                  = data.aws_iam_policy_document.key.json
  tags                    = local.tags
}

resource "aws_appautoscaling_policy" "metadata_read_by_content_type_scaling" {
  count              = var.metadata_autoscale_to != null ? 1 : 0
  name               = "ReadUtilization"
  policy_type        = "TargetTrackingScaling"
  resource_id        = aws_appautoscaling_target.metadata_read_by_content_type_scaling[0].resource_id
  scalable_dimension = aws_appautoscaling_target.metadata_read_by_content_type_scaling[0].scalable_dimension
  service_namespace  = aws_appautoscaling_target.metadata_read_by_content_type_scaling[0].service_namespace

  target_tracking_scaling_policy_configuration {
    target_value = 70

    predefined_metric_specification {
      predefined_metric_type = "DynamoDBReadCapacityUtilization"
    }
  }
}

resource "aws_appautoscaling_policy" "metadata_read_by_day_scaling" {
  count              = var.metadata_autoscale_to != null ? 1 : 0
  name               = "ReadUtilization"
  policy_type        = "TargetTrackingScaling"
  resource_id        = aws_appautoscaling_target.metadata_read_by_day_scaling[0].resource_id
  scalable_dimension = aws_appautoscaling_target.metadata_read_by_day_scaling[0].scalable_dimension
  service_namespace  = aws_appautoscaling_target.metadata_read_by_day_scaling[0].service_namespace

  target_tracking_scaling_policy_configuration {
    target_value = 70

    predefined_metric_specification {
      predefined_metric_type = "DynamoDBReadCapacityUtilization"
    }
  }
}

resource "aws_appautoscaling_policy" "metadata_read_scaling" {
  count              = var.metadata_autoscale_to != null ? 1 : 0
  name               = "ReadUtilization"
  policy_type        = "TargetTrackingScaling"
  resource_id        = aws_appautoscaling_target.metadata_read_scaling[0].resource_id
  scalable_dimension = aws_appautoscaling_target.metadata_read_scaling[0].scalable_dimension
  service_namespace  = aws_appautoscaling_target.metadata_read_scaling[0].service_namespace

  target_tracking_scaling_policy_configuration {
    target_value = 70

    predefined_metric_specification {
      predefined_metric_type = "DynamoDBReadCapacityUtilization"
    }
  }
}

resource "aws_appautoscaling_policy" "metadata_write_by_content_type_scaling" {
  count              = var.metadata_autoscale_to != null ? 1 : 0
  name               = "WriteUtilization"
  policy_type        = "TargetTrackingScaling"
  resource_id        = aws_appautoscaling_target.metadata_write_by_content_type_scaling[0].resource_id
  scalable_dimension = aws_appautoscaling_target.metadata_write_by_content_type_scaling[0].scalable_dimension
  service_namespace  = aws_appautoscaling_target.metadata_write_by_content_type_scaling[0].service_namespace

  target_tracking_scaling_policy_configuration {
    target_value = 70

    predefined_metric_specification {
      predefined_metric_type = "DynamoDBWriteCapacityUtilization"
    }
  }
}

resource "aws_appautoscaling_policy" "metadata_write_by_day_scaling" {
  count              = var.metadata_autoscale_to != null ? 1 : 0
  name               = "WriteUtilization"
  policy_type        = "TargetTrackingScaling"
  resource_id        = aws_appautoscaling_target.metadata_write_by_day_scaling[0].resource_id
  scalable_dimension = aws_appautoscaling_target.metadata_write_by_day_scaling[0].scalable_dimension
  service_namespace  = aws_appautoscaling_target.metadata_write_by_day_scaling[0].service_namespace

  target_tracking_scaling_policy_configuration {
    target_value = 70

    predefined_metric_specification {
      predefined_metric_type = "DynamoDBWriteCapacityUtilization"
    }
  }
}

resource "aws_appautoscaling_policy" "metadata_write_scaling" {
  count              = var.metadata_autoscale_to != null ? 1 : 0
  name               = "WriteUtilization"
  policy_type        = "TargetTrackingScaling"
  resource_id        = aws_appautoscaling_target.metadata_write_scaling[0].resource_id
  scalable_dimension = aws_appautoscaling_target.metadata_write_scaling[0].scalable_dimension
  service_namespace  = aws_appautoscaling_target.metadata_write_scaling[0].service_namespace

  target_tracking_scaling_policy_configuration {
    target_value = 70

    predefined_metric_specification {
      predefined_metric_type = "DynamoDBWriteCapacityUtilization"
    }
  }
}

resource "aws_appautoscaling_target" "metadata_read_by_content_type_scaling" {
  count              = var.metadata_autoscale_to != null ? 1 : 0
  max_capacity       = var.metadata_autoscale_to
  min_capacity       = var.metadata_read_capacity
  resource_id        = "table/${aws_dynamodb_table.metadata.name}/index/by-content-type"
  scalable_dimension = "dynamodb:index:ReadCapacityUnits"
  service_namespace  = "dynamodb"
  tags               = local.tags
}

resource "aws_appautoscaling_target" "metadata_read_by_day_scaling" {
  count              = var.metadata_autoscale_to != null ? 1 : 0
  max_capacity       = var.metadata_autoscale_to
  min_capacity       = var.metadata_read_capacity
  resource_id        = "table/${aws_dynamodb_table.metadata.name}/index/by-day"
  scalable_dimension = "dynamodb:index:ReadCapacityUnits"
  service_namespace  = "dynamodb"
  tags               = local.tags
}

resource "aws_appautoscaling_target" "metadata_read_scaling" {
  count              = var.metadata_autoscale_to != null ? 1 : 0
  max_capacity       = var.metadata_autoscale_to
  min_capacity       = var.metadata_read_capacity
  resource_id        = "table/${aws_dynamodb_table.metadata.name}"
  scalable_dimension = "dynamodb:table:ReadCapacityUnits"
  service_namespace  = "dynamodb"
  tags               = local.tags
}

resource "aws_appautoscaling_target" "metadata_write_by_content_type_scaling" {
  count              = var.metadata_autoscale_to != null ? 1 : 0
  max_capacity       = var.metadata_autoscale_to
  min_capacity       = var.metadata_write_capacity
  resource_id        = "table/${aws_dynamodb_table.metadata.name}/index/by-content-type"
  scalable_dimension = "dynamodb:index:WriteCapacityUnits"
  service_namespace  = "dynamodb"
  tags               = local.tags
}

resource "aws_appautoscaling_target" "metadata_write_by_day_scaling" {
  count              = var.metadata_autoscale_to != null ? 1 : 0
  max_capacity       = var.metadata_autoscale_to
  min_capacity       = var.metadata_write_capacity
  resource_id        = "table/${aws_dynamodb_table.metadata.name}/index/by-day"
  scalable_dimension = "dynamodb:index:WriteCapacityUnits"
  service_namespace  = "dynamodb"
  tags               = local.tags
}

resource "aws_appautoscaling_target" "metadata_write_scaling" {
  count              = var.metadata_autoscale_to != null ? 1 : 0
  max_capacity       = var.metadata_autoscale_to
  min_capacity       = var.metadata_write_capacity
  resource_id        = "table/${aws_dynamodb_table.metadata.name}"
  scalable_dimension = "dynamodb:table:WriteCapacityUnits"
  service_namespace  = "dynamodb"
  tags               = local.tags
}

resource "aws_cloudwatch_metric_alarm" "metadata_read_consumed" {
  alarm_name          = "${local.table_name}-ConsumedReadCapacityUnits"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = var.metadata_autoscale_to != null ? "${local.table_name} consumes more than 80% of its ${var.metadata_autoscale_to} read units" : "${local.table_name} consumes more than 80% of its ${var.metadata_read_capacity} read units"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    TableName = local.table_name
  }
  evaluation_periods = 1
  metric_name        = "ConsumedReadCapacityUnits"
  namespace          = "AWS/DynamoDB"
  ok_actions         = [aws_sns_topic.alarm.arn]
  period             = 300
  statistic          = "Sum"
  threshold          = var.metadata_autoscale_to != null ? var.metadata_autoscale_to * 240 : var.metadata_read_capacity * 240
  treat_missing_data = "notBreaching"
  tags               = local.tags
}

resource "aws_cloudwatch_metric_alarm" "metadata_read_consumed_by_content_type" {
  alarm_name          = "${local.table_name}-by-content-type-ConsumedReadCapacityUnits"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = var.metadata_autoscale_to != null ? "${local.table_name} by-content-type consumes more than 80% of its ${var.metadata_autoscale_to} read units" : "${local.table_name} by-content-type consumes more than 80% of its ${var.metadata_read_capacity} read units"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    GlobalSecondaryIndexName = "by-content-type"
    TableName                = local.table_name
  }
  evaluation_periods = 1
  metric_name        = "ConsumedReadCapacityUnits"
  namespace          = "AWS/DynamoDB"
  ok_actions         = [aws_sns_topic.alarm.arn]
  period             = 300
  statistic          = "Sum"
  threshold          = var.metadata_autoscale_to != null ? var.metadata_autoscale_to * 240 : var.metadata_read_capacity * 240
  treat_missing_data = "notBreaching"
  tags               = local.tags
}

resource "aws_cloudwatch_metric_alarm" "metadata_read_consumed_by_day" {
  alarm_name          = "${local.table_name}-by-day-ConsumedReadCapacityUnits"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = var.metadata_autoscale_to != null ? "${local.table_name} by-day consumes more than 80% of its ${var.metadata_autoscale_to} read units" : "${local.table_name} by-day consumes more than 80% of its ${var.metadata_read_capacity} read units"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    GlobalSecondaryIndexName = "by-day"
    TableName                = local.table_name
  }
  evaluation_periods = 1
  metric_name        = "ConsumedReadCapacityUnits"
  namespace          = "AWS/DynamoDB"
  ok_actions         = [aws_sns_topic.alarm.arn]
  period             = 300
  statistic          = "Sum"
  threshold          = var.metadata_autoscale_to != null ? var.metadata_autoscale_to * 240 : var.metadata_read_capacity * 240
  treat_missing_data = "notBreaching"
  tags               = local.tags
}

resource "aws_cloudwatch_metric_alarm" "metadata_read_throttled" {
  alarm_name          = "${local.table_name}-ReadThrottleEvents"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "${local.table_name}: reads were throttled; raise its capacity"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    TableName = local.table_name
  }
  evaluation_periods = 1
  metric_name        = "ReadThrottleEvents"
  namespace          = "AWS/DynamoDB"
  ok_actions         = [aws_sns_topic.alarm.arn]
  period             = 60
  statistic          = "Sum"
  threshold          = 0
  treat_missing_data = "notBreaching"
  tags               = local.tags
}

resource "aws_cloudwatch_metric_alarm" "metadata_read_throttled_by_content_type" {
  alarm_name          = "${local.table_name}-by-content-type-ReadThrottleEvents"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "${local.table_name} by-content-type: reads were throttled; raise its capacity"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    GlobalSecondaryIndexName = "by-content-type"
    TableName                = local.table_name
  }
  evaluation_periods = 1
  metric_name        = "ReadThrottleEvents"
  namespace          = "AWS/DynamoDB"
  ok_actions         = [aws_sns_topic.alarm.arn]
  period             = 60
  statistic          = "Sum"
  threshold          = 0
  treat_missing_data = "notBreaching"
  tags               = local.tags
}

resource "aws_cloudwatch_metric_alarm" "metadata_read_throttled_by_day" {
  alarm_name          = "${local.table_name}-by-day-ReadThrottleEvents"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "${local.table_name} by-day: reads were throttled; raise its capacity"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    GlobalSecondaryIndexName = "by-day"
    TableName                = local.table_name
  }
  evaluation_periods = 1
  metric_name        = "ReadThrottleEvents"
  namespace          = "AWS/DynamoDB"
  ok_actions         = [aws_sns_topic.alarm.arn]
  period             = 60
  statistic          = "Sum"
  threshold          = 0
  treat_missing_data = "notBreaching"
  tags               = local.tags
}

resource "aws_cloudwatch_metric_alarm" "metadata_write_consumed" {
  alarm_name          = "${local.table_name}-ConsumedWriteCapacityUnits"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = var.metadata_autoscale_to != null ? "${local.table_name} consumes more than 80% of its ${var.metadata_autoscale_to} write units" : "${local.table_name} consumes more than 80% of its ${var.metadata_write_capacity} write units"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    TableName = local.table_name
  }
  evaluation_periods = 1
  metric_name        = "ConsumedWriteCapacityUnits"
  namespace          = "AWS/DynamoDB"
  ok_actions         = [aws_sns_topic.alarm.arn]
  period             = 300
  statistic          = "Sum"
  threshold          = var.metadata_autoscale_to != null ? var.metadata_autoscale_to * 240 : var.metadata_write_capacity * 240
  treat_missing_data = "notBreaching"
  tags               = local.tags
}

resource "aws_cloudwatch_metric_alarm" "metadata_write_consumed_by_content_type" {
  alarm_name          = "${local.table_name}-by-content-type-ConsumedWriteCapacityUnits"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = var.metadata_autoscale_to != null ? "${local.table_name} by-content-type consumes more than 80% of its ${var.metadata_autoscale_to} write units" : "${local.table_name} by-content-type consumes more than 80% of its ${var.metadata_write_capacity} write units"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    GlobalSecondaryIndexName = "by-content-type"
    TableName                = local.table_name
  }
  evaluation_periods = 1
  metric_name        = "ConsumedWriteCapacityUnits"
  namespace          = "AWS/DynamoDB"
  ok_actions         = [aws_sns_topic.alarm.arn]
  period             = 300
  statistic          = "Sum"
  threshold          = var.metadata_autoscale_to != null ? var.metadata_autoscale_to * 240 : var.metadata_write_capacity * 240
  treat_missing_data = "notBreaching"
  tags               = local.tags
}

resource "aws_cloudwatch_metric_alarm" "metadata_write_consumed_by_day" {
  alarm_name          = "${local.table_name}-by-day-ConsumedWriteCapacityUnits"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = var.metadata_autoscale_to != null ? "${local.table_name} by-day consumes more than 80% of its ${var.metadata_autoscale_to} write units" : "${local.table_name} by-day consumes more than 80% of its ${var.metadata_write_capacity} write units"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    GlobalSecondaryIndexName = "by-day"
    TableName                = local.table_name
  }
  evaluation_periods = 1
  metric_name        = "ConsumedWriteCapacityUnits"
  namespace          = "AWS/DynamoDB"
  ok_actions         = [aws_sns_topic.alarm.arn]
  period             = 300
  statistic          = "Sum"
  threshold          = var.metadata_autoscale_to != null ? var.metadata_autoscale_to * 240 : var.metadata_write_capacity * 240
  treat_missing_data = "notBreaching"
  tags               = local.tags
}

resource "aws_cloudwatch_metric_alarm" "metadata_write_throttled" {
  alarm_name          = "${local.table_name}-WriteThrottleEvents"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "${local.table_name}: writes were throttled; raise its capacity"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    TableName = local.table_name
  }
  evaluation_periods = 1
  metric_name        = "WriteThrottleEvents"
  namespace          = "AWS/DynamoDB"
  ok_actions         = [aws_sns_topic.alarm.arn]
  period             = 60
  statistic          = "Sum"
  threshold          = 0
  treat_missing_data = "notBreaching"
  tags               = local.tags
}

resource "aws_cloudwatch_metric_alarm" "metadata_write_throttled_by_content_type" {
  alarm_name          = "${local.table_name}-by-content-type-WriteThrottleEvents"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "${local.table_name} by-content-type: writes were throttled; raise its capacity"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    GlobalSecondaryIndexName = "by-content-type"
    TableName                = local.table_name
  }
  evaluation_periods = 1
  metric_name        = "WriteThrottleEvents"
  namespace          = "AWS/DynamoDB"
  ok_actions         = [aws_sns_topic.alarm.arn]
  period             = 60
  statistic          = "Sum"
  threshold          = 0
  treat_missing_data = "notBreaching"
  tags               = local.tags
}

resource "aws_cloudwatch_metric_alarm" "metadata_write_throttled_by_day" {
  alarm_name          = "${local.table_name}-by-day-WriteThrottleEvents"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "${local.table_name} by-day: writes were throttled; raise its capacity"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    GlobalSecondaryIndexName = "by-day"
    TableName                = local.table_name
  }
  evaluation_periods = 1
  metric_name        = "WriteThrottleEvents"
  namespace          = "AWS/DynamoDB"
  ok_actions         = [aws_sns_topic.alarm.arn]
  period             = 60
  statistic          = "Sum"
  threshold          = 0
  treat_missing_data = "notBreaching"
  tags               = local.tags
}

resource "aws_dynamodb_table" "metadata" {
  # checkov:skip=CKV2_AWS_16: capacity is a budget, and an alarm rings at 80 % of it; `autoscale_to` opts in
  # checkov:skip=CKV_AWS_119: DynamoDB's own key costs nothing; `key` opts in to one of your own
  name                        = local.table_name
  billing_mode                = "PROVISIONED"
  deletion_protection_enabled = local.protected
  hash_key                    = "objectKey"
  range_key                   = "uploadTime"
  read_capacity               = var.metadata_read_capacity
  write_capacity              = var.metadata_write_capacity
  tags                        = local.tags

  attribute {
    name = "objectKey"
    type = "S"
  }

  attribute {
    name = "uploadTime"
    type = "S"
  }

  attribute {
    name = "contentType"
    type = "S"
  }

  attribute {
    name = "uploadDay"
    type = "S"
  }

  global_secondary_index {
    name            = "by-content-type"
    hash_key        = "contentType"
    projection_type = "ALL"
    range_key       = "uploadTime"
    read_capacity = var.metadata_autoscale_to != null ? max(
      var.metadata_read_capacity,
      try(
        element(
          [for index in data.aws_dynamodb_table.metadata_current[0].global_secondary_index : index.read_capacity if index.name == "by-content-type"],
          0
        ),
        var.metadata_read_capacity
      )
    ) : var.metadata_read_capacity
    write_capacity = var.metadata_autoscale_to != null ? max(
      var.metadata_write_capacity,
      try(
        element(
          [for index in data.aws_dynamodb_table.metadata_current[0].global_secondary_index : index.write_capacity if index.name == "by-content-type"],
          0
        ),
        var.metadata_write_capacity
      )
    ) : var.metadata_write_capacity
  }

  global_secondary_index {
    name            = "by-day"
    hash_key        = "uploadDay"
    projection_type = "ALL"
    range_key       = "uploadTime"
    read_capacity = var.metadata_autoscale_to != null ? max(
      var.metadata_read_capacity,
      try(
        element(
          [for index in data.aws_dynamodb_table.metadata_current[0].global_secondary_index : index.read_capacity if index.name == "by-day"],
          0
        ),
        var.metadata_read_capacity
      )
    ) : var.metadata_read_capacity
    write_capacity = var.metadata_autoscale_to != null ? max(
      var.metadata_write_capacity,
      try(
        element(
          [for index in data.aws_dynamodb_table.metadata_current[0].global_secondary_index : index.write_capacity if index.name == "by-day"],
          0
        ),
        var.metadata_write_capacity
      )
    ) : var.metadata_write_capacity
  }

  point_in_time_recovery {
    enabled = true
  }

  dynamic "server_side_encryption" {
    for_each = var.encryption_keys == "customer" ? [1] : []
    content {
      enabled     = true
      kms_key_arn = aws_kms_key.key.arn
    }
  }
}

data "aws_iam_policy_document" "uploads" {

  statement {
    sid       = "DenyInsecureTransport"
    actions   = ["s3:*"]
    effect    = "Deny"
    resources = [aws_s3_bucket.uploads.arn, "${aws_s3_bucket.uploads.arn}/*"]

    condition {
      test     = "Bool"
      values   = ["false"]
      variable = "aws:SecureTransport"
    }

    principals {
      identifiers = ["*"]
      type        = "*"
    }
  }
}

resource "aws_s3_bucket" "uploads" {
  # checkov:skip=CKV_AWS_144: a system works in one region; a copy in another costs as much again, and nobody reads it
  # checkov:skip=CKV_AWS_145: SSE-S3 encrypts without the cost of KMS requests; `key` opts in to SSE-KMS
  # checkov:skip=CKV_AWS_18: CloudTrail's data events, set up once for an account, tell who read and wrote objects; access logs need another bucket beside each, and arrive late and incomplete
  bucket        = local.bucket_name
  force_destroy = !local.protected
  tags          = local.tags
}

resource "aws_s3_bucket_cors_configuration" "uploads" {
  count  = length(var.cors_origins) > 0 ? 1 : 0
  bucket = aws_s3_bucket.uploads.bucket

  cors_rule {
    allowed_headers = ["*"]
    allowed_methods = ["GET", "HEAD", "PUT"]
    allowed_origins = var.cors_origins
    expose_headers = [
      "ETag",
      "x-amz-version-id",
      "x-amz-checksum-crc64nvme",
      "x-amz-checksum-sha256",
      "x-amz-request-id",
    ]
    max_age_seconds = 3000
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "uploads" {
  bucket = aws_s3_bucket.uploads.bucket

  rule {
    id     = "remove-unfinished-uploads"
    status = "Enabled"

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }

    filter {
      prefix = ""
    }
  }

  rule {
    id     = "remove-replaced-versions"
    status = "Enabled"

    filter {
      prefix = ""
    }

    noncurrent_version_expiration {
      noncurrent_days = 90
    }
  }
}

resource "aws_s3_bucket_notification" "uploads" {
  bucket = aws_s3_bucket.uploads.bucket

  dynamic "lambda_function" {
    for_each = var.metadata_delivery != "buffered" ? [1] : []
    content {
      events              = ["s3:ObjectCreated:*"]
      lambda_function_arn = aws_lambda_function.extractor.arn
    }
  }

  dynamic "queue" {
    for_each = var.metadata_delivery == "buffered" ? [1] : []
    content {
      events    = ["s3:ObjectCreated:*"]
      queue_arn = aws_sqs_queue.buffer[0].arn
    }
  }

  depends_on = [aws_sqs_queue_policy.buffer, aws_lambda_permission.extractor_invoke_for_uploads]
}

resource "aws_s3_bucket_ownership_controls" "uploads" {
  bucket = aws_s3_bucket.uploads.bucket

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_policy" "uploads" {
  bucket = aws_s3_bucket.uploads.bucket
  policy = data.aws_iam_policy_document.uploads.json

  depends_on = [aws_s3_bucket_public_access_block.uploads]
}

resource "aws_s3_bucket_public_access_block" "uploads" {
  bucket                  = aws_s3_bucket.uploads.bucket
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "uploads" {
  bucket = aws_s3_bucket.uploads.bucket

  rule {
    bucket_key_enabled = var.encryption_keys == "customer" ? true : null

    apply_server_side_encryption_by_default {
      kms_master_key_id = var.encryption_keys == "customer" ? aws_kms_key.key.arn : null
      sse_algorithm     = var.encryption_keys == "customer" ? "aws:kms" : "AES256"
    }
  }
}

resource "aws_s3_bucket_versioning" "uploads" {
  bucket = aws_s3_bucket.uploads.bucket

  versioning_configuration {
    status = "Enabled"
  }
}
