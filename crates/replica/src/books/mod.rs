//! A bookshop in the manner of books.toscrape.com: list pages of twenty books and a page for each book.

use std::io;
use std::time::Duration;

mod catalogue;
mod pages;
mod shop;

use crate::log::Log;
use crate::server::{Server, Setup};

/// How many books there are and how the shop behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many books the shop sells, 20 on a list page.
    pub books: usize,
    /// The wait before each answer.
    pub latency: Duration,
    /// The port on `127.0.0.1`; 0 takes a free one.
    pub port: u16,
}

impl Default for Options {
    fn default() -> Self {
        Self { books: 1_000, latency: Duration::ZERO, port: 0 }
    }
}

/// The running shop. It stops when this is dropped.
#[derive(Debug)]
pub struct Books {
    server: Server,
}

impl Books {
    /// Opens the shop.
    ///
    /// # Errors
    /// If the port is in use, or the system gives no socket or thread.
    pub fn start(options: Options) -> io::Result<Self> {
        let setup =
            Setup { name: "books", port: options.port, tls: None, latency: options.latency, log: Log::keeping() };
        Ok(Self { server: Server::start(setup, shop::Shop::new(options.books))? })
    }

    /// The first list page: `http://127.0.0.1:PORT/`.
    pub fn url(&self) -> String {
        format!("http://{}/", self.server.address())
    }

    /// What the shop was asked.
    pub fn log(&self) -> &Log {
        self.server.log()
    }
}
