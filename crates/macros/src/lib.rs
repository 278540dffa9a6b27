//! Derives for Dragline: items and what they are made of, with queries checked when a spider is compiled.
//!
//! Use them from `dragline::prelude`. What they write stands on `::dragline`; queries are checked by `dragline_query`,
//! which parses them at run time too.

mod extract;
mod item;
mod names;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a struct an item: its kind, its fields in order, and what each of them may be as JSON Schema.
///
/// The kind is the struct's name in snake case, unless `#[item(kind = "…")]` says another. The fields are those that
/// serde writes: `rename`, `rename_all`, `skip` and `skip_serializing_if` are understood, and `flatten` is refused, for
/// then nobody can say which fields there are. Doc comments become descriptions. Structs within structs derive it too, and so do
/// enums whose variants are plain words.
///
/// A field is required unless it is an [`Option`], any JSON, or may be skipped. Its schema follows from its type
/// (`dragline::message::Shape`), and may be narrowed or replaced:
///
/// | `#[item(…)]` on a field | what it says |
/// |---|---|
/// | `min = 0`, `max = 1000` | the least and the greatest number |
/// | `min_length = 1`, `max_length = 80` | of texts in characters, of lists and maps in members |
/// | `pattern = r"^\d+$"` | a regular expression; checked when this is compiled |
/// | `format = "email"` | one of JSON Schema's formats |
/// | `unique` | no member of a list stands there twice |
/// | `schema = r#"{"type": "string"}"#` | the whole schema |
/// | `any` | any JSON |
///
/// ```
/// use dragline::prelude::*;
///
/// /// What a shop sells.
/// #[derive(Serialize, Item)]
/// struct Book {
///     /// As printed.
///     #[item(min_length = 1)]
///     title: String,
///     #[item(min = 0, max = 1000)]
///     price: f64,
///     #[serde(rename = "isbn13")]
///     #[item(pattern = r"^97[89]\d{10}$")]
///     isbn: Option<String>,
///     binding: Binding,
/// }
///
/// #[derive(Serialize, Item)]
/// #[serde(rename_all = "lowercase")]
/// enum Binding {
///     Hardback,
///     Paperback,
/// }
///
/// let book = ItemType::of::<Book>();
/// let names: Vec<&str> = book.fields.iter().map(|field| field.name).collect();
/// assert_eq!((book.kind, names), ("book", vec!["title", "price", "isbn13", "binding"]));
/// let schema = book.schema();
/// assert_eq!(schema["required"].as_array().map(Vec::len), Some(3));
/// assert_eq!(schema["properties"]["title"]["description"], "As printed.");
/// assert_eq!(schema["properties"]["binding"]["enum"][1], "paperback");
/// ```
#[proc_macro_derive(Item, attributes(item))]
pub fn item(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    item::derive(&input).into()
}

/// Fills a struct from a page: each field says where it stands. What cannot be a query does not compile.
///
/// ```
/// use dragline::prelude::*;
///
/// #[derive(Debug, PartialEq, Extract)]
/// struct Book {
///     #[url]
///     url: Url,
///     #[css("h1")]
///     title: String,
///     #[css("p.price::text", parse = "price")]
///     price: f64,
///     #[css("p.stock", re = r"\((\d+) available\)")]
///     stock: Option<u32>,
///     #[css("p.rating::attr(class)", parse = stars)]
///     rating: u8,
///     #[css("ul.tags li")]
///     tags: Vec<String>,
///     #[css("script[type='application/ld+json']", jmespath = "isbn")]
///     #[css("meta[itemprop=isbn]::attr(content)")]
///     isbn: Option<String>,
///     #[css("table tr")]
///     facts: Vec<Fact>,
/// }
///
/// #[derive(Debug, PartialEq, Extract)]
/// struct Fact {
///     #[css("th")]
///     name: String,
///     #[css("td", default = "-".to_owned())]
///     value: String,
/// }
///
/// fn stars(class: &str) -> Option<u8> {
///     ["One", "Two", "Three"].iter().zip(1..).find(|(name, _)| class.ends_with(*name)).map(|(_, stars)| stars)
/// }
///
/// let page = Page::from_html("http://a.example/1", r#"<h1> The  book </h1><p class="price">£1,051.77</p>
///     <p class="stock">In stock (22 available)</p><p class="rating Three"><ul class="tags"><li>old<li>blue</ul>
///     <script type="application/ld+json">{"isbn": "9780000000002"}</script>
///     <table><tr><th>Pages</th><td>320</td></tr><tr><th>Weight</th></tr></table>"#);
/// let book: Book = page.extract()?;
/// assert_eq!((book.title.as_str(), book.price, book.stock, book.rating), ("The book", 1051.77, Some(22), 3));
/// assert_eq!((book.tags.len(), book.isbn.as_deref()), (2, Some("9780000000002")));
/// assert_eq!(book.facts[1], Fact { name: "Weight".to_owned(), value: "-".to_owned() });
///
/// let error = Page::from_html("http://a.example/2", "").extract::<Book>().unwrap_err();
/// assert_eq!(error.to_string(), "field `title` of `Book`: nothing matches `h1` on http://a.example/2");
/// # Ok::<(), Error>(())
/// ```
///
/// # Where a field stands
///
/// | attribute | finds |
/// |---|---|
/// | `#[css("…")]` | what a CSS selector finds, with `::text` and `::attr(name)` |
/// | `#[xpath("…")]` | what an XPath 1.0 expression finds |
/// | `#[jmespath("…")]` | what a JMESPath expression finds in the page, or in what the `css` or `xpath` before it finds |
/// | `#[re("…")]` | what a regular expression finds in the page, or in the text of what stands before it: its groups, else the whole match |
/// | `#[url]` | the page's URL |
/// | `#[default]`, `#[default(expression)]` | what the field is if nothing else is there |
/// | `#[extract(…)]` | options for all places of the field; alone, of the place that the struct is read from |
///
/// Several places are tried in order, until one has something. A field's type says what may be there: an [`Option`] may
/// miss, a [`Vec`] has all that is found, anything else the first. Fields are texts (white space collapsed), numbers,
/// `bool`, `char`, URLs (absolute), JSON, and structs that derive this, whose places lie within.
///
/// # What is done to it
///
/// Options stand behind the query, and are done in the order in which they are written:
///
/// | option | does |
/// |---|---|
/// | `raw`, `html` | takes the text as it stands, or with its tags |
/// | `trim` | takes the white space around away |
/// | `first`, `last` | takes that one of all |
/// | `join = ", "` | makes one text of all |
/// | `map = function` | each text through a `fn(&str)` to a text, or an `Option` or `Result` of one; what is `None` is left out |
/// | `parse` | the value by [`FromStr`](std::str::FromStr) |
/// | `parse = "price"` | a price in any notation: `1.234,50 €` is `1234.50` |
/// | `parse = "number"`, `"integer"` | the first number, in English notation: `1,234.5 kg` |
/// | `parse = "date"` | a day, as `2024-03-05`, from any form that means but one |
/// | `parse = function` | the value by a `fn(&str)` to it, or to an `Option` or a `Result` of it |
/// | `with = function` | the value by a `fn(&Node)` |
/// | `exists` | whether anything is there |
/// | `re = "…"`, `jmespath = "…"` | as the attributes |
/// | `default = expression` | as the attribute |
#[proc_macro_derive(Extract, attributes(css, xpath, jmespath, re, url, default, extract))]
pub fn extract(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    extract::derive(&input).into()
}
