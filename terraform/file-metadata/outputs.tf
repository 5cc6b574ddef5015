output "alarm_topic_arn" {
  description = "Topic that alarms are published to"
  value       = aws_sns_topic.alarm.arn
}

output "bucket_name" {
  description = "Name of the bucket"
  value       = aws_s3_bucket.uploads.bucket
}

output "buffer_queue_url" {
  description = "Queue of the bucket's events; null with direct delivery"
  value       = var.metadata_delivery != "direct" ? aws_sqs_queue.buffer[0].url : null
}

output "content_type_index_name" {
  description = "Index of the table by content type"
  value       = "by-content-type"
}

output "cors_origins" {
  description = "Web origins whose pages may upload"
  value = length(var.cors_origins) == 1 ? var.cors_origins[0] : (
    length(var.cors_origins) > 1 ? join(", ", var.cors_origins) : "none: set cors_origins and apply again to admit web pages"
  )
}

output "day_index_name" {
  description = "Index of the table by day"
  value       = "by-day"
}

output "dead_letter_queue_url" {
  description = "Queue of the messages that could not be processed; null with direct delivery"
  value       = var.metadata_delivery != "direct" ? aws_sqs_queue.buffer_dead_letters[0].url : null
}

output "failure_queue_url" {
  description = "Queue of the events that could not be processed"
  value       = aws_sqs_queue.extractor_failures.url
}

output "function_arn" {
  description = "ARN of the function"
  value       = aws_lambda_function.extractor.arn
}

output "function_name" {
  description = "Name of the function"
  value       = aws_lambda_function.extractor.function_name
}

output "log_group_name" {
  description = "Log group of the function"
  value       = aws_cloudwatch_log_group.extractor.name
}

output "table_name" {
  description = "Name of the table"
  value       = aws_dynamodb_table.metadata.name
}
