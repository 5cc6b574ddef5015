"""A simulation of a stack under load: what waits, what is throttled, what fails, and what it costs.

`reading` makes a `LoadModel` of the synthesized Terraform and of review_load.toml, `simulation` runs it, `advice` runs
it again with settings changed, and `report`, `chart` show the result. docs/load.md says what is simulated, and how.
"""
