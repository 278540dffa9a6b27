//! What the shell holds: the page, and the way to the next one.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use dragline::error::Error;
use dragline::message::mask;
use dragline::page::{Form as PageForm, Links, Page};
use url::Url;

use super::line::{Ask, Plain, help, like, read};
use super::view;
use super::words::Words;
use crate::browser;
use crate::options::reading::Language;
use crate::select::Form;
use crate::select::chain::{Chain, Match};
use crate::source::{Place, Reader, usage};
use crate::terminal::{escape, line, print, say};

/// The state of a shell.
pub(super) struct Session {
    reader: Reader,
    page: Option<Page>,
    words: Arc<Mutex<Words>>,
    /// Whether `view` opens the browser.
    open: bool,
}

/// What follows a command.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Then {
    More,
    Quit,
}

impl Session {
    pub(super) fn new(reader: Reader, words: Arc<Mutex<Words>>, open: bool) -> Self {
        Self { reader, page: None, words, open }
    }

    /// Loads a page. If that fails, the one before it stays.
    pub(super) fn load(&mut self, place: &Place) -> anyhow::Result<()> {
        let page = self.reader.page(place)?;
        say(&about(&page));
        *self.words.lock().unwrap_or_else(PoisonError::into_inner) = Words::of(&page);
        // what is wrong with the page is not the next query's fault
        drop(page.take_fault());
        self.page = Some(page);
        Ok(())
    }

    /// Does what a line asks for.
    pub(super) fn run(&mut self, text: &str) -> anyhow::Result<Then> {
        match read(text).map_err(usage)? {
            Ask::Nothing => {}
            Ask::Plain(Plain::Quit) => return Ok(Then::Quit),
            Ask::Plain(Plain::Help) => help().try_for_each(|row| print(&row))?,
            Ask::Plain(plain) => self.show(plain)?,
            Ask::Fetch(target) => {
                let place = self.place(target)?;
                self.load(&place)?;
            }
            Ask::Query(language, query) => self.query(language, query)?,
        }
        Ok(Then::More)
    }

    pub(super) fn close(self) {
        self.reader.close();
    }

    fn page(&self) -> anyhow::Result<&Page> {
        self.page.as_ref().ok_or_else(|| usage("no page is loaded: `fetch URL`".to_owned()))
    }

    /// A file, a URL, or a reference relative to the page.
    fn place(&self, target: &str) -> anyhow::Result<Place> {
        match (&self.page, Url::parse(target)) {
            (Some(page), Err(_)) if matches!(page.url().scheme(), "http" | "https") => {
                let is_host = target.split('/').next().is_some_and(|host| host.contains(['.', ':']));
                if is_host && !target.starts_with(['.', '/']) {
                    Place::read(target)
                } else {
                    Ok(Place::Url(page.join(target)?))
                }
            }
            _ => Place::read(target),
        }
    }

    fn query(&self, language: Language, query: &str) -> anyhow::Result<()> {
        let page = self.page()?;
        let chain = Chain::parse(&[(language, query.to_owned())])?;
        let mut is_found = false;
        chain.each(page, &mut |found| {
            is_found = true;
            // an element with its tags: what one asks of next is what stands in it
            let form = if matches!(found, Match::Node(_)) { Form::Html } else { Form::Raw };
            form.show(found).map_or(Ok(()), |shown| print(&shown))?;
            Ok(ControlFlow::Continue(()))
        })?;
        if is_found {
            return Ok(());
        }
        let hint = like(query).filter(|_| language == Language::Css && query.chars().all(char::is_alphabetic));
        let hint = hint.map(|name| format!(" (did you mean the command `{name}`?)")).unwrap_or_default();
        Err(Error::page(format!("nothing matches `{query}`{hint}")).into())
    }

    fn show(&self, plain: Plain) -> anyhow::Result<()> {
        let page = self.page()?;
        match plain {
            Plain::Text => print(&line(&page.root().text()))?,
            Plain::Title => print(&line(&page.title().ok_or_else(|| Error::page("the page has no title"))?))?,
            Plain::Url => print(&about(page))?,
            Plain::Headers => {
                for (name, value) in page.headers() {
                    let value = mask::header(name, value);
                    print(&format!("{name}: {}", line(&String::from_utf8_lossy(&value))))?;
                }
            }
            Plain::Links => {
                page.links_by(&Links::new()).iter().try_for_each(|link| print(&line(link.url.as_str())))?;
            }
            Plain::Images => {
                let pictures = page.images();
                let best = pictures.iter().filter_map(|picture| picture.best());
                best.map(|best| best.url.as_str()).try_for_each(|url| print(&line(url)))?;
            }
            Plain::Forms => page.forms().iter().try_for_each(|form| print(&line(&about_form(form))))?,
            Plain::View => {
                let path = view::write(page)?;
                match self.open {
                    true => browser::open(&path)?,
                    false => print(&escape(Url::from_file_path(&path).as_ref().map_or("", Url::as_str)))?,
                }
            }
            // they need no page
            Plain::Help | Plain::Quit => {}
        }
        Ok(())
    }
}

fn about(page: &Page) -> String {
    format!("{} {}", page.status().as_u16(), escape(&mask::url(page.url())))
}

/// `POST http://a.example/login  #login  user=me password=***`
fn about_form(form: &PageForm) -> String {
    let action = form.action().map_or_else(|error| error.to_string(), |url| mask::url(&url).into_owned());
    let name = form.id().map(|id| format!("  #{id}")).or_else(|| form.name().map(|name| format!("  {name}")));
    let fields = form.fields().into_iter().map(|(name, value)| match mask::is_secret_name(&name) {
        true => format!(" {name}=***"),
        false => format!(" {name}={value}"),
    });
    format!("{} {action}{} {}", form.method(), name.unwrap_or_default(), fields.collect::<String>())
}
