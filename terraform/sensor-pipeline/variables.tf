variable "project" {
  description = "First part of every name, and the Project tag."
  type        = string
  default     = "sluice"
  nullable    = false

  validation {
    condition     = can(regex("^(?:[a-z][a-z0-9-]{0,18}[a-z0-9])$", var.project)) && !can(regex("^(xn--|sthree-|amzn-s3-demo-)", var.project))
    error_message = "project: give 2 to 20 lower-case letters, digits and hyphens, a letter first, and no prefix that S3 reserves."
  }
}

variable "environment" {
  description = "Last part of every name, and the Environment tag: dev, staging, prod."
  type        = string
  default     = "dev"
  nullable    = false

  validation {
    condition     = can(regex("^(?:[a-z0-9]([a-z0-9-]{0,14}[a-z0-9])?)$", var.environment))
    error_message = "environment: give 1 to 16 lower-case letters, digits and hyphens."
  }

  validation {
    condition     = length("${var.project}-sensor-pipeline-landing-${var.environment}") <= 50
    error_message = "project and environment are too long together: AWS allows a bucket's name 50 characters here."
  }
}

variable "owner" {
  description = "Owner tag of every resource."
  type        = string
  default     = "platform-team"
  nullable    = false

  validation {
    condition     = can(regex("^(?:[\\p{L}\\p{N}_ .:/=+@-]{1,256})$", var.owner))
    error_message = "owner: give 1 to 256 letters, digits, spaces and . : / = + @ - _."
  }
}

variable "cost_center" {
  description = "CostCenter tag of every resource."
  type        = string
  default     = "unassigned"
  nullable    = false

  validation {
    condition     = can(regex("^(?:[\\p{L}\\p{N}_ .:/=+@-]{1,256})$", var.cost_center))
    error_message = "cost_center: give 1 to 256 letters, digits, spaces and . : / = + @ - _."
  }
}

variable "notification_email" {
  description = "Address to subscribe to notifications and alarms; null subscribes nobody."
  type        = string
  default     = null

  validation {
    condition     = var.notification_email == null ? true : length(var.notification_email) <= 254 && can(regex("^[^@\\s\\v\\x1c-\\x1f\\x85\\p{Z},;<>\\\"]{1,64}@([A-Za-z0-9-]+\\.)+[A-Za-z]{2,}$", var.notification_email))
    error_message = "notification_email: give one email address such as team@example.com."
  }
}

variable "lambda_timeout_seconds" {
  description = "Timeout of the function in seconds."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.lambda_timeout_seconds >= 1 && var.lambda_timeout_seconds <= 900 && floor(var.lambda_timeout_seconds) == var.lambda_timeout_seconds
    error_message = "lambda_timeout_seconds: give a whole number of seconds from 1 to 900."
  }
}

variable "lambda_runtime" {
  description = "Lambda's Python runtime."
  type        = string
  default     = "python3.13"
  nullable    = false

  validation {
    condition     = can(regex("^(?:python3\\.1[1-3])$", var.lambda_runtime))
    error_message = "lambda_runtime: give a Python runtime of Lambda such as python3.13."
  }
}

variable "log_retention_days" {
  description = "Days for which CloudWatch Logs keeps logs."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition = contains(
      [
        1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365,
        400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
      ],
      var.log_retention_days
    )
    error_message = "log_retention_days: give a number of days that CloudWatch Logs offers: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653."
  }
}

variable "protected_environments" {
  description = "Environments whose bucket and tables refuse to be destroyed."
  type        = list(string)
  default     = ["prod"]
  nullable    = false

  validation {
    condition     = alltrue([for one in var.protected_environments : can(regex("^[a-z0-9-]+$", one))])
    error_message = "protected_environments: give environment suffixes."
  }
}

variable "encryption_keys" {
  description = "Keys for what holds data: aws (of AWS's services), or customer (the system's own KMS key)."
  type        = string
  default     = "aws"
  nullable    = false

  validation {
    condition     = contains(["aws", "customer"], var.encryption_keys)
    error_message = "encryption_keys: give one of aws, customer."
  }
}

variable "vpc_subnet_ids" {
  description = "Subnets of the function's VPC; AWS's services have to be reachable from them. Empty: no VPC."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for one in var.vpc_subnet_ids : can(regex("^subnet-([0-9a-f]{8}|[0-9a-f]{17})$", one))])
    error_message = "vpc_subnet_ids: give ids such as subnet-0123456789abcdef0."
  }

  validation {
    condition     = length(var.vpc_subnet_ids) <= 16 && length(distinct(var.vpc_subnet_ids)) == length(var.vpc_subnet_ids)
    error_message = "vpc_subnet_ids: give 16 different ids at most."
  }
}

variable "vpc_security_group_ids" {
  description = "Security groups of the function in its VPC."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for one in var.vpc_security_group_ids : can(regex("^sg-([0-9a-f]{8}|[0-9a-f]{17})$", one))])
    error_message = "vpc_security_group_ids: give ids such as sg-0123456789abcdef0."
  }

  validation {
    condition     = length(var.vpc_security_group_ids) <= 5 && length(distinct(var.vpc_security_group_ids)) == length(var.vpc_security_group_ids)
    error_message = "vpc_security_group_ids: give 5 different ids at most."
  }

  validation {
    condition     = (length(var.vpc_subnet_ids) > 0) == (length(var.vpc_security_group_ids) > 0)
    error_message = "vpc_security_group_ids: give subnets and security groups together or neither; a function needs both to be in a VPC."
  }
}

variable "code_signing_config_arn" {
  description = "Code signing configuration of the function; null takes unsigned code."
  type        = string
  default     = null

  validation {
    condition     = var.code_signing_config_arn == null ? true : can(regex("^(?:arn:aws(-[a-z]+)*:lambda:[a-z0-9-]+:[0-9]{12}:code-signing-config:csc-[a-z0-9]{17})$", var.code_signing_config_arn))
    error_message = "code_signing_config_arn: give an ARN such as arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-0123456789abcdef0."
  }

  validation {
    condition     = var.code_signing_config_arn == null ? true : try(split(":", var.code_signing_config_arn)[3], data.aws_region.current.id) == data.aws_region.current.id
    error_message = "code_signing_config_arn: give an ARN of the provider's region."
  }
}

variable "sensor_thresholds" {
  description = "Limits by sensor type, as JSON such as {\"temperature\": {\"lower\": -20, \"upper\": 60}}."
  type        = string
  default     = "{\"temperature\": {\"lower\": -20, \"upper\": 60}, \"humidity\": {\"lower\": 10, \"upper\": 90}, \"pressure\": {\"lower\": 870, \"upper\": 1085}, \"vibration\": {\"upper\": 25}, \"battery\": {\"lower\": 15}}"
  nullable    = false

  validation {
    condition     = length(var.sensor_thresholds) <= 2048 && can(jsondecode("[${var.sensor_thresholds}]")) && can(jsondecode("{\"v\":${var.sensor_thresholds}}")) && try(length(jsondecode(var.sensor_thresholds)) > 0 && alltrue([for name, limits in jsondecode(var.sensor_thresholds) : can(regex("^[a-z][a-z0-9_]{0,39}$", name)) && length(setsubtract(keys(limits), ["lower", "upper"])) == 0 && alltrue([for one in values(limits) : can(regex("^-?[0-9]", jsonencode(one))) && try(abs(one) <= pow(10, 100), false)]) && try(limits.lower <= limits.upper, true)]), false)
    error_message = "sensor_thresholds: give JSON such as {\"temperature\": {\"lower\": -20, \"upper\": 60}}, lower not above upper, at least one sensor type, 2048 characters at most."
  }

  validation {
    condition     = length(base64encode("${var.sensor_thresholds}${var.sensor_field_names}${var.sensor_hysteresis}")) <= 4096
    error_message = "sensor_thresholds: give 3072 bytes at most together with sensor_field_names and sensor_hysteresis."
  }
}

variable "sensor_format" {
  description = "Format of the readings; detect recognizes each by its shape."
  type        = string
  default     = "detect"
  nullable    = false

  validation {
    condition = contains(
      ["detect", "own", "wide", "readings", "senml", "things-network", "thingsboard", "iot-shadow"],
      var.sensor_format
    )
    error_message = "sensor_format: give one of detect, own, wide, readings, senml, things-network, thingsboard, iot-shadow."
  }
}

variable "sensor_field_names" {
  description = "What senders call the fields, as JSON such as {\"temp\": \"temperature\"}."
  type        = string
  default     = "{}"
  nullable    = false

  validation {
    condition     = length(var.sensor_field_names) <= 1024 && can(jsondecode("[${var.sensor_field_names}]")) && can(jsondecode("{\"v\":${var.sensor_field_names}}")) && try(can(keys(jsondecode(var.sensor_field_names))) && alltrue([for name, own in jsondecode(var.sensor_field_names) : name != "" && (contains(["deviceId", "sensorType", "value", "timestamp", "unit", "readingId", "readings"], own) || can(regex("^[a-z][a-z0-9_]{0,39}$", own)))]) && length(regexall("\"(?:[^\"\\\\]|\\\\.)*\"\\s*:", var.sensor_field_names)) == length(jsondecode(var.sensor_field_names)), false)
    error_message = "sensor_field_names: give JSON such as {\"temp\": \"temperature\", \"device.id\": \"deviceId\"}, 1024 characters at most, to names of sensor types or of deviceId, sensorType, value, timestamp, unit, readingId, readings."
  }
}

variable "sensor_earliest_timestamp" {
  description = "A reading from before is refused: its device's clock was never set. In UTC."
  type        = string
  default     = "2015-01-01T00:00:00Z"
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$", var.sensor_earliest_timestamp)) && can(formatdate("YYYY", var.sensor_earliest_timestamp))
    error_message = "sensor_earliest_timestamp: give a time in UTC such as 2015-01-01T00:00:00Z."
  }
}

variable "sensor_notifications" {
  description = "each: a notification of each reading beyond its limit; episodes: one at begin and end."
  type        = string
  default     = "each"
  nullable    = false

  validation {
    condition     = contains(["each", "episodes"], var.sensor_notifications)
    error_message = "sensor_notifications: give one of each, episodes."
  }
}

variable "sensor_hysteresis" {
  description = "How far back within its limit a reading ends an episode, as JSON such as {\"temperature\": 2}."
  type        = string
  default     = "{}"
  nullable    = false

  validation {
    condition     = length(var.sensor_hysteresis) <= 1024 && can(jsondecode("[${var.sensor_hysteresis}]")) && can(jsondecode("{\"v\":${var.sensor_hysteresis}}")) && try(can(keys(jsondecode(var.sensor_hysteresis))) && alltrue([for name, by in jsondecode(var.sensor_hysteresis) : can(regex("^[a-z][a-z0-9_]{0,39}$", name)) && can(regex("^-?[0-9]", jsonencode(by))) && try(abs(by) <= pow(10, 100), false) && by >= 0]), false)
    error_message = "sensor_hysteresis: give JSON such as {\"temperature\": 2}: for sensor types numbers that are not negative, 1024 characters at most."
  }
}

variable "sensor_longest_silence_seconds" {
  description = "Seconds of silence after which an episode ends."
  type        = number
  default     = 3600
  nullable    = false

  validation {
    condition     = var.sensor_longest_silence_seconds >= 1 && var.sensor_longest_silence_seconds <= 31536000 && floor(var.sensor_longest_silence_seconds) == var.sensor_longest_silence_seconds
    error_message = "sensor_longest_silence_seconds: give a whole number of seconds from 1 to 31536000."
  }
}

variable "sensor_rejects_days" {
  description = "Days for which a refused reading is kept."
  type        = number
  default     = 90
  nullable    = false

  validation {
    condition     = var.sensor_rejects_days >= 1 && var.sensor_rejects_days <= 3650 && floor(var.sensor_rejects_days) == var.sensor_rejects_days
    error_message = "sensor_rejects_days: give a whole number of days from 1 to 3650."
  }
}

variable "sensor_delivery" {
  description = "How the function gets the bucket's events: direct, buffered (by a queue), or draining, between the two."
  type        = string
  default     = "direct"
  nullable    = false

  validation {
    condition     = contains(["direct", "buffered", "draining"], var.sensor_delivery)
    error_message = "sensor_delivery: give one of direct, buffered, draining."
  }
}

variable "buffer_batch_size" {
  description = "Buffered delivery: the most messages of a batch."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.buffer_batch_size >= 1 && var.buffer_batch_size <= 100 && floor(var.buffer_batch_size) == var.buffer_batch_size
    error_message = "buffer_batch_size: give a whole number of messages from 1 to 100."
  }
}

variable "buffer_window_seconds" {
  description = "Buffered delivery: seconds to wait for a full batch."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.buffer_window_seconds >= 0 && var.buffer_window_seconds <= 300 && floor(var.buffer_window_seconds) == var.buffer_window_seconds
    error_message = "buffer_window_seconds: give a whole number of seconds from 0 to 300."
  }

  validation {
    condition     = var.buffer_window_seconds > 0 || var.buffer_batch_size <= 10
    error_message = "buffer_window_seconds: give 1 second at least for a buffer_batch_size above 10."
  }
}

variable "buffer_max_concurrency" {
  description = "Buffered delivery: the most batches at a time."
  type        = number
  default     = 100
  nullable    = false

  validation {
    condition     = var.buffer_max_concurrency >= 2 && var.buffer_max_concurrency <= 1000 && floor(var.buffer_max_concurrency) == var.buffer_max_concurrency
    error_message = "buffer_max_concurrency: give a whole number of batches from 2 to 1000."
  }
}

variable "tags" {
  description = "Further tags of all resources"
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(var.tags) <= 40 && alltrue([for name, value in var.tags : can(regex("^[\\p{L}\\p{Z}\\p{N}_.:/=+@-]{1,128}$", name)) && can(regex("^[\\p{L}\\p{Z}\\p{N}_.:/=+@-]{0,256}$", value)) && !startswith(lower(name), "aws:")])
    error_message = "tags: give 40 at most, names of 1 to 128 and values of 0 to 256 letters, digits, spaces and _ . : / = + @ -, no name that begins with aws:."
  }
}
