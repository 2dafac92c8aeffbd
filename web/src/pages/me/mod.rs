//! `/me/…`: what is only for the reader who is signed in.

pub(crate) mod card;
pub(crate) mod data;
pub(crate) mod fines;
pub(crate) mod home;
pub(crate) mod messages;
pub(crate) mod new_request;
pub(crate) mod print;
pub(crate) mod profile;
pub(crate) mod request;
pub(crate) mod requests;
mod way;

use super::{Choosable, Ui, page, render};
