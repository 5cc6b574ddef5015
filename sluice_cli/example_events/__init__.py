"""Events as AWS sends them to a function, with the names of deployed resources."""
