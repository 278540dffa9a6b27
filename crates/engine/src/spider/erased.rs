//! A spider as the engine holds it: its types are gone, its steps are sealed.

use async_trait::async_trait;

use super::{Context, Output, Parsed, Session, Spider, written};
use crate::error::{Error, Result};
use crate::message::{Failure, Sealed};
use crate::page::Page;

/// [`Spider`] without its types.
#[async_trait]
pub(crate) trait Runnable: Send + Sync {
    async fn open(&self, session: &Session) -> Result<()>;
    fn start(&self, context: Context) -> Parsed;
    fn parse(&self, step: &Sealed, page: &Page, context: Context) -> (Parsed, Result<()>);
    fn failed(&self, step: &Sealed, failure: &Failure, context: Context) -> (Parsed, Result<()>);
    /// The step as its author's `Debug` prints it: for log lines.
    fn describe(&self, step: &Sealed) -> String;
    /// The names of its steps, where they have names.
    fn steps(&self) -> &'static [&'static str];
    /// A step that a person has written.
    fn seal(&self, written: &str) -> Result<Sealed>;
}

/// The one implementation.
pub(crate) struct Erased<S>(pub(crate) S);

#[async_trait]
impl<S: Spider> Runnable for Erased<S> {
    async fn open(&self, session: &Session) -> Result<()> {
        self.0.open(session).await
    }

    fn start(&self, context: Context) -> Parsed {
        let mut out = Output::new(context);
        self.0.start(&mut out);
        out.into_parsed()
    }

    fn parse(&self, step: &Sealed, page: &Page, context: Context) -> (Parsed, Result<()>) {
        let mut out = Output::new(context).led_by(page);
        let result = unseal::<S>(step).and_then(|step| self.0.parse(step, page, &mut out));
        (out.into_parsed(), result)
    }

    fn failed(&self, step: &Sealed, failure: &Failure, context: Context) -> (Parsed, Result<()>) {
        let mut out = Output::new(context);
        let result = unseal::<S>(step).and_then(|step| self.0.failed(step, failure, &mut out));
        (out.into_parsed(), result)
    }

    fn describe(&self, step: &Sealed) -> String {
        match unseal::<S>(step) {
            Ok(step) => format!("{step:?}"),
            Err(_) => String::from_utf8_lossy(&step.0).into_owned(),
        }
    }

    fn steps(&self) -> &'static [&'static str] {
        written::names::<S::Step>()
    }

    fn seal(&self, written: &str) -> Result<Sealed> {
        let step: S::Step = written::read(written)?;
        Ok(Sealed(serde_json::to_vec(&step)?.into()))
    }
}

fn unseal<S: Spider>(step: &Sealed) -> Result<S::Step> {
    serde_json::from_slice(&step.0).map_err(|error| {
        let step = String::from_utf8_lossy(&step.0).into_owned();
        Error::page(format!("step {step} is none of this spider's: {error}"))
    })
}
