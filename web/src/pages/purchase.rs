//! `/purchase`: a reader asks the library to buy what was not found (荐购).
//!
//! What is thanked for is on the disk. The form asks for no name; how to be told is the reader's choice.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use daemon::purchases::{MOST_CHARS, MOST_NOTE, Purchase};
use indexer::bib::LibraryCode;
use indexer::search::SearchField;
use jiff::Timestamp;

use super::{Choosable, Ui, page, render};
use crate::ask::{self, Asked};
use crate::blocking;
use crate::error::WebError;
use crate::i18n::Lang;
use crate::reader::{Fields, Reader};
use crate::state::App;
use crate::wire::library_name;

#[derive(Template)]
#[template(path = "purchase.html")]
struct PurchasePage {
    ui: Ui,
    /// Whose staff has it now.
    thanks: Option<String>,
    problem: Option<String>,
    libraries: Vec<Choosable>,
    fields: Vec<FormField>,
    note: String,
}

struct FormField {
    name: &'static str,
    label: &'static str,
    value: String,
    required: bool,
}

/// The form, filled in with what was searched for.
pub(super) fn link(q: &str, field: SearchField) -> String {
    let text: String = q.chars().filter(|c| !matches!(c, '"' | '“' | '”')).take(MOST_CHARS).collect();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_number =
        digits >= 9 && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | ' ' | 'x' | 'X'));
    let name = match field {
        SearchField::Isbn => "isbn",
        _ if is_number => "isbn",
        SearchField::Author => "author",
        SearchField::Publisher => "publisher",
        _ => "title",
    };
    ask::link("/purchase", (!text.is_empty()).then_some((name, text.as_str())))
}

/// `/purchase?title=&author=&publisher=&isbn=&library=`
pub(crate) async fn show(State(app): State<App>, reader: Reader) -> Response {
    let thanks = reader.asked.get("thanks").map(LibraryCode::new);
    let thanks = thanks.filter(|code| app.members().get(code).is_some());
    let thanks = thanks.map(|code| library_name(&app.members(), &code));
    let form = form(&app, &reader, &reader.asked);
    page(&app, &reader, render(&PurchasePage { thanks, ..form }))
}

/// `POST /purchase`
pub(crate) async fn take(
    State(app): State<App>,
    reader: Reader,
    headers: HeaderMap,
    Fields(asked): Fields,
) -> Response {
    let purchase = match purchase(&app, &asked, reader.lang) {
        Ok(purchase) if is_ours(&headers) => purchase,
        // What another site sent is shown to the reader, who may send it or not.
        Ok(_) => return refused(&app, &reader, &asked, None, StatusCode::FORBIDDEN),
        Err(problem) => {
            return refused(&app, &reader, &asked, Some(problem), StatusCode::UNPROCESSABLE_ENTITY);
        }
    };
    let keeping = app.clone();
    let code = purchase.library.clone().map_or_else(String::new, |code| code.to_string());
    let kept = blocking::run(app.turns(), move || {
        keeping.purchases().suggest(&purchase, Timestamp::now()).map_err(WebError::internal)
    });
    match kept.await {
        Ok(_) => Redirect::to(&ask::link("/purchase", [("thanks", code.as_str())])).into_response(),
        Err(cause) => page(&app, &reader, Err(cause)),
    }
}

fn is_ours(headers: &HeaderMap) -> bool {
    let from = headers.get("sec-fetch-site").map(|value| value.to_str().unwrap_or("?"));
    from.is_none_or(|from| matches!(from, "same-origin" | "none"))
}

fn refused(
    app: &App,
    reader: &Reader,
    asked: &Asked,
    problem: Option<String>,
    status: StatusCode,
) -> Response {
    let form = PurchasePage { problem, ..form(app, reader, asked) };
    let mut response = page(app, reader, render(&form));
    *response.status_mut() = status;
    response
}

fn form(app: &App, reader: &Reader, asked: &Asked) -> PurchasePage {
    let members = app.members();
    let home = app.home().map(|code| code.to_string());
    let chosen = asked.get("library").map(str::to_owned).or(home);
    let library = |library: &indexer::library::Library| Choosable {
        value: library.code.to_string(),
        label: library.name.clone(),
        chosen: chosen.as_deref() == Some(library.code.as_str()),
    };
    let field = |name, label, required| FormField {
        name,
        label,
        value: asked.get(name).unwrap_or_default().chars().take(MOST_CHARS).collect(),
        required,
    };
    PurchasePage {
        ui: Ui::new(app, reader),
        thanks: None,
        problem: None,
        libraries: members.iter().map(library).collect(),
        fields: vec![
            field("title", "field.title", true),
            field("author", "field.author", false),
            field("publisher", "field.publisher", false),
            field("isbn", "field.isbn", false),
            field("contact", "purchase.contact", false),
        ],
        note: asked.get("note").unwrap_or_default().chars().take(MOST_NOTE).collect(),
    }
}

/// What was filled in, or what is wrong with it.
fn purchase(app: &App, asked: &Asked, lang: Lang) -> Result<Purchase, String> {
    let text = |name: &str, most: usize| {
        let typed = asked.get(name).unwrap_or_default();
        if typed.chars().count() > most {
            return Err(lang.fill("purchase.too_long", &[("max", &most.to_string())]));
        }
        Ok(typed.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect::<String>())
    };
    let library = asked.get("library").map(LibraryCode::new);
    let library = library.filter(|code| app.members().get(code).is_some());
    let title = text("title", MOST_CHARS)?;
    if title.trim().is_empty() {
        return Err(lang.t("purchase.no_title").to_owned());
    }
    Ok(Purchase {
        library: Some(library.ok_or_else(|| lang.t("purchase.no_library").to_owned())?),
        title,
        author: text("author", MOST_CHARS)?,
        publisher: text("publisher", MOST_CHARS)?,
        isbn: text("isbn", MOST_CHARS)?,
        note: text("note", MOST_NOTE)?,
        contact: text("contact", MOST_CHARS)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_knows_what_was_searched_for() {
        for (q, field, expect) in [
            ("三体", SearchField::Any, "/purchase?title=%E4%B8%89%E4%BD%93"),
            ("978-7-302-12260-9", SearchField::Any, "/purchase?isbn=978-7-302-12260-9"),
            ("\"abc\"", SearchField::Author, "/purchase?author=abc"),
            ("", SearchField::Any, "/purchase"),
        ] {
            assert_eq!(link(q, field), expect);
        }
    }
}
