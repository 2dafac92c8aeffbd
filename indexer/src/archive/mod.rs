//! A library's current records as received: immutable packs, and a state that names them.
