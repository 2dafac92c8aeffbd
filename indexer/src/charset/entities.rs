//! Character references of HTML and XML that leaked into MARC text (DOMAIN §1.2 row 16).

// The names that occur in exports; a name outside this list is left as it stands.
const NAMED: [(&str, char); 32] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("middot", '·'),
    ("bull", '•'),
    ("hellip", '…'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("laquo", '«'),
    ("raquo", '»'),
    ("copy", '©'),
    ("reg", '®'),
    ("trade", '™'),
    ("deg", '°'),
    ("times", '×'),
    ("agrave", 'à'),
    ("aacute", 'á'),
    ("auml", 'ä'),
    ("ccedil", 'ç'),
    ("egrave", 'è'),
    ("eacute", 'é'),
    ("ntilde", 'ñ'),
    ("ouml", 'ö'),
    ("uuml", 'ü'),
    ("szlig", 'ß'),
];
// "&#x0010FFFF;" is the longest that makes sense.
const MAX_LENGTH: usize = 12;

/// The text with its references decoded once; `None` where there are none.
pub fn decode_entities(text: &str) -> Option<String> {
    let mut rest = text;
    let mut out = String::new();
    let mut found = false;
    while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match reference(rest) {
            Some((c, length)) => {
                found = true;
                out.push(c);
                rest = &rest[length..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    if !found {
        return None;
    }
    out.push_str(rest);
    // A base letter and a mark may have met just now.
    let mut clean = String::with_capacity(out.len());
    super::clean::push_clean(&out, &mut clean);
    Some(clean)
}

// The character that a text beginning with `&` refers to, and how many bytes say so.
fn reference(text: &str) -> Option<(char, usize)> {
    let body = &text.as_bytes()[1..text.len().min(MAX_LENGTH + 1)];
    if body.first() == Some(&b'#') {
        return numeric(&body[1..]).map(|(c, length)| (c, length + 2));
    }
    let end = memchr::memchr(b';', body)?;
    let (_, c) = NAMED.iter().find(|(name, _)| name.as_bytes() == &body[..end])?;
    Some((*c, end + 2))
}

// Without the semicolon it still counts, as long as no letter follows that would make it another word.
fn numeric(body: &[u8]) -> Option<(char, usize)> {
    let (radix, prefix) = if matches!(body.first(), Some(b'x' | b'X')) { (16, 1) } else { (10, 0) };
    let digits = &body[prefix..];
    let n_digits = digits.iter().take_while(|b| char::from(**b).is_digit(radix)).count();
    let text = std::str::from_utf8(&digits[..n_digits]).ok()?;
    let c = char::from_u32(u32::from_str_radix(text, radix).ok()?)?;
    let closed = match digits.get(n_digits) {
        Some(b';') => 1,
        Some(b) if b.is_ascii_alphanumeric() => return None,
        _ => 0,
    };
    let c = match c {
        '\t' | '\n' | '\r' | '\u{A0}' => ' ',
        // A delimiter or another control must not come in by the back door.
        c if super::clean::is_control(c) => return None,
        c => c,
    };
    Some((c, prefix + n_digits + closed))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn references_are_decoded_once() {
        for (text, expect) in [
            ("C++ &amp; Java", "C++ & Java"),
            ("&amp;amp;", "&amp;"),
            ("&#x4E2D;&#22269;文学", "中国文学"),
            ("&#20013国", "中国"),
            ("上册&#13;下册", "上册 下册"),
            ("Caf&eacute; &lt;b&gt;", "Café <b>"),
            ("&#x20BB7;野家", "𠮷野家"),
            ("e&#x301;tude", "étude"),
        ] {
            assert_eq!(decode_entities(text).as_deref(), Some(expect), "{text}");
        }
    }

    #[test]
    fn other_text_is_left_alone() {
        for text in
            ["R&D", "AT&T; Bell", "&#31;", "&#x1F;a", "&#1E;", "?a=1&copy=2", "&#xD800;", "&", "&#", "三国&"]
        {
            assert_eq!(decode_entities(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_control_comes_in(text in "([&#;x0-9a-f]|amp|中){0,20}") {
            if let Some(decoded) = decode_entities(&text) {
                prop_assert!(!decoded.chars().any(super::super::clean::is_control));
            }
        }
    }
}
