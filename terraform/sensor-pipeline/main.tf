locals {
  tags = merge(
    {
      CostCenter  = var.cost_center
      Environment = var.environment
      ManagedBy   = "terraform"
      Owner       = var.owner
      Project     = var.project
      System      = "sensor-pipeline"
    },
    var.tags
  )
  protected = contains(var.protected_environments, var.environment)
}

data "aws_caller_identity" "account" {
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
  name              = "${var.project}-sensor-pipeline-alarms-${var.environment}"
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

data "aws_iam_policy_document" "breaches" {

  statement {
    sid       = "DenyInsecureTransport"
    actions   = ["sns:Publish"]
    effect    = "Deny"
    resources = [aws_sns_topic.breaches.arn]

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

resource "aws_sns_topic" "breaches" {
  name              = "${var.project}-sensor-pipeline-breaches-${var.environment}"
  kms_master_key_id = aws_kms_key.key.arn
  tags              = local.tags
}

resource "aws_sns_topic_policy" "breaches" {
  arn    = aws_sns_topic.breaches.arn
  policy = data.aws_iam_policy_document.breaches.json
}

resource "aws_sns_topic_subscription" "breaches_email" {
  count     = var.notification_email != null ? 1 : 0
  endpoint  = var.notification_email
  protocol  = "email"
  topic_arn = aws_sns_topic.breaches.arn
}

data "aws_iam_policy_document" "buffer" {
  count = var.sensor_delivery != "direct" ? 1 : 0

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
      values   = [aws_s3_bucket.landing.arn]
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
  count = var.sensor_delivery != "direct" ? 1 : 0

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
  count               = var.sensor_delivery != "direct" ? 1 : 0
  alarm_name          = "${var.project}-sensor-pipeline-buffer-${var.environment}-ApproximateAgeOfOldestMessage"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "Events wait for longer than all attempts at one of them take in ${var.project}-sensor-pipeline-buffer-${var.environment}"
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
  count               = var.sensor_delivery != "direct" ? 1 : 0
  alarm_name          = "${var.project}-sensor-pipeline-buffer-${var.environment}-dead-letters-ApproximateNumberOfMessagesVisible"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "Messages that nobody could process after 5 times wait in ${var.project}-sensor-pipeline-buffer-${var.environment}-dead-letters"
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

resource "aws_lambda_event_source_mapping" "buffer_to_ingester" {
  count                              = var.sensor_delivery != "direct" ? 1 : 0
  function_name                      = aws_lambda_function.ingester.arn
  batch_size                         = var.buffer_batch_size
  event_source_arn                   = aws_sqs_queue.buffer[0].arn
  function_response_types            = ["ReportBatchItemFailures"]
  maximum_batching_window_in_seconds = var.buffer_window_seconds
  tags                               = local.tags

  scaling_config {
    maximum_concurrency = var.buffer_max_concurrency
  }

  depends_on = [aws_iam_role_policy.ingester_poll_buffer]
}

resource "aws_sqs_queue" "buffer" {
  count                     = var.sensor_delivery != "direct" ? 1 : 0
  name                      = "${var.project}-sensor-pipeline-buffer-${var.environment}"
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
  count                     = var.sensor_delivery != "direct" ? 1 : 0
  name                      = "${var.project}-sensor-pipeline-buffer-${var.environment}-dead-letters"
  kms_master_key_id         = var.encryption_keys == "customer" ? aws_kms_key.key.arn : null
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = var.encryption_keys != "customer" ? true : null
  tags                      = local.tags
}

resource "aws_sqs_queue_policy" "buffer" {
  count     = var.sensor_delivery != "direct" ? 1 : 0
  policy    = data.aws_iam_policy_document.buffer[0].json
  queue_url = aws_sqs_queue.buffer[0].url
}

resource "aws_sqs_queue_policy" "buffer_dead_letters" {
  count     = var.sensor_delivery != "direct" ? 1 : 0
  policy    = data.aws_iam_policy_document.buffer_dead_letters[0].json
  queue_url = aws_sqs_queue.buffer_dead_letters[0].url
}

resource "aws_cloudwatch_metric_alarm" "episodes_read_throttled" {
  count               = var.sensor_notifications == "episodes" ? 1 : 0
  alarm_name          = "${var.project}-sensor-pipeline-episodes-${var.environment}-ReadThrottleEvents"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "${var.project}-sensor-pipeline-episodes-${var.environment}: reads were throttled; raise its capacity"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    TableName = "${var.project}-sensor-pipeline-episodes-${var.environment}"
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

resource "aws_cloudwatch_metric_alarm" "episodes_write_throttled" {
  count               = var.sensor_notifications == "episodes" ? 1 : 0
  alarm_name          = "${var.project}-sensor-pipeline-episodes-${var.environment}-WriteThrottleEvents"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "${var.project}-sensor-pipeline-episodes-${var.environment}: writes were throttled; raise its capacity"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    TableName = "${var.project}-sensor-pipeline-episodes-${var.environment}"
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

resource "aws_dynamodb_table" "episodes" {
  # checkov:skip=CKV_AWS_119: DynamoDB's own key costs nothing; `key` opts in to one of your own
  count                       = var.sensor_notifications == "episodes" ? 1 : 0
  name                        = "${var.project}-sensor-pipeline-episodes-${var.environment}"
  billing_mode                = "PAY_PER_REQUEST"
  deletion_protection_enabled = local.protected
  hash_key                    = "deviceId"
  range_key                   = "sensorType"
  tags                        = local.tags

  attribute {
    name = "deviceId"
    type = "S"
  }

  attribute {
    name = "sensorType"
    type = "S"
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

data "aws_iam_policy_document" "ingester_assume_role" {

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

data "aws_iam_policy_document" "ingester_connect" {
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

data "aws_iam_policy_document" "ingester_failures" {

  statement {
    sid       = "DenyInsecureTransport"
    actions   = ["sqs:*"]
    effect    = "Deny"
    resources = [aws_sqs_queue.ingester_failures.arn]

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

data "aws_iam_policy_document" "ingester_get_episodes" {
  count = var.sensor_notifications == "episodes" ? 1 : 0

  statement {
    sid       = "Get"
    actions   = ["dynamodb:GetItem"]
    effect    = "Allow"
    resources = [aws_dynamodb_table.episodes[0].arn]
  }
}

data "aws_iam_policy_document" "ingester_operate" {

  statement {
    sid       = "WriteOwnLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    effect    = "Allow"
    resources = ["${aws_cloudwatch_log_group.ingester.arn}:*"]
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
    resources = [aws_sqs_queue.ingester_failures.arn]
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

data "aws_iam_policy_document" "ingester_poll_buffer" {
  count = var.sensor_delivery != "direct" ? 1 : 0

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

data "aws_iam_policy_document" "ingester_publish_breaches" {

  statement {
    sid       = "Publish"
    actions   = ["sns:Publish"]
    effect    = "Allow"
    resources = [aws_sns_topic.breaches.arn]
  }

  statement {
    sid       = "EncryptMessages"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    effect    = "Allow"
    resources = [aws_kms_key.key.arn]
  }
}

data "aws_iam_policy_document" "ingester_put_episodes" {
  count = var.sensor_notifications == "episodes" ? 1 : 0

  statement {
    sid       = "Put"
    actions   = ["dynamodb:PutItem"]
    effect    = "Allow"
    resources = [aws_dynamodb_table.episodes[0].arn]
  }
}

data "aws_iam_policy_document" "ingester_put_readings" {

  statement {
    sid       = "Put"
    actions   = ["dynamodb:PutItem"]
    effect    = "Allow"
    resources = [aws_dynamodb_table.readings.arn]
  }
}

data "aws_iam_policy_document" "ingester_put_rejects" {

  statement {
    sid       = "Put"
    actions   = ["dynamodb:PutItem"]
    effect    = "Allow"
    resources = [aws_dynamodb_table.rejects.arn]
  }
}

data "aws_iam_policy_document" "ingester_read_readings_landing" {

  statement {
    sid       = "Read"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    effect    = "Allow"
    resources = ["${aws_s3_bucket.landing.arn}/readings/*"]
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

data "aws_iam_policy_document" "ingester_reserve_connection" {
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
      values   = [aws_lambda_function.ingester.arn]
      variable = "lambda:SourceFunctionArn"
    }
  }
}

data "aws_iam_policy_document" "ingester_use_key_of_episodes" {
  count = var.encryption_keys == "customer" && var.sensor_notifications == "episodes" ? 1 : 0

  statement {
    sid       = "UseTableKey"
    actions   = ["kms:Decrypt", "kms:DescribeKey"]
    effect    = "Allow"
    resources = [aws_kms_key.key.arn]
  }
}

data "aws_iam_policy_document" "ingester_use_key_of_readings" {
  count = var.encryption_keys == "customer" ? 1 : 0

  statement {
    sid       = "UseTableKey"
    actions   = ["kms:Decrypt", "kms:DescribeKey"]
    effect    = "Allow"
    resources = [aws_kms_key.key.arn]
  }
}

data "aws_iam_policy_document" "ingester_use_key_of_rejects" {
  count = var.encryption_keys == "customer" ? 1 : 0

  statement {
    sid       = "UseTableKey"
    actions   = ["kms:Decrypt", "kms:DescribeKey"]
    effect    = "Allow"
    resources = [aws_kms_key.key.arn]
  }
}

resource "aws_cloudwatch_log_group" "ingester" {
  # checkov:skip=CKV_AWS_158: CloudWatch Logs encrypts all logs by itself; they hold no file contents and no secrets
  name              = "/aws/lambda/${var.project}-sensor-pipeline-ingester-${var.environment}"
  kms_key_id        = var.encryption_keys == "customer" ? aws_kms_key.key.arn : null
  retention_in_days = var.log_retention_days
  tags              = local.tags
}

resource "aws_cloudwatch_metric_alarm" "ingester_destination_delivery_failures" {
  alarm_name          = "${var.project}-sensor-pipeline-ingester-${var.environment}-DestinationDeliveryFailures"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "${var.project}-sensor-pipeline-ingester-${var.environment} could not keep a failed event in ${aws_sqs_queue.ingester_failures.name}"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    FunctionName = "${var.project}-sensor-pipeline-ingester-${var.environment}"
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

resource "aws_cloudwatch_metric_alarm" "ingester_duration" {
  alarm_name          = "${var.project}-sensor-pipeline-ingester-${var.environment}-Duration"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "${var.project}-sensor-pipeline-ingester-${var.environment} took more than 80 % of its timeout of ${var.lambda_timeout_seconds} s"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    FunctionName = "${var.project}-sensor-pipeline-ingester-${var.environment}"
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

resource "aws_cloudwatch_metric_alarm" "ingester_errors" {
  alarm_name          = "${var.project}-sensor-pipeline-ingester-${var.environment}-Errors"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "${var.project}-sensor-pipeline-ingester-${var.environment} failed; after two more tries the event is kept in ${aws_sqs_queue.ingester_failures.name}"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    FunctionName = "${var.project}-sensor-pipeline-ingester-${var.environment}"
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

resource "aws_cloudwatch_metric_alarm" "ingester_failures_kept" {
  alarm_name          = "${var.project}-sensor-pipeline-ingester-${var.environment}-ApproximateNumberOfMessagesVisible"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "Events that ${var.project}-sensor-pipeline-ingester-${var.environment} could not process wait in ${aws_sqs_queue.ingester_failures.name}"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    QueueName = aws_sqs_queue.ingester_failures.name
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

resource "aws_cloudwatch_metric_alarm" "ingester_throttles" {
  alarm_name          = "${var.project}-sensor-pipeline-ingester-${var.environment}-Throttles"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "${var.project}-sensor-pipeline-ingester-${var.environment} was throttled: raise its or the account's concurrency"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    FunctionName = "${var.project}-sensor-pipeline-ingester-${var.environment}"
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

resource "aws_iam_role" "ingester" {
  name               = "${var.project}-sensor-pipeline-ingester-${var.environment}"
  assume_role_policy = data.aws_iam_policy_document.ingester_assume_role.json
  tags               = local.tags
}

resource "aws_iam_role_policy" "ingester_connect" {
  # RESOURCE_MISMATCH: AWS prescribes all resources of EC2, not only interfaces; the function's own code is denied the same actions
  count  = length(var.vpc_subnet_ids) > 0 ? 1 : 0
  name   = "ConnectIngester"
  policy = data.aws_iam_policy_document.ingester_connect[0].json
  role   = aws_iam_role.ingester.name
}

resource "aws_iam_role_policy" "ingester_get_episodes" {
  count  = var.sensor_notifications == "episodes" ? 1 : 0
  name   = "GetEpisodes"
  policy = data.aws_iam_policy_document.ingester_get_episodes[0].json
  role   = aws_iam_role.ingester.name
}

resource "aws_iam_role_policy" "ingester_operate" {
  name   = "OperateIngester"
  policy = data.aws_iam_policy_document.ingester_operate.json
  role   = aws_iam_role.ingester.name
}

resource "aws_iam_role_policy" "ingester_poll_buffer" {
  count  = var.sensor_delivery != "direct" ? 1 : 0
  name   = "PollBuffer"
  policy = data.aws_iam_policy_document.ingester_poll_buffer[0].json
  role   = aws_iam_role.ingester.name
}

resource "aws_iam_role_policy" "ingester_publish_breaches" {
  name   = "PublishBreaches"
  policy = data.aws_iam_policy_document.ingester_publish_breaches.json
  role   = aws_iam_role.ingester.name
}

resource "aws_iam_role_policy" "ingester_put_episodes" {
  count  = var.sensor_notifications == "episodes" ? 1 : 0
  name   = "PutEpisodes"
  policy = data.aws_iam_policy_document.ingester_put_episodes[0].json
  role   = aws_iam_role.ingester.name
}

resource "aws_iam_role_policy" "ingester_put_readings" {
  name   = "PutReadings"
  policy = data.aws_iam_policy_document.ingester_put_readings.json
  role   = aws_iam_role.ingester.name
}

resource "aws_iam_role_policy" "ingester_put_rejects" {
  name   = "PutRejects"
  policy = data.aws_iam_policy_document.ingester_put_rejects.json
  role   = aws_iam_role.ingester.name
}

resource "aws_iam_role_policy" "ingester_read_readings_landing" {
  name   = "ReadReadingsLanding"
  policy = data.aws_iam_policy_document.ingester_read_readings_landing.json
  role   = aws_iam_role.ingester.name
}

resource "aws_iam_role_policy" "ingester_reserve_connection" {
  # UNKNOWN_CONDITION_FOR_ACTION: Lambda adds this condition key to what a function's code asks of any service
  count  = length(var.vpc_subnet_ids) > 0 ? 1 : 0
  name   = "ReserveConnectionIngester"
  policy = data.aws_iam_policy_document.ingester_reserve_connection[0].json
  role   = aws_iam_role.ingester.name
}

resource "aws_iam_role_policy" "ingester_use_key_of_episodes" {
  count  = var.encryption_keys == "customer" && var.sensor_notifications == "episodes" ? 1 : 0
  name   = "UseKeyOfEpisodes"
  policy = data.aws_iam_policy_document.ingester_use_key_of_episodes[0].json
  role   = aws_iam_role.ingester.name
}

resource "aws_iam_role_policy" "ingester_use_key_of_readings" {
  count  = var.encryption_keys == "customer" ? 1 : 0
  name   = "UseKeyOfReadings"
  policy = data.aws_iam_policy_document.ingester_use_key_of_readings[0].json
  role   = aws_iam_role.ingester.name
}

resource "aws_iam_role_policy" "ingester_use_key_of_rejects" {
  count  = var.encryption_keys == "customer" ? 1 : 0
  name   = "UseKeyOfRejects"
  policy = data.aws_iam_policy_document.ingester_use_key_of_rejects[0].json
  role   = aws_iam_role.ingester.name
}

resource "aws_lambda_function" "ingester" {
  # checkov:skip=CKV_AWS_115: concurrency reserved here is taken from the account's other functions; throttled events wait in Lambda's queue for six hours, and an alarm rings
  # checkov:skip=CKV_AWS_116: the on-failure destination keeps the event and the error; a dead-letter queue would keep the event only, a second time
  # checkov:skip=CKV_AWS_117: it calls AWS's own endpoints only; in a VPC each would have to be paid for by the hour
  # checkov:skip=CKV_AWS_173: the environment holds names, no secrets, and Lambda encrypts it at rest by itself
  # checkov:skip=CKV_AWS_272: the code's hash is in the reviewed plan; a signing profile is the account's own to make
  function_name           = "${var.project}-sensor-pipeline-ingester-${var.environment}"
  code_signing_config_arn = var.code_signing_config_arn
  filename                = "${path.module}/sensor_pipeline.zip"
  handler                 = "sensor_pipeline.handler.handle"
  kms_key_arn             = var.encryption_keys == "customer" ? aws_kms_key.key.arn : null
  memory_size             = 1769
  role                    = aws_iam_role.ingester.arn
  runtime                 = var.lambda_runtime
  source_code_hash        = try(filebase64sha256("${path.module}/sensor_pipeline.zip"), null)
  timeout                 = var.lambda_timeout_seconds
  tags                    = local.tags

  environment {
    variables = merge(
      {
        POWERTOOLS_METRICS_NAMESPACE = "${var.project}-sensor-pipeline-ingester-${var.environment}"
        POWERTOOLS_SERVICE_NAME      = "${var.project}-sensor-pipeline-ingester-${var.environment}"
        REJECTS_TABLE_NAME           = aws_dynamodb_table.rejects.name
        SENSOR_EARLIEST_TIMESTAMP    = var.sensor_earliest_timestamp
        SENSOR_FIELD_NAMES           = var.sensor_field_names
        SENSOR_FORMAT                = var.sensor_format
        SENSOR_NOTIFICATIONS         = var.sensor_notifications == "episodes" ? "episodes" : "each"
        SENSOR_REJECTS_DAYS          = var.sensor_rejects_days
        SENSOR_THRESHOLDS            = var.sensor_thresholds
        TABLE_NAME                   = aws_dynamodb_table.readings.name
        TOPIC_ARN                    = aws_sns_topic.breaches.arn
      },
      var.sensor_notifications == "episodes" ? {
        EPISODES_TABLE_NAME            = aws_dynamodb_table.episodes[0].name
        SENSOR_HYSTERESIS              = var.sensor_hysteresis
        SENSOR_LONGEST_SILENCE_SECONDS = var.sensor_longest_silence_seconds
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
      condition     = fileexists("${path.module}/sensor_pipeline.zip")
      error_message = "${path.module}/sensor_pipeline.zip is missing: use a released archive of this module, or run `make terraform-modules` in a clone of the repository."
    }
  }

  depends_on = [
    aws_cloudwatch_log_group.ingester,
    aws_iam_role_policy.ingester_operate,
    aws_iam_role_policy.ingester_connect,
  ]
}

resource "aws_lambda_function_event_invoke_config" "ingester_asynchronous_invocation" {
  function_name                = aws_lambda_function.ingester.function_name
  maximum_event_age_in_seconds = 21600
  maximum_retry_attempts       = 2

  destination_config {

    on_failure {
      destination = aws_sqs_queue.ingester_failures.arn
    }
  }

  lifecycle {
    replace_triggered_by = [aws_lambda_function.ingester.id]
  }
}

resource "aws_lambda_permission" "ingester_invoke_for_landing" {
  function_name  = aws_lambda_function.ingester.function_name
  action         = "lambda:InvokeFunction"
  principal      = "s3.amazonaws.com"
  source_account = data.aws_caller_identity.account.account_id
  source_arn     = aws_s3_bucket.landing.arn

  lifecycle {
    replace_triggered_by = [aws_lambda_function.ingester.id]
  }
}

resource "aws_sqs_queue" "ingester_failures" {
  name                      = "${var.project}-sensor-pipeline-ingester-${var.environment}-failures"
  kms_master_key_id         = var.encryption_keys == "customer" ? aws_kms_key.key.arn : null
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = var.encryption_keys != "customer" ? true : null
  tags                      = local.tags
}

resource "aws_sqs_queue_policy" "ingester_failures" {
  policy    = data.aws_iam_policy_document.ingester_failures.json
  queue_url = aws_sqs_queue.ingester_failures.url
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
          "arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.name}:${data.aws_caller_identity.account.account_id}:log-group:/aws/lambda/${var.project}-sensor-pipeline-ingester-${var.environment}",
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
    for_each = var.encryption_keys == "customer" && var.sensor_delivery != "direct" ? [1] : []
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
  name          = "alias/${var.project}-sensor-pipeline-messages-${var.environment}"
  target_key_id = aws_kms_key.key.key_id
}

resource "aws_kms_key" "key" {
  # checkov:skip=CKV_AWS_109: a key policy's resource is `*`, which is this one key, and its principals are this account
  # checkov:skip=CKV_AWS_111: a key policy's resource is `*`, which is this one key, and its principals are this account
  # checkov:skip=CKV_AWS_356: a key policy's resource is `*`, which is this one key, and its principals are this account
  # RESOURCE_STAR: a key policy's resource is `*`, which is this one key, and its principals are this account
  description             = var.encryption_keys == "customer" ? "Encrypts what sensor-pipeline publishes and keeps (${var.environment})" : "Encrypts what sensor-pipeline publishes (${var.environment})"
  deletion_window_in_days = 30
  enable_key_rotation     = true
  policy                  = data.aws_iam_policy_document.key.json
  tags                    = local.tags
}

data "aws_iam_policy_document" "landing" {

  statement {
    sid       = "DenyInsecureTransport"
    actions   = ["s3:*"]
    effect    = "Deny"
    resources = [aws_s3_bucket.landing.arn, "${aws_s3_bucket.landing.arn}/*"]

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

resource "aws_s3_bucket" "landing" {
  # checkov:skip=CKV_AWS_144: a system works in one region; a copy in another costs as much again, and nobody reads it
  # checkov:skip=CKV_AWS_145: SSE-S3 encrypts without the cost of KMS requests; `key` opts in to SSE-KMS
  # checkov:skip=CKV_AWS_18: CloudTrail's data events, set up once for an account, tell who read and wrote objects; access logs need another bucket beside each, and arrive late and incomplete
  bucket        = "${var.project}-sensor-pipeline-landing-${var.environment}-${data.aws_caller_identity.account.account_id}"
  force_destroy = !local.protected
  tags          = local.tags
}

resource "aws_s3_bucket_lifecycle_configuration" "landing" {
  bucket = aws_s3_bucket.landing.bucket

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

resource "aws_s3_bucket_notification" "landing" {
  bucket = aws_s3_bucket.landing.bucket

  dynamic "lambda_function" {
    for_each = var.sensor_delivery != "buffered" ? [1] : []
    content {
      events              = ["s3:ObjectCreated:*"]
      filter_prefix       = "readings/"
      lambda_function_arn = aws_lambda_function.ingester.arn
    }
  }

  dynamic "queue" {
    for_each = var.sensor_delivery == "buffered" ? [1] : []
    content {
      events        = ["s3:ObjectCreated:*"]
      filter_prefix = "readings/"
      queue_arn     = aws_sqs_queue.buffer[0].arn
    }
  }

  depends_on = [aws_sqs_queue_policy.buffer, aws_lambda_permission.ingester_invoke_for_landing]
}

resource "aws_s3_bucket_ownership_controls" "landing" {
  bucket = aws_s3_bucket.landing.bucket

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_policy" "landing" {
  bucket = aws_s3_bucket.landing.bucket
  policy = data.aws_iam_policy_document.landing.json

  depends_on = [aws_s3_bucket_public_access_block.landing]
}

resource "aws_s3_bucket_public_access_block" "landing" {
  bucket                  = aws_s3_bucket.landing.bucket
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "landing" {
  bucket = aws_s3_bucket.landing.bucket

  rule {
    bucket_key_enabled = var.encryption_keys == "customer" ? true : null

    apply_server_side_encryption_by_default {
      kms_master_key_id = var.encryption_keys == "customer" ? aws_kms_key.key.arn : null
      sse_algorithm     = var.encryption_keys == "customer" ? "aws:kms" : "AES256"
    }
  }
}

resource "aws_s3_bucket_versioning" "landing" {
  bucket = aws_s3_bucket.landing.bucket

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_cloudwatch_metric_alarm" "readings_read_throttled" {
  alarm_name          = "${var.project}-sensor-pipeline-readings-${var.environment}-ReadThrottleEvents"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "${var.project}-sensor-pipeline-readings-${var.environment}: reads were throttled; raise its capacity"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    TableName = "${var.project}-sensor-pipeline-readings-${var.environment}"
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

resource "aws_cloudwatch_metric_alarm" "readings_write_throttled" {
  alarm_name          = "${var.project}-sensor-pipeline-readings-${var.environment}-WriteThrottleEvents"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "${var.project}-sensor-pipeline-readings-${var.environment}: writes were throttled; raise its capacity"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    TableName = "${var.project}-sensor-pipeline-readings-${var.environment}"
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

resource "aws_dynamodb_table" "readings" {
  # checkov:skip=CKV_AWS_119: DynamoDB's own key costs nothing; `key` opts in to one of your own
  name                        = "${var.project}-sensor-pipeline-readings-${var.environment}"
  billing_mode                = "PAY_PER_REQUEST"
  deletion_protection_enabled = local.protected
  hash_key                    = "deviceId"
  range_key                   = "readingTime"
  tags                        = local.tags

  attribute {
    name = "deviceId"
    type = "S"
  }

  attribute {
    name = "readingTime"
    type = "S"
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

resource "aws_cloudwatch_metric_alarm" "rejects_read_throttled" {
  alarm_name          = "${var.project}-sensor-pipeline-rejects-${var.environment}-ReadThrottleEvents"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "${var.project}-sensor-pipeline-rejects-${var.environment}: reads were throttled; raise its capacity"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    TableName = "${var.project}-sensor-pipeline-rejects-${var.environment}"
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

resource "aws_cloudwatch_metric_alarm" "rejects_write_throttled" {
  alarm_name          = "${var.project}-sensor-pipeline-rejects-${var.environment}-WriteThrottleEvents"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "${var.project}-sensor-pipeline-rejects-${var.environment}: writes were throttled; raise its capacity"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    TableName = "${var.project}-sensor-pipeline-rejects-${var.environment}"
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

resource "aws_dynamodb_table" "rejects" {
  # checkov:skip=CKV_AWS_119: DynamoDB's own key costs nothing; `key` opts in to one of your own
  name                        = "${var.project}-sensor-pipeline-rejects-${var.environment}"
  billing_mode                = "PAY_PER_REQUEST"
  deletion_protection_enabled = local.protected
  hash_key                    = "objectKey"
  range_key                   = "place"
  tags                        = local.tags

  attribute {
    name = "objectKey"
    type = "S"
  }

  attribute {
    name = "place"
    type = "S"
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

  ttl {
    attribute_name = "expiresAt"
    enabled        = true
  }
}
