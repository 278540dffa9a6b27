//! CSV (RFC 4180), as leniently as spreadsheets write it.

use std::ops::Index;
use std::sync::Arc;

use csv::{ReaderBuilder, StringRecord};
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::message::mask::Shown;
use crate::page::Page;

/// How a page's rows are divided: see [`Page::csv`].
#[derive(Debug, Clone)]
pub struct Csv<'a> {
    page: &'a Page,
    delimiter: u8,
    quote: u8,
    headers: Option<Vec<String>>,
}

/// The rows.
pub struct Rows<'a> {
    page: &'a Page,
    reader: csv::Reader<&'a [u8]>,
    headers: Arc<StringRecord>,
    /// The number of the row that was read last; the names, if they are the first row, are row 1.
    number: u64,
}

/// One row: as many values as there are names.
#[derive(Debug, Clone)]
pub struct Row {
    headers: Arc<StringRecord>,
    values: StringRecord,
}

impl Page {
    /// The page as CSV: `for row in page.csv().delimiter(b';')`.
    #[must_use]
    pub fn csv(&self) -> Csv<'_> {
        Csv::new(self)
    }
}

impl<'a> Csv<'a> {
    pub(in crate::page) fn new(page: &'a Page) -> Self {
        Self { page, delimiter: b',', quote: b'"', headers: None }
    }

    /// What stands between two values: an ASCII character, `,` unless another is named.
    #[must_use]
    pub fn delimiter(self, delimiter: u8) -> Self {
        Self { delimiter, ..self }
    }

    /// What values stand in that have delimiters or line breaks: an ASCII character, `"` unless another is named.
    #[must_use]
    pub fn quote(self, quote: u8) -> Self {
        Self { quote, ..self }
    }

    /// The names of the columns, where the first row does not say them.
    #[must_use]
    pub fn headers<I: IntoIterator<Item: Into<String>>>(self, names: I) -> Self {
        Self { headers: Some(names.into_iter().map(Into::into).collect()), ..self }
    }

    /// The rows. One of another length than there are names is left out, counted as `csv/skipped_count`, and logged.
    #[must_use]
    pub fn rows(&self) -> Rows<'a> {
        let mut reader = ReaderBuilder::new()
            .delimiter(self.delimiter)
            .quote(self.quote)
            .has_headers(false)
            .flexible(true)
            .from_reader(self.page.text().as_bytes());
        let (headers, number) = match &self.headers {
            Some(names) => (StringRecord::from(names.clone()), 0),
            None => {
                let mut first = StringRecord::new();
                // a page's text is UTF-8, and nothing else can be wrong with it
                let _ = reader.read_record(&mut first);
                (first, 1)
            }
        };
        Rows { page: self.page, reader, headers: Arc::new(headers), number }
    }
}

impl<'a> IntoIterator for Csv<'a> {
    type Item = Row;
    type IntoIter = Rows<'a>;

    fn into_iter(self) -> Rows<'a> {
        self.rows()
    }
}

impl Rows<'_> {
    /// The names of the columns.
    pub fn headers(&self) -> impl Iterator<Item = &str> {
        self.headers.iter()
    }
}

impl Iterator for Rows<'_> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        let mut values = StringRecord::new();
        while self.reader.read_record(&mut values).unwrap_or(false) {
            self.number += 1;
            if values.len() == self.headers.len() {
                return Some(Row { headers: self.headers.clone(), values });
            }
            self.page.lose("csv/skipped_count", 1);
            let (row, length, expected) = (self.number, values.len(), self.headers.len());
            tracing::warn!(url = %Shown(self.page.url()), row, length, expected, "row left out: it is of another length");
        }
        None
    }
}

impl std::fmt::Debug for Rows<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").field("headers", &self.headers).field("number", &self.number).finish_non_exhaustive()
    }
}

impl Row {
    /// A value by its column's name; of a name that comes twice, the last one's.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let (at, _) = self.headers.iter().enumerate().filter(|(_, header)| *header == name).last()?;
        self.values.get(at)
    }

    /// A value by its column's name.
    ///
    /// # Errors
    /// If there is no such column: what there is.
    pub fn text(&self, name: &str) -> Result<&str> {
        let known = || self.headers.iter().collect::<Vec<_>>().join(", ");
        self.get(name).ok_or_else(|| Error::page(format!("no column is called `{name}` (known: {})", known())))
    }

    /// Names and values, in the order of the columns; a name that comes twice stands once, with the last one's value.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        (self.headers.iter().enumerate())
            .filter(|(at, name)| !self.headers.iter().take(*at).any(|other| other == *name))
            .filter_map(|(_, name)| Some((name, self.get(name)?)))
    }

    /// The row as a struct whose fields are named as the columns are.
    ///
    /// # Errors
    /// If a column is missing, or a value does not read as its field's type.
    pub fn to<T: DeserializeOwned>(&self) -> Result<T> {
        self.values.deserialize(Some(&self.headers)).map_err(Error::page)
    }
}

impl Index<&str> for Row {
    type Output = str;

    /// A value by its column's name; empty if there is none.
    fn index(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    fn page(text: &str) -> Page {
        Page::from_html("http://a.example/a.csv", text)
    }

    #[test]
    fn a_row_of_another_length_is_left_out_and_counted() {
        let page = page("id,name\r\n1,\"a\n\"\"b\"\"\"\r\n2\r\n\r\n3,c,d\r\n4,e\r\n");
        let rows: Vec<Row> = page.csv().rows().collect();
        assert_eq!(rows.iter().map(|row| &row["id"]).collect::<Vec<_>>(), ["1", "4"]);
        assert_eq!(rows[0].text("name").expect("a value"), "a\n\"b\"");
        assert_eq!(page.losses().collect::<Vec<_>>(), [("csv/skipped_count", 2)]);
        let error = rows[0].text("nmae").expect_err("no such column");
        assert_eq!(error.to_string(), "no column is called `nmae` (known: id, name)");
    }

    #[test]
    fn a_row_is_a_struct() {
        #[derive(Deserialize, PartialEq, Debug)]
        struct Stock {
            name: String,
            count: u32,
            price: Option<f64>,
        }
        let page = page("'a;b';3;\nc;4;0.5\n");
        let rows = page.csv().delimiter(b';').quote(b'\'').headers(["name", "count", "price"]);
        let rows: Vec<Stock> = rows.rows().map(|row| row.to()).collect::<Result<_>>().expect("rows");
        assert_eq!(rows[0], Stock { name: "a;b".to_owned(), count: 3, price: None });
        assert_eq!(rows[1].price, Some(0.5));
    }
}
