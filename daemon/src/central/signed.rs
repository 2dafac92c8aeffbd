//! What of a call and of its answer is signed: all that decides what it does, and to which call an answer belongs.

use crate::keys::to_hex;

/// Header with the code of the branch that calls.
pub const AUTHOR: &str = "lianmu-branch";
/// Header with the caller's time, to be compared, not to be trusted.
pub const TIME: &str = "lianmu-time";
/// Header with the signature, in hexadecimal digits.
pub const SIGNATURE: &str = "lianmu-signature";

/// What a branch signs.
pub fn call_text(method: &str, path_and_query: &str, branch: &str, time: &str, body: &[u8]) -> String {
    let hash = blake3::hash(body);
    format!("lianmu call 1\n{method}\n{path_and_query}\n{branch}\n{time}\n{hash}")
}

/// What the hub signs: an answer belongs to one call, and to no other.
pub fn answer_text(signature_of_call: &[u8], status: u16, body: &[u8]) -> String {
    let hash = blake3::hash(body);
    format!("lianmu answer 1\n{}\n{status}\n{hash}", to_hex(signature_of_call))
}
