//! `/me/…`: what is only for the reader who is signed in.

pub(crate) mod home;
pub(crate) mod new_request;
pub(crate) mod print;
pub(crate) mod profile;
pub(crate) mod request;
pub(crate) mod requests;
mod way;

use super::{Choosable, Ui, page, render};
