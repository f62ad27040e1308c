#!/bin/sh
# Generates provider.pb.go and provider_grpc.pb.go from provider.proto. `make proto` runs it; the results are committed.
# Needs protoc; set PROTOC="python3 -m grpc_tools.protoc" to use that of the Python package grpcio-tools.
set -eu
cd "$(dirname "$0")"
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
GOBIN=$bin go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
GOBIN=$bin go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.0
PATH=$bin:$PATH ${PROTOC:-protoc} -I . --go_out=. --go_opt=paths=source_relative \
	--go-grpc_out=. --go-grpc_opt=paths=source_relative provider.proto
