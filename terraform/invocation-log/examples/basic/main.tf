terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

provider "aws" {
  region = "us-west-2"
}

module "invocation_log" {
  source = "../.."

  project     = "acme"
  environment = "dev"
}

output "invocation_log" {
  description = "What the module says of itself"
  value       = module.invocation_log
}
