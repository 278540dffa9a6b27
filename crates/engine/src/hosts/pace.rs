//! How many requests at once a host can take: one more for each answer until it slows down, half for each that says no
//! (additive increase, multiplicative decrease: RFC 5681, section 3.1, for requests instead of segments).

use std::time::Duration;

use tokio::time::Instant;

/// How much slower than its best a host may get before it counts as overloaded.
const SLOWER: f64 = 4.0;
/// Differences below this say nothing.
const NOISE: Duration = Duration::from_millis(300);
/// The weight of the latest answer in the average.
const WEIGHT: f64 = 0.2;

/// What a request told of its host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// It answered, with its head after this time.
    Answered(Duration),
    /// It said that it is too much, or it said nothing: 429, 503, a time-out, a connection that was refused or broke.
    Overloaded,
}

/// The width of the way to one host.
#[derive(Debug)]
pub(super) struct Pace {
    /// Requests that may be under way at once.
    width: f64,
    most: f64,
    /// Until the first sign of overload each answer widens by one.
    is_starting: bool,
    /// What was sent before then says nothing new.
    narrowed: Option<Instant>,
    /// The best latency, and the average.
    best: f64,
    average: f64,
}

impl Pace {
    pub(super) fn new(begin_with: usize, most: usize) -> Self {
        let most = most.max(1) as f64;
        let width = (begin_with.max(1) as f64).min(most);
        Self { width, most, is_starting: true, narrowed: None, best: f64::MAX, average: 0.0 }
    }

    /// Requests that may be under way at once.
    pub(super) fn width(&self) -> usize {
        // at least 1, and at most what was a usize
        self.width as usize
    }

    /// A request that was sent then has told something.
    pub(super) fn learn(&mut self, sent: Instant, now: Instant, sign: Sign) {
        match sign {
            Sign::Answered(latency) => {
                let latency = latency.as_secs_f64();
                self.best = self.best.min(latency);
                self.average =
                    if self.average > 0.0 { self.average + WEIGHT * (latency - self.average) } else { latency };
                if self.average > self.best * SLOWER && self.average - self.best > NOISE.as_secs_f64() {
                    return self.narrow(sent, now, 0.75);
                }
                self.width = (self.width + if self.is_starting { 1.0 } else { 1.0 / self.width }).min(self.most);
            }
            Sign::Overloaded => self.narrow(sent, now, 0.5),
        }
    }

    fn narrow(&mut self, sent: Instant, now: Instant, part: f64) {
        if self.narrowed.is_some_and(|narrowed| sent < narrowed) {
            return;
        }
        self.is_starting = false;
        self.narrowed = Some(now);
        self.width = (self.width * part).max(1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Sign = Sign::Answered(Duration::from_millis(20));

    #[tokio::test(start_paused = true)]
    async fn it_widens_with_each_answer_and_halves_once_for_what_was_sent_together() {
        let mut pace = Pace::new(1, 8);
        let begin = Instant::now();
        for _ in 0..20 {
            pace.learn(begin, begin, QUICK);
        }
        assert_eq!(pace.width(), 8);
        let later = begin + Duration::from_secs(1);
        for _ in 0..8 {
            pace.learn(begin, later, Sign::Overloaded);
        }
        assert_eq!(pace.width(), 4, "eight that were under way at once are one sign");
        pace.learn(later, later + Duration::from_secs(1), Sign::Overloaded);
        pace.learn(later, later, QUICK);
        assert_eq!(pace.width(), 2, "then it widens slowly");
        for _ in 0..9 {
            pace.learn(later + Duration::from_secs(2), later, Sign::Overloaded);
        }
        assert_eq!(pace.width(), 1, "never nothing");
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_gets_slower_is_asked_less() {
        let mut pace = Pace::new(8, 8);
        let mut now = Instant::now();
        pace.learn(now, now, QUICK);
        for _ in 0..20 {
            now += Duration::from_secs(1);
            pace.learn(now, now, Sign::Answered(Duration::from_secs(2)));
        }
        assert_eq!(pace.width(), 1);
    }
}
