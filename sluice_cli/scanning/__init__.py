"""What scanners say of the systems' Terraform, of its plan, and of every policy in it.

cdk.tf.json, plan, policies -> Checkov, parliament, cloudsplaining -> findings -> failed, or accepted by the resource
"""
