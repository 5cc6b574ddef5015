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
  region = "us-east-1"
}

module "file_metadata" {
  source = "../.."

  project     = "acme"
  environment = "dev"
}

output "file_metadata" {
  description = "What the module says of itself"
  value       = module.file_metadata
}
