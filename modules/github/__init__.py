"""Deployment from GitHub Actions: the roles that workflows assume, and what these may do."""

from .deployer import GithubDeployer, GithubIdentity
from .permissions import DeploymentTarget

__all__ = ["DeploymentTarget", "GithubDeployer", "GithubIdentity"]
