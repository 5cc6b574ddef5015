"""Deployment from GitHub Actions: the roles of workflows, and their permissions."""

from .deployer import GithubDeployer, GithubIdentity
from .permissions import DeploymentTarget

__all__ = ["DeploymentTarget", "GithubDeployer", "GithubIdentity"]
