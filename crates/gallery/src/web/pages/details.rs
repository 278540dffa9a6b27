//! All that is known of a picture: a page of its own, and the same as a panel of the page of all.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_SECURITY_POLICY;
use maud::{Markup, html};
use url::Url;

use super::frame::{Refresh, frame, no_store};
use super::home::missing;
use super::verdict::{Badge, failure, probes};
use super::view::{Folds, View, measures, mime, root};
use super::{exif, problem, tile, words};
use crate::scan::Picture;
use crate::web::media::{self, Copy};
use crate::web::{App, Visitor, headers};

/// The most places of one picture that are listed.
const MOST_CANDIDATES: usize = 60;
/// The most names and values of one kind.
const MOST_ROWS: usize = 100;

/// `GET /scans/{id}/pictures/{n}`.
pub(super) async fn details(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path((id, number)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(scan) = app.scans.get(&visitor.session, &id) else { return missing() };
    let picture = number.parse().ok().and_then(|number| scan.picture(number));
    let Some(picture) = picture else { return problem(StatusCode::NOT_FOUND, "this scan has no such picture") };
    let kept = picture.entry.as_ref().and_then(|entry| entry.path.clone());
    let exif = match kept {
        Some(path) => exif::read(app.scans.folder(&scan).join(path)).await,
        None => Vec::new(),
    };
    let view = View::new(&app, &visitor, &scan);
    let panel = panel(&view, &picture, &exif);
    if query.is_some_and(|query| url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "fragment")) {
        return (no_store(), panel).into_response();
    }
    let name = picture.url().map(words::name).unwrap_or_default();
    let main = html! { main.single #main { (panel) } };
    let policy = headers::policy(&view.origins());
    ([(CONTENT_SECURITY_POLICY, policy)], no_store(), frame(&name, Refresh::Never, &main)).into_response()
}

fn panel(view: &View<'_>, picture: &Picture, exif: &[(String, String)]) -> Markup {
    let scan = format!("/scans/{}", view.scan.id.0);
    let name = picture.url().map(words::name).unwrap_or_default();
    let alt = words::cut(picture.found.alt.as_deref().unwrap_or_default(), 300);
    let badge = Badge::of(picture, view.is_over);
    html! {
        article.panel data-n=(picture.number) {
            header {
                h1 #panel-title tabindex="-1" { (name) }
                nav aria-label="Pictures" { (neighbours(view, picture, &scan)) }
            }
            div.stage { (tile::image(view, picture, Copy::Whole, &alt)) }
            div.columns {
                div {
                    p.verdict { (badge.show()) }
                    @if let Some(report) = &picture.report { p.explanation { (words::sentence(&words::cut(&report.explanation, 600))) "." } }
                    @if let Some(failure) = failure(picture) { p.failure { (failure) } }
                    (takes(view, picture))
                }
                (facts(picture))
            }
            @if let Some(report) = &picture.report { @if !report.probes.is_empty() { section { h2 { "Evidence" } (probes(&report.probes)) } } }
            (table("From the camera", exif))
            @if let Some(entry) = &picture.entry { (table("Headers of the answer", &entry.headers)) }
            (candidates(picture))
            (alike(view, picture, &scan))
        }
    }
}

fn neighbours(view: &View<'_>, picture: &Picture, scan: &str) -> Markup {
    let folds = Folds::of(&view.scan.pictures());
    let before = folds.roots.iter().rev().find(|other| other.number < picture.number);
    let after = folds.roots.iter().find(|other| other.number > picture.number);
    let to = |number: usize| format!("{scan}/pictures/{number}");
    html! {
        @if let Some(other) = before { a.button data-go="-1" href=(to(other.number)) rel="prev" { "Previous" } }
        @if let Some(other) = after { a.button data-go="1" href=(to(other.number)) rel="next" { "Next" } }
        a.button.close href={ (scan) "#p" (picture.number) } { "Close" }
    }
}

/// How the picture itself can be had.
fn takes(view: &View<'_>, picture: &Picture) -> Markup {
    let site = picture.url().and_then(words::link);
    html! {
        p.takes {
            @if let Some(path) = media::download(view.app, view.visitor, view.scan, picture) {
                a.button.primary href=(path) download { "Download the copy" }
            }
            @if let Some(site) = site {
                a.button href=(site) rel="noopener noreferrer nofollow" target="_blank" { "Open at its site" }
            }
        }
    }
}

fn facts(picture: &Picture) -> Markup {
    let (sides, bytes) = measures(picture);
    let entry = picture.entry.as_ref();
    html! {
        dl.facts {
            @if let Some(url) = picture.url() {
                (fact("Address", &html! { (words::address(url)) }))
                @if let Some(host) = url.host_str() { (fact("Site", &html! { (host) })) }
            }
            @if let Some((width, height)) = sides { (fact("Size", &html! { (width) " × " (height) " pixels" })) }
            (fact("Type", &html! { (words::kind(mime(picture)).0) @if let Some(mime) = mime(picture) { " (" (words::cut(mime, 60)) ")" } }))
            @if let Some(bytes) = bytes { (fact("Bytes", &html! { (words::size(bytes)) })) }
            (fact("Found in", &html! { code { (tile::element(picture)) } }))
            (fact("On page", &page(&picture.page)))
            @if let Some(alt) = &picture.found.alt { (fact("Text", &html! { (words::cut(alt, 600)) })) }
            @if let Some(title) = &picture.found.title { (fact("Title", &html! { (words::cut(title, 600)) })) }
            @if let Some(status) = entry.and_then(|entry| entry.http_status) { (fact("Status", &html! { (status) })) }
            @if let Some(entry) = entry.filter(|entry| !entry.opt_outs.is_empty()) {
                (fact("Its server says", &html! { (words::cut(&entry.opt_outs.join(", "), 200)) }))
            }
        }
    }
}

/// Names and values, if there are any.
fn table(heading: &str, rows: &[(String, String)]) -> Markup {
    html! {
        @if !rows.is_empty() {
            section {
                h2 { (heading) }
                dl.facts { @for (name, value) in rows.iter().take(MOST_ROWS) { (fact(&words::cut(name, 80), &html! { (words::cut(value, 400)) })) } }
            }
        }
    }
}

fn fact(name: &str, value: &Markup) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

fn page(url: &Url) -> Markup {
    html! {
        @match words::link(url) {
            Some(link) => { a href=(link) rel="noopener noreferrer nofollow" target="_blank" { (words::address(url)) } }
            None => { (words::address(url)) }
        }
    }
}

/// All the places where the picture can be had, the one that was taken marked.
fn candidates(picture: &Picture) -> Markup {
    let all = &picture.found.candidates;
    let taken = picture.entry.as_ref().filter(|entry| entry.path.is_some()).map(|entry| entry.candidate.unwrap_or(0));
    let missed = |url: &Url| {
        let before = picture.entry.as_ref().map(|entry| &entry.before).into_iter().flatten();
        before.filter(|missed| missed.url == url.as_str()).map(|missed| words::cut(&missed.detail, 120)).next()
    };
    html! {
        section {
            h2 { "Where it can be had" }
            ul.candidates {
                @for (index, candidate) in all.iter().enumerate().take(MOST_CANDIDATES) {
                    li {
                        (page(&candidate.url))
                        p.facts {
                            span { (candidate.source) }
                            @match (candidate.width, candidate.height) {
                                (Some(width), Some(height)) => span { (width) " × " (height) },
                                (Some(width), None) => span { (width) " wide" },
                                _ => {}
                            }
                            @if let Some(density) = candidate.density { span { (density) "x" } }
                            @if let Some(mime) = &candidate.mime { span { (words::cut(mime, 60)) } }
                            @if let Some(media) = &candidate.media { span { (words::cut(media, 120)) } }
                            @if taken == Some(index) { strong { "the one that was taken" } }
                            @if let Some(why) = missed(&candidate.url) { em { (why) } }
                        }
                    }
                }
            }
            @if all.len() > MOST_CANDIDATES { p { "And " (all.len() - MOST_CANDIDATES) " more." } }
        }
    }
}

/// The better one that it looks like, and those that look like it.
fn alike(view: &View<'_>, picture: &Picture, scan: &str) -> Markup {
    let all = view.scan.pictures();
    let folds = Folds::of(&all);
    let better = root(&all, picture);
    html! {
        @if better != picture.number {
            p { "It looks like " a href={ (scan) "/pictures/" (better) } { "a better one" } "." }
        }
        @if !folds.below(picture.number).is_empty() {
            section {
                h2 { "Those that look like it" }
                ul.candidates { @for other in folds.below(picture.number) {
                    li { a href={ (scan) "/pictures/" (other.number) } { (other.url().map(words::name).unwrap_or_default()) } }
                } }
            }
        }
    }
}
