//! About where the members stand, for the map of a consortium whose libraries have not said so themselves.

/// A header row, then one library a row: code, latitude, longitude.
const TABLE: &str = include_str!("../tables/places.tsv");

/// Code, latitude, longitude.
pub fn all() -> impl Iterator<Item = (&'static str, f64, f64)> {
    TABLE.lines().skip(1).filter_map(|line| {
        let mut cells = line.split('\t');
        Some((cells.next()?, cells.next()?.parse().ok()?, cells.next()?.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_member_has_a_place() {
        let codes: Vec<&str> = super::all().map(|(code, ..)| code).collect();
        let members: Vec<&str> =
            crate::members::TABLE.lines().skip(1).filter_map(|line| line.split('\t').next()).collect();
        assert_eq!(codes, members);
    }
}
