//! What the shell completes: its commands, and the tags, ids and classes of the page.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use dragline::page::Page;
use reedline::{Completer, CompletionResult, Span, Suggestion};

use super::line::names;

/// Words that a page may add, and how long each may be: a page is not to fill the screen.
const WORDS: usize = 20_000;
const LONGEST: usize = 60;

/// The words of a page, as they stand in selectors: `h1`, `#id`, `.class`.
#[derive(Debug, Default)]
pub(super) struct Words(BTreeSet<String>);

impl Words {
    /// Those of a page.
    pub(super) fn of(page: &Page) -> Self {
        let mut words = BTreeSet::new();
        for element in page.css("*").iter() {
            let mut add = |mark: &str, word: &str| {
                if is_plain(word) && words.len() < WORDS {
                    words.insert(format!("{mark}{word}"));
                }
            };
            add("", element.name());
            element.attr("id").into_iter().for_each(|id| add("#", id));
            element.attr("class").unwrap_or_default().split_ascii_whitespace().for_each(|class| add(".", class));
        }
        Self(words)
    }

    /// The place where the word before `at` begins, and what it may become.
    fn complete(&self, line: &str, at: usize) -> (usize, Vec<String>) {
        let before = &line[..line.floor_char_boundary(at)];
        let end = before.trim_end_matches(|c: char| c.is_alphanumeric() || matches!(c, '-' | '_'));
        let begin = if end.ends_with(['.', '#']) { end.len() - 1 } else { end.len() };
        let word = &before[begin..];
        let is_command = begin == 0 && !word.starts_with(['.', '#']);
        let commands = names().filter(|name| is_command && name.starts_with(word)).map(str::to_owned);
        let of_page = self.0.iter().filter(|known| known.starts_with(word) && !word.is_empty()).cloned();
        (begin, commands.chain(of_page).collect())
    }
}

/// Only what needs no escape in a selector, and does no harm on a terminal.
fn is_plain(word: &str) -> bool {
    !word.is_empty()
        && word.len() <= LONGEST
        && !word.starts_with(|c: char| c.is_ascii_digit())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

/// What the line editor asks.
pub(super) struct Completion(pub(super) Arc<Mutex<Words>>);

impl Completer for Completion {
    fn complete(&mut self, line: &str, at: usize) -> CompletionResult {
        let (begin, words) = self.0.lock().unwrap_or_else(PoisonError::into_inner).complete(line, at);
        let suggestion = |value| Suggestion { value, span: Span::new(begin, at), ..Suggestion::default() };
        CompletionResult::fresh(words.into_iter().map(suggestion).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_ids_and_classes_of_the_page_are_completed() {
        let html = "<p class='price_color product \u{1b}[2J 1st' id=main>a<picture></picture>";
        let words = Words::of(&Page::from_html("http://a.example/", html));
        assert_eq!(words.complete("css p", 5), (4, vec!["p".to_owned(), "picture".to_owned()]));
        assert_eq!(words.complete("p.pr", 4), (1, vec![".price_color".to_owned(), ".product".to_owned()]));
        assert_eq!(words.complete("#", 1), (0, vec!["#main".to_owned()]));
        assert_eq!(words.complete("he", 2), (0, vec!["headers".to_owned(), "help".to_owned(), "head".to_owned()]));
        assert!(!words.0.iter().any(|word| word.contains('\u{1b}') || word.contains("1st")), "{words:?}");
    }
}
