"""Scans of the Terraform, its plan, and every policy in it.

cdk.tf.json, plan, policies -> Checkov, parliament, cloudsplaining -> findings -> failed, or accepted by the resource
"""
