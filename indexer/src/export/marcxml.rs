//! `Record` → MARCXML in the MARC 21 slim namespace, for both families.

use crate::marc::Record;

use super::iso2709::is_control;

/// What stands in front of the records of a document.
pub const MARCXML_BEGIN: &str =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<collection xmlns=\"http://www.loc.gov/MARC21/slim\">\n";

/// What closes the document.
pub const MARCXML_END: &str = "</collection>\n";

/// Appends one `<record>` element; the namespace comes from the `<collection>` around it.
pub fn write_marcxml(record: &Record, out: &mut String) {
    out.push_str("<record>\n  <leader>");
    push_escaped(&leader_text(record), out);
    out.push_str("</leader>\n");
    for field in record.fields() {
        let tag = field.tag_text();
        if is_control(field) {
            out.push_str("  <controlfield tag=\"");
            push_escaped(&tag, out);
            out.push_str("\">");
            push_escaped(field.value(), out);
            out.push_str("</controlfield>\n");
            continue;
        }
        out.push_str("  <datafield tag=\"");
        push_escaped(&tag, out);
        for (name, indicator) in ["\" ind1=\"", "\" ind2=\""].into_iter().zip(field.indicators()) {
            out.push_str(name);
            push_escaped(char::from(indicator).encode_utf8(&mut [0; 4]), out);
        }
        out.push_str("\">\n");
        for (code, text) in field.subfields() {
            out.push_str("    <subfield code=\"");
            push_escaped(code.encode_utf8(&mut [0; 4]), out);
            out.push_str("\">");
            push_escaped(text, out);
            out.push_str("</subfield>\n");
        }
        out.push_str("  </datafield>\n");
    }
    out.push_str("</record>\n");
}

/// The leader with blanks where there is no printable ASCII, and zeros for numbers that nobody counts here.
pub(super) fn leader_text(record: &Record) -> String {
    let mut leader = record.leader().0;
    for range in [0..5, 12..17] {
        if !leader[range.clone()].iter().all(u8::is_ascii_digit) {
            leader[range].fill(b'0');
        }
    }
    leader.iter().map(|b| if (0x20..0x7F).contains(b) { char::from(*b) } else { ' ' }).collect()
}

fn push_escaped(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // Not in XML 1.0 at all, not even as a reference.
            '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => {}
            '\t' | '\n' | '\r' => out.push(' '),
            _ => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::print_stderr, reason = "a skipped check is named")]

    use std::process::Command;

    use super::*;
    use crate::marc::Leader;

    fn sample() -> Record {
        let mut record = Record::default();
        record.set_leader(Leader(*b"00000nam a2200000   4500"));
        record.push_control(*b"001", |t| t.push_str("012001"));
        record.push_data(*b"245", *b"10");
        record.push_subfield('a', |t| t.push_str("C++ & \"Java\" <入门>"));
        record.push_subfield('c', |t| t.push_str("𠮷野\u{B}著"));
        record
    }

    #[test]
    fn text_is_escaped() {
        let mut out = String::new();
        write_marcxml(&sample(), &mut out);
        assert_eq!(
            out,
            "<record>\n  <leader>00000nam a2200000   4500</leader>\n  \
             <controlfield tag=\"001\">012001</controlfield>\n  \
             <datafield tag=\"245\" ind1=\"1\" ind2=\"0\">\n    \
             <subfield code=\"a\">C++ &amp; &quot;Java&quot; &lt;入门&gt;</subfield>\n    \
             <subfield code=\"c\">𠮷野著</subfield>\n  </datafield>\n</record>\n"
        );
    }

    #[test]
    fn a_document_is_valid() {
        let schema = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../shared/corpus/schemas/MARC21slim.xsd");
        if !schema.exists() || Command::new("xmllint").arg("--version").output().is_err() {
            eprintln!("skipped: no schema or no xmllint");
            return;
        }
        let mut text = String::from(MARCXML_BEGIN);
        write_marcxml(&sample(), &mut text);
        text.push_str(MARCXML_END);
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.xml");
        std::fs::write(&file, text).expect("a file");
        let output = Command::new("xmllint")
            .args(["--nonet", "--noout", "--schema"])
            .arg(&schema)
            .arg(&file)
            .output()
            .expect("xmllint runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
