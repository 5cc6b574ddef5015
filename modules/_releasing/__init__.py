"""Starting the CodeDeploy deployments of gradual releases, by a function of its own."""

from .starter import ReleaseStarter

__all__ = ["ReleaseStarter"]
