//! Every route of the site, and what wraps all of them.

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

use daemon::settings::Tls;

use crate::ask::Asked;
use crate::i18n::Lang;
use crate::login::origin;
use crate::pages::admin;
use crate::state::App;
use crate::{api, assets, iso18626, neighbour, pages, reader, repository, robots, terminal};

/// Nothing inline, nothing from elsewhere, in no other site's frame.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// How hard answers are packed: a page of hits takes 0.09 ms and 6.7 kB; harder, it takes 0.22 ms and 6.2 kB.
const PACKED: CompressionLevel = CompressionLevel::Precise(3);
/// Longest a request may take, whatever it waits for.
const DEADLINE: Duration = Duration::from_secs(30);
/// Seconds after which it is worth asking again.
const RETRY_AFTER: &str = "2";
/// Only GET here: a body has nothing to say.
const MAX_BODY: usize = 16 * 1024;

/// A form of admins: a holdings profile may name many locations.
const MAX_FORM: usize = 512 * 1024;

/// Letters of a branch: as many as are taken at once, each as long as it may be.
const MAX_LETTERS: usize = 8 << 20;

/// The whole site.
pub(crate) fn router(app: App) -> Router {
    readers()
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, DEADLINE))
        .layer(RequestBodyLimitLayer::new(MAX_BODY))
        .merge(
            admins()
                .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, DEADLINE))
                .layer(RequestBodyLimitLayer::new(MAX_FORM)),
        )
        .merge(uploads())
        .merge(peers())
        .merge(
            branches()
                .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, DEADLINE))
                .layer(DefaultBodyLimit::disable())
                .layer(RequestBodyLimitLayer::new(MAX_LETTERS)),
        )
        .layer(middleware::from_fn_with_state(app.clone(), origin::refuse_others))
        .layer(middleware::from_fn_with_state(app.clone(), around))
        .layer(SetResponseHeaderLayer::if_not_present(header::RETRY_AFTER, retry_after))
        .layer(CompressionLayer::new().quality(PACKED))
        // What a branch fetches is packed already, and a range of it is a range of what lies on the disk.
        .merge(
            repository_files()
                .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, DEADLINE)),
        )
        .layer(fixed(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed(header::REFERRER_POLICY, "same-origin"))
        .layer(fixed(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"))
        .with_state(app)
}

fn readers() -> Router<App> {
    Router::new()
        // Readers
        .route("/", get(pages::home::show))
        .route("/search", get(pages::search::show))
        .route("/search/fields", get(pages::search_fields::show))
        .route("/record/{id}", get(pages::record::show))
        .route("/record/{id}/export/{format}", get(pages::record::export))
        .route("/basket", get(pages::basket::show).post(pages::basket::change))
        .route("/basket/export", get(pages::basket::export))
        .route("/unapi", get(pages::unapi::show))
        .route("/libraries", get(pages::libraries::list))
        .route("/map", get(pages::map::show))
        .route("/libraries/{code}", get(pages::libraries::show))
        .route("/browse/class", get(pages::browse::classes::show))
        .route("/browse/call-number", get(pages::browse::shelf::show))
        .route("/browse/author", get(pages::browse::headings::authors))
        .route("/browse/subject", get(pages::browse::headings::subjects))
        .route("/browse/new", get(pages::browse::newest::show))
        .route("/browse/journals", get(pages::browse::journals::show))
        .route("/purchase", get(pages::purchase::show).post(pages::purchase::take))
        .route("/notices", get(pages::notices::show))
        .route("/page/{slug}", get(pages::content::show))
        .route("/help", get(pages::help::show))
        .route("/help/{who}", get(pages::guide::show))
        .route("/help/branches", get(pages::help::branches))
        .route("/me", get(pages::me::home::show))
        .route("/me/messages", get(pages::me::messages::show).post(pages::me::messages::mark))
        .route("/me/fines", get(pages::me::fines::show))
        .route("/me/card", get(pages::me::card::show))
        .route("/me/data", get(pages::me::data::show).post(pages::me::data::act))
        .route("/me/data/export", get(pages::me::data::export))
        .route("/me/profile", get(pages::me::profile::show).post(pages::me::profile::act))
        .route("/me/requests", get(pages::me::requests::list).post(pages::me::requests::act))
        .route("/me/requests/new", get(pages::me::new_request::show).post(pages::me::new_request::send))
        .route("/me/requests/print", get(pages::me::print::show))
        .route("/me/requests/{id}", get(pages::me::request::show).post(pages::me::request::act))
        .route("/register", get(pages::register::show).post(pages::register::take))
        .route("/password", get(pages::password::show).post(pages::password::act))
        .route("/login", get(pages::login::show).post(pages::login::sign_in))
        .route("/leave", get(pages::login::leave))
        .route("/logout", post(pages::login::sign_out))
        .route("/logout/everywhere", post(pages::login::sign_out_everywhere))
        .route("/trust", get(pages::trust::show))
        .route("/trust/lianmu.crt", get(pages::trust::certificate))
        .route("/offline", get(pages::offline::show))
        .route("/manifest.webmanifest", get(pages::offline::manifest))
        .route("/worker.js", get(pages::offline::worker))
        .route("/robots.txt", get(robots::show))
        .route("/assets/{hash}/{name}", get(assets::show))
        // Programs
        .route("/api/v1/search", get(api::search))
        .route("/api/v1/records/{id}", get(api::record))
        .route("/api/v1/suggest", get(api::suggest::show))
        .route("/api/v1/libraries", get(api::libraries))
        .route("/api/v1/status", get(api::status))
        .route("/api/v1/requests", get(api::requests::list).post(api::requests::submit))
        .route("/api/v1/requests/{id}", get(api::requests::show))
        .route("/api/v1/requests/{id}/cancel", post(api::requests::cancel))
        .route("/api/v1/requests/{id}/renew", post(api::requests::renew))
        .route("/api/v1/openapi.json", get(api::openapi))
        // Operators
        .route("/healthz", get(api::health))
        .route("/readyz", get(api::ready))
        .route("/metrics", get(api::metrics))
        .fallback(pages::not_found)
        .method_not_allowed_fallback(pages::wrong_method)
}

fn admins() -> Router<App> {
    Router::new()
        .route("/staff", get(pages::staff::home))
        .route("/staff/readers", get(pages::staff::readers::list).post(pages::staff::readers::decide))
        .route("/staff/readers/{id}", get(pages::staff::readers::show).post(pages::staff::readers::act))
        .route("/staff/requests", get(pages::staff::work::borrowing))
        .route(
            "/staff/requests/{id}",
            get(pages::staff::request::borrowing).post(pages::staff::request::borrow),
        )
        .route("/staff/lending", get(pages::staff::work::lending))
        .route("/staff/lending/{id}", get(pages::staff::request::lending).post(pages::staff::request::lend))
        .route("/staff/parcels", get(pages::staff::parcels::show).post(pages::staff::parcels::pack))
        .route("/staff/parcels/handover", get(pages::staff::parcels::handover))
        .route("/staff/slips", get(pages::staff::slips::show))
        .route("/staff/statistics", get(pages::staff::statistics::show).post(pages::staff::statistics::set))
        .route("/staff/statistics/csv", get(pages::staff::statistics::csv))
        .route("/staff/statistics/xlsx", get(pages::staff::statistics::xlsx))
        .route("/staff/audit", get(pages::staff::audit::show))
        .route("/staff/fines", get(pages::staff::fines::show).post(pages::staff::fines::act))
        .route("/staff/cards", get(pages::staff::cards::show).post(pages::staff::cards::act))
        .route("/staff/calendars", get(pages::staff::calendars::show).post(pages::staff::calendars::act))
        .route("/staff/notices", get(pages::staff::notices).post(pages::staff::act))
        .route("/staff/library", get(pages::facts::show).post(pages::facts::act))
        .route("/staff/pages", get(pages::staff::pages).post(pages::staff::write))
        .route("/admin", get(admin::house::home))
        .route("/admin/sources", get(admin::sources::show).post(admin::sources::act))
        .route("/admin/runs", get(admin::runs::list))
        .route("/admin/runs/{id}", get(admin::runs::show).post(admin::runs::act))
        .route("/admin/runs/{id}/events", get(admin::events::of_run))
        .route("/admin/purchases", get(admin::purchases::show).post(admin::purchases::act))
        .route("/admin/libraries", get(admin::libraries::list))
        .route("/admin/libraries/{code}", get(admin::profile::show).post(admin::profile::act))
        .route("/admin/quality/{code}", get(admin::quality::show))
        .route("/admin/quality/{code}/csv", get(admin::quality::csv))
        .route("/admin/queue", get(admin::queue::show).post(admin::queue::act))
        .route("/admin/branches", get(admin::branches::show))
        .route("/admin/generations", get(admin::house::generations))
        .route("/admin/rules", get(admin::rules::show).post(admin::rules::save))
        .route("/admin/users", get(admin::house::users))
        .route("/admin/settings", get(admin::house::settings))
        .method_not_allowed_fallback(pages::wrong_method)
}

/// What the branches of a hub call.
fn branches() -> Router<App> {
    Router::new()
        .route("/api/v1/hub/letters", post(api::hub::letters))
        .route("/api/v1/hub/feed", get(api::hub::feed))
        .route("/api/v1/hub/enrol", post(api::hub::enrol))
        .method_not_allowed_fallback(pages::wrong_method)
}

/// Files that they fetch, from their hub and from one another.
fn repository_files() -> Router<App> {
    Router::new()
        .route("/repository/{*name}", get(repository::show))
        .route("/neighbour/{blake3}", get(neighbour::show))
}

/// Messages of other systems, with a cap of their own.
fn peers() -> Router<App> {
    Router::new()
        .route("/iso18626", post(iso18626::take))
        .method_not_allowed_fallback(pages::wrong_method)
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, DEADLINE))
        .layer(RequestBodyLimitLayer::new(daemon::central::iso18626::MOST_BYTES))
}

/// Files of any size up to a cap of their own, for as long as bytes keep coming.
fn uploads() -> Router<App> {
    Router::new()
        .route("/admin/libraries/{code}/upload", post(admin::upload::take))
        .layer(DefaultBodyLimit::disable())
        .method_not_allowed_fallback(pages::wrong_method)
}

/// Who is told that all are busy is told when to come again.
fn retry_after(response: &Response) -> Option<HeaderValue> {
    (response.status() == StatusCode::SERVICE_UNAVAILABLE).then(|| HeaderValue::from_static(RETRY_AFTER))
}

fn fixed(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}

/// Counts the answer, and remembers a language that was asked for.
async fn around(State(app): State<App>, request: Request, next: Next) -> Response {
    let asked = Asked::parse(request.uri().query());
    let path = request.uri().path();
    let is_for_people = robots::is_for_people(path);
    let (is_left, ends) =
        (terminal::is_left(&app, request.headers()), path == "/leave" || path.starts_with("/logout"));
    let mut response = next.run(request).await;
    if is_for_people {
        response.headers_mut().insert(robots::HEADER, HeaderValue::from_static("noindex"));
    }
    if matches!(app.settings().server.tls, Tls::Files { .. }) {
        let year = HeaderValue::from_static("max-age=31536000");
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    app.metrics().answered(response.status());
    if let Some(lang) = asked.get("lang").and_then(Lang::from_tag)
        && let Ok(cookie) = HeaderValue::from_str(&reader::set_cookie("lang", lang.tag()))
    {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    terminal::forget(&app, &mut response, is_left, ends);
    response
}
