# `make` lists the targets. Each target first installs what it needs into this folder.
.DEFAULT_GOAL := help
SYSTEM ?=
export PYTHON ?= python3
# What is installed here is not compiled: each of hundreds of processes would compile all that it imports, for seconds.
unexport PYTHONDONTWRITEBYTECODE
COMMANDS := .venv/bin/python -m sluice_cli
CHECKS := .venv/bin/python -m checks
# An option: on with NAME=yes, off with NAME=no or when NAME is not set; any other value is an error.
option = $(if $(filter-out yes no,$($(1))),$(error $(1)=$($(1)): give yes or no))$(if $(filter yes,$($(1))),--$(2))
LOCAL_OPTION = $(call option,LOCAL,local)
# tests/conftest.py groups the tests that have to run in the same process.
PARALLEL := -n 2 --dist loadgroup --no-loadscope-reorder
# As many processes as tests/conftest.py says: more than cores, as deployments mostly wait.
WAITING := -n auto --dist loadgroup --no-loadscope-reorder
UNPROVEN = -p tests.support.proven $(if $(call option,ALL,all),,--unproven)

# This test checks the types of a new project, which imports CDKTF.
NOT_ON_CDKTN := --deselect tests/unit/test_new_project.py::test_the_projects_code_and_workflow_pass_the_linters

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

# What is installed in one go: the environments side by side.
INSTALLED = dev npm

setup: ## install what the project needs, into this folder
	@sh scripts/setup.sh $(INSTALLED)

# What deploying and the local AWS need.
installed:
	@sh scripts/setup.sh

demo: installed ## deploy the systems to a local AWS, send sample input and show the results; SYSTEM=name for one
	@$(CHECKS) demo $(SYSTEM)

up: installed ## start a local AWS and deploy the systems to it; SYSTEM=name for one
	@$(COMMANDS) up $(SYSTEM)

down: installed ## destroy the systems on the local AWS and stop it; SYSTEM=name destroys one system and keeps the local AWS running
	@$(COMMANDS) down $(SYSTEM)

synth: installed ## write the Terraform of all systems to cdktf.out; SYSTEM=name prints the path of one system's file
	@$(COMMANDS) synth $(SYSTEM)

state: installed ## create or harden the state bucket in your account
	@$(COMMANDS) state

review: setup ## plan a deployment and show its changes, dangerous ones first; SYSTEM=name for one; ACKNOWLEDGE="address ..."; LOCAL=yes on the local AWS
	@$(COMMANDS) review $(SYSTEM) $(LOCAL_OPTION) $(foreach address,$(ACKNOWLEDGE),--acknowledge '$(address)')

apply-reviewed: setup ## apply exactly the plan that was reviewed; SYSTEM=name for one; LOCAL=yes on the local AWS
	@$(COMMANDS) apply-reviewed $(SYSTEM) $(LOCAL_OPTION)

diagram: setup ## draw each system's architecture into docs/diagrams
	@.venv/bin/python -m scripts.diagrams

deploy: installed ## deploy to your account, after showing the plan; SYSTEM=name for one
	@$(COMMANDS) deploy $(SYSTEM)

failures: installed ## list the events that SYSTEM=name could not process, with the reasons; REPLAY="id ..." or REPLAY=all sends them again, DISCARD="id ..." REASON=text removes them; LOCAL=yes on the local AWS
	@$(COMMANDS) failures $(SYSTEM) $(if $(REPLAY),--replay $(REPLAY)) $(if $(DISCARD),--discard $(DISCARD) --reason "$(REASON)") $(LOCAL_OPTION)

simulate: installed ## send readings of simulated devices to the sensor pipeline and check the results; DEVICES, READINGS, RATE, BREACH_RATIO, INVALID_RATIO, SEED, FORMAT; LOCAL=yes on the local AWS
	@$(CHECKS) simulate $(if $(DEVICES),--devices $(DEVICES)) $(if $(READINGS),--readings $(READINGS)) $(if $(RATE),--rate $(RATE)) \
	  $(if $(BREACH_RATIO),--breach-ratio $(BREACH_RATIO)) $(if $(INVALID_RATIO),--invalid-ratio $(INVALID_RATIO)) \
	  $(if $(SEED),--seed $(SEED)) $(if $(FORMAT),--format $(FORMAT)) $(LOCAL_OPTION)

soak: installed ## send inputs through every system while faults are injected, on a local AWS of its own, and check that nothing is lost or doubled; COUNT, FAULTS="killed ...", SEED, SECONDS, NOTIFICATIONS=episodes, SYSTEM
	@$(CHECKS) soak $(SYSTEM) $(if $(COUNT),--count $(COUNT)) $(if $(FAULTS),--faults $(FAULTS)) $(if $(SEED),--seed $(SEED)) $(if $(SECONDS),--seconds $(SECONDS)) \
	  $(if $(NOTIFICATIONS),--notifications $(NOTIFICATIONS))

rejects: installed ## list the readings that the sensor pipeline refused, with the reasons; REPLAY="key ..." or REPLAY=all processes them again, DISCARD="key ..." REASON=text removes them; LOCAL=yes on the local AWS
	@$(CHECKS) rejects $(if $(REPLAY),--replay $(REPLAY)) $(if $(DISCARD),--discard $(DISCARD) --reason "$(REASON)") $(LOCAL_OPTION)

prove-iam: installed ## prove that each policy statement is needed and no wider than necessary, on a local AWS of its own, with direct and with buffered delivery, and write docs/least-privilege.md and least-privilege-buffered.md; SYSTEM=name for one
	@$(CHECKS) prove-iam $(SYSTEM)

scan: ## scan the Terraform, its plan and every policy, offline; SYSTEM=name for one
	@sh scripts/setup.sh scanners && $(COMMANDS) scan $(SYSTEM)

second-opinion: ## apply the systems to another emulator (moto); a second plan must show no changes
	@sh scripts/setup.sh second-opinion && $(CHECKS) second-opinion

fuzz: setup ## send random requests to the APIs on the local AWS that `make up` started; COUNT, SEED
	@$(CHECKS) fuzz $(if $(COUNT),--count $(COUNT)) $(if $(SEED),--seed $(SEED))

audit: ## check the locked dependencies for known vulnerabilities; asks PyPI and npm's registry
	@sh scripts/setup.sh scanners && .venv/bin/python -m scripts.audit

destroy: installed ## destroy in your account, after asking; SYSTEM=name for one
	@$(COMMANDS) destroy $(SYSTEM)

drift: installed ## show what changed outside of Terraform; SYSTEM=name for one; LOCAL=yes on the local AWS
	@$(COMMANDS) drift $(SYSTEM) $(LOCAL_OPTION)

recover: installed ## recover SYSTEM=name after an interrupted deployment or a lost state; UNLOCK=yes ADOPT=yes REMOVE=yes RESTORE=version; LOCAL=yes on the local AWS
	@$(COMMANDS) recover $(SYSTEM) $(call option,UNLOCK,unlock) $(if $(RESTORE),--restore $(RESTORE)) $(call option,ADOPT,adopt) \
	  $(call option,REMOVE,remove) $(LOCAL_OPTION)

test: INSTALLED = dev npm scanners docs curl cdktn second-opinion bench
test: lint ## run everything: lint, types, unit, function and end-to-end tests on a local AWS of their own; a second run leaves out test files that passed while nothing but other tests has changed; ALL=yes runs them, too
	@.venv/bin/python -m pytest $(WAITING) $(UNPROVEN)

check: lint ## lint, types, unit tests, and the quick tests of what changed since the main branch, or since SINCE=commit
	@tests=$$(.venv/bin/python -m scripts.affected_tests $(SINCE)) && .venv/bin/python -m pytest $(PARALLEL) $$tests

unit: setup ## run the unit tests only; takes seconds
	@.venv/bin/python -m pytest $(PARALLEL) tests/unit

cdktn: ## run the unit tests on CDK Terrain instead of CDKTF, in an environment of its own, and compare the Terraform of both
	@sh scripts/setup.sh dev npm cdktn && .tools/cdktn/bin/python -m pytest $(PARALLEL) tests/unit $(NOT_ON_CDKTN) && \
	  .venv/bin/python -m pytest -n 0 tests/cdktn

bench: ## compare with the AWS CDK, ordinary CDKTF and a plain handler, and write docs/benchmark.md; PARTS="synth cold" for some parts; slower figures than before fail, ACCEPT=yes writes them
	@sh scripts/setup.sh dev npm bench cdktn scanners && .venv/bin/python -m checks.bench $(PARTS) $(if $(ACCEPT),--accept)

docs: ## build the documentation site into docs/_build; a broken link fails
	@sh scripts/setup.sh docs && .tools/docs/bin/python -m sphinx -W --keep-going -q -b html docs docs/_build
	@echo "docs/_build/index.html"

terraform-modules: setup ## write the systems as plain Terraform modules to terraform/, and each with its archive as a release to dist/; SYSTEM=name for one
	@.venv/bin/python -m scripts.terraform_modules $(SYSTEM)

package: setup ## build wheels and source distributions into dist: sluice-cdktf and sluice-functions
	@rm -rf dist && for project in . sluice_functions; do .venv/bin/python -m build --no-isolation --outdir dist $$project || exit 1; done

# Tests follow: in a new clone all that they import is compiled on another core while types are checked.
test check: BESIDE = [ -e tests/__pycache__/collected ] || [ -n "$$PYTHONDONTWRITEBYTECODE$$PYTHONPYCACHEPREFIX" ] || { .venv/bin/python -m pytest --collect-only -qq; \
	.tools/local-aws/bin/python -m compileall -q .tools/local-aws/lib/python*/site-packages/ministack; } >/dev/null 2>&1 &

lint: setup ## check style and types
	@$(BESIDE) .venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy .; code=$$?; wait; exit $$code

lock: setup ## renew Pipfile.lock and package-lock.json
	@sh scripts/lock.sh

.PHONY: help setup installed demo up down synth state review apply-reviewed diagram deploy failures simulate soak rejects scan second-opinion fuzz audit prove-iam destroy drift recover test unit cdktn bench docs terraform-modules package lint check lock
