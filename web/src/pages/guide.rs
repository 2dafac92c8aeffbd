//! `/help/{who}`: the work of readers, librarians and admins step by step, each with a drawn figure.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::{Ui, page, render};
use crate::error::WebError;
use crate::reader::Reader;
use crate::state::App;

/// A guide; all texts are keys.
pub(crate) struct Guide {
    /// Its address.
    pub(crate) path: &'static str,
    pub(crate) title: &'static str,
    lead: &'static str,
    /// What the figure shows, and what its numbers stand for, one a line.
    caption: &'static str,
    legend: &'static str,
    parts: &'static [Part],
}

/// A heading, its steps one a line, and where they are done.
struct Part {
    title: &'static str,
    steps: &'static str,
    links: &'static [(&'static str, &'static str)],
}

/// All guides, in their order.
pub(crate) static GUIDES: [Guide; 3] = [
    Guide {
        path: "/help/reader",
        title: "guide.reader",
        lead: "guide.reader_lead",
        caption: "guide.reader_figure",
        legend: "guide.reader_legend",
        parts: &[
            Part {
                title: "guide.find",
                steps: "guide.find_steps",
                links: &[("/", "nav.search"), ("/help", "guide.search"), ("/purchase", "purchase.title")],
            },
            Part {
                title: "guide.account",
                steps: "guide.account_steps",
                links: &[("/register", "account.register"), ("/password", "account.recover")],
            },
            Part {
                title: "guide.ask",
                steps: "guide.ask_steps",
                links: &[("/me/requests/new", "request.blank")],
            },
            Part {
                title: "guide.follow",
                steps: "guide.follow_steps",
                links: &[("/me/requests", "request.mine"), ("/me/messages", "message.title")],
            },
            Part { title: "guide.fetch", steps: "guide.fetch_steps", links: &[("/me/card", "card.title")] },
            Part {
                title: "guide.privacy",
                steps: "guide.privacy_steps",
                links: &[("/me/data", "privacy.title")],
            },
        ],
    },
    Guide {
        path: "/help/librarian",
        title: "guide.librarian",
        lead: "guide.librarian_lead",
        caption: "guide.librarian_figure",
        legend: "guide.librarian_legend",
        parts: &[
            Part {
                title: "guide.readers",
                steps: "guide.readers_steps",
                links: &[("/staff/readers", "readers.title")],
            },
            Part {
                title: "guide.borrow",
                steps: "guide.borrow_steps",
                links: &[("/staff/requests", "counter.borrowing")],
            },
            Part {
                title: "guide.lend",
                steps: "guide.lend_steps",
                links: &[
                    ("/staff/lending", "counter.lending"),
                    ("/staff/slips", "counter.slips"),
                    ("/staff/parcels", "counter.parcels"),
                ],
            },
            Part {
                title: "guide.days",
                steps: "guide.days_steps",
                links: &[
                    ("/staff/calendars", "calendar.title"),
                    ("/staff/notices", "staff.notices"),
                    ("/staff/library", "facts.title"),
                ],
            },
            Part { title: "guide.desk_offline", steps: "guide.desk_offline_steps", links: &[] },
        ],
    },
    Guide {
        path: "/help/admin",
        title: "guide.admin",
        lead: "guide.admin_lead",
        caption: "guide.admin_figure",
        legend: "guide.admin_legend",
        parts: &[
            Part {
                title: "guide.sources",
                steps: "guide.sources_steps",
                links: &[("/admin/sources", "admin.sources"), ("/admin/libraries", "admin.libraries")],
            },
            Part {
                title: "guide.runs",
                steps: "guide.runs_steps",
                links: &[("/admin/runs", "admin.runs"), ("/admin/generations", "admin.generations")],
            },
            Part {
                title: "guide.branches",
                steps: "guide.branches_steps",
                links: &[("/admin/queue", "admin.queue"), ("/admin/rules", "rules.title")],
            },
            Part {
                title: "guide.care",
                steps: "guide.care_steps",
                links: &[("/admin/users", "admin.users"), ("/admin/settings", "admin.settings")],
            },
        ],
    },
];

#[derive(Template)]
#[template(path = "guide.html")]
struct GuidePage {
    ui: Ui,
    guides: &'static [Guide],
    guide: &'static Guide,
}

/// `/help/{who}`
pub(crate) async fn show(State(app): State<App>, Path(who): Path<String>, reader: Reader) -> Response {
    let guide =
        GUIDES.iter().find(|guide| guide.path.strip_prefix("/help/") == Some(&who)).ok_or(WebError::NotFound);
    let result =
        guide.and_then(|guide| render(&GuidePage { ui: Ui::new(&app, &reader), guides: &GUIDES, guide }));
    page(&app, &reader, result)
}
