//! `lianmu`: the one program. Every subcommand has its own file in `cli`.
fn main() {}
