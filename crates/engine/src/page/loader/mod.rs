//! Items built step by step, where a derive is too little: values are collected by field, from here and from there, each
//! through its field's processors. Scrapy's `ItemLoader`.

mod ask;
mod plan;
mod processor;

use std::cell::RefCell;
use std::rc::Rc;

use dragline_query::JmesPath;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub use ask::Ask;
pub use processor::Processor;

use self::plan::Plan;
use self::processor::{brief, many};
use super::extract::json;
use super::{Node, Page};
use crate::error::{Error, Result, nearest};
use crate::message::Item;

/// Collects the values of an item's fields.
///
/// A value goes through its field's input processor when it is added, all of a field through its output processor when
/// the item is loaded; both leave things as they are unless something else is said. What is null or empty is not added.
///
/// ```
/// use dragline::page::loader::{Ask, Processor};
/// use dragline::prelude::*;
///
/// #[derive(Serialize, Deserialize, Item)]
/// struct Book {
///     title: String,
///     price: f64,
///     tags: Vec<String>,
/// }
///
/// let page = Page::from_html("http://a.example/", "<h1> Emma </h1><p>£4.50</p><ul><li>novel<li>1815</ul>");
/// let loader = Loader::of::<Book>(&page)
///     .default_output(Processor::TakeFirst)
///     .output("tags", Processor::Identity)
///     .input("title", Processor::map([Processor::text(|text| text.trim().to_owned())]));
/// loader.add_css("title", "h1::text")?;
/// loader.add_css("price", Ask::of("p::text").re(r"[\d.]+").then(Processor::jmes("[].to_number(@)")?))?;
/// loader.nested_css("ul")?.add_css("tags", "li::text")?;
/// let book: Book = loader.load_item()?;
/// assert_eq!((book.title.as_str(), book.price, book.tags.len()), ("Emma", 4.5, 2));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Loader<'a> {
    plan: Plan,
    /// Where queries begin; none if there is no page.
    scope: Option<Vec<Node<'a>>>,
    /// Shared with the loaders that are nested in this one.
    values: Rc<RefCell<Map<String, Value>>>,
}

/// Whether a value that is given takes the place of what was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Add,
    Replace,
}

impl<'a> Loader<'a> {
    /// A loader of any fields from a page.
    #[must_use]
    pub fn new(page: &'a Page) -> Self {
        Self { scope: Some(vec![page.root()]), ..Self::without_page() }
    }

    /// A loader of any fields from a part of a page.
    #[must_use]
    pub fn at(node: &Node<'a>) -> Self {
        Self { scope: Some(vec![node.clone()]), ..Self::without_page() }
    }

    /// A loader of this item's fields and no others.
    #[must_use]
    pub fn of<I: Item>(page: &'a Page) -> Self {
        Self::new(page).fields(I::FIELDS.iter().map(|field| field.name))
    }

    /// A loader of values that come from elsewhere: queries are errors.
    #[must_use]
    pub fn without_page() -> Self {
        Self { plan: Plan::default(), scope: None, values: Rc::default() }
    }

    /// A loader of the same item whose queries begin at what a selector finds.
    ///
    /// # Errors
    /// If there is no page.
    pub fn nested_css(&self, selector: &str) -> Result<Loader<'a>> {
        let scope = self.scope()?.iter().flat_map(|node| node.css(selector).iter()).collect();
        Ok(Self { scope: Some(scope), ..self.clone() })
    }

    /// A loader of the same item whose queries begin at what an expression finds.
    ///
    /// # Errors
    /// If there is no page.
    pub fn nested_xpath(&self, expression: &str) -> Result<Loader<'a>> {
        let scope = self.scope()?.iter().flat_map(|node| node.xpath(expression).iter()).collect();
        Ok(Self { scope: Some(scope), ..self.clone() })
    }

    /// Adds a value, or all of a list.
    ///
    /// # Errors
    /// If there is no such field, or its input processor does not like the value.
    pub fn add_value(&self, field: &str, value: impl Into<Value>) -> Result<()> {
        self.put(field, value.into(), How::Add)
    }

    /// Adds what a selector finds: the HTML of elements, what texts and attributes say.
    ///
    /// # Errors
    /// As [`add_value`](Self::add_value), and if there is no page.
    pub fn add_css(&self, field: &str, ask: impl Into<Ask>) -> Result<()> {
        self.put(field, self.get_css(ask)?, How::Add)
    }

    /// Adds what an expression finds.
    ///
    /// # Errors
    /// As [`add_value`](Self::add_value), and if there is no page.
    pub fn add_xpath(&self, field: &str, ask: impl Into<Ask>) -> Result<()> {
        self.put(field, self.get_xpath(ask)?, How::Add)
    }

    /// Adds what a JMESPath expression finds in a page of JSON.
    ///
    /// # Errors
    /// As [`add_value`](Self::add_value), and if there is no page or it is no JSON.
    pub fn add_jmes(&self, field: &str, ask: impl Into<Ask>) -> Result<()> {
        self.put(field, self.get_jmes(ask)?, How::Add)
    }

    /// Adds the values of an object to the fields of their names.
    ///
    /// # Errors
    /// As [`add_value`](Self::add_value), and if it is no object.
    pub fn add_values(&self, values: impl Into<Value>) -> Result<()> {
        self.put_all(values.into(), How::Add)
    }

    /// Puts a value, or all of a list, in the place of what was collected. Null changes nothing.
    ///
    /// # Errors
    /// As [`add_value`](Self::add_value).
    pub fn replace_value(&self, field: &str, value: impl Into<Value>) -> Result<()> {
        self.put(field, value.into(), How::Replace)
    }

    /// Puts what a selector finds in the place of what was collected.
    ///
    /// # Errors
    /// As [`add_css`](Self::add_css).
    pub fn replace_css(&self, field: &str, ask: impl Into<Ask>) -> Result<()> {
        self.put(field, self.get_css(ask)?, How::Replace)
    }

    /// Puts what an expression finds in the place of what was collected.
    ///
    /// # Errors
    /// As [`add_xpath`](Self::add_xpath).
    pub fn replace_xpath(&self, field: &str, ask: impl Into<Ask>) -> Result<()> {
        self.put(field, self.get_xpath(ask)?, How::Replace)
    }

    /// Puts what a JMESPath expression finds in the place of what was collected.
    ///
    /// # Errors
    /// As [`add_jmes`](Self::add_jmes).
    pub fn replace_jmes(&self, field: &str, ask: impl Into<Ask>) -> Result<()> {
        self.put(field, self.get_jmes(ask)?, How::Replace)
    }

    /// Puts the values of an object in the place of what their fields have.
    ///
    /// # Errors
    /// As [`add_values`](Self::add_values).
    pub fn replace_values(&self, values: impl Into<Value>) -> Result<()> {
        self.put_all(values.into(), How::Replace)
    }

    /// A value through the pattern and the steps of a question; its queries are not asked.
    ///
    /// # Errors
    /// If a step does not like it.
    pub fn get_value(&self, value: impl Into<Value>, ask: &Ask) -> Result<Value> {
        ask.finish(value.into())
    }

    /// What a selector finds, collected nowhere.
    ///
    /// # Errors
    /// If there is no page, or a step does not like what is found.
    pub fn get_css(&self, ask: impl Into<Ask>) -> Result<Value> {
        let ask = ask.into();
        self.ask(&ask, |node, query| Ok(node.css(query).iter().map(serialised).collect()))
    }

    /// What an expression finds, collected nowhere.
    ///
    /// # Errors
    /// If there is no page, or a step does not like what is found.
    pub fn get_xpath(&self, ask: impl Into<Ask>) -> Result<Value> {
        let ask = ask.into();
        self.ask(&ask, |node, query| {
            let variables = ask.variables.iter();
            let selection = variables.fold(node.xpath(query), |found, (name, value)| found.with(name, value));
            Ok(selection.iter().map(serialised).collect())
        })
    }

    /// What a JMESPath expression finds, collected nowhere.
    ///
    /// # Errors
    /// If there is no page, it is no JSON, or a step does not like what is found.
    pub fn get_jmes(&self, ask: impl Into<Ask>) -> Result<Value> {
        let ask = ask.into();
        self.ask(&ask, |node, query| {
            let path = JmesPath::parse(query).map_err(Error::page)?;
            let json = json::of(node).map_err(|error| Error::page(format!("{error} on {}", node.page().url())))?;
            json::search(&path, &json).map(many)
        })
    }

    /// What was collected for a field so far.
    #[must_use]
    pub fn collected(&self, field: &str) -> Vec<Value> {
        self.values.borrow().get(field).cloned().map(many).unwrap_or_default()
    }

    /// What a field would be if the item were loaded now.
    ///
    /// # Errors
    /// If its output processor does not like what was collected.
    pub fn output_value(&self, field: &str) -> Result<Value> {
        let processor = self.plan.output.get(field).unwrap_or(&self.plan.default_output);
        let value = Value::Array(self.collected(field));
        processor.process(value).map_err(|error| in_field(field, &error))
    }

    /// The fields of the item; those whose output is null are left out.
    ///
    /// # Errors
    /// If an output processor does not like what was collected.
    pub fn load(&self) -> Result<Map<String, Value>> {
        let mut item = Map::new();
        let collected: Vec<String> = self.values.borrow().keys().cloned().collect();
        for field in collected {
            let value = self.output_value(&field)?;
            if !value.is_null() {
                item.insert(field, value);
            }
        }
        for (field, value) in &self.plan.defaults {
            if !item.contains_key(field) {
                item.insert(field.clone(), value.clone());
            }
        }
        Ok(item)
    }

    /// The item.
    ///
    /// # Errors
    /// As [`load`](Self::load), and if the fields are not those of the type.
    pub fn load_item<T: DeserializeOwned>(&self) -> Result<T> {
        Ok(T::deserialize(Value::Object(self.load()?))?)
    }

    fn scope(&self) -> Result<&[Node<'a>]> {
        self.scope.as_deref().ok_or_else(|| Error::page("this loader has no page to ask: make it with `Loader::new`"))
    }

    fn ask(&self, ask: &Ask, answers: impl Fn(&Node<'a>, &str) -> Result<Vec<Value>>) -> Result<Value> {
        let mut found = Vec::new();
        let scope = self.scope()?;
        for query in &ask.queries {
            for node in scope {
                found.extend(answers(node, query)?);
            }
        }
        ask.finish(Value::Array(found))
    }

    fn put_all(&self, values: Value, how: How) -> Result<()> {
        match values {
            Value::Null => Ok(()),
            Value::Object(values) => values.into_iter().try_for_each(|(field, value)| self.put(&field, value, how)),
            other => Err(Error::page(format!("`{}` has no fields", brief(&other)))),
        }
    }

    fn put(&self, field: &str, value: Value, how: How) -> Result<()> {
        let known = &self.plan.known;
        if !known.is_empty() && !known.iter().any(|name| name == field) {
            let guess = nearest(field, known.iter().map(String::as_str));
            let guess = guess.map(|guess| format!("; did you mean `{guess}`?")).unwrap_or_default();
            return Err(Error::page(format!("no field is called `{field}` (known: {}{guess})", known.join(", "))));
        }
        if value.is_null() {
            return Ok(());
        }
        if how == How::Replace {
            self.values.borrow_mut().shift_remove(field);
        }
        let processor = self.plan.input.get(field).unwrap_or(&self.plan.default_input);
        let value = processor.process(Value::Array(many(value))).map_err(|error| in_field(field, &error))?;
        if says_something(&value) {
            self.collect(field, many(value));
        }
        Ok(())
    }

    fn collect(&self, field: &str, more: Vec<Value>) {
        let mut values = self.values.borrow_mut();
        let collected = values.entry(field).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(collected) = collected {
            collected.extend(more);
        }
    }
}

/// A node as Scrapy's `getall` gives it.
fn serialised(node: Node<'_>) -> Value {
    Value::String(if node.element().is_some() { node.html() } else { node.raw().into_owned() })
}

/// What Python calls true: Scrapy adds nothing else.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => !values.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

fn in_field(field: &str, error: &Error) -> Error {
    Error::page(format!("field `{field}`: {error}"))
}
