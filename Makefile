# `make` lists what it can do. A target's help is the comment after ##.
.DEFAULT_GOAL := help
.PHONY: help run test check quick audit bench build profile generate fmt mutants fuzz loadtest restarts backups clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## start the forum on 127.0.0.1:8080, with its file in ./data
	go run ./cmd/folkmoot serve

test: ## everything CI runs, after installing what it needs
	./test

check: test ## the same

quick: ## vet and the short tests, while you work
	./test quick

audit: ## what axe, Nu HTML Checker, Lighthouse, HTTP Observatory and CSP Evaluator think of the pages
	./test audit

bench: ## benchmarks, ten rounds each, ready for benchstat
	go test -run '^$$' -bench . -benchmem -count 10 -p 1 -timeout 2h ./...

build: ## the program as one file, ./folkmoot, without what only debuggers read
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o folkmoot ./cmd/folkmoot

profile: ## tell the compiler what is busy (cmd/folkmoot/default.pgo): writing and reading, from request to answer
	mkdir -p scratch
	go test -run '^$$' -bench 'CreatePost$$' -benchtime 50000x -o scratch/api.test -cpuprofile scratch/write.prof ./internal/api
	go test -run '^$$' -bench 'ThreadPage$$/(afresh|cached$$)' -benchtime 20000x -o scratch/web.test -cpuprofile scratch/read.prof ./internal/web
	go tool pprof -proto scratch/write.prof scratch/read.prof > cmd/folkmoot/default.pgo

generate: ## components (*.templ) to Go
	go tool templ generate

fmt: ## gofmt, and the same for components
	gofmt -w $$(git ls-files --cached --others --exclude-standard '*.go' ':!*_templ.go')
	go tool templ fmt .

mutants: ## plant the bugs the tests must catch, and see them caught
	go run ./internal/proof/mutants

fuzz: ## the fuzz targets, a minute each
	./test fuzz

loadtest: ## 50 clients on one thread for 20 s: speed, and not one number wrong
	go run ./cmd/folkmoot loadtest --clients 50 --duration 20s --threads 1

restarts: ## a hundred restarts under load behind one socket: no request fails
	go test -count=1 -v -timeout 30m -run '^TestRestartsFailNoRequest$$' ./internal/proof -proof.restarts=100

backups: ## a hundred backups under load, each restored, recounted and compared
	go test -count=1 -v -timeout 60m -run '^TestBackedUpUnderLoad$$' ./internal/proof -proof.backups=100

clean: ## what building and testing left; never ./data
	rm -f folkmoot *.test *.prof coverage* cover.*
	rm -rf scratch
