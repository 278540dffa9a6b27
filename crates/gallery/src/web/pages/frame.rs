//! What all pages have around them, and the pages that say no.

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// How a page reloads where no script does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refresh {
    Never,
    EveryTwoSeconds,
}

/// A page.
pub(super) fn frame(title: &str, refresh: Refresh, main: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (title) " · Dragline gallery" }
                link rel="icon" href="/assets/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/assets/gallery.css";
                script src="/assets/gallery.js" defer {}
                @if refresh == Refresh::EveryTwoSeconds {
                    noscript { meta http-equiv="refresh" content="2"; }
                }
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                header.top {
                    a.brand href="/" { (logo()) span { "Dragline " b { "gallery" } } }
                    nav aria-label="Gallery" { a href="/" { "New scan" } }
                }
                (main)
                footer.foot { p { "Every picture of a page, whether its site lets others show it or not." } }
            }
        }
    }
}

/// Two pictures, one before the other.
fn logo() -> Markup {
    html! {
        svg.logo viewBox="0 0 32 32" aria-hidden="true" {
            (PreEscaped(r#"<rect x="8" y="3" width="21" height="19" rx="4" opacity=".4"/><rect x="3" y="9" width="21" height="19" rx="4"/><path d="M6 24l5-7 4 5 3-3 4 5z"/>"#))
        }
    }
}

/// A page that says why there is nothing else.
pub(crate) fn problem(status: StatusCode, what: &str) -> Response {
    let heading = match status {
        StatusCode::NOT_FOUND => "There is nothing here",
        StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => "That is not allowed",
        StatusCode::TOO_MANY_REQUESTS => "Too many at once",
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::URI_TOO_LONG => "That is too large",
        _ if status.is_server_error() => "Something went wrong here",
        _ => "That could not be understood",
    };
    let main = html! {
        main.narrow #main {
            p.status { (status.as_u16()) }
            h1 { (heading) }
            p.lead { (super::words::sentence(what)) }
            p { a.button href="/" { "To the start" } }
        }
    };
    (status, no_store(), frame(heading, Refresh::Never, &main)).into_response()
}

/// The page that asks for the gallery's token; with what was wrong with the last one.
pub(crate) fn login(error: Option<&str>) -> Markup {
    let main = html! {
        main.narrow #main {
            h1 { "Who are you?" }
            p.lead { "This gallery answers those who know its token. Whoever runs it was told it at its start." }
            @if let Some(error) = error { p.error #error role="alert" { (super::words::sentence(error)) } }
            form.card method="post" action="/login" {
                label for="token" { "Token" }
                input #token type="password" name="token" required autofocus autocomplete="current-password"
                    aria-invalid=[error.map(|_| "true")] aria-describedby=[error.map(|_| "error")];
                button.primary type="submit" { "Come in" }
            }
        }
    };
    frame("Token", Refresh::Never, &main)
}

/// What nobody else is to keep.
pub(super) fn no_store() -> [(header::HeaderName, &'static str); 1] {
    [(header::CACHE_CONTROL, "no-store")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_no_script_or_style_of_its_own() {
        let page = login(Some("no <token>")).into_string();
        assert!(page.contains("No &lt;token&gt;"), "{page}");
        assert!(!page.contains("style=") && !page.contains("<style") && !page.contains("onclick"), "{page}");
        assert_eq!(page.matches("<script").count(), 1);
    }

    #[test]
    fn a_page_reloads_only_if_it_is_told_to() {
        let nothing = html! { main {} };
        assert!(!frame("a", Refresh::Never, &nothing).into_string().contains("http-equiv"));
        assert!(
            frame("a", Refresh::EveryTwoSeconds, &nothing)
                .into_string()
                .contains("http-equiv=\"refresh\" content=\"2\"")
        );
    }
}
