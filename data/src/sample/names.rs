//! Names of persons and publishers, put together from tables; nobody living is meant and no house exists.
//!
//! There are enough of them that two books of a large pool hardly ever agree in title, author, publisher and
//! year by accident, and so unevenly drawn that some people share a name, as in life.

use std::sync::LazyLock;

use super::random::Random;
use super::repertoire::{
    BRANCHES, GIVEN, LATIN_FAMILIES, LATIN_GIVEN, LATIN_PUBLISHERS, PUBLISHERS, REGIONS, SURNAMES, SYLLABLES,
    TRANSLATED_GIVEN,
};

static CHARS: LazyLock<(Vec<char>, Vec<char>)> =
    LazyLock::new(|| (SURNAMES.chars().collect(), GIVEN.chars().collect()));

/// `王晓春`: half of all people bear one of a few dozen surnames.
pub(super) fn person(random: &mut Random) -> String {
    let (surnames, given) = &*CHARS;
    let mut name = String::from(surnames[skewed(random, surnames.len())]);
    name.push(*random.pick(given));
    if random.chance(0.8) {
        name.push(*random.pick(given));
    }
    name
}

/// `Ashdown, Peter J.`, as a heading.
pub(super) fn latin_person(random: &mut Random) -> String {
    let name = format!("{}, {}", random.pick(&LATIN_FAMILIES), random.pick(&LATIN_GIVEN));
    let initial = char::from(b'A' + random.below(26) as u8);
    if random.chance(0.6) { format!("{name} {initial}.") } else { name }
}

/// `约翰·克莱顿`.
pub(super) fn translated_person(random: &mut Random) -> String {
    let mut name = format!("{}·", random.pick(&TRANSLATED_GIVEN));
    (0..2 + random.below(2)).for_each(|_| name.push_str(random.pick::<&str>(&SYLLABLES)));
    name
}

/// A publisher and its place.
pub(super) fn publisher(random: &mut Random) -> (String, &'static str) {
    if random.chance(0.5) {
        let (name, place) = PUBLISHERS[skewed(random, PUBLISHERS.len())];
        return (name.to_owned(), place);
    }
    let (region, place) = *random.pick(&REGIONS);
    (format!("{region}{}出版社", BRANCHES[skewed(random, BRANCHES.len())]), place)
}

/// A publisher of English books and its place.
pub(super) fn latin_publisher(random: &mut Random) -> (String, &'static str) {
    let (name, place) = *random.pick(&LATIN_PUBLISHERS);
    (name.to_owned(), place)
}

/// A place in a list whose first ones are the most frequent.
fn skewed(random: &mut Random, n: usize) -> usize {
    (random.unit() * random.unit() * n as f64) as usize
}
