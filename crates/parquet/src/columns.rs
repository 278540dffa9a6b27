//! The columns of a file: which there are, of which kind, and the values that wait to be written.

use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, Float64Builder, Int64Builder, StringBuilder};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, Field, Schema};
use dragline::feed::{each_field, text};

use crate::Outcome;

/// All columns, in the order in which their fields first appeared.
#[derive(Default)]
pub(crate) struct Columns {
    columns: Vec<Column>,
    rows: usize,
}

struct Column {
    name: String,
    kind: Option<Kind>,
    values: Option<Values>,
}

/// What every value of a column fits into.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Truth,
    Whole,
    Number,
    Text,
}

enum Values {
    Truth(BooleanBuilder),
    Whole(Int64Builder),
    Number(Float64Builder),
    Text(StringBuilder),
}

impl Columns {
    /// Takes the fields of a record into account.
    pub(crate) fn learn(&mut self, line: &[u8]) -> Outcome<()> {
        each_field(line, |name, raw| {
            let kind = Kind::of(raw);
            match self.columns.iter_mut().find(|column| column.name == name) {
                Some(column) => column.kind = Kind::both(column.kind, kind),
                None => self.columns.push(Column { name: name.into_owned(), kind, values: None }),
            }
        })?;
        Ok(())
    }

    pub(crate) fn schema(&self) -> Schema {
        let field = |column: &Column| {
            let kind = match column.kind {
                Some(Kind::Truth) => DataType::Boolean,
                Some(Kind::Whole) => DataType::Int64,
                Some(Kind::Number) => DataType::Float64,
                Some(Kind::Text) | None => DataType::Utf8,
            };
            Field::new(&column.name, kind, true)
        };
        Schema::new(self.columns.iter().map(field).collect::<Vec<_>>())
    }

    /// Appends the values of a record.
    pub(crate) fn push(&mut self, line: &[u8]) -> Outcome<()> {
        let mut result = Ok(());
        each_field(line, |name, raw| {
            if let Some(column) = self.columns.iter_mut().find(|column| column.name == name) {
                let values = column.values.get_or_insert_with(|| Values::of(column.kind));
                // a name that stands twice in a record counts once
                if values.len() <= self.rows {
                    values.fill(self.rows);
                    if let Err(error) = values.push(raw) {
                        result = Err(error);
                    }
                }
            }
        })?;
        self.rows += 1;
        result
    }

    /// The values as arrays of one length; the columns are empty again.
    pub(crate) fn take(&mut self) -> Vec<ArrayRef> {
        let rows = std::mem::take(&mut self.rows);
        let take = |column: &mut Column| {
            let mut values = column.values.take().unwrap_or_else(|| Values::of(column.kind));
            values.fill(rows);
            values.finish()
        };
        self.columns.iter_mut().map(take).collect()
    }
}

impl Kind {
    /// The kind of a JSON value; null has none.
    fn of(raw: &str) -> Option<Self> {
        match raw.as_bytes().first() {
            Some(b't' | b'f') => Some(Self::Truth),
            Some(b'n') => None,
            Some(b'"' | b'[' | b'{') => Some(Self::Text),
            _ if raw.parse::<i64>().is_ok() => Some(Self::Whole),
            // a number without fraction that is too large would lose digits
            _ if raw.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') => Some(Self::Text),
            _ => Some(Self::Number),
        }
    }

    fn both(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(one), Some(other)) if one == other => Some(one),
            (Some(Self::Whole | Self::Number), Some(Self::Whole | Self::Number)) => Some(Self::Number),
            (Some(_), Some(_)) => Some(Self::Text),
            (one, other) => one.or(other),
        }
    }
}

impl Values {
    fn of(kind: Option<Kind>) -> Self {
        match kind {
            Some(Kind::Truth) => Self::Truth(BooleanBuilder::new()),
            Some(Kind::Whole) => Self::Whole(Int64Builder::new()),
            Some(Kind::Number) => Self::Number(Float64Builder::new()),
            Some(Kind::Text) | None => Self::Text(StringBuilder::new()),
        }
    }

    fn len(&self) -> usize {
        use arrow_array::builder::ArrayBuilder as _;
        match self {
            Self::Truth(builder) => builder.len(),
            Self::Whole(builder) => builder.len(),
            Self::Number(builder) => builder.len(),
            Self::Text(builder) => builder.len(),
        }
    }

    /// Nulls up to a row.
    fn fill(&mut self, rows: usize) {
        for _ in self.len()..rows {
            match self {
                Self::Truth(builder) => builder.append_null(),
                Self::Whole(builder) => builder.append_null(),
                Self::Number(builder) => builder.append_null(),
                Self::Text(builder) => builder.append_null(),
            }
        }
    }

    /// By the kinds of all values, each fits.
    fn push(&mut self, raw: &str) -> Outcome<()> {
        let value = (raw != "null").then_some(raw);
        match self {
            Self::Truth(builder) => builder.append_option(value.map(|raw| raw == "true")),
            Self::Whole(builder) => builder.append_option(value.map(str::parse).transpose()?),
            Self::Number(builder) => builder.append_option(value.map(str::parse).transpose()?),
            Self::Text(builder) => builder.append_option(text(raw)?),
        }
        Ok(())
    }

    fn finish(self) -> ArrayRef {
        let array: Arc<dyn Array> = match self {
            Self::Truth(mut builder) => Arc::new(builder.finish()),
            Self::Whole(mut builder) => Arc::new(builder.finish()),
            Self::Number(mut builder) => Arc::new(builder.finish()),
            Self::Text(mut builder) => Arc::new(builder.finish()),
        };
        array
    }
}
