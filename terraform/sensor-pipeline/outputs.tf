output "alarm_topic_arn" {
  description = "Topic that alarms are published to"
  value       = aws_sns_topic.alarm.arn
}

output "bucket_name" {
  description = "Name of the bucket"
  value       = aws_s3_bucket.landing.bucket
}

output "buffer_queue_url" {
  description = "Queue of the bucket's events; null with direct delivery"
  value       = var.sensor_delivery != "direct" ? aws_sqs_queue.buffer[0].url : null
}

output "dead_letter_queue_url" {
  description = "Queue of the messages that could not be processed; null with direct delivery"
  value       = var.sensor_delivery != "direct" ? aws_sqs_queue.buffer_dead_letters[0].url : null
}

output "failure_queue_url" {
  description = "Queue of the events that could not be processed"
  value       = aws_sqs_queue.ingester_failures.url
}

output "function_arn" {
  description = "ARN of the function"
  value       = aws_lambda_function.ingester.arn
}

output "function_name" {
  description = "Name of the function"
  value       = aws_lambda_function.ingester.function_name
}

output "log_group_name" {
  description = "Log group of the function"
  value       = aws_cloudwatch_log_group.ingester.name
}

output "notification_email" {
  description = "Address that is subscribed"
  value       = coalesce(var.notification_email, "none: set notification_email and apply again to subscribe an address")
}

output "prefix" {
  description = "Prefix of the objects that are processed"
  value       = "readings/"
}

output "rejects_table_name" {
  description = "Table of refused readings"
  value       = aws_dynamodb_table.rejects.name
}

output "sensor_notifications" {
  description = "Whether each reading is notified, or episodes"
  value       = var.sensor_notifications == "episodes" ? "episodes" : "each"
}

output "sensor_thresholds" {
  description = "Limits by sensor type"
  value       = var.sensor_thresholds
}

output "table_name" {
  description = "Name of the table"
  value       = aws_dynamodb_table.readings.name
}

output "topic_arn" {
  description = "Topic of notifications"
  value       = aws_sns_topic.breaches.arn
}
