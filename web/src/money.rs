//! Money as people write it, yuan, and as it is counted, integer fen.

/// Most that one entry may say: a million yuan.
const MOST: i64 = 100_000_000;

/// Reads `12`, `12.5`, `12.50` or `¥12.50`; more than nothing, at most a million yuan.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let text = text.trim().trim_start_matches(['¥', '￥']).trim_end_matches('元').trim();
    let (yuan, fen) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if yuan.is_empty() || yuan.len() > 9 || fen.len() > 2 || !is_number(yuan) || !is_number(fen) {
        return None;
    }
    let yuan: i64 = yuan.parse().ok()?;
    let fen: i64 = format!("{fen:0<2}").parse().ok()?;
    Some(yuan * 100 + fen).filter(|sum| (1..=MOST).contains(sum))
}

/// `12.50`
pub(crate) fn yuan(fen: i64) -> String {
    format!("{}{}.{:02}", if fen < 0 { "-" } else { "" }, fen.abs() / 100, fen.abs() % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_counted_in_fen() {
        for (text, expect) in [
            ("12", Some(1_200)),
            (" ¥12.5 ", Some(1_250)),
            ("0.05元", Some(5)),
            ("1000000", Some(100_000_000)),
            ("1000000.01", None),
            ("0", None),
            ("0.00", None),
            ("-1", None),
            ("1.234", None),
            ("1,5", None),
            ("", None),
            (".5", None),
            ("99999999999999999999", None),
            ("一元", None),
        ] {
            assert_eq!(parse(text), expect, "{text}");
        }
        assert_eq!((yuan(1_250), yuan(5), yuan(-300)), ("12.50".into(), "0.05".into(), "-3.00".into()));
    }
}
