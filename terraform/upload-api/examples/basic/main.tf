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

module "upload_api" {
  source = "../.."

  project     = "acme"
  environment = "dev"
}

output "upload_api" {
  description = "What the module says of itself"
  value       = module.upload_api
}
