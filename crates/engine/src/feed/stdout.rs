//! The standard output. It takes nothing back: what is written again after a failure is there twice.

use std::fmt;
use std::path::Path;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncWriteExt, Stdout as Out};

use super::compression::{Compression, Member};
use super::encoder::Encoder;
use super::volume::failed;
use super::{Context, Feed, Kept};
use crate::error::Result;
use crate::frontier::Position;
use crate::message::Record;

/// Records on the standard output.
pub(super) struct Stdout {
    out: Out,
    encoder: Encoder,
    compression: Option<Compression>,
    member: Option<Member>,
    has_head: bool,
    context: Context,
    written: u64,
}

/// What was begun and must not be begun again.
#[derive(Deserialize, Serialize)]
struct Begun {
    /// The process: another one has another standard output.
    process: u32,
    has_head: bool,
    is_empty: bool,
    state: Value,
}

impl Stdout {
    pub(super) fn new(encoder: Encoder, compression: Option<Compression>, context: Context) -> Self {
        let out = tokio::io::stdout();
        Self { out, encoder, compression, member: None, has_head: false, context, written: 0 }
    }

    async fn put(&mut self, bytes: Vec<u8>) -> Result<()> {
        let failed = |source| failed(Path::new("-"), source);
        let bytes = match self.compression {
            Some(compression) if !bytes.is_empty() => {
                let mut member = self.member.take().map_or_else(|| compression.member(), Ok).map_err(failed)?;
                let ready = member.take(&bytes).map_err(failed)?;
                self.member = Some(member);
                ready
            }
            _ => bytes,
        };
        self.out.write_all(&bytes).await.map_err(failed)?;
        self.out.flush().await.map_err(failed)
    }

    fn head(&mut self) -> Vec<u8> {
        if std::mem::replace(&mut self.has_head, true) { Vec::new() } else { self.encoder.head() }
    }
}

impl fmt::Display for Stdout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the standard output")
    }
}

#[async_trait]
impl Feed for Stdout {
    async fn write(&mut self, batch: &[Record]) -> Result<()> {
        let mut bytes = self.head();
        for record in batch {
            let encoded = self.encoder.encode(record, &self.context.stats, &mut bytes);
            encoded.map_err(|source| failed(Path::new("-"), source))?;
        }
        self.put(bytes).await?;
        self.written += batch.len() as u64;
        Ok(())
    }

    async fn sync(&mut self) -> Result<Kept> {
        if let Some(member) = self.member.take() {
            let failed = |source| failed(Path::new("-"), source);
            self.out.write_all(&member.end().map_err(failed)?).await.map_err(failed)?;
            self.out.flush().await.map_err(failed)?;
        }
        let (has_head, is_empty) = (self.has_head, self.encoder.is_empty);
        let begun = Begun { process: std::process::id(), has_head, is_empty, state: self.encoder.text.state() };
        Ok(Kept { records: self.written, position: Position(serde_json::to_string(&begun)?) })
    }

    async fn rewind(&mut self, to: &Position) -> Result<()> {
        if let Ok(begun) = serde_json::from_str::<Begun>(&to.0)
            && begun.process == std::process::id()
        {
            (self.has_head, self.encoder.is_empty) = (begun.has_head, begun.is_empty);
            self.encoder.text.restore(&begun.state);
        }
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<()> {
        let mut bytes = self.head();
        bytes.append(&mut self.encoder.tail());
        self.put(bytes).await?;
        self.sync().await.map(drop)
    }
}
