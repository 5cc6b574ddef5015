class ConfigurationError(ValueError):
    """The arguments of a module class describe something that AWS refuses. Raised at synth, before any Terraform is
    written.
    """
