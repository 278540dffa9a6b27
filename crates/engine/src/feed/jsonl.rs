//! JSON lines: one record a line, UTF-8 (<https://jsonlines.org>). A position is the length of the file in bytes.

use std::fmt;
use std::io::{self, SeekFrom};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use serde::de::IgnoredAny;
use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, Stdout};

use super::Feed;
use crate::error::{Error, Result};
use crate::frontier::Position;
use crate::message::Record;

/// The longest last line that is looked at.
const LINE: u64 = 64 * 1024 * 1024;

/// A file of JSON lines, or the standard output.
#[derive(Debug)]
pub struct JsonLines {
    target: Target,
    length: u64,
    buffer: Vec<u8>,
}

#[derive(Debug)]
enum Target {
    File(PathBuf, File),
    Stdout(Stdout),
}

impl JsonLines {
    /// Opens a file, anew or to append to it. What a killed run left of a last line is cut off.
    ///
    /// # Errors
    /// If the file cannot be written to.
    pub async fn open(path: PathBuf, overwrite: bool) -> Result<Self> {
        let failed = |source| Error::Disk { what: "a feed", path: path.clone(), source };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(overwrite);
        let mut file = options.open(&path).await.map_err(failed)?;
        let length = append_to(&mut file, &path).await.map_err(failed)?;
        Ok(Self { target: Target::File(path, file), length, buffer: Vec::new() })
    }

    /// The standard output, which cannot be rewound.
    #[must_use]
    pub fn stdout() -> Self {
        Self { target: Target::Stdout(tokio::io::stdout()), length: 0, buffer: Vec::new() }
    }

    fn failed(&self, source: io::Error) -> Error {
        let path = match &self.target {
            Target::File(path, _) => path.clone(),
            Target::Stdout(_) => PathBuf::from("-"),
        };
        Error::Disk { what: "a feed", path, source }
    }
}

/// Goes to where the next line begins, and says how far that is. A killed run may have left half a line, which is cut
/// off; what is a record without its line end gets one. A pipe or a device has no end to go to.
async fn append_to(file: &mut File, path: &Path) -> io::Result<u64> {
    let metadata = file.metadata().await?;
    if !metadata.is_file() {
        return Ok(0);
    }
    let (whole, all) = (whole_lines(file).await?, metadata.len());
    if whole == all {
        return file.seek(SeekFrom::Start(all)).await;
    }
    let not_lines = || io::Error::new(io::ErrorKind::InvalidData, "it is there, and does not hold JSON lines");
    if all - whole > LINE {
        return Err(not_lines());
    }
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(whole)).await?;
    file.take(LINE).read_to_end(&mut tail).await?;
    if serde_json::from_slice::<IgnoredAny>(&tail).is_ok() {
        file.seek(SeekFrom::Start(all)).await?;
        file.write_all(b"\n").await?;
        file.flush().await?;
        return Ok(all + 1);
    }
    if tail.first() != Some(&b'{') {
        return Err(not_lines());
    }
    let (path, bytes) = (path.display(), tail.len());
    tracing::warn!(%path, bytes, "half a line at the end of a feed was cut off");
    file.set_len(whole).await?;
    file.seek(SeekFrom::Start(whole)).await
}

/// The length of the file up to the end of its last whole line.
async fn whole_lines(file: &mut File) -> io::Result<u64> {
    let mut end = file.metadata().await?.len();
    let mut buffer = vec![0; 64 * 1024];
    while end > 0 {
        let begin = end.saturating_sub(buffer.len() as u64);
        let piece = &mut buffer[..usize::try_from(end - begin).unwrap_or(0)];
        file.seek(SeekFrom::Start(begin)).await?;
        file.read_exact(piece).await?;
        if let Some(at) = memchr::memrchr(b'\n', piece) {
            return Ok(begin + at as u64 + 1);
        }
        end = begin;
    }
    Ok(0)
}

impl fmt::Display for JsonLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.target {
            Target::File(path, _) => write!(f, "{}", path.display()),
            Target::Stdout(_) => f.write_str("the standard output"),
        }
    }
}

#[async_trait]
impl Feed for JsonLines {
    async fn write(&mut self, batch: &[Record]) -> Result<Position> {
        self.buffer.clear();
        for record in batch {
            record.write_json(&mut self.buffer)?;
            self.buffer.push(b'\n');
        }
        let written = match &mut self.target {
            Target::File(_, file) => write_out(file, &self.buffer).await,
            Target::Stdout(stdout) => write_out(stdout, &self.buffer).await,
        };
        written.map_err(|source| self.failed(source))?;
        self.length += self.buffer.len() as u64;
        Ok(Position(self.length.to_string()))
    }

    async fn rewind(&mut self, to: &Position) -> Result<()> {
        let Target::File(_, file) = &mut self.target else { return Ok(()) };
        let length = to.0.parse().map_err(|_| Error::other(format!("`{}` is no position in a file", to.0)))?;
        let cut = async {
            file.set_len(length).await?;
            file.seek(SeekFrom::Start(length)).await
        };
        let result = cut.await;
        self.length = result.map_err(|source| self.failed(source))?;
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<()> {
        let synced = match &mut self.target {
            Target::File(_, file) => file.sync_all().await,
            Target::Stdout(stdout) => stdout.flush().await,
        };
        match synced {
            // a pipe or a device file has nothing to sync
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
            other => other.map_err(|source| self.failed(source)),
        }
    }
}

async fn write_out(out: &mut (impl AsyncWriteExt + Unpin), bytes: &[u8]) -> io::Result<()> {
    out.write_all(bytes).await?;
    out.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Item;
    use std::sync::Arc;

    #[derive(serde::Serialize)]
    struct Number {
        number: u32,
    }

    impl Item for Number {
        const KIND: &'static str = "number";
    }

    fn record(number: u32) -> Record {
        let page = Arc::new("http://a.example/".parse().expect("a URL"));
        Record::from_item(&Number { number }, page).expect("a record")
    }

    #[tokio::test]
    async fn a_feed_is_appended_to_and_can_be_rewound() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("numbers.jsonl");
        let mut feed = JsonLines::open(path.clone(), false).await.expect("opened");
        let position = feed.write(&[record(1), record(2)]).await.expect("written");
        feed.write(&[record(3)]).await.expect("written");
        feed.rewind(&position).await.expect("rewound");
        feed.write(&[record(4)]).await.expect("written");
        Box::new(feed).finish().await.expect("finished");
        let mut feed = JsonLines::open(path.clone(), false).await.expect("opened");
        feed.write(&[record(5)]).await.expect("written");
        let text = std::fs::read_to_string(&path).expect("text");
        assert_eq!(text, "{\"number\":1}\n{\"number\":2}\n{\"number\":4}\n{\"number\":5}\n");
        JsonLines::open(path.clone(), true).await.expect("opened anew");
        assert_eq!(std::fs::read(&path).expect("bytes"), b"");
    }

    #[tokio::test]
    async fn half_a_last_line_is_cut_off() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("numbers.jsonl");
        let long = format!("{{\"{}", "x".repeat(100_000));
        for (before, after) in [("{}\n{\"numb", "{}\n"), ("{\"numb", ""), ("{}\n", "{}\n"), (long.as_str(), "")] {
            std::fs::write(&path, before).expect("a file");
            JsonLines::open(path.clone(), false).await.expect("opened");
            assert_eq!(std::fs::read_to_string(&path).expect("text"), after);
        }
    }

    #[tokio::test]
    async fn what_others_wrote_is_not_cut_off() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("numbers.jsonl");
        std::fs::write(&path, "{}\n{\"number\":7}").expect("a file");
        JsonLines::open(path.clone(), false).await.expect("opened");
        assert_eq!(std::fs::read_to_string(&path).expect("text"), "{}\n{\"number\":7}\n");
        std::fs::write(&path, "a letter to my mother").expect("a file");
        let error = JsonLines::open(path.clone(), false).await.expect_err("refused");
        assert!(error.to_string().contains("cannot be used as a feed"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).expect("text"), "a letter to my mother");
    }

    #[tokio::test]
    async fn a_place_that_cannot_be_written_to_is_named() {
        let error = JsonLines::open("/no/such/folder/x.jsonl".into(), false).await.expect_err("no folder");
        assert!(error.to_string().starts_with("`/no/such/folder/x.jsonl` cannot be used as a feed"), "{error}");
    }
}
