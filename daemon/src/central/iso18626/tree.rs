//! XML into a small tree, within bounds: no DOCTYPE, no entities but the five of XML, no depth, no masses.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::MOST_BYTES;

/// An element by its local name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Node {
    pub(super) name: String,
    /// Its own text, without blanks around.
    pub(super) text: String,
    pub(super) children: Vec<Node>,
}

const DEEPEST: usize = 16;
const MOST_ELEMENTS: usize = 2_000;
const MOST_ATTRIBUTES: usize = 32;

impl Node {
    /// The first child of this name.
    pub(super) fn child(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The element at the end of a path.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, name| node.child(name))
    }

    /// The text at the end of a path; empty where there is none.
    pub(super) fn text_at(&self, path: &[&str]) -> &str {
        self.at(path).map_or("", |node| node.text.as_str())
    }
}

/// The root element; or why there is none, as a sentence.
pub(super) fn parse(bytes: &[u8]) -> Result<Node, String> {
    if bytes.len() > MOST_BYTES {
        return Err(format!("it is longer than {MOST_BYTES} bytes"));
    }
    let text = std::str::from_utf8(bytes).map_err(|cause| format!("it is not UTF-8: {cause}"))?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let (mut open, mut root, mut n_elements) = (Vec::<Node>::new(), None, 0);
    loop {
        let event =
            reader.read_event().map_err(|cause| format!("{cause} at byte {}", reader.error_position()))?;
        match event {
            Event::Start(start) => {
                n_elements += 1;
                begin(&start, open.len(), n_elements, root.is_some())?;
                open.push(Node { name: local(&start), ..Node::default() });
            }
            Event::Empty(start) => {
                n_elements += 1;
                begin(&start, open.len(), n_elements, root.is_some())?;
                close(Node { name: local(&start), ..Node::default() }, &mut open, &mut root);
            }
            Event::End(_) => {
                // The reader has seen to it that the names fit.
                let Some(node) = open.pop() else { return Err("an end without a beginning".to_owned()) };
                close(node, &mut open, &mut root);
            }
            Event::Text(text) => say(&text.xml10_content(), &mut open)?,
            Event::CData(text) => say(&text.xml10_content(), &mut open)?,
            Event::GeneralRef(name) => {
                let said = match name.resolve_char_ref().map_err(|cause| cause.to_string())? {
                    Some(c) if is_legal(c) => c,
                    Some(_) => return Err("it refers to a character that XML forbids".to_owned()),
                    None => predefined(&name).ok_or_else(|| format!("unknown entity {}", &*name))?,
                };
                say(said.encode_utf8(&mut [0; 4]), &mut open)?;
            }
            Event::Decl(decl) => {
                let encoding = decl.encoding().transpose().map_err(|cause| cause.to_string())?;
                let is_known =
                    |name: &str| matches!(&*name.to_ascii_lowercase(), "utf-8" | "utf8" | "us-ascii");
                if let Some(other) = encoding.filter(|name| !is_known(name)) {
                    return Err(format!("it says that it is in {other}; only UTF-8 is read"));
                }
            }
            Event::DocType(_) => return Err("it has a DOCTYPE".to_owned()),
            Event::Comment(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    if !open.is_empty() {
        return Err("it ends too early".to_owned());
    }
    root.ok_or_else(|| "it holds no element".to_owned())
}

fn begin(start: &BytesStart<'_>, depth: usize, n_elements: usize, has_root: bool) -> Result<(), String> {
    if has_root && depth == 0 {
        return Err("it has more than one root".to_owned());
    }
    if depth >= DEEPEST || n_elements > MOST_ELEMENTS {
        return Err("it is nested too deeply, or has too many elements".to_owned());
    }
    for (n, attribute) in start.attributes().enumerate() {
        attribute.map_err(|cause| cause.to_string())?;
        if n >= MOST_ATTRIBUTES {
            return Err("an element has too many attributes".to_owned());
        }
    }
    Ok(())
}

fn local(start: &BytesStart<'_>) -> String {
    start.local_name().into_inner().to_owned()
}

fn close(mut node: Node, open: &mut [Node], root: &mut Option<Node>) {
    node.text = node.text.trim().to_owned();
    match open.last_mut() {
        Some(parent) => parent.children.push(node),
        None => *root = Some(node),
    }
}

fn say(text: &str, open: &mut [Node]) -> Result<(), String> {
    if let Some(c) = text.chars().find(|c| !is_legal(*c)) {
        return Err(format!("it holds the character U+{:04X}, which XML forbids", u32::from(c)));
    }
    match open.last_mut() {
        Some(node) => node.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err("there is text outside the root".to_owned()),
    }
    Ok(())
}

/// Whether a character may stand in XML 1.0.
pub(super) fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn predefined(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}
