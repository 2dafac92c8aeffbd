"""Lets the TUF conformance suite sign with Ed25519 where a test does not name a kind of key: our client knows no other."""

from tuf_conformance._internal.repository_simulator import RepositorySimulator

RepositorySimulator.new_signer.__defaults__ = ("ed25519", "ed25519")
