//! HTTP/2 that goes wrong (RFC 9113), frame by frame. Requests are counted but not decoded: every path is
//! answered alike.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use http::{Method, StatusCode};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::faults::connection::leaving;
use crate::faults::script::{End, NO_ANSWER, filler};
use crate::faults::tls::has_label;
use crate::log::{Log, Turn};

/// What a host does with HTTP/2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    SmallFrames,
    Reset,
    Refuse,
    Continuation,
    EmptyData,
    Settings,
    Ping,
    BadHpack,
    Goaway,
    GoawayMiddle,
    Length,
}

/// The labels of hosts, and what they do.
pub(crate) const HOSTS: [(&str, &str, Fault); 12] = [
    ("h2-ok", "a good answer of 2 bytes", Fault::None),
    ("h2-small-frames", "a good answer of 6,000,000 bytes in 10,000 frames", Fault::SmallFrames),
    ("h2-reset", "the head and a part of the body, then RST_STREAM with INTERNAL_ERROR", Fault::Reset),
    ("h2-refuse", "RST_STREAM with REFUSED_STREAM for the first request of each connection", Fault::Refuse),
    ("h2-continuation", "a head of endless CONTINUATION frames", Fault::Continuation),
    ("h2-empty-data", "the head, then empty DATA frames without end", Fault::EmptyData),
    ("h2-settings", "SETTINGS frames without end in the place of an answer", Fault::Settings),
    ("h2-ping", "PING frames without end in the place of an answer", Fault::Ping),
    ("h2-bad-hpack", "a head that names an entry of a table which has none", Fault::BadHpack),
    (
        "h2-goaway",
        "one good answer a connection; at the next request GOAWAY, which leaves it unprocessed",
        Fault::Goaway,
    ),
    ("h2-goaway-middle", "the head and a part of the body, then GOAWAY and the end", Fault::GoawayMiddle),
    ("h2-length", "a length of 1,000 with a body of 2 bytes", Fault::Length),
];

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

const INTERNAL_ERROR: u32 = 2;
const REFUSED_STREAM: u32 = 7;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const INITIAL_WINDOW: i64 = 65_535;
/// Frames of a flood that are written at once.
const FLOOD: usize = 256;
const SMALL_FRAME: usize = 600;
const SMALL_FRAMES: usize = 10_000;

/// What a host with this name does; none if it does not speak HTTP/2. The longest label that fits is meant.
pub(crate) fn of_host(name: &str) -> Option<Fault> {
    let fitting = HOSTS.iter().filter(|(label, ..)| has_label(name, label));
    fitting.max_by_key(|(label, ..)| label.len()).map(|(.., fault)| *fault)
}

/// Answers requests until the client leaves or the fault ends the connection.
pub(crate) async fn serve<S>(stream: S, fault: Fault, host: &str, log: &Arc<Log>) -> io::Result<End>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut session = Session {
        stream,
        asked: VecDeque::new(),
        window: INITIAL_WINDOW,
        stream_window: INITIAL_WINDOW,
        answered: 0,
        first: 0,
    };
    let mut preface = [0; PREFACE.len()];
    session.stream.read_exact(&mut preface).await?;
    if preface != PREFACE {
        return Ok(End::Close);
    }
    session.write(SETTINGS, 0, 0, b"").await?;
    loop {
        let id = match session.asked.pop_front() {
            Some(id) => id,
            None => {
                session.read().await?;
                continue;
            }
        };
        let turn = log.begin(host);
        answered(log, &turn, host, fault);
        if let Some(end) = session.answer(id, fault).await? {
            return Ok(end);
        }
    }
}

fn answered(log: &Log, turn: &Turn, host: &str, fault: Fault) {
    let nothing =
        matches!(fault, Fault::Refuse | Fault::Continuation | Fault::Settings | Fault::Ping | Fault::BadHpack);
    let status = if nothing { NO_ANSWER } else { 200 };
    log.answered(turn, &Method::GET, host, "*", StatusCode::from_u16(status).unwrap_or_default());
}

struct Session<S> {
    stream: S,
    /// Streams whose request has come and that wait for an answer.
    asked: VecDeque<u32>,
    /// What may be sent on all streams together, and on the one that is being answered. What the client allows to a
    /// stream beforehand is in its settings, what it adds while others are answered is not missed: it adds again.
    window: i64,
    stream_window: i64,
    answered: u32,
    /// The stream that was answered first.
    first: u32,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// Answers the request on a stream; says how the connection is to end if it is.
    async fn answer(&mut self, id: u32, fault: Fault) -> io::Result<Option<End>> {
        self.answered += 1;
        if self.answered == 1 {
            self.first = id;
        }
        match fault {
            Fault::None => self.good(id, "2").await?,
            Fault::Length => self.good(id, "1000").await?,
            Fault::SmallFrames => self.small_frames(id).await?,
            Fault::Reset => {
                self.half(id).await?;
                self.write(RST_STREAM, 0, id, &INTERNAL_ERROR.to_be_bytes()).await?;
            }
            Fault::Refuse if self.answered == 1 => {
                self.write(RST_STREAM, 0, id, &REFUSED_STREAM.to_be_bytes()).await?;
            }
            Fault::Refuse => self.good(id, "2").await?,
            Fault::Continuation => {
                self.write(HEADERS, 0, id, &[0x88]).await?;
                self.flood(&frame(CONTINUATION, 0, id, &field("x-more", &"y".repeat(64)))).await?;
            }
            Fault::EmptyData => {
                self.write(HEADERS, END_HEADERS, id, &head("0")[..1]).await?;
                self.flood(&frame(DATA, 0, id, b"")).await?;
            }
            // SETTINGS_MAX_CONCURRENT_STREAMS = 100
            Fault::Settings => self.flood(&frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100])).await?,
            Fault::Ping => self.flood(&frame(PING, 0, 0, b"flooding")).await?,
            // an indexed field (first bit set) with index 127 + 1337
            Fault::BadHpack => self.write(HEADERS, END_HEADERS | END_STREAM, id, &[0x88, 0xff, 0xb9, 0x0a]).await?,
            Fault::Goaway if self.answered == 1 => self.good(id, "2").await?,
            Fault::Goaway => {
                self.goaway(self.first).await?;
                return Ok(Some(End::Close));
            }
            Fault::GoawayMiddle => {
                self.half(id).await?;
                self.goaway(id).await?;
                return Ok(Some(End::Close));
            }
        }
        Ok(None)
    }

    async fn good(&mut self, id: u32, length: &str) -> io::Result<()> {
        self.write(HEADERS, END_HEADERS, id, &head(length)).await?;
        self.write(DATA, END_STREAM, id, b"ok").await
    }

    async fn half(&mut self, id: u32) -> io::Result<()> {
        self.write(HEADERS, END_HEADERS, id, &head("2000")).await?;
        self.write(DATA, 0, id, &filler(1_000)).await
    }

    async fn goaway(&mut self, last: u32) -> io::Result<()> {
        self.write(GOAWAY, 0, 0, &[last.to_be_bytes(), 0_u32.to_be_bytes()].concat()).await
    }

    /// Waits for room in the client's windows, as an honest server does.
    async fn small_frames(&mut self, id: u32) -> io::Result<()> {
        self.write(HEADERS, END_HEADERS, id, &head(&(SMALL_FRAME * SMALL_FRAMES).to_string())).await?;
        let data = filler(SMALL_FRAME);
        let mut room = self.stream_window;
        for number in 1..=SMALL_FRAMES {
            while self.window.min(room) < SMALL_FRAME as i64 {
                room += self.read_of(id).await?;
            }
            let flags = if number == SMALL_FRAMES { END_STREAM } else { 0 };
            self.write(DATA, flags, id, &data).await?;
            self.window -= SMALL_FRAME as i64;
            room -= SMALL_FRAME as i64;
        }
        Ok(())
    }

    /// Writes until the client leaves, which is the error this ends with.
    async fn flood(&mut self, frame: &[u8]) -> io::Result<()> {
        let frames = frame.repeat(FLOOD);
        loop {
            self.stream.write_all(&frames).await?;
            self.stream.flush().await?;
        }
    }

    async fn write(&mut self, kind: u8, flags: u8, id: u32, payload: &[u8]) -> io::Result<()> {
        self.stream.write_all(&frame(kind, flags, id, payload)).await?;
        self.stream.flush().await
    }

    async fn read(&mut self) -> io::Result<()> {
        self.read_of(0).await.map(|_| ())
    }

    /// Reads a frame and does what it asks for; returns by how much the window of the given stream grew.
    async fn read_of(&mut self, answering: u32) -> io::Result<i64> {
        let mut header = [0; 9];
        self.stream.read_exact(&mut header).await?;
        let [a, b, c, kind, flags, id @ ..] = header;
        let id = u32::from_be_bytes(id) & 0x7fff_ffff;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        self.stream.read_exact(&mut payload).await?;
        match kind {
            // a request with a body is answered before the body has come, which HTTP allows
            HEADERS => self.asked.push_back(id),
            SETTINGS if flags & ACK == 0 => {
                let before = self.stream_window;
                for setting in payload.chunks_exact(6) {
                    if let [0, 4, value @ ..] = setting {
                        self.stream_window = value.iter().fold(0, |sum, byte| sum << 8 | i64::from(*byte));
                    }
                }
                self.write(SETTINGS, ACK, 0, b"").await?;
                return Ok(self.stream_window - before);
            }
            PING if flags & ACK == 0 => self.write(PING, ACK, 0, &payload).await?,
            WINDOW_UPDATE => {
                let by = payload.iter().fold(0, |sum, byte| sum << 8 | i64::from(*byte));
                if id == 0 {
                    self.window += by;
                } else if id == answering {
                    return Ok(by);
                }
            }
            RST_STREAM => self.asked.retain(|asked| *asked != id),
            GOAWAY => {
                leaving(&mut self.stream).await;
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            _ => {}
        }
        Ok(0)
    }
}

fn frame(kind: u8, flags: u8, id: u32, payload: &[u8]) -> Vec<u8> {
    let [_, length @ ..] = (payload.len() as u32).to_be_bytes();
    [&length[..], &[kind, flags], &id.to_be_bytes(), payload].concat()
}

/// The fields of a good answer: status 200 is entry 8 of the static table (RFC 7541, appendix A).
fn head(length: &str) -> Vec<u8> {
    [vec![0x88], field("content-type", "text/plain"), field("content-length", length)].concat()
}

/// A literal field that is not added to the table, name and value as they are (RFC 7541, section 6.2.2); each has to be
/// shorter than 127 bytes.
fn field(name: &str, value: &str) -> Vec<u8> {
    let mut field = vec![0, name.len() as u8];
    field.extend_from_slice(name.as_bytes());
    field.push(value.len() as u8);
    field.extend_from_slice(value.as_bytes());
    field
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_its_length_kind_flags_and_stream_before_its_payload() {
        assert_eq!(frame(DATA, END_STREAM, 3, b"ok"), [0, 0, 2, 0, 1, 0, 0, 0, 3, b'o', b'k']);
        assert_eq!(field("a", "bc"), [0, 1, b'a', 2, b'b', b'c']);
    }

    #[test]
    fn the_longest_label_that_fits_is_meant() {
        assert_eq!(of_host("h2-goaway.localhost"), Some(Fault::Goaway));
        assert_eq!(of_host("h2-goaway-middle-3.localhost"), Some(Fault::GoawayMiddle));
        assert_eq!(of_host("h2-other.localhost"), None);
    }
}
