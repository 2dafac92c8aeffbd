//! Canonical JSON, as signatures of TUF are made over it: keys in order, no spaces, integers only.

use serde_json::Value;

/// The canonical form; `None` where there is a number that is no integer.
pub(super) fn canonical(value: &Value) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    write(value, &mut out)?;
    Some(out)
}

fn write(value: &Value, out: &mut Vec<u8>) -> Option<()> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => {
            let text =
                number.as_i64().map(|n| n.to_string()).or_else(|| number.as_u64().map(|n| n.to_string()))?;
            out.extend_from_slice(text.as_bytes());
        }
        Value::String(text) => write_text(text, out),
        Value::Array(items) => {
            out.push(b'[');
            for (nth, item) in items.iter().enumerate() {
                if nth > 0 {
                    out.push(b',');
                }
                write(item, out)?;
            }
            out.push(b']');
        }
        Value::Object(fields) => {
            // The order does not rest on how the map keeps them.
            let mut sorted: Vec<(&String, &Value)> = fields.iter().collect();
            sorted.sort_by_key(|(name, _)| *name);
            out.push(b'{');
            for (nth, (name, item)) in sorted.into_iter().enumerate() {
                if nth > 0 {
                    out.push(b',');
                }
                write_text(name, out);
                out.push(b':');
                write(item, out)?;
            }
            out.push(b'}');
        }
    }
    Some(())
}

// Only the quotation mark and the backslash are escaped; everything else stands as it is.
fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn one_value_has_one_form() {
        let check = |text: &str, expect: Option<&str>| {
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(
                canonical(&value).map(|bytes| String::from_utf8(bytes).unwrap()).as_deref(),
                expect,
                "{text}"
            );
        };
        check(
            r#" { "b" : [ 1, true , null ], "a":"联目\n\"\\" } "#,
            Some("{\"a\":\"联目\n\\\"\\\\\",\"b\":[1,true,null]}"),
        );
        check("18446744073709551615", Some("18446744073709551615"));
        check("-7", Some("-7"));
        check("1.5", None);
        check("1e3", None);
    }
}
