class ConfigurationError(ValueError):
    """What was asked of a module class cannot be built on AWS: raised at synth, before anything is generated."""
