# Two commands for a newcomer: `make demo` and `make test`. Both install what is missing first.

.PHONY: demo test build corpus

demo: build
	./target/release/lianmu demo $(ARGS)

test:
	bash .ci/test.sh

build:
	bash .ci/install.sh build
	cargo build --release --locked -p web

# Real MARC files beside the project, where they are there: how ours compares with other readers.
corpus: build
	python3 ../shared/corpus/compare.py target/release/lianmu ../shared/corpus/marc
