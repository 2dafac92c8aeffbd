//! Holdings in the field that the library uses: variants of 905, or 852.

use super::catalogue::{MarcField, field};
use super::habits::{Habits, HoldingsField};
use super::random::Random;
use super::work::Work;

/// Adds the holdings fields.
pub(super) fn add(work: &Work, habits: &Habits, random: &mut Random, fields: &mut Vec<MarcField>) {
    let n_copies = 1 + random.below(4);
    let location = (*random.pick(&habits.locations)).to_owned();
    let class = work.class.to_owned();
    let book = match random.below(3) {
        0 => format!("{}", 1 + random.below(900)),
        1 => format!("L{}", 100 + random.below(900)),
        _ => format!("{:04}R", random.below(10_000)),
    };
    let barcode = 10_000_000 + random.below(80_000_000);
    let nth = |i: usize| format!("{:08}", barcode + i);
    let mut subfields = Vec::new();
    match habits.holdings {
        HoldingsField::Groups => {
            for i in 0..n_copies {
                subfields.extend([
                    ('a', location.clone()),
                    ('b', nth(i)),
                    ('d', class.clone()),
                    ('e', book.clone()),
                ]);
                subfields.extend([('f', "1".to_owned()), ('s', format!("{class}/{book}"))]);
            }
        }
        HoldingsField::RepeatedBarcode => {
            subfields.push(('a', location));
            subfields.extend((0..n_copies).map(|i| ('b', nth(i))));
            subfields.extend([('d', class), ('e', book)]);
        }
        HoldingsField::BarcodeRange => {
            let last = format!("{:04}", (barcode + n_copies - 1) % 10_000);
            let range = if n_copies > 1 && barcode % 10_000 + n_copies <= 10_000 {
                format!("{}-{last}", nth(0))
            } else {
                nth(0)
            };
            subfields.extend([('a', location), ('b', range), ('d', class), ('e', book)]);
        }
        HoldingsField::Accession => {
            subfields.extend([
                ('a', location),
                ('b', nth(0)),
                ('d', class),
                ('e', book),
                ('f', n_copies.to_string()),
            ]);
        }
        HoldingsField::CallNumber => subfields.extend([('a', location), ('f', format!("{class}/{book}"))]),
        HoldingsField::Field852 => {
            for i in 0..n_copies {
                fields.push(field(
                    "852",
                    "  ",
                    [('b', location.clone()), ('h', class.clone()), ('i', book.clone()), ('p', nth(i))],
                ));
            }
            return;
        }
    }
    fields.push(MarcField { tag: "905", indicators: "  ", subfields });
}
