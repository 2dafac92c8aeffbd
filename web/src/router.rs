//! Every route of the site, and what wraps all of them.

use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

use crate::ask::Asked;
use crate::i18n::Lang;
use crate::state::App;
use crate::{api, assets, pages, reader};

/// Nothing inline, nothing from elsewhere, in no other site's frame.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Longest a request may take, whatever it waits for.
const DEADLINE: Duration = Duration::from_secs(30);
/// Only GET here: a body has nothing to say.
const MAX_BODY: usize = 16 * 1024;

/// The whole site.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        // Readers
        .route("/", get(pages::home::show))
        .route("/search", get(pages::search::show))
        .route("/record/{id}", get(pages::record::show))
        .route("/record/{id}/export/{format}", get(pages::record::export))
        .route("/libraries", get(pages::libraries::list))
        .route("/libraries/{code}", get(pages::libraries::show))
        .route("/help", get(pages::help::show))
        .route("/assets/{hash}/{name}", get(assets::show))
        // Programs
        .route("/api/v1/search", get(api::search))
        .route("/api/v1/records/{id}", get(api::record))
        .route("/api/v1/libraries", get(api::libraries))
        .route("/api/v1/status", get(api::status))
        .route("/api/v1/openapi.json", get(api::openapi))
        // Operators
        .route("/healthz", get(api::health))
        .route("/readyz", get(api::ready))
        .route("/metrics", get(api::metrics))
        .fallback(pages::not_found)
        .method_not_allowed_fallback(pages::wrong_method)
        .layer(middleware::from_fn_with_state(app.clone(), around))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, DEADLINE))
        .layer(RequestBodyLimitLayer::new(MAX_BODY))
        .layer(CompressionLayer::new())
        .layer(fixed(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed(header::REFERRER_POLICY, "same-origin"))
        .layer(fixed(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"))
        .with_state(app)
}

fn fixed(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}

/// Counts the answer, and remembers a language that was asked for.
async fn around(State(app): State<App>, request: Request, next: Next) -> Response {
    let asked = Asked::parse(request.uri().query());
    let mut response = next.run(request).await;
    app.metrics().answered(response.status());
    if let Some(lang) = asked.get("lang").and_then(Lang::from_tag)
        && let Ok(cookie) = HeaderValue::from_str(&reader::set_cookie("lang", lang.tag()))
    {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
