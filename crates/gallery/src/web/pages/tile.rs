//! A picture among the others.

use std::sync::Arc;

use maud::{Markup, html};

use super::verdict::{Badge, failure};
use super::view::{Folds, Shown, View, measures, mime};
use super::words;
use crate::scan::{Picture, Progress};
use crate::web::media::Copy;

/// The most characters of an alternative text; what is longer is an essay.
const LONGEST_ALT: usize = 300;

/// A picture with those that look like it.
pub(super) fn tile(view: &View<'_>, picture: &Picture, folds: &Folds) -> Markup {
    let badge = Badge::of(picture, view.is_over);
    let (sides, bytes) = measures(picture);
    let (kind, filter) = words::kind(mime(picture));
    let url = picture.url();
    let name = url.map(words::name).unwrap_or_default();
    let below = folds.below(picture.number);
    let others = picture.found.candidates.len().saturating_sub(1);
    let path = format!("/scans/{}/pictures/{}", view.scan.id.0, picture.number);
    let alt = words::cut(picture.found.alt.as_deref().unwrap_or_default().trim(), LONGEST_ALT);
    let called = if alt.is_empty() { &name } else { &alt };
    html! {
        li.tile #{ "p" (picture.number) } data-n=(picture.number) data-type=(filter) data-group=(badge.group.name())
            data-verdict=[picture.report.as_ref().map(|report| report.verdict.name())] data-w=[sides.map(|sides| sides.0)]
            data-h=[sides.map(|sides| sides.1)] data-bytes=[bytes] data-state=(state(picture)) {
            a.picture href=(path) aria-label={ (called) ": details" } { (image(view, picture, Copy::Thumbnail, &alt)) }
            label.check { input type="checkbox" name="n" value=(picture.number) aria-label={ "Select " (called) }; span {} }
            div.about {
                p.name title=[url.map(words::address)] { (name) }
                p.facts {
                    @if let Some((width, height)) = sides { span { (width) " × " (height) } }
                    span { (kind) }
                    @if let Some(bytes) = bytes { span { (words::size(bytes)) } }
                }
                p.verdict { (badge.show()) }
                @if let Some(failure) = failure(picture) { p.failure { (failure) } }
                p.origin {
                    span { (element(picture)) }
                    @if let Some(host) = foreign(picture) { span { (words::cut(host, 60)) } }
                    @if others > 0 { span { (words::count(others, "other size")) } }
                }
                @if !below.is_empty() { (alike(view, below)) }
            }
        }
    }
}

/// Those that look like a picture: their own small tiles, folded.
fn alike(view: &View<'_>, below: &[Arc<Picture>]) -> Markup {
    html! {
        details.alike {
            summary { "+" (below.len()) " alike" }
            ul role="list" {
                @for picture in below {
                    @let name = picture.url().map(words::name).unwrap_or_default();
                    @let (sides, bytes) = measures(picture);
                    li #{ "p" (picture.number) } data-n=(picture.number) {
                        a.picture href={ "/scans/" (view.scan.id.0) "/pictures/" (picture.number) } aria-label={ (name) ": details" } {
                            (image(view, picture, Copy::Thumbnail, ""))
                        }
                        label.check { input type="checkbox" name="n" value=(picture.number) aria-label={ "Select " (name) }; span {} }
                        span.facts {
                            @if let Some((width, height)) = sides { span { (width) " × " (height) } }
                            @if let Some(bytes) = bytes { span { (words::size(bytes)) } }
                        }
                    }
                }
            }
        }
    }
}

/// The picture itself, or what stands in its place.
pub(super) fn image(view: &View<'_>, picture: &Picture, copy: Copy, alt: &str) -> Markup {
    let loading = if copy == Copy::Whole { "eager" } else { "lazy" };
    match view.shown(picture, copy) {
        Shown::Site { url, copy } => html! {
            img src=(url) data-copy=[copy] alt=(alt) loading=(loading) decoding="async" referrerpolicy="no-referrer";
        },
        Shown::Here(path) => html! { img src=(path) alt=(alt) loading=(loading) decoding="async"; },
        Shown::Nowhere => {
            let (kind, filter) = words::kind(mime(picture));
            let what = match picture.progress() {
                Progress::Found if !view.is_over => "",
                Progress::Found | Progress::Failed => "no picture",
                Progress::Kept => "cannot be shown here",
            };
            html! {
                span.placeholder data-state=(state(picture)) {
                    @if filter != "other" { b { (kind) } }
                    @if !what.is_empty() { small { (what) } }
                    @if !alt.is_empty() { em { (alt) } }
                }
            }
        }
    }
}

fn state(picture: &Picture) -> &'static str {
    match picture.progress() {
        Progress::Found => "found",
        Progress::Kept => "kept",
        Progress::Failed => "failed",
    }
}

/// The host of a picture that is not its page's.
fn foreign(picture: &Picture) -> Option<&str> {
    picture.url()?.host_str().filter(|host| Some(*host) != picture.page.host_str())
}

/// The element where a picture was found, and how it names it: `img srcset`.
pub(super) fn element(picture: &Picture) -> String {
    let element = words::cut(&picture.found.element, 40);
    match picture.source() {
        Some(source) if source.as_str() != element => format!("<{element}> {source}"),
        _ => format!("<{element}>"),
    }
}
