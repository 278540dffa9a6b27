//! What came of a page, drawn for people and written for programs.

use dragline::message::mask;
use indicatif::HumanCount;
use serde_json::{Map, Value, json};

use super::{Branch, Wish};
use crate::terminal::{cut, escape, json as json_line, shown};

/// The longest value of a field, in bytes; `--json` has it whole.
const VALUE: usize = 500;

/// A line, and those below it.
struct Line {
    text: String,
    below: Vec<Line>,
}

impl Line {
    fn new(text: String) -> Self {
        Self { text, below: Vec::new() }
    }
}

impl Branch {
    /// Whether this page and all below it were understood.
    pub(super) fn is_understood(&self) -> bool {
        self.error.is_none() && self.requests.iter().filter_map(|wish| wish.page.as_ref()).all(Self::is_understood)
    }

    /// The tree, fit for a terminal.
    pub(super) fn lines(&self) -> Vec<String> {
        let status = self.status.map(|status| format!(" ({status})")).unwrap_or_default();
        let mut lines = vec![format!("{}{status} as {}", escape(&mask::url(&self.url)), shown(&self.step.shown))];
        draw(&self.below(), "", &mut lines);
        lines
    }

    fn below(&self) -> Vec<Line> {
        let mut lines: Vec<Line> = self.items.iter().map(|(kind, fields)| item(kind, fields)).collect();
        lines.extend(self.requests.iter().map(request));
        lines.extend(self.counts.iter().map(|(name, count)| Line::new(format!("count {name} {count}"))));
        lines.extend(self.error.iter().map(|error| Line::new(format!("error {}", shown(error)))));
        lines.push(Line::new(format!("{}, {}", many(self.items.len(), "item"), many(self.requests.len(), "request"))));
        lines
    }

    /// The same as JSON.
    pub(super) fn to_json(&self) -> Value {
        let items = self.items.iter().map(|(kind, fields)| json!({ "kind": kind, "fields": fields }));
        let counts: Map<String, Value> =
            self.counts.iter().map(|(name, count)| (name.clone(), (*count).into())).collect();
        json!({
            "url": mask::url(&self.url),
            "status": self.status,
            "step": self.step.sealed,
            "items": items.collect::<Vec<_>>(),
            "requests": self.requests.iter().map(Wish::to_json).collect::<Vec<_>>(),
            "counts": counts,
            "error": self.error,
        })
    }
}

impl Wish {
    fn to_json(&self) -> Value {
        let mut json = json!({ "method": self.method, "url": mask::url(&self.url), "step": self.step.sealed });
        if let (Some(page), Some(object)) = (&self.page, json.as_object_mut()) {
            object.insert("page".to_owned(), page.to_json());
        }
        json
    }
}

fn item(kind: &str, fields: &Map<String, Value>) -> Line {
    let field =
        |(name, value): (&String, &Value)| Line::new(format!("{}: {}", escape(name), cut(&json_line(value), VALUE)));
    Line { text: format!("item {}", escape(kind)), below: fields.iter().map(field).collect() }
}

fn request(wish: &Wish) -> Line {
    let method = if wish.method == "GET" { String::new() } else { format!("{} ", wish.method) };
    let text = format!("request {}  {method}{}", shown(&wish.step.shown), escape(&mask::url(&wish.url)));
    Line { text, below: wish.page.as_ref().map(Branch::below).unwrap_or_default() }
}

fn many(count: usize, what: &str) -> String {
    format!("{} {what}{}", HumanCount(count as u64), if count == 1 { "" } else { "s" })
}

fn draw(lines: &[Line], before: &str, out: &mut Vec<String>) {
    for (index, line) in lines.iter().enumerate() {
        let is_last = index + 1 == lines.len();
        out.push(format!("{before}{}{}", if is_last { "└─ " } else { "├─ " }, line.text));
        draw(&line.below, &format!("{before}{}", if is_last { "   " } else { "│  " }), out);
    }
}
