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
    condition     = length("${var.project}-upload-api-files-${var.environment}") <= 50
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

variable "api_authorization" {
  description = "Who may call the REST API: iam (signed requests), api_key, or none (anybody)."
  type        = string
  default     = "iam"
  nullable    = false

  validation {
    condition     = contains(["iam", "api_key", "none"], var.api_authorization)
    error_message = "api_authorization: give one of iam, api_key, none."
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

variable "web_acl_arn" {
  description = "Regional web ACL before the REST API; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.web_acl_arn == null ? true : can(regex("^(?:arn:aws(-[a-z]+)*:wafv2:[a-z0-9-]+:[0-9]{12}:regional/webacl/[A-Za-z0-9_-]{1,128}/[0-9a-f-]{36})$", var.web_acl_arn))
    error_message = "web_acl_arn: give a regional ARN such as arn:aws:wafv2:us-east-1:123456789012:regional/webacl/name/01234567-89ab-cdef-0123-456789abcdef."
  }

  validation {
    condition     = var.web_acl_arn == null ? true : try(split(":", var.web_acl_arn)[3], data.aws_region.current.id) == data.aws_region.current.id
    error_message = "web_acl_arn: give an ARN of the provider's region."
  }
}

variable "upload_burst_limit" {
  description = "Requests that may come at once, on top of 1000 a second."
  type        = number
  default     = 2000
  nullable    = false

  validation {
    condition     = var.upload_burst_limit >= 1 && var.upload_burst_limit <= 5000 && floor(var.upload_burst_limit) == var.upload_burst_limit
    error_message = "upload_burst_limit: give a whole number of requests from 1 to 5000."
  }
}

variable "upload_encryption" {
  description = "Encryption of uploaded files: sse-s3, or kms with a key of the bucket's own."
  type        = string
  default     = "sse-s3"
  nullable    = false

  validation {
    condition     = contains(["sse-s3", "kms"], var.upload_encryption)
    error_message = "upload_encryption: give one of sse-s3, kms."
  }
}

variable "cors_origins" {
  description = "Web origins whose pages may call the REST API and upload to the bucket."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for one in var.cors_origins : can(regex("^https?://(\\[[0-9a-f:.]+\\]|[a-z0-9_-]+(\\.[a-z0-9_-]+)*)(:[1-9][0-9]{0,4})?$", one)) && !can(regex("^(http://.*:80|https://.*:443)$", one)) && try(tonumber(regex(":([0-9]{1,5})$", one)[0]), 0) <= 65535]) && length(distinct(var.cors_origins)) == length(var.cors_origins)
    error_message = "cors_origins: give different web origins such as https://app.example.com, in lower case, without the scheme's own port."
  }

  validation {
    condition     = length(var.cors_origins) <= 100 && try(length(join(",", var.cors_origins)), 0) <= 3072
    error_message = "cors_origins: give 100 origins at most, with 3072 characters in all."
  }
}

variable "upload_delivery" {
  description = "How the function gets the bucket's events: direct, buffered (by a queue), or draining, between the two."
  type        = string
  default     = "direct"
  nullable    = false

  validation {
    condition     = contains(["direct", "buffered", "draining"], var.upload_delivery)
    error_message = "upload_delivery: give one of direct, buffered, draining."
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
