//! Which of a provider's formats is asked for. Pure.

use super::ask::Halt;
use super::reply::Format;

/// The configured prefix if it is on offer, else one whose namespace is that of MARC.
pub(super) fn chosen_prefix(wanted: &str, formats: &[Format]) -> Result<String, Halt> {
    let offered = || formats.iter().map(|f| f.prefix.as_str()).collect::<Vec<_>>().join(", ");
    if !wanted.is_empty() {
        // A provider that does not list its formats is asked all the same.
        if formats.is_empty() || formats.iter().any(|f| f.prefix == wanted) {
            return Ok(wanted.to_owned());
        }
        return Err(Halt::Over(format!("the provider has no format {wanted}; it offers {}", offered())));
    }
    let is_marc = |f: &&Format| {
        let (namespace, schema) = (f.namespace.to_ascii_lowercase(), f.schema.to_ascii_lowercase());
        namespace.contains("marc21/slim")
            || namespace.contains("marcxchange")
            || namespace.contains("oai_marc")
            || schema.contains("marc21slim")
            || schema.contains("marcxchange")
    };
    // With holdings rather than without; the plain names before others.
    let rank = |f: &&Format| {
        let prefix = f.prefix.to_ascii_lowercase();
        let known = ["withholdings", "marc21", "unimarc", "cnmarc", "marcxml", "marc"];
        known.iter().position(|name| prefix.contains(name)).unwrap_or(known.len())
    };
    let best = formats.iter().filter(is_marc).min_by_key(rank);
    best.map(|f| f.prefix.clone()).ok_or_else(|| match formats.is_empty() {
        true => Halt::Over("the provider does not list its formats: set metadata_prefix".to_owned()),
        false => Halt::Over(format!("none of the provider's formats is MARC: {}", offered())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_chosen_by_its_namespace() {
        let format = |prefix: &str, namespace: &str| Format {
            prefix: prefix.to_owned(),
            namespace: namespace.to_owned(),
            ..Format::default()
        };
        const SLIM: &str = "http://www.loc.gov/MARC21/slim";
        let offered = [
            format("oai_dc", "http://oai_dc/"),
            format("marcxml", SLIM),
            format("marc21_withholdings", SLIM),
        ];
        let check = |wanted: &str, offered: &[Format], expect: std::result::Result<&str, &str>| match (
            chosen_prefix(wanted, offered),
            expect,
        ) {
            (Ok(got), Ok(expect)) => assert_eq!(got, expect),
            (Err(Halt::Over(got)), Err(expect)) => assert!(got.contains(expect), "{got}"),
            (got, _) => panic!("{wanted}: {got:?}"),
        };
        check("", &offered, Ok("marc21_withholdings"));
        check("", &offered[..2], Ok("marcxml"));
        check("", &offered[..1], Err("none of the provider's formats is MARC"));
        check("", &[], Err("set metadata_prefix"));
        check("marcxml", &offered, Ok("marcxml"));
        check("marc21", &offered, Err("it offers oai_dc, marcxml"));
        check("marc21", &[], Ok("marc21"));
        check("", &[format("x", "info:lc/xmlns/marcxchange-v2")], Ok("x"));
    }
}
