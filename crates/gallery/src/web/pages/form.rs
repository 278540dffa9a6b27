//! The form that begins a scan: what was typed in, and the options that it means.

use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::words;
use crate::scan::{BadOptions, Options};
use crate::settings::Copies;

/// What was typed in, kept as it is so that it can be shown again beside what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Draft {
    pub(super) url: String,
    min_side: String,
    depth: String,
    copies: String,
    same_host: bool,
    css: bool,
    lazy: bool,
    robots: bool,
}

/// What is wrong with a draft: the field, if it is one's fault, and the same for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) field: Option<&'static str>,
    pub(super) what: String,
}

/// Who fills in the form, and what is theirs to choose.
#[derive(Debug, Clone, Copy)]
pub(super) struct Filler<'a> {
    /// What goes into the hidden field.
    pub(super) token: &'a str,
    /// Whether robots.txt and the origin of pictures are theirs to choose.
    pub(super) is_local: bool,
}

impl Default for Draft {
    fn default() -> Self {
        let Options { url, same_host, css, lazy, robots, .. } = Options::new("");
        Self {
            url,
            min_side: String::new(),
            depth: "0".to_owned(),
            copies: String::new(),
            same_host,
            css,
            lazy,
            robots,
        }
    }
}

impl Draft {
    /// What a body of the form says. Of a field that stands there twice the last one counts: a box that is not ticked says
    /// nothing, so that each has a hidden `false` before it.
    pub(super) fn read(body: &[u8]) -> Result<Self, Wrong> {
        let mut draft = Self::default();
        for (name, value) in url::form_urlencoded::parse(body) {
            let value = value.trim().to_owned();
            match &*name {
                "url" => draft.url = value,
                "min_side" => draft.min_side = value,
                "depth" => draft.depth = value,
                "copies" => draft.copies = value,
                "same_host" => draft.same_host = yes("same_host", &value)?,
                "css" => draft.css = yes("css", &value)?,
                "lazy" => draft.lazy = yes("lazy", &value)?,
                "robots" => draft.robots = yes("robots", &value)?,
                "token" => {}
                other => {
                    let what = format!("there is no field called `{}`", words::cut(other, 40));
                    return Err(Wrong { field: None, what });
                }
            }
        }
        Ok(draft)
    }

    /// The options that it means.
    pub(super) fn options(&self) -> Result<Options, Wrong> {
        let number = |field, what: &str, text: &str| match text {
            "" => Ok(0),
            text => text
                .parse::<u32>()
                .map_err(|_| Wrong { field: Some(field), what: format!("{what} is a number of pixels, such as 200") }),
        };
        let copies = match &*self.copies {
            "" => None,
            "auto" => Some(Copies::Auto),
            "always" => Some(Copies::Always),
            _ => return Err(Wrong { field: Some("copies"), what: "copies are made `auto` or `always`".to_owned() }),
        };
        let depth = match &*self.depth {
            "" | "0" => 0,
            "1" => 1,
            _ => return Err(Wrong { field: Some("depth"), what: "the depth is 0 or 1".to_owned() }),
        };
        Ok(Options {
            url: self.url.clone(),
            same_host: self.same_host,
            min_side: number("min_side", "the smallest side", &self.min_side)?,
            depth,
            css: self.css,
            lazy: self.lazy,
            copies,
            robots: self.robots,
        })
    }

    /// The form, with what was typed in.
    pub(super) fn show(&self, filler: Filler<'_>, wrong: Option<&Wrong>) -> Markup {
        let at = |field| wrong.is_some_and(|wrong| wrong.field == Some(field));
        let untouched = Self { url: self.url.clone(), ..Self::default() };
        let is_open = *self != untouched || wrong.is_some_and(|wrong| !matches!(wrong.field, None | Some("url")));
        html! {
            form.card.scan method="post" action="/scans" {
                input type="hidden" name="token" value=(filler.token);
                label.big for="url" { "Address of a page" }
                div.ask {
                    // not type=url: that one refuses an address without its scheme
                    input #url type="text" name="url" value=(self.url) inputmode="url" placeholder="example.org/photos"
                        autofocus required maxlength="8192" autocomplete="url" autocapitalize="none" spellcheck="false"
                        aria-invalid=[at("url").then_some("true")] aria-describedby=[wrong.map(|_| "wrong")];
                    button.primary type="submit" { "Show pictures" }
                }
                @if let Some(wrong) = wrong { p.error #wrong role="alert" { (words::sentence(&wrong.what)) } }
                details.options open[is_open] {
                    summary { "Options" }
                    div.fields {
                        (tick("same_host", self.same_host, "Same host only", "leave out pictures from other sites"))
                        (tick("css", self.css, "Pictures of style sheets", "backgrounds, too"))
                        (tick("lazy", self.lazy, "Lazy pictures", "those that a script would load later"))
                        @if filler.is_local {
                            (tick("robots", self.robots, "Keep to robots.txt", "what a site asks programs to leave alone"))
                        }
                        div.field {
                            label for="depth" { "Which pages" }
                            select #depth name="depth" {
                                option value="0" selected[self.depth != "1"] { "This page alone" }
                                option value="1" selected[self.depth == "1"] { "And those it links to, on its host" }
                            }
                        }
                        div.field {
                            label for="min_side" { "Smallest side, in pixels" }
                            input #min_side type="text" name="min_side" value=(self.min_side) inputmode="numeric" placeholder="0: all"
                                aria-invalid=[at("min_side").then_some("true")];
                        }
                        @if filler.is_local {
                            div.field {
                                label for="copies" { "Show pictures" }
                                select #copies name="copies" {
                                    option value="" selected[self.copies.is_empty()] { "As the gallery is set up" }
                                    option value="auto" selected[self.copies == "auto"] { "From their site where it lets everybody" }
                                    option value="always" selected[self.copies == "always"] { "From copies here, always" }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

impl From<BadOptions> for Wrong {
    fn from(bad: BadOptions) -> Self {
        let what = match bad.name {
            "url" => format!("the address {}", bad.what),
            _ => bad.to_string(),
        };
        Self { field: Some(bad.name), what }
    }
}

fn yes(field: &'static str, value: &str) -> Result<bool, Wrong> {
    match value {
        "true" | "on" => Ok(true),
        "false" | "" => Ok(false),
        _ => Err(Wrong { field: Some(field), what: format!("`{field}` is `true` or `false`") }),
    }
}

fn tick(name: &str, is_on: bool, label: &str, more: &str) -> Markup {
    html! {
        div.tick {
            input type="hidden" name=(name) value="false";
            input id=(name) type="checkbox" name=(name) value="true" checked[is_on];
            label for=(name) { (label) " " small { (more) } }
        }
    }
}

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        super::problem(http::StatusCode::BAD_REQUEST, &self.what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILLER: Filler<'_> = Filler { token: "t", is_local: true };

    #[test]
    fn a_url_alone_is_enough() {
        let draft = Draft::read(b"url=+a.example+").expect("a draft");
        assert_eq!(draft.options(), Ok(Options::new("a.example")));
    }

    #[test]
    fn a_box_without_a_tick_means_no() {
        let draft =
            Draft::read(b"url=a&css=false&lazy=false&lazy=true&robots=false&depth=1&min_side=200&copies=always");
        let options = draft.expect("a draft").options().expect("options");
        assert_eq!((options.css, options.lazy, options.robots), (false, true, false));
        assert_eq!((options.depth, options.min_side, options.copies), (1, 200, Some(Copies::Always)));
    }

    #[test]
    fn w12_a_field_that_nobody_knows_is_refused() {
        let wrong = Draft::read(b"url=a&proxy=http://b").expect_err("a refusal");
        assert_eq!(wrong.what, "there is no field called `proxy`");
    }

    #[test]
    fn what_was_typed_in_is_kept_beside_what_is_wrong_with_it() {
        let draft = Draft::read(b"url=a.example%22%3E%3Cb&min_side=large").expect("a draft");
        let wrong = draft.options().expect_err("a refusal");
        let page = draft.show(FILLER, Some(&wrong)).into_string();
        assert!(page.contains("value=\"a.example&quot;&gt;&lt;b\"") && page.contains("value=\"large\""), "{page}");
        assert!(
            page.contains("The smallest side is a number of pixels")
                && page.contains("<details class=\"options\" open"),
            "{page}"
        );
    }

    #[test]
    fn only_who_is_here_may_pass_over_robots() {
        let page = Draft::default().show(Filler { is_local: false, ..FILLER }, None).into_string();
        assert!(!page.contains("robots") && !page.contains("copies"), "{page}");
        assert!(Draft::default().show(FILLER, None).into_string().contains("name=\"robots\" value=\"true\" checked"));
    }
}
