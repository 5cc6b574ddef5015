locals {
  tags = merge(
    {
      CostCenter  = var.cost_center
      Environment = var.environment
      ManagedBy   = "terraform"
      Owner       = var.owner
      Project     = var.project
      System      = "upload-api"
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
  name              = "${var.project}-upload-api-alarms-${var.environment}"
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

resource "aws_api_gateway_api_key" "api" {
  count = var.api_authorization == "api_key" ? 1 : 0
  name  = "${var.project}-upload-api-api-${var.environment}"
  tags  = local.tags
}

resource "aws_api_gateway_deployment" "api" {
  rest_api_id = aws_api_gateway_rest_api.api.id
  triggers = {
    functions = sha1(join(",", [aws_lambda_function.uploader.invoke_arn]))
    routes = sha256(jsonencode([
      "1266e2ed11bd71cee0dda6a8ed128dbe0ea4a7a41136784edbfac42c5485c4d7",
      var.api_authorization,
      var.cors_origins,
      var.project,
      var.environment,
      var.upload_burst_limit,
    ]))
  }

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [
    aws_api_gateway_gateway_response.api_errors4_xx,
    aws_api_gateway_gateway_response.api_errors5_xx,
    aws_api_gateway_gateway_response.api_body_refusal,
    aws_api_gateway_method.api_post_upload,
    aws_api_gateway_integration.api_post_upload,
    aws_api_gateway_method.api_preflight_upload,
    aws_api_gateway_integration.api_preflight_upload,
    aws_api_gateway_method_response.api_preflight_upload,
    aws_api_gateway_integration_response.api_preflight_upload,
  ]
}

resource "aws_api_gateway_gateway_response" "api_body_refusal" {
  response_parameters = length(var.cors_origins) > 0 ? merge(
    {
      "gatewayresponse.header.Access-Control-Allow-Origin"   = length(var.cors_origins) == 1 ? "'${var.cors_origins[0]}'" : "method.request.header.Origin"
      "gatewayresponse.header.Access-Control-Expose-Headers" = "'x-amzn-ErrorType,x-amzn-RequestId'"
    },
    length(var.cors_origins) > 1 ? {
      "gatewayresponse.header.Vary" = "'Origin'"
    } : {}
  ) : null
  response_templates = {
    "application/json" = "{\"message\": \"$context.error.message: $context.error.validationErrorString\"}"
  }
  response_type = "BAD_REQUEST_BODY"
  rest_api_id   = aws_api_gateway_rest_api.api.id
  status_code   = "400"
}

resource "aws_api_gateway_gateway_response" "api_errors4_xx" {
  count = length(var.cors_origins) > 0 ? 1 : 0
  response_parameters = merge(
    {
      "gatewayresponse.header.Access-Control-Allow-Origin"   = length(var.cors_origins) == 1 ? "'${var.cors_origins[0]}'" : "method.request.header.Origin"
      "gatewayresponse.header.Access-Control-Expose-Headers" = "'x-amzn-ErrorType,x-amzn-RequestId'"
    },
    length(var.cors_origins) > 1 ? {
      "gatewayresponse.header.Vary" = "'Origin'"
    } : {}
  )
  response_templates = {
    "application/json" = "{\"message\":$context.error.messageString}"
  }
  response_type = "DEFAULT_4XX"
  rest_api_id   = aws_api_gateway_rest_api.api.id
}

resource "aws_api_gateway_gateway_response" "api_errors5_xx" {
  count = length(var.cors_origins) > 0 ? 1 : 0
  response_parameters = merge(
    {
      "gatewayresponse.header.Access-Control-Allow-Origin"   = length(var.cors_origins) == 1 ? "'${var.cors_origins[0]}'" : "method.request.header.Origin"
      "gatewayresponse.header.Access-Control-Expose-Headers" = "'x-amzn-ErrorType,x-amzn-RequestId'"
    },
    length(var.cors_origins) > 1 ? {
      "gatewayresponse.header.Vary" = "'Origin'"
    } : {}
  )
  response_templates = {
    "application/json" = "{\"message\":$context.error.messageString}"
  }
  response_type = "DEFAULT_5XX"
  rest_api_id   = aws_api_gateway_rest_api.api.id
}

resource "aws_api_gateway_integration" "api_post_upload" {
  http_method             = aws_api_gateway_method.api_post_upload.http_method
  integration_http_method = "POST"
  resource_id             = aws_api_gateway_resource.api_path_upload.id
  rest_api_id             = aws_api_gateway_rest_api.api.id
  type                    = "AWS_PROXY"
  uri                     = aws_lambda_function.uploader.invoke_arn
}

resource "aws_api_gateway_integration" "api_preflight_upload" {
  count            = length(var.cors_origins) > 0 ? 1 : 0
  content_handling = "CONVERT_TO_TEXT"
  http_method      = aws_api_gateway_method.api_preflight_upload[0].http_method
  request_templates = {
    "application/json" = "{\"statusCode\": 204}"
  }
  resource_id = aws_api_gateway_resource.api_path_upload.id
  rest_api_id = aws_api_gateway_rest_api.api.id
  type        = "MOCK"
}

resource "aws_api_gateway_integration_response" "api_preflight_upload" {
  count       = length(var.cors_origins) > 0 ? 1 : 0
  http_method = aws_api_gateway_method.api_preflight_upload[0].http_method
  resource_id = aws_api_gateway_resource.api_path_upload.id
  response_parameters = merge(
    {
      "method.response.header.Access-Control-Allow-Headers" = "'Authorization,Content-Type,Idempotency-Key,X-Amz-Content-Sha256,X-Amz-Date,X-Amz-Security-Token,X-Api-Key,*'"
      "method.response.header.Access-Control-Allow-Methods" = "'OPTIONS,POST'"
      "method.response.header.Access-Control-Allow-Origin"  = "'${var.cors_origins[0]}'"
      "method.response.header.Access-Control-Max-Age"       = "'3600'"
    },
    length(var.cors_origins) > 1 ? {
      "method.response.header.Vary" = "'Origin'"
    } : {}
  )
  response_templates = length(var.cors_origins) > 1 ? {
    "application/json" = "#set($headers = $input.params().header)${join("", [for origin in slice(var.cors_origins, 1, length(var.cors_origins)) : "\n#if($headers.get('Origin') == '${origin}' || $headers.get('origin') == '${origin}')\n#set($context.responseOverride.header.Access-Control-Allow-Origin = '${origin}')\n#end"])}"
  } : null
  rest_api_id = aws_api_gateway_rest_api.api.id
  status_code = aws_api_gateway_method_response.api_preflight_upload[0].status_code

  depends_on = [aws_api_gateway_integration.api_preflight_upload]
}

resource "aws_api_gateway_method" "api_post_upload" {
  # checkov:skip=CKV_AWS_59: `Authorization.NONE` asks for it: anybody may call this route
  api_key_required = var.api_authorization == "api_key" ? true : null
  authorization    = var.api_authorization != "iam" ? "NONE" : "AWS_IAM"
  http_method      = "POST"
  request_models = {
    "application/json" = aws_api_gateway_model.api_post_upload.name
  }
  request_validator_id = aws_api_gateway_request_validator.api_post_upload.id
  resource_id          = aws_api_gateway_resource.api_path_upload.id
  rest_api_id          = aws_api_gateway_rest_api.api.id
}

resource "aws_api_gateway_method" "api_preflight_upload" {
  # checkov:skip=CKV2_AWS_53: a preflight has no body, and of what it sends only the origin is looked at
  count         = length(var.cors_origins) > 0 ? 1 : 0
  authorization = "NONE"
  http_method   = "OPTIONS"
  resource_id   = aws_api_gateway_resource.api_path_upload.id
  rest_api_id   = aws_api_gateway_rest_api.api.id
}

resource "aws_api_gateway_method_response" "api_preflight_upload" {
  count       = length(var.cors_origins) > 0 ? 1 : 0
  http_method = aws_api_gateway_method.api_preflight_upload[0].http_method
  resource_id = aws_api_gateway_resource.api_path_upload.id
  response_parameters = merge(
    {
      "method.response.header.Access-Control-Allow-Headers" = true
      "method.response.header.Access-Control-Allow-Methods" = true
      "method.response.header.Access-Control-Allow-Origin"  = true
      "method.response.header.Access-Control-Max-Age"       = true
    },
    length(var.cors_origins) > 1 ? {
      "method.response.header.Vary" = true
    } : {}
  )
  rest_api_id = aws_api_gateway_rest_api.api.id
  status_code = "204"
}

resource "aws_api_gateway_method_settings" "api" {
  # checkov:skip=CKV_AWS_225: an answer is what is true now, for one caller; a cache gives it to others, later, and costs by the hour
  method_path = "*/*"
  rest_api_id = aws_api_gateway_rest_api.api.id
  stage_name  = aws_api_gateway_stage.api.stage_name

  settings {
    data_trace_enabled     = false
    logging_level          = "INFO"
    metrics_enabled        = true
    throttling_burst_limit = var.upload_burst_limit
    throttling_rate_limit  = 1000
  }
}

resource "aws_api_gateway_model" "api_post_upload" {
  name         = "PostUploadBody"
  content_type = "application/json"
  rest_api_id  = aws_api_gateway_rest_api.api.id
  schema       = "{\"$schema\": \"http://json-schema.org/draft-04/schema#\", \"title\": \"A file of a product: its content, or its size for a presigned upload\", \"type\": \"object\", \"properties\": {\"productId\": {\"description\": \"1 to 128 letters, digits and . _ : -, a letter or digit first\", \"type\": \"string\", \"pattern\": \"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$\"}, \"productName\": {\"description\": \"no control characters\", \"type\": \"string\", \"minLength\": 1, \"maxLength\": 256, \"pattern\": \"^[^\\\\u0000-\\\\u001f\\\\u007f-\\\\u009f]+$\"}, \"price\": {\"description\": \"kept exactly as written, up to 38 digits\", \"type\": \"number\", \"minimum\": 0}, \"fileName\": {\"description\": \"a name, not a path: no slashes, no control characters, not . or .. itself\", \"type\": \"string\", \"minLength\": 1, \"maxLength\": 255, \"pattern\": \"^(?!\\\\.{1,2}$)[^/\\\\\\\\\\\\u0000-\\\\u001f\\\\u007f-\\\\u009f\\\\u2028-\\\\u202e\\\\u2066-\\\\u2069]+$\"}, \"contentType\": {\"description\": \"a media type such as text/plain; charset=utf-8 (RFC 9110, 8.3.1), or empty where it is unknown\", \"type\": \"string\", \"maxLength\": 255, \"pattern\": \"^[\\\\t ]*(?:[A-Za-z0-9!#%&'*+.^_`|~\\\\$-]+/[A-Za-z0-9!#%&'*+.^_`|~\\\\$-]+[\\\\t ]*(?:;[\\\\t ]*(?:[A-Za-z0-9!#%&'*+.^_`|~\\\\$-]+=(?:\\\"(?:[\\\\t !#-\\\\[\\\\]-~]|\\\\\\\\[\\\\t -~])*\\\"|[!#-:<-~]+(?:[\\\\t ]+[!#-:<-~]+)*)[\\\\t ]*)?)*)?$\"}, \"content\": {\"description\": \"the file in base64, up to 4 MiB of it\", \"type\": \"string\"}, \"size\": {\"description\": \"bytes of a file that comes by a presigned upload: at most what S3 takes in one request\", \"type\": \"integer\", \"minimum\": 1, \"maximum\": 5368709120}}, \"required\": [\"productId\", \"productName\", \"price\", \"fileName\"], \"additionalProperties\": false, \"oneOf\": [{\"required\": [\"content\"]}, {\"required\": [\"size\"]}]}"
}

resource "aws_api_gateway_request_validator" "api_post_upload" {
  name                  = "PostUploadBody"
  rest_api_id           = aws_api_gateway_rest_api.api.id
  validate_request_body = true
}

resource "aws_api_gateway_resource" "api_path_upload" {
  parent_id   = aws_api_gateway_rest_api.api.root_resource_id
  path_part   = "upload"
  rest_api_id = aws_api_gateway_rest_api.api.id
}

resource "aws_api_gateway_rest_api" "api" {
  name        = "${var.project}-upload-api-api-${var.environment}"
  description = "Takes files of products"
  tags        = local.tags

  endpoint_configuration {
    types = ["REGIONAL"]
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "api" {
  # checkov:skip=CKV2_AWS_29: callers are known and throttled; who opens an API to strangers puts a web ACL before `stage.arn`
  # checkov:skip=CKV2_AWS_51: it would prove API Gateway to a server of one's own; Lambda knows it by its permission
  # checkov:skip=CKV2_AWS_77: the web ACL's rules are its owner's, and in another plan; no Java runs behind this API
  # checkov:skip=CKV_AWS_120: an answer is what is true now, for one caller; a cache gives it to others, later, and costs by the hour
  deployment_id        = aws_api_gateway_deployment.api.id
  rest_api_id          = aws_api_gateway_rest_api.api.id
  stage_name           = "live"
  xray_tracing_enabled = true
  tags                 = local.tags

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.api_access.arn
    format          = "{\"requestId\": \"$context.requestId\", \"requestTime\": \"$context.requestTime\", \"httpMethod\": \"$context.httpMethod\", \"resourcePath\": \"$context.resourcePath\", \"status\": \"$context.status\", \"responseLatency\": \"$context.responseLatency\", \"responseLength\": \"$context.responseLength\", \"integrationStatus\": \"$context.integration.status\", \"integrationLatency\": \"$context.integration.latency\", \"sourceIp\": \"$context.identity.sourceIp\", \"caller\": \"$context.identity.userArn\", \"error\": \"$context.error.message\"}"
  }

  depends_on = [aws_cloudwatch_log_group.api_execution]
}

resource "aws_api_gateway_usage_plan" "api" {
  count = var.api_authorization == "api_key" ? 1 : 0
  name  = "${var.project}-upload-api-api-${var.environment}"
  tags  = local.tags

  api_stages {
    api_id = aws_api_gateway_rest_api.api.id
    stage  = aws_api_gateway_stage.api.stage_name
  }
}

resource "aws_api_gateway_usage_plan_key" "api" {
  count         = var.api_authorization == "api_key" ? 1 : 0
  key_id        = aws_api_gateway_api_key.api[0].id
  key_type      = "API_KEY"
  usage_plan_id = aws_api_gateway_usage_plan.api[0].id
}

resource "aws_cloudwatch_log_group" "api_access" {
  # checkov:skip=CKV_AWS_158: CloudWatch Logs encrypts all logs by itself; they hold no file contents and no secrets
  name              = "/aws/apigateway/${var.project}-upload-api-api-${var.environment}"
  kms_key_id        = var.encryption_keys == "customer" ? aws_kms_key.key.arn : null
  retention_in_days = var.log_retention_days
  tags              = local.tags
}

resource "aws_cloudwatch_log_group" "api_execution" {
  # checkov:skip=CKV_AWS_158: CloudWatch Logs encrypts all logs by itself; they hold no file contents and no secrets
  name              = "API-Gateway-Execution-Logs_${aws_api_gateway_rest_api.api.id}/live"
  kms_key_id        = var.encryption_keys == "customer" ? aws_kms_key.key.arn : null
  retention_in_days = var.log_retention_days
  tags              = local.tags
}

resource "aws_cloudwatch_metric_alarm" "api_server_errors" {
  alarm_name          = "${var.project}-upload-api-api-${var.environment}-5XXError"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "${var.project}-upload-api-api-${var.environment} answered with a 5xx status; the function's log and the execution log say why"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    ApiName = "${var.project}-upload-api-api-${var.environment}"
    Stage   = "live"
  }
  evaluation_periods = 1
  metric_name        = "5XXError"
  namespace          = "AWS/ApiGateway"
  ok_actions         = [aws_sns_topic.alarm.arn]
  period             = 60
  statistic          = "Sum"
  threshold          = 0
  treat_missing_data = "notBreaching"
  tags               = local.tags
}

resource "aws_wafv2_web_acl_association" "api" {
  count        = var.web_acl_arn != null ? 1 : 0
  resource_arn = aws_api_gateway_stage.api.arn
  web_acl_arn  = var.web_acl_arn
}

data "aws_iam_policy_document" "buffer" {
  count = var.upload_delivery != "direct" ? 1 : 0

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
      values   = [aws_s3_bucket.files.arn]
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
  count = var.upload_delivery != "direct" ? 1 : 0

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
  count               = var.upload_delivery != "direct" ? 1 : 0
  alarm_name          = "${var.project}-upload-api-buffer-${var.environment}-ApproximateAgeOfOldestMessage"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "Events wait for longer than all attempts at one of them take in ${var.project}-upload-api-buffer-${var.environment}"
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
  count               = var.upload_delivery != "direct" ? 1 : 0
  alarm_name          = "${var.project}-upload-api-buffer-${var.environment}-dead-letters-ApproximateNumberOfMessagesVisible"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "Messages that nobody could process after 5 times wait in ${var.project}-upload-api-buffer-${var.environment}-dead-letters"
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

resource "aws_lambda_event_source_mapping" "buffer_to_uploader" {
  count                              = var.upload_delivery != "direct" ? 1 : 0
  function_name                      = aws_lambda_function.uploader.arn
  batch_size                         = var.buffer_batch_size
  event_source_arn                   = aws_sqs_queue.buffer[0].arn
  function_response_types            = ["ReportBatchItemFailures"]
  maximum_batching_window_in_seconds = var.buffer_window_seconds
  tags                               = local.tags

  scaling_config {
    maximum_concurrency = var.buffer_max_concurrency
  }

  depends_on = [aws_iam_role_policy.uploader_poll_buffer]
}

resource "aws_sqs_queue" "buffer" {
  count                     = var.upload_delivery != "direct" ? 1 : 0
  name                      = "${var.project}-upload-api-buffer-${var.environment}"
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
  count                     = var.upload_delivery != "direct" ? 1 : 0
  name                      = "${var.project}-upload-api-buffer-${var.environment}-dead-letters"
  kms_master_key_id         = var.encryption_keys == "customer" ? aws_kms_key.key.arn : null
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = var.encryption_keys != "customer" ? true : null
  tags                      = local.tags
}

resource "aws_sqs_queue_policy" "buffer" {
  count     = var.upload_delivery != "direct" ? 1 : 0
  policy    = data.aws_iam_policy_document.buffer[0].json
  queue_url = aws_sqs_queue.buffer[0].url
}

resource "aws_sqs_queue_policy" "buffer_dead_letters" {
  count     = var.upload_delivery != "direct" ? 1 : 0
  policy    = data.aws_iam_policy_document.buffer_dead_letters[0].json
  queue_url = aws_sqs_queue.buffer_dead_letters[0].url
}

resource "aws_cloudwatch_dashboard" "dashboard" {
  dashboard_name = "${var.project}-upload-api-overview-${var.environment}"
  dashboard_body = jsonencode({
    widgets = [
      {
        type   = "metric"
        x      = 0
        y      = 0
        width  = 12
        height = 6
        properties = {
          title  = "Requests"
          region = "${data.aws_region.current.id}"
          view   = "timeSeries"
          period = 60
          metrics = [
            [
              "AWS/ApiGateway",
              "Count",
              "ApiName",
              "${var.project}-upload-api-api-${var.environment}",
              "Stage",
              "live",
              "Resource",
              "/upload",
              "Method",
              "POST",
              { stat = "Sum" },
            ],
          ]
        }
      },
      {
        type   = "metric"
        x      = 12
        y      = 0
        width  = 12
        height = 6
        properties = {
          title  = "Refused and failed requests"
          region = "${data.aws_region.current.id}"
          view   = "timeSeries"
          period = 60
          metrics = [
            [
              "AWS/ApiGateway",
              "4XXError",
              "ApiName",
              "${var.project}-upload-api-api-${var.environment}",
              "Stage",
              "live",
              "Resource",
              "/upload",
              "Method",
              "POST",
              { stat = "Sum" },
            ],
            [
              "AWS/ApiGateway",
              "5XXError",
              "ApiName",
              "${var.project}-upload-api-api-${var.environment}",
              "Stage",
              "live",
              "Resource",
              "/upload",
              "Method",
              "POST",
              { stat = "Sum" },
            ],
          ]
        }
      },
      {
        type   = "metric"
        x      = 0
        y      = 6
        width  = 12
        height = 6
        properties = {
          title  = "Latency (ms, 99 of 100 requests)"
          region = "${data.aws_region.current.id}"
          view   = "timeSeries"
          period = 60
          metrics = [
            [
              "AWS/ApiGateway",
              "Latency",
              "ApiName",
              "${var.project}-upload-api-api-${var.environment}",
              "Stage",
              "live",
              "Resource",
              "/upload",
              "Method",
              "POST",
              { stat = "p99" },
            ],
            [
              "AWS/ApiGateway",
              "IntegrationLatency",
              "ApiName",
              "${var.project}-upload-api-api-${var.environment}",
              "Stage",
              "live",
              "Resource",
              "/upload",
              "Method",
              "POST",
              { stat = "p99" },
            ],
          ]
        }
      },
      {
        type   = "metric"
        x      = 12
        y      = 6
        width  = 12
        height = 6
        properties = {
          title  = "Function"
          region = "${data.aws_region.current.id}"
          view   = "timeSeries"
          period = 60
          metrics = [
            [
              "AWS/Lambda",
              "Invocations",
              "FunctionName",
              "${var.project}-upload-api-uploader-${var.environment}",
              { stat = "Sum" },
            ],
            [
              "AWS/Lambda",
              "Errors",
              "FunctionName",
              "${var.project}-upload-api-uploader-${var.environment}",
              { stat = "Sum" },
            ],
            [
              "AWS/Lambda",
              "Throttles",
              "FunctionName",
              "${var.project}-upload-api-uploader-${var.environment}",
              { stat = "Sum" },
            ],
          ]
        }
      },
      {
        type   = "metric"
        x      = 0
        y      = 12
        width  = 12
        height = 6
        properties = {
          title  = "Duration (ms)"
          region = "${data.aws_region.current.id}"
          view   = "timeSeries"
          period = 60
          metrics = [
            [
              "AWS/Lambda",
              "Duration",
              "FunctionName",
              "${var.project}-upload-api-uploader-${var.environment}",
              { stat = "p50" },
            ],
            [
              "AWS/Lambda",
              "Duration",
              "FunctionName",
              "${var.project}-upload-api-uploader-${var.environment}",
              { stat = "p99" },
            ],
            [
              "AWS/Lambda",
              "Duration",
              "FunctionName",
              "${var.project}-upload-api-uploader-${var.environment}",
              { stat = "Maximum" },
            ],
          ]
        }
      },
      {
        type   = "metric"
        x      = 12
        y      = 12
        width  = 12
        height = 6
        properties = {
          title  = "Presigned uploads"
          region = "${data.aws_region.current.id}"
          view   = "timeSeries"
          period = 60
          metrics = [
            [
              "${var.project}-upload-api-uploader-${var.environment}",
              "UploadsArrived",
              "service",
              "${var.project}-upload-api-uploader-${var.environment}",
              { stat = "Sum" },
            ],
            [
              "${var.project}-upload-api-uploader-${var.environment}",
              "UploadsOfWrongSize",
              "service",
              "${var.project}-upload-api-uploader-${var.environment}",
              { stat = "Sum" },
            ],
            [
              "${var.project}-upload-api-uploader-${var.environment}",
              "UploadsExpired",
              "service",
              "${var.project}-upload-api-uploader-${var.environment}",
              { stat = "Sum" },
            ],
          ]
        }
      },
      {
        type   = "metric"
        x      = 0
        y      = 18
        width  = 12
        height = 6
        properties = {
          title  = "Table: throttled"
          region = "${data.aws_region.current.id}"
          view   = "timeSeries"
          period = 60
          metrics = [
            [
              "AWS/DynamoDB",
              "ReadThrottleEvents",
              "TableName",
              aws_dynamodb_table.products.name,
              { stat = "Sum" },
            ],
            [
              "AWS/DynamoDB",
              "WriteThrottleEvents",
              "TableName",
              aws_dynamodb_table.products.name,
              { stat = "Sum" },
            ],
          ]
        }
      },
    ]
  })
}

data "aws_iam_policy_document" "files" {

  statement {
    sid       = "DenyInsecureTransport"
    actions   = ["s3:*"]
    effect    = "Deny"
    resources = [aws_s3_bucket.files.arn, "${aws_s3_bucket.files.arn}/*"]

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
    sid = "OnlyTheFunctionUsesObjects"
    actions = concat(
      ["s3:GetObject*", "s3:PutObject*", "s3:RestoreObject"],
      local.protected ? ["s3:DeleteObject*"] : []
    )
    effect    = "Deny"
    resources = ["${aws_s3_bucket.files.arn}/*"]

    condition {
      test = "ArnNotLike"
      values = [
        "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.account.account_id}:role/${aws_iam_role.uploader.name}",
      ]
      variable = "aws:PrincipalArn"
    }

    principals {
      identifiers = ["*"]
      type        = "*"
    }
  }
}

data "aws_iam_policy_document" "files_key" {
  # checkov:skip=CKV_AWS_109: a key policy's resource is `*`, which is this one key, and its principals are this account
  # checkov:skip=CKV_AWS_111: a key policy's resource is `*`, which is this one key, and its principals are this account
  # checkov:skip=CKV_AWS_356: a key policy's resource is `*`, which is this one key, and its principals are this account
  count = var.upload_encryption == "kms" ? 1 : 0

  statement {
    sid = "Administration"
    actions = [
      "kms:CancelKeyDeletion",
      "kms:CreateAlias",
      "kms:DeleteAlias",
      "kms:DescribeKey",
      "kms:DisableKey",
      "kms:DisableKeyRotation",
      "kms:EnableKey",
      "kms:EnableKeyRotation",
      "kms:GetKeyPolicy",
      "kms:GetKeyRotationStatus",
      "kms:ListGrants",
      "kms:ListKeyPolicies",
      "kms:ListKeyRotations",
      "kms:ListResourceTags",
      "kms:PutKeyPolicy",
      "kms:RevokeGrant",
      "kms:RotateKeyOnDemand",
      "kms:ScheduleKeyDeletion",
      "kms:TagResource",
      "kms:UntagResource",
      "kms:UpdateAlias",
      "kms:UpdateKeyDescription",
    ]
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
    sid = "UseThroughService"
    actions = [
      "kms:CreateGrant",
      "kms:Decrypt",
      "kms:Encrypt",
      "kms:GenerateDataKey",
      "kms:GenerateDataKeyWithoutPlaintext",
      "kms:ReEncryptFrom",
      "kms:ReEncryptTo",
    ]
    effect    = "Allow"
    resources = ["*"]

    condition {
      test     = "StringEquals"
      values   = ["s3.${data.aws_region.current.name}.${data.aws_partition.current.dns_suffix}"]
      variable = "kms:ViaService"
    }

    principals {
      identifiers = [
        "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.account.account_id}:root",
      ]
      type = "AWS"
    }
  }
}

resource "aws_kms_alias" "files_key" {
  count         = var.upload_encryption == "kms" ? 1 : 0
  name          = "alias/${var.project}-upload-api-files-${var.environment}"
  target_key_id = aws_kms_key.files[0].key_id
}

resource "aws_kms_key" "files" {
  # checkov:skip=CKV_AWS_109: a key policy's resource is `*`, which is this one key, and its principals are this account
  # checkov:skip=CKV_AWS_111: a key policy's resource is `*`, which is this one key, and its principals are this account
  # checkov:skip=CKV_AWS_356: a key policy's resource is `*`, which is this one key, and its principals are this account
  # RESOURCE_STAR: a key policy's resource is `*`, which is this one key, and its principals are this account
  count                   = var.upload_encryption == "kms" ? 1 : 0
  description             = "Encrypts the files of upload-api (${var.environment})"
  deletion_window_in_days = 30
  enable_key_rotation     = true
  policy                  = data.aws_iam_policy_document.files_key[0].json
  tags                    = local.tags
}

resource "aws_s3_bucket" "files" {
  # checkov:skip=CKV_AWS_144: a system works in one region; a copy in another costs as much again, and nobody reads it
  # checkov:skip=CKV_AWS_145: SSE-S3 encrypts without the cost of KMS requests; `key` opts in to SSE-KMS
  # checkov:skip=CKV_AWS_18: CloudTrail's data events, set up once for an account, tell who read and wrote objects; access logs need another bucket beside each, and arrive late and incomplete
  bucket        = "${var.project}-upload-api-files-${var.environment}-${data.aws_caller_identity.account.account_id}"
  force_destroy = !local.protected
  tags          = local.tags
}

resource "aws_s3_bucket_cors_configuration" "files" {
  count  = length(var.cors_origins) > 0 ? 1 : 0
  bucket = aws_s3_bucket.files.bucket

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

resource "aws_s3_bucket_lifecycle_configuration" "files" {
  bucket = aws_s3_bucket.files.bucket

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

resource "aws_s3_bucket_notification" "files" {
  bucket = aws_s3_bucket.files.bucket

  dynamic "lambda_function" {
    for_each = var.upload_delivery != "buffered" ? [1] : []
    content {
      events              = ["s3:ObjectCreated:*"]
      filter_prefix       = "presigned/"
      lambda_function_arn = aws_lambda_function.uploader.arn
    }
  }

  dynamic "queue" {
    for_each = var.upload_delivery == "buffered" ? [1] : []
    content {
      events        = ["s3:ObjectCreated:*"]
      filter_prefix = "presigned/"
      queue_arn     = aws_sqs_queue.buffer[0].arn
    }
  }

  depends_on = [aws_sqs_queue_policy.buffer, aws_lambda_permission.uploader_invoke_for_files]
}

resource "aws_s3_bucket_ownership_controls" "files" {
  bucket = aws_s3_bucket.files.bucket

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_policy" "files" {
  bucket = aws_s3_bucket.files.bucket
  policy = data.aws_iam_policy_document.files.json

  depends_on = [aws_s3_bucket_public_access_block.files]
}

resource "aws_s3_bucket_public_access_block" "files" {
  bucket                  = aws_s3_bucket.files.bucket
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "files" {
  bucket = aws_s3_bucket.files.bucket

  rule {
    bucket_key_enabled = var.encryption_keys == "customer" || var.upload_encryption == "kms" ? true : null

    apply_server_side_encryption_by_default {
      kms_master_key_id = var.encryption_keys == "customer" || var.upload_encryption == "kms" ? (
        var.upload_encryption == "kms" ? aws_kms_key.files[0].arn : aws_kms_key.key.arn
      ) : null
      sse_algorithm = var.encryption_keys == "customer" ? "aws:kms" : (
        var.upload_encryption == "kms" ? "aws:kms" : "AES256"
      )
    }
  }
}

resource "aws_s3_bucket_versioning" "files" {
  bucket = aws_s3_bucket.files.bucket

  versioning_configuration {
    status = "Enabled"
  }
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
          "arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.name}:${data.aws_caller_identity.account.account_id}:log-group:/aws/lambda/${var.project}-upload-api-uploader-${var.environment}",
          "arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.name}:${data.aws_caller_identity.account.account_id}:log-group:/aws/apigateway/${var.project}-upload-api-api-${var.environment}",
          "arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.name}:${data.aws_caller_identity.account.account_id}:log-group:API-Gateway-Execution-Logs_${aws_api_gateway_rest_api.api.id}/live",
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
    for_each = var.encryption_keys == "customer" && var.upload_delivery != "direct" ? [1] : []
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
  name          = "alias/${var.project}-upload-api-messages-${var.environment}"
  target_key_id = aws_kms_key.key.key_id
}

resource "aws_kms_key" "key" {
  # checkov:skip=CKV_AWS_109: a key policy's resource is `*`, which is this one key, and its principals are this account
  # checkov:skip=CKV_AWS_111: a key policy's resource is `*`, which is this one key, and its principals are this account
  # checkov:skip=CKV_AWS_356: a key policy's resource is `*`, which is this one key, and its principals are this account
  # RESOURCE_STAR: a key policy's resource is `*`, which is this one key, and its principals are this account
  description             = var.encryption_keys == "customer" ? "Encrypts what upload-api publishes and keeps (${var.environment})" : "Encrypts what upload-api publishes (${var.environment})"
  deletion_window_in_days = 30
  enable_key_rotation     = true
  policy                  = data.aws_iam_policy_document.key.json
  tags                    = local.tags
}

data "aws_iam_policy_document" "products_key" {
  # checkov:skip=CKV_AWS_109: a key policy's resource is `*`, which is this one key, and its principals are this account
  # checkov:skip=CKV_AWS_111: a key policy's resource is `*`, which is this one key, and its principals are this account
  # checkov:skip=CKV_AWS_356: a key policy's resource is `*`, which is this one key, and its principals are this account

  statement {
    sid = "Administration"
    actions = [
      "kms:CancelKeyDeletion",
      "kms:CreateAlias",
      "kms:DeleteAlias",
      "kms:DescribeKey",
      "kms:DisableKey",
      "kms:DisableKeyRotation",
      "kms:EnableKey",
      "kms:EnableKeyRotation",
      "kms:GetKeyPolicy",
      "kms:GetKeyRotationStatus",
      "kms:ListGrants",
      "kms:ListKeyPolicies",
      "kms:ListKeyRotations",
      "kms:ListResourceTags",
      "kms:PutKeyPolicy",
      "kms:RevokeGrant",
      "kms:RotateKeyOnDemand",
      "kms:ScheduleKeyDeletion",
      "kms:TagResource",
      "kms:UntagResource",
      "kms:UpdateAlias",
      "kms:UpdateKeyDescription",
    ]
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
    sid = "UseThroughService"
    actions = [
      "kms:CreateGrant",
      "kms:Decrypt",
      "kms:Encrypt",
      "kms:GenerateDataKey",
      "kms:GenerateDataKeyWithoutPlaintext",
      "kms:ReEncryptFrom",
      "kms:ReEncryptTo",
    ]
    effect    = "Allow"
    resources = ["*"]

    condition {
      test     = "StringEquals"
      values   = ["dynamodb.${data.aws_region.current.name}.${data.aws_partition.current.dns_suffix}"]
      variable = "kms:ViaService"
    }

    principals {
      identifiers = [
        "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.account.account_id}:root",
      ]
      type = "AWS"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "products_read_throttled" {
  alarm_name          = "${var.project}-upload-api-products-${var.environment}-ReadThrottleEvents"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "${var.project}-upload-api-products-${var.environment}: reads were throttled; raise its capacity"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    TableName = "${var.project}-upload-api-products-${var.environment}"
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

resource "aws_cloudwatch_metric_alarm" "products_write_throttled" {
  alarm_name          = "${var.project}-upload-api-products-${var.environment}-WriteThrottleEvents"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "${var.project}-upload-api-products-${var.environment}: writes were throttled; raise its capacity"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    TableName = "${var.project}-upload-api-products-${var.environment}"
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

resource "aws_dynamodb_table" "products" {
  name                        = "${var.project}-upload-api-products-${var.environment}"
  billing_mode                = "PAY_PER_REQUEST"
  deletion_protection_enabled = local.protected
  hash_key                    = "productId"
  range_key                   = "productName"
  tags                        = local.tags

  attribute {
    name = "productId"
    type = "S"
  }

  attribute {
    name = "productName"
    type = "S"
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.products.arn
  }

  ttl {
    attribute_name = "expiresAt"
    enabled        = true
  }
}

resource "aws_kms_alias" "products_key" {
  name          = "alias/${var.project}-upload-api-products-${var.environment}"
  target_key_id = aws_kms_key.products.key_id
}

resource "aws_kms_key" "products" {
  # checkov:skip=CKV_AWS_109: a key policy's resource is `*`, which is this one key, and its principals are this account
  # checkov:skip=CKV_AWS_111: a key policy's resource is `*`, which is this one key, and its principals are this account
  # checkov:skip=CKV_AWS_356: a key policy's resource is `*`, which is this one key, and its principals are this account
  # RESOURCE_STAR: a key policy's resource is `*`, which is this one key, and its principals are this account
  description             = "Encrypts the products of upload-api (${var.environment})"
  deletion_window_in_days = 30
  enable_key_rotation     = true
  policy                  = data.aws_iam_policy_document.products_key.json
  tags                    = local.tags
}

data "aws_iam_policy_document" "uploader_assume_role" {

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

data "aws_iam_policy_document" "uploader_connect" {
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

data "aws_iam_policy_document" "uploader_delete_products" {

  statement {
    sid       = "Delete"
    actions   = ["dynamodb:DeleteItem"]
    effect    = "Allow"
    resources = [aws_dynamodb_table.products.arn]
  }
}

data "aws_iam_policy_document" "uploader_failures" {

  statement {
    sid       = "DenyInsecureTransport"
    actions   = ["sqs:*"]
    effect    = "Deny"
    resources = [aws_sqs_queue.uploader_failures.arn]

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

data "aws_iam_policy_document" "uploader_get_products" {

  statement {
    sid       = "Get"
    actions   = ["dynamodb:GetItem"]
    effect    = "Allow"
    resources = [aws_dynamodb_table.products.arn]
  }
}

data "aws_iam_policy_document" "uploader_operate" {

  statement {
    sid       = "WriteOwnLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    effect    = "Allow"
    resources = ["${aws_cloudwatch_log_group.uploader.arn}:*"]
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
    resources = [aws_sqs_queue.uploader_failures.arn]
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

data "aws_iam_policy_document" "uploader_poll_buffer" {
  count = var.upload_delivery != "direct" ? 1 : 0

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

data "aws_iam_policy_document" "uploader_presign_presigned_files" {

  statement {
    sid       = "Presign"
    actions   = ["s3:PutObject"]
    effect    = "Allow"
    resources = ["${aws_s3_bucket.files.arn}/presigned/*"]
  }

  dynamic "statement" {
    for_each = var.encryption_keys == "customer" || var.upload_encryption == "kms" ? [1] : []
    content {
      sid       = "PresignKey"
      actions   = ["kms:GenerateDataKey", "kms:Decrypt"]
      effect    = "Allow"
      resources = var.upload_encryption == "kms" ? [aws_kms_key.files[0].arn] : [aws_kms_key.key.arn]
    }
  }
}

data "aws_iam_policy_document" "uploader_put_products" {

  statement {
    sid       = "Put"
    actions   = ["dynamodb:PutItem"]
    effect    = "Allow"
    resources = [aws_dynamodb_table.products.arn]
  }
}

data "aws_iam_policy_document" "uploader_query_products" {

  statement {
    sid       = "Query"
    actions   = ["dynamodb:Query"]
    effect    = "Allow"
    resources = [aws_dynamodb_table.products.arn]
  }
}

data "aws_iam_policy_document" "uploader_read_presigned_files" {

  statement {
    sid       = "Read"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    effect    = "Allow"
    resources = ["${aws_s3_bucket.files.arn}/presigned/*"]
  }

  dynamic "statement" {
    for_each = var.encryption_keys == "customer" || var.upload_encryption == "kms" ? [1] : []
    content {
      sid       = "ReadKey"
      actions   = ["kms:Decrypt"]
      effect    = "Allow"
      resources = var.upload_encryption == "kms" ? [aws_kms_key.files[0].arn] : [aws_kms_key.key.arn]
    }
  }
}

data "aws_iam_policy_document" "uploader_reserve_connection" {
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
      values   = [aws_lambda_function.uploader.arn]
      variable = "lambda:SourceFunctionArn"
    }
  }
}

data "aws_iam_policy_document" "uploader_use_key_of_products" {

  statement {
    sid       = "UseTableKey"
    actions   = ["kms:Decrypt", "kms:DescribeKey"]
    effect    = "Allow"
    resources = [aws_kms_key.products.arn]
  }
}

data "aws_iam_policy_document" "uploader_write_uploads_files" {

  statement {
    sid       = "Write"
    actions   = ["s3:PutObject"]
    effect    = "Allow"
    resources = ["${aws_s3_bucket.files.arn}/uploads/*"]
  }

  dynamic "statement" {
    for_each = var.encryption_keys == "customer" || var.upload_encryption == "kms" ? [1] : []
    content {
      sid       = "WriteKey"
      actions   = ["kms:GenerateDataKey", "kms:Decrypt"]
      effect    = "Allow"
      resources = var.upload_encryption == "kms" ? [aws_kms_key.files[0].arn] : [aws_kms_key.key.arn]
    }
  }
}

resource "aws_cloudwatch_log_group" "uploader" {
  # checkov:skip=CKV_AWS_158: CloudWatch Logs encrypts all logs by itself; they hold no file contents and no secrets
  name              = "/aws/lambda/${var.project}-upload-api-uploader-${var.environment}"
  kms_key_id        = var.encryption_keys == "customer" ? aws_kms_key.key.arn : null
  retention_in_days = var.log_retention_days
  tags              = local.tags
}

resource "aws_cloudwatch_metric_alarm" "uploader_destination_delivery_failures" {
  alarm_name          = "${var.project}-upload-api-uploader-${var.environment}-DestinationDeliveryFailures"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "${var.project}-upload-api-uploader-${var.environment} could not keep a failed event in ${aws_sqs_queue.uploader_failures.name}"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    FunctionName = "${var.project}-upload-api-uploader-${var.environment}"
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

resource "aws_cloudwatch_metric_alarm" "uploader_duration" {
  alarm_name          = "${var.project}-upload-api-uploader-${var.environment}-Duration"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "${var.project}-upload-api-uploader-${var.environment} took more than 80 % of its timeout of ${var.lambda_timeout_seconds} s"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    FunctionName = "${var.project}-upload-api-uploader-${var.environment}"
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

resource "aws_cloudwatch_metric_alarm" "uploader_errors" {
  alarm_name          = "${var.project}-upload-api-uploader-${var.environment}-Errors"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "${var.project}-upload-api-uploader-${var.environment} failed; after two more tries the event is kept in ${aws_sqs_queue.uploader_failures.name}"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    FunctionName = "${var.project}-upload-api-uploader-${var.environment}"
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

resource "aws_cloudwatch_metric_alarm" "uploader_failures_kept" {
  alarm_name          = "${var.project}-upload-api-uploader-${var.environment}-ApproximateNumberOfMessagesVisible"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "Events that ${var.project}-upload-api-uploader-${var.environment} could not process wait in ${aws_sqs_queue.uploader_failures.name}"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    QueueName = aws_sqs_queue.uploader_failures.name
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

resource "aws_cloudwatch_metric_alarm" "uploader_throttles" {
  alarm_name          = "${var.project}-upload-api-uploader-${var.environment}-Throttles"
  alarm_actions       = [aws_sns_topic.alarm.arn]
  alarm_description   = "${var.project}-upload-api-uploader-${var.environment} was throttled: raise its or the account's concurrency"
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    FunctionName = "${var.project}-upload-api-uploader-${var.environment}"
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

resource "aws_iam_role" "uploader" {
  name               = "${var.project}-upload-api-uploader-${var.environment}"
  assume_role_policy = data.aws_iam_policy_document.uploader_assume_role.json
  tags               = local.tags
}

resource "aws_iam_role_policy" "uploader_connect" {
  # RESOURCE_MISMATCH: AWS prescribes all resources of EC2, not only interfaces; the function's own code is denied the same actions
  count  = length(var.vpc_subnet_ids) > 0 ? 1 : 0
  name   = "ConnectUploader"
  policy = data.aws_iam_policy_document.uploader_connect[0].json
  role   = aws_iam_role.uploader.name
}

resource "aws_iam_role_policy" "uploader_delete_products" {
  name   = "DeleteProducts"
  policy = data.aws_iam_policy_document.uploader_delete_products.json
  role   = aws_iam_role.uploader.name
}

resource "aws_iam_role_policy" "uploader_get_products" {
  name   = "GetProducts"
  policy = data.aws_iam_policy_document.uploader_get_products.json
  role   = aws_iam_role.uploader.name
}

resource "aws_iam_role_policy" "uploader_operate" {
  name   = "OperateUploader"
  policy = data.aws_iam_policy_document.uploader_operate.json
  role   = aws_iam_role.uploader.name
}

resource "aws_iam_role_policy" "uploader_poll_buffer" {
  count  = var.upload_delivery != "direct" ? 1 : 0
  name   = "PollBuffer"
  policy = data.aws_iam_policy_document.uploader_poll_buffer[0].json
  role   = aws_iam_role.uploader.name
}

resource "aws_iam_role_policy" "uploader_presign_presigned_files" {
  name   = "PresignPresignedFiles"
  policy = data.aws_iam_policy_document.uploader_presign_presigned_files.json
  role   = aws_iam_role.uploader.name
}

resource "aws_iam_role_policy" "uploader_put_products" {
  name   = "PutProducts"
  policy = data.aws_iam_policy_document.uploader_put_products.json
  role   = aws_iam_role.uploader.name
}

resource "aws_iam_role_policy" "uploader_query_products" {
  name   = "QueryProducts"
  policy = data.aws_iam_policy_document.uploader_query_products.json
  role   = aws_iam_role.uploader.name
}

resource "aws_iam_role_policy" "uploader_read_presigned_files" {
  name   = "ReadPresignedFiles"
  policy = data.aws_iam_policy_document.uploader_read_presigned_files.json
  role   = aws_iam_role.uploader.name
}

resource "aws_iam_role_policy" "uploader_reserve_connection" {
  # UNKNOWN_CONDITION_FOR_ACTION: Lambda adds this condition key to what a function's code asks of any service
  count  = length(var.vpc_subnet_ids) > 0 ? 1 : 0
  name   = "ReserveConnectionUploader"
  policy = data.aws_iam_policy_document.uploader_reserve_connection[0].json
  role   = aws_iam_role.uploader.name
}

resource "aws_iam_role_policy" "uploader_use_key_of_products" {
  name   = "UseKeyOfProducts"
  policy = data.aws_iam_policy_document.uploader_use_key_of_products.json
  role   = aws_iam_role.uploader.name
}

resource "aws_iam_role_policy" "uploader_write_uploads_files" {
  name   = "WriteUploadsFiles"
  policy = data.aws_iam_policy_document.uploader_write_uploads_files.json
  role   = aws_iam_role.uploader.name
}

resource "aws_lambda_function" "uploader" {
  # checkov:skip=CKV_AWS_115: concurrency reserved here is taken from the account's other functions; throttled events wait in Lambda's queue for six hours, and an alarm rings
  # checkov:skip=CKV_AWS_116: the on-failure destination keeps the event and the error; a dead-letter queue would keep the event only, a second time
  # checkov:skip=CKV_AWS_117: it calls AWS's own endpoints only; in a VPC each would have to be paid for by the hour
  # checkov:skip=CKV_AWS_173: the environment holds names, no secrets, and Lambda encrypts it at rest by itself
  # checkov:skip=CKV_AWS_272: the code's hash is in the reviewed plan; a signing profile is the account's own to make
  function_name           = "${var.project}-upload-api-uploader-${var.environment}"
  code_signing_config_arn = var.code_signing_config_arn
  filename                = "${path.module}/upload_api.zip"
  handler                 = "upload_api.handler.handle"
  kms_key_arn             = var.encryption_keys == "customer" ? aws_kms_key.key.arn : null
  memory_size             = 512
  role                    = aws_iam_role.uploader.arn
  runtime                 = var.lambda_runtime
  source_code_hash        = try(filebase64sha256("${path.module}/upload_api.zip"), null)
  timeout                 = var.lambda_timeout_seconds
  tags                    = local.tags

  environment {
    variables = merge(
      {
        BUCKET_NAME                  = aws_s3_bucket.files.bucket
        POWERTOOLS_METRICS_NAMESPACE = "${var.project}-upload-api-uploader-${var.environment}"
        POWERTOOLS_SERVICE_NAME      = "${var.project}-upload-api-uploader-${var.environment}"
        TABLE_NAME                   = aws_dynamodb_table.products.name
      },
      length(var.cors_origins) > 0 ? {
        CORS_ORIGINS = join(",", var.cors_origins)
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
      condition     = fileexists("${path.module}/upload_api.zip")
      error_message = "${path.module}/upload_api.zip is missing: use a released archive of this module, or run `make terraform-modules` in a clone of the repository."
    }
  }

  depends_on = [
    aws_cloudwatch_log_group.uploader,
    aws_iam_role_policy.uploader_operate,
    aws_iam_role_policy.uploader_connect,
  ]
}

resource "aws_lambda_function_event_invoke_config" "uploader_asynchronous_invocation" {
  function_name                = aws_lambda_function.uploader.function_name
  maximum_event_age_in_seconds = 21600
  maximum_retry_attempts       = 2

  destination_config {

    on_failure {
      destination = aws_sqs_queue.uploader_failures.arn
    }
  }

  lifecycle {
    replace_triggered_by = [aws_lambda_function.uploader.id]
  }
}

resource "aws_lambda_permission" "uploader_invoke_for_files" {
  function_name  = aws_lambda_function.uploader.function_name
  action         = "lambda:InvokeFunction"
  principal      = "s3.amazonaws.com"
  source_account = data.aws_caller_identity.account.account_id
  source_arn     = aws_s3_bucket.files.arn

  lifecycle {
    replace_triggered_by = [aws_lambda_function.uploader.id]
  }
}

resource "aws_lambda_permission" "uploader_invoke_for_post_upload" {
  function_name = aws_lambda_function.uploader.function_name
  action        = "lambda:InvokeFunction"
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.api.execution_arn}/live/POST/upload"

  lifecycle {
    replace_triggered_by = [aws_lambda_function.uploader.id]
  }
}

resource "aws_sqs_queue" "uploader_failures" {
  name                      = "${var.project}-upload-api-uploader-${var.environment}-failures"
  kms_master_key_id         = var.encryption_keys == "customer" ? aws_kms_key.key.arn : null
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = var.encryption_keys != "customer" ? true : null
  tags                      = local.tags
}

resource "aws_sqs_queue_policy" "uploader_failures" {
  policy    = data.aws_iam_policy_document.uploader_failures.json
  queue_url = aws_sqs_queue.uploader_failures.url
}
