output "alarm_topic_arn" {
  description = "Topic that alarms are published to"
  value       = aws_sns_topic.alarm.arn
}

output "bucket_name" {
  description = "Name of the bucket"
  value       = aws_s3_bucket.trigger.bucket
}

output "buffer_queue_url" {
  description = "Queue of the bucket's events; null with direct delivery"
  value       = var.invocation_log_delivery != "direct" ? aws_sqs_queue.buffer[0].url : null
}

output "dead_letter_queue_url" {
  description = "Queue of the messages that could not be processed; null with direct delivery"
  value       = var.invocation_log_delivery != "direct" ? aws_sqs_queue.buffer_dead_letters[0].url : null
}

output "dynamo_db_table_name" {
  description = "Name of the table"
  value       = aws_dynamodb_table.invocations.name
}

output "failure_queue_url" {
  description = "Queue of the events that could not be processed"
  value       = aws_sqs_queue.processor_failures.url
}

output "function_arn" {
  description = "ARN of the function"
  value       = aws_lambda_function.processor.arn
}

output "lambda_function_name" {
  description = "Name of the function"
  value       = aws_lambda_function.processor.function_name
}

output "log_group_name" {
  description = "Log group of the function"
  value       = aws_cloudwatch_log_group.processor.name
}
