# Each target installs what it needs into test/.tools, or names precisely what is missing and how to get it.

GO       ?= go
TAGS     := duckdb_arrow,netgo,osusergo
RELEASE  := $(shell git describe --tags --match 'v*' --dirty 2>/dev/null | sed 's/^v//')
VERSION  := $(or $(RELEASE),0.1.0-dev+$(shell git rev-parse --short HEAD 2>/dev/null))
TOOLS    := $(CURDIR)/test/.tools
LINT     := $(TOOLS)/bin/golangci-lint
LINT_VERSION := v2.15.0
export CGO_ENABLED := 1

.PHONY: build demo test test-fast test-e2e test-tools lint imports fmt proto bench clean help

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

build: ## bin/etl, one static binary
	@test/require.sh go cc libc make
	$(GO) build -modfile=$$(test/modfile.sh) -tags $(TAGS) -ldflags '-s -w -X github.com/automic-etl/etl/cli.release=$(VERSION) -linkmode external -extldflags "-static"' -o bin/etl .

demo: build ## New York's flights of 2013 from CSV to gold, checked with PyIceberg and DuckDB
	@test/tools.sh
	test/demo.sh

test: test-tools ## everything: unit, property, cross-engine and end-to-end tests
	@test/require.sh go cc libc
	$(GO) test -tags $(TAGS) -timeout 40m ./...

# Some packages wait more than they compute, for what hangs to be ended: more of them at once than there are processors. The longest
# come first, or the last of them would run by itself. The linter vets; without debug data they are linked in half the time.
test-fast: ## unit tests and the engine on small projects: no Python, no servers, nothing is killed
	@test/require.sh go cc libc
	$(GO) test -short -vet=off -ldflags='-s -w' -p $$((2 * $$(getconf _NPROCESSORS_ONLN))) -tags $(TAGS) ./test/engine ./plugins/conformance ./plugins/host ./engine/duckdb $$($(GO) list -tags $(TAGS) ./... | grep -vE '/(test|state|test/(crash|interop|secrets|services|postgres|mysql|mongodb))$$')

test-e2e: test-tools ## the scripts under test/testdata alone
	@test/require.sh go cc libc
	$(GO) test -tags $(TAGS) -timeout 30m ./test/...

test-tools: ## PyIceberg, DuckDB with its Iceberg extension, and Polars in test/.tools
	@test/tools.sh

lint: $(LINT) imports ## golangci-lint, the import rule and the length limits
	$(LINT) run --build-tags $(TAGS) ./...

imports: ## which package may import which
	@test/imports.sh

fmt: ## canonical layout of Go and of the examples
	gofmt -w $$(git ls-files '*.go')
	@if [ -x bin/etl ]; then for d in examples/*/; do bin/etl -chdir=$$d fmt; done; fi

proto: ## Go code of the plugin protocol
	plugins/proto/generate.sh

bench: build test-tools ## the figures of the README
	test/bench.sh -write

clean: ## remove what the targets made
	rm -rf bin $(TOOLS) examples/*/.etl examples/*/warehouse

$(LINT):
	@test/require.sh go
	GOBIN=$(TOOLS)/bin $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
