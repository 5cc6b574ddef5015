output "access_log_group_name" {
  description = "Log group of the API's access log"
  value       = aws_cloudwatch_log_group.api_access.name
}

output "alarm_topic_arn" {
  description = "Topic that alarms are published to"
  value       = aws_sns_topic.alarm.arn
}

output "api_id" {
  description = "Id of the REST API"
  value       = aws_api_gateway_rest_api.api.id
}

output "api_key_id" {
  description = "Id of the key that callers send; null unless api_authorization is api_key"
  value       = var.api_authorization == "api_key" ? aws_api_gateway_api_key.api[0].id : null
}

output "api_url" {
  description = "Address of the REST API"
  value       = "${aws_api_gateway_stage.api.invoke_url}/upload"
}

output "bucket_name" {
  description = "Name of the bucket"
  value       = aws_s3_bucket.files.bucket
}

output "buffer_queue_url" {
  description = "Queue of the bucket's events; null with direct delivery"
  value       = var.upload_delivery != "direct" ? aws_sqs_queue.buffer[0].url : null
}

output "dashboard_name" {
  description = "Name of the dashboard"
  value       = "${var.project}-upload-api-overview-${var.environment}"
}

output "dead_letter_queue_url" {
  description = "Queue of the messages that could not be processed; null with direct delivery"
  value       = var.upload_delivery != "direct" ? aws_sqs_queue.buffer_dead_letters[0].url : null
}

output "failure_queue_url" {
  description = "Queue of the events that could not be processed"
  value       = aws_sqs_queue.uploader_failures.url
}

output "function_arn" {
  description = "ARN of the function"
  value       = aws_lambda_function.uploader.arn
}

output "function_name" {
  description = "Name of the function"
  value       = aws_lambda_function.uploader.function_name
}

output "log_group_name" {
  description = "Log group of the function"
  value       = aws_cloudwatch_log_group.uploader.name
}

output "table_name" {
  description = "Name of the table"
  value       = aws_dynamodb_table.products.name
}
