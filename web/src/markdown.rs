//! What people write in Markdown, as HTML that can do no harm: no markup of their own, no script, no image, and links
//! only to where a browser may go.
//!
//! What is written as HTML is shown as the text that it is. A page has its title elsewhere, so headings begin with `h2`.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

/// So long a text may be, in bytes.
pub(crate) const MOST: usize = 32 * 1024;

/// The text as HTML.
pub(crate) fn to_html(text: &str) -> String {
    let mut open_links: Vec<bool> = Vec::new();
    let events = Parser::new_ext(text, Options::ENABLE_TABLES).filter_map(|event| {
        Some(match event {
            Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
            Event::Start(Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
            Event::End(TagEnd::HtmlBlock) => Event::End(TagEnd::Paragraph),
            Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => return None,
            Event::Start(Tag::Link { ref dest_url, .. }) => {
                let harmless = is_harmless(dest_url);
                open_links.push(harmless);
                return harmless.then_some(event);
            }
            Event::End(TagEnd::Link) => return open_links.pop().unwrap_or(false).then_some(event),
            Event::Start(Tag::Heading { level, .. }) => Event::Start(Tag::Heading {
                level: lower(level),
                id: None,
                classes: Vec::new(),
                attrs: Vec::new(),
            }),
            Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(lower(level))),
            other => other,
        })
    });
    let mut out = String::new();
    html::push_html(&mut out, events);
    out
}

fn is_harmless(href: &str) -> bool {
    let lower = href.trim().to_ascii_lowercase();
    let schemes = ["http://", "https://", "mailto:", "#"];
    let inside = lower.starts_with('/') && !lower.starts_with("//") && !lower.contains('\\');
    (inside || schemes.iter().any(|s| lower.starts_with(s))) && !href.chars().any(char::is_control)
}

// What begins with `##` stands below the title as what begins with `#` does: both are sections.
fn lower(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 | HeadingLevel::H2 => HeadingLevel::H2,
        _ => HeadingLevel::H3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_html() {
        for (text, expect) in [
            ("# 一\n\n二", "<h2>一</h2>\n<p>二</p>\n"),
            ("[检索](/help)", "<p><a href=\"/help\">检索</a></p>\n"),
            ("- a\n- **b**", "<ul>\n<li>a</li>\n<li><strong>b</strong></li>\n</ul>\n"),
        ] {
            assert_eq!(to_html(text), expect);
        }
    }

    #[test]
    fn no_harm_comes_through() {
        for text in [
            "<script>alert(1)</script>",
            "a <img src=x onerror=alert(1)> b",
            "[x](javascript:alert(1))",
            "[x](JavaScript&#58;alert(1))",
            "[x](data:text/html,y)",
            "[x](//evil.example)",
            "[x](/\\evil.example)",
            "![x](https://evil.example/p.png)",
            "<javascript:alert(1)>",
            "<div style=\"x\">\n\n**a**\n\n</div>",
            "[x]: javascript:alert(1)\n[x]",
            "# x {onclick=alert(1)}",
        ] {
            let html = to_html(text);
            for bad in [
                "<script",
                "<img",
                "href=\"javascript",
                "href=\"data",
                "href=\"//",
                "href=\"/\\",
                "<div",
                "style=",
            ] {
                let shown = html.replace("&quot;", "\"");
                assert!(!html.contains(bad) || shown.contains("&lt;"), "{text}: {html}");
            }
            assert!(
                !html.contains("<script") && !html.contains("<img") && !html.contains("<div"),
                "{text}: {html}"
            );
            assert!(!html.contains("javascript:alert(1)\""), "{text}: {html}");
        }
        let deep = format!("{}x", "> ".repeat(5_000));
        assert!(to_html(&deep).contains('x'));
        assert!(to_html(&"[".repeat(20_000)).len() < 200_000);
    }
}
