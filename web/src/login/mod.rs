//! Who asks: passwords, sessions, tokens, how long to wait after wrong guesses, and from which site a form may come.
//!
//! It knows the store and the headers of a request; what a person may see is decided by the pages.

pub(crate) mod code;
pub(crate) mod delays;
pub(crate) mod origin;
pub(crate) mod password;
pub(crate) mod secret;
pub(crate) mod session;

pub(crate) use session::{Admin, SignedIn, Staff};
