# Two commands for a newcomer: `make demo` and `make test`. Both install what is missing first.

.PHONY: demo demo-consortium test build corpus bench-peers tuf-conformance test-s3-cluster

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

# The public conformance suite of TUF over our client: a checkout of it in SUITE, made where there is none. It wants
# `faketime`. What fails by intent is listed, with the reason, and fails the run where it passes.
SUITE ?= target/peers/tuf-conformance
SUITE_COMMIT = eec841c186f81f2d9d8d30460c7e7deefa615f9e
tuf-conformance:
	test -d $(SUITE) || { git clone -q https://github.com/theupdateframework/tuf-conformance $(SUITE) && git -C $(SUITE) checkout -q $(SUITE_COMMIT); }
	test -d $(SUITE)/env || { python3 -m venv $(SUITE)/env && $(SUITE)/env/bin/pip install -q -e $(SUITE); }
	cargo build --locked -p daemon --example tuf_client
	cp daemon/tests/peers/tuf/tuf_client.xfails target/debug/examples/
	PYTHONPATH=daemon/tests/peers/tuf $(SUITE)/env/bin/pytest -p ed25519_keys -q $(SUITE)/tuf_conformance --entrypoint $(CURDIR)/target/debug/examples/tuf_client

# A store of three nodes, of which one is killed while the hub publishes and one while a branch pulls. Garage is built
# once (ten minutes); it is a program beside ours, none of its code is in it.
GARAGE ?= $(CURDIR)/target/peers/garage
test-s3-cluster:
	test -x $(GARAGE)/bin/garage || cargo install garage --version 2.5.0 --locked --debug --root $(GARAGE)
	cargo build --locked -p web
	bash daemon/tests/peers/garage.sh $(GARAGE)/bin/garage $(CURDIR)/target/debug/lianmu $(GARAGE)/run
