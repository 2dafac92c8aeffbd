//! Money as people write it, yuan, and as it is counted, integer fen.

/// Most that one sum may be: a million yuan.
const MOST: u64 = 100_000_000;

/// Reads `12`, `12.5`, `12.50` or `¥12.50`; at most a million yuan.
pub(crate) fn fen(text: &str) -> Option<u64> {
    let text = text.trim().trim_start_matches(['¥', '￥']).trim_end_matches('元').trim();
    let (yuan, fen) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if yuan.is_empty() || yuan.len() > 9 || fen.len() > 2 || !is_number(yuan) || !is_number(fen) {
        return None;
    }
    let yuan: u64 = yuan.parse().ok()?;
    let fen: u64 = format!("{fen:0<2}").parse().ok()?;
    Some(yuan * 100 + fen).filter(|&sum| sum <= MOST)
}

/// `12.50`
pub(crate) fn yuan(fen: impl Into<i128>) -> String {
    let fen = fen.into();
    format!("{}{}.{:02}", if fen < 0 { "-" } else { "" }, fen.abs() / 100, fen.abs() % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_counted_in_fen() {
        for (text, expect) in [
            ("12", Some(1_200)),
            (" 7. ", Some(700)),
            ("١", None),
            (" ¥12.5 ", Some(1_250)),
            ("0.05元", Some(5)),
            ("1000000", Some(100_000_000)),
            ("1000000.01", None),
            ("0", Some(0)),
            ("0.00", Some(0)),
            ("-1", None),
            ("1.234", None),
            ("1,5", None),
            ("", None),
            (".5", None),
            ("99999999999999999999", None),
            ("一元", None),
        ] {
            assert_eq!(fen(text), expect, "{text}");
        }
        assert_eq!((yuan(1_250_u64), yuan(5), yuan(-300)), ("12.50".into(), "0.05".into(), "-3.00".into()));
    }
}
