//! Feeds that are Parquet files: `-o items.parquet`.
//!
//! Parquet cannot be appended to, so a batch is gathered as JSON lines and converted when it ends: once to learn the
//! columns, once to write them. A column is BOOLEAN, INT64 or DOUBLE where every value fits, else UTF-8 text; lists and
//! nested fields are JSON text.

mod columns;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use dragline::error::{Error, Result};
use dragline::feed::{Convert, Format, Way};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::columns::Columns;

/// Rows that are in memory at a time.
const ROWS: usize = 8192;

/// The format `parquet`, for a runner's registry.
#[must_use]
pub fn parquet() -> Format {
    Format { name: "parquet", extensions: &["pq"], way: Way::Whole(Arc::new(Parquet)) }
}

struct Parquet;

impl Convert for Parquet {
    fn convert(&self, lines: &Path, to: &Path) -> Result<()> {
        convert(lines, to).map_err(|error| Error::feed(to.display().to_string(), error))
    }
}

type Outcome<T> = std::result::Result<T, Box<dyn std::error::Error + std::marker::Send + Sync>>;

fn convert(lines: &Path, to: &Path) -> Outcome<()> {
    let mut columns = Columns::default();
    each_line(lines, |line| columns.learn(line))?;
    let schema = Arc::new(columns.schema());
    let compression = Compression::ZSTD(ZstdLevel::try_new(3)?);
    let properties = WriterProperties::builder().set_compression(compression).build();
    let mut writer = ArrowWriter::try_new(File::create(to)?, schema.clone(), Some(properties))?;
    let mut rows = 0;
    let mut write = |columns: &mut Columns, rows: &mut usize| -> Outcome<()> {
        // a row without a column is a row all the same
        let options = RecordBatchOptions::new().with_row_count(Some(*rows));
        writer.write(&RecordBatch::try_new_with_options(schema.clone(), columns.take(), &options)?)?;
        *rows = 0;
        Ok(())
    };
    each_line(lines, |line| {
        columns.push(line)?;
        rows += 1;
        if rows == ROWS { write(&mut columns, &mut rows) } else { Ok(()) }
    })?;
    if rows > 0 {
        write(&mut columns, &mut rows)?;
    }
    writer.close()?;
    Ok(())
}

fn each_line(path: &Path, mut each: impl FnMut(&[u8]) -> Outcome<()>) -> Outcome<()> {
    let mut lines = BufReader::with_capacity(1024 * 1024, File::open(path)?);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        each(&line)?;
        line.clear();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Float64Type, Int64Type};
    use dragline::feed::conformance::{self, Case, context, record_of};
    use dragline::feed::{Catalogue, Mode, Settings};
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use serde_json::json;

    fn catalogue() -> Catalogue {
        let mut catalogue = Catalogue::default();
        catalogue.add_format(parquet());
        catalogue
    }

    fn read(path: &Path) -> Vec<RecordBatch> {
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).expect("a file")).expect("Parquet");
        reader.build().expect("a reader").map(|batch| batch.expect("a batch")).collect()
    }

    fn numbers(path: &Path) -> Vec<u64> {
        let of = |batch: &RecordBatch| match batch.column_by_name("number") {
            Some(column) => {
                column.as_primitive::<Int64Type>().values().iter().map(|number| number.unsigned_abs()).collect()
            }
            None => Vec::new(),
        };
        read(path).iter().flat_map(of).collect()
    }

    #[tokio::test]
    async fn a_parquet_file_is_a_feed() {
        conformance::run(|folder| {
            let path = folder.join("a.parquet");
            let plan = catalogue().plan(&Settings::new(path.to_string_lossy())).expect("a plan");
            Case { plan, read: Box::new(move || numbers(&path)), torn: None, is_read_early: false }
        })
        .await;
    }

    #[tokio::test]
    async fn columns_have_the_kind_that_every_value_fits() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.parquet");
        let settings = Settings::from_flag(&path.to_string_lossy(), Mode::Overwrite);
        let plan = catalogue().plan(&settings).expect("a plan");
        let mut feed = plan.open(&context(folder.path())).await.expect("opened");
        let records =
            [json!({"i": 1, "f": 1, "b": true, "t": "x\ny"}), json!({"n": {"a": [1]}, "f": 2.5, "t": 7, "i": null})];
        feed.write(&records.each_ref().map(record_of)).await.expect("written");
        feed.finish().await.expect("finished");
        let batch = read(&path).remove(0);
        let names: Vec<String> =
            batch.schema().fields().iter().map(|field| format!("{}: {}", field.name(), field.data_type())).collect();
        assert_eq!(names, ["i: Int64", "f: Float64", "b: Boolean", "t: Utf8", "n: Utf8"]);
        assert_eq!(batch.column(1).as_primitive::<Float64Type>().values().to_vec(), [1.0, 2.5]);
        assert_eq!(batch.column(3).as_string::<i32>().iter().collect::<Vec<_>>(), [Some("x\ny"), Some("7")]);
        assert_eq!(batch.column(4).as_string::<i32>().iter().collect::<Vec<_>>(), [None, Some("{\"a\":[1]}")]);
        assert_eq!(batch.column(0).null_count(), 1);
        let entries = std::fs::read_dir(folder.path()).expect("a folder").flatten();
        assert!(
            entries.into_iter().all(|entry| !entry.file_name().to_string_lossy().contains(".part")),
            "nothing half done"
        );
    }
}
