//! Pages, volumes and height out of an extent statement: `xii, 302 p. ; 24 cm`, `3册(1208页)`.

/// Whether an extent statement (CNMARC 215$a, MARC21 300$a) counts two volumes or more.
pub fn describes_set(extent: &str) -> bool {
    Extent::of(extent).is_set()
}

/// What an extent statement says in numbers; 0 where it does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) pages: u16,
    /// Volumes in the record: two and more make a set.
    pub(super) volumes: u8,
    /// Height in centimetres.
    pub(super) height: u8,
}

impl Extent {
    pub(super) fn of(text: &str) -> Self {
        let mut found = Self::default();
        let text = &text[..text.floor_char_boundary(200)];
        let mut rest = text;
        let mut described = false;
        while let Some(at) = rest.find(|c: char| c.is_ascii_digit() || ('０'..='９').contains(&c)) {
            described |= rest[..at].contains([':', ';', '+']);
            let (number, after) = read_number(&rest[at..]);
            found.note(number, after, described);
            rest = after;
        }
        found
    }

    fn note(&mut self, number: u32, after: &str, described: bool) {
        let unit = after.trim_start_matches([' ', '.', '-', '–']);
        let is_unit = |word: &str| {
            unit.get(..word.len()).is_some_and(|u| u.eq_ignore_ascii_case(word))
                && !unit[word.len()..].starts_with(|c: char| c.is_ascii_alphabetic())
        };
        if is_unit("cm") || unit.starts_with("厘米") {
            // `23.5 cm`: the digits before the dot come first.
            if self.height == 0 {
                self.height = u8::try_from(number).unwrap_or(0);
            }
        } else if unit.starts_with("cm") || after.starts_with('.') && described {
            self.height = u8::try_from(number).unwrap_or(0);
        } else if unit.starts_with(['册', '冊', '卷'])
            || is_unit("v")
            || is_unit("vol")
            || is_unit("vols")
            || is_unit("volumes")
        {
            self.volumes = self.volumes.max(u8::try_from(number).unwrap_or(u8::MAX));
        } else if !described && number < 10_000 {
            self.pages = self.pages.max(number as u16);
        }
    }

    /// Whether one record describes several volumes.
    pub(super) fn is_set(self) -> bool {
        self.volumes >= 2
    }
}

/// The number a text begins with, and what follows it.
fn read_number(text: &str) -> (u32, &str) {
    let mut number = 0u32;
    for (at, c) in text.char_indices() {
        let digit = match c {
            '0'..='9' => c as u32 - '0' as u32,
            '０'..='９' => c as u32 - '０' as u32,
            _ => return (number, &text[at..]),
        };
        number = number.saturating_mul(10).saturating_add(digit);
    }
    (number, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extents_as_written() {
        for (text, pages, volumes, height) in [
            ("206页 ; 21cm", 206, 0, 21),
            ("xii, 302 p. ; 24 cm.", 302, 0, 24),
            ("3册(1208页) ; 20cm", 1208, 3, 20),
            ("3册 ; 20cm", 0, 3, 20),
            ("1册", 0, 1, 0),
            ("３２０页", 320, 0, 0),
            ("3 p.l., v-xiii, 320 p. : 12 ill. ; 20 cm", 320, 0, 20),
            ("2 v. (796 leaves) ; 29 cm.", 796, 2, 29),
            ("ix, 164 p. ; 23.5 cm.", 164, 0, 23),
            ("v. ; cm.", 0, 0, 0),
            ("99999999999 p.", 0, 0, 0),
            ("", 0, 0, 0),
        ] {
            assert_eq!(Extent::of(text), Extent { pages, volumes, height }, "{text}");
        }
    }
}
