"""Unit tests of synthesized Terraform and pure Python: no network, no AWS, no credentials."""
