//! Reference tables with their origin and licence, and the seeded sample consortium.
//!
//! The lowest crate: it knows no MARC parser, no index and no page.

pub mod clc;
pub mod fold;
pub mod languages;
pub mod lender_rules;
pub mod marc8;
pub mod match_weights;
pub mod members;
pub mod names;
pub mod pages;
pub mod pinyin;
pub mod places;
pub mod sample;
