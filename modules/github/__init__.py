"""Deployment from GitHub Actions: the roles that workflows assume, and what these may do."""

from .deployer import GithubDeployer, GithubIdentity
from .permissions import Place

__all__ = ["GithubDeployer", "GithubIdentity", "Place"]
