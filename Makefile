# Two commands for a newcomer: `make demo` and `make test`. Both install what is missing first.

.PHONY: demo demo-consortium test build corpus bench-peers

demo: build
	./target/release/lianmu demo $(ARGS)

# A hub and two branches, each a process of its own, and a day of theirs: what README says of machines, tried.
demo-consortium: build
	./target/release/lianmu demo --consortium $(ARGS)

test:
	bash .ci/test.sh

build:
	bash .ci/install.sh build
	cargo build --release --locked -p web

# Real MARC files beside the project, where they are there: how ours compares with other readers.
corpus: build
	python3 ../shared/corpus/compare.py target/release/lianmu ../shared/corpus/marc

# Ours beside other engines on the same records. Xapian and Zebra are the distribution's (python3-xapian,
# idzebra-2.0), the others come with pip into a folder of their own. Nothing else builds or runs them.
RECORDS ?= 100000
PEERS_DIR ?= target/peers
bench-peers:
	cargo run --release --locked -p benches --example peers -- $(RECORDS) $(PEERS_DIR)/$(RECORDS)
	test -d $(PEERS_DIR)/venv || python3 -m venv $(PEERS_DIR)/venv
	$(PEERS_DIR)/venv/bin/pip install -q -r benches/peers/requirements.txt
	$(PEERS_DIR)/venv/bin/python benches/peers/run.py $(PEERS_DIR)/$(RECORDS)
