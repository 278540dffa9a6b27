//! What every [`Frontier`] must do. A backend's tests call [`run`] with a function that makes an empty one.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::HeaderValue;
use url::Url;

use super::{
    Admitted, Export, FeedId, Frontier, Lease, LeaseId, Leased, Order, Outcome, Pace, Position, Renewal, RequestId,
    Seq, Settlement, Want,
};
use crate::message::{FailureKind, Item, Record, Request};

/// Runs every rule against frontiers made by `make`.
///
/// # Panics
/// At the first rule that does not hold.
pub async fn run<F: Frontier>(make: impl Fn(Order) -> F) {
    let opened = async |order| {
        let frontier = make(order);
        frontier.open().await.expect("opened");
        frontier
    };
    a_wish_is_queued_once(&opened(Order::DepthFirst).await).await;
    an_unfiltered_wish_is_queued_again(&opened(Order::DepthFirst).await).await;
    a_host_has_one_lease_at_a_time(&opened(Order::DepthFirst).await).await;
    priority_goes_before_order(&opened(Order::BreadthFirst).await).await;
    depth_first_keeps_the_order_of_the_page(&opened(Order::DepthFirst).await).await;
    breadth_first_is_first_come_first_served(&opened(Order::BreadthFirst).await).await;
    settling_ends_a_request_and_admits_its_children(&opened(Order::DepthFirst).await).await;
    a_request_cannot_be_settled_twice(&opened(Order::DepthFirst).await).await;
    again_is_the_same_wish(&opened(Order::DepthFirst).await).await;
    what_is_not_due_waits(&opened(Order::DepthFirst).await).await;
    a_released_lease_gives_everything_back_and_its_results_are_refused(&opened(Order::DepthFirst).await).await;
    a_lease_can_be_refilled(&opened(Order::DepthFirst).await).await;
    records_leave_in_sequence_and_stay_until_every_feed_has_them(&opened(Order::DepthFirst).await).await;
    first_requests_are_counted_as_they_are_taken(&opened(Order::DepthFirst).await).await;
    counts_come_with_their_settlement(&opened(Order::DepthFirst).await).await;
    a_request_that_cannot_be_written_down_is_refused_alone(&opened(Order::DepthFirst).await).await;
}

#[derive(serde::Serialize)]
struct Number {
    number: usize,
}

impl Item for Number {
    const KIND: &'static str = "number";
}

fn wish(url: &str) -> Request {
    Request::get(url.parse().expect("a URL"))
}

fn want(hosts: usize, requests: usize) -> Want {
    Want { hosts, requests, refill: Vec::new() }
}

async fn submit<F: Frontier>(frontier: &F, urls: &[&str]) -> Admitted {
    frontier.submit(urls.iter().map(|url| wish(url)).collect()).await.expect("submitted")
}

async fn lease_one<F: Frontier>(frontier: &F, requests: usize) -> Lease {
    let mut leases = frontier.lease(want(1, requests)).await.expect("leased");
    assert_eq!(leases.len(), 1, "one host is ready");
    leases.remove(0)
}

fn settlement(lease: LeaseId, request: RequestId, outcome: Outcome) -> Settlement {
    Settlement { lease, request, outcome, children: Vec::new(), records: Vec::new(), counts: Vec::new() }
}

/// Records after a place, once the frontier has them for good.
async fn drained<F: Frontier>(frontier: &F, after: Seq, limit: usize) -> Vec<(Seq, Record)> {
    frontier.flush().await.expect("flushed");
    frontier.drain(after, limit).await.expect("drained")
}

fn paths(requests: impl IntoIterator<Item = Leased>) -> Vec<String> {
    requests.into_iter().map(|leased| leased.request.url.path().to_owned()).collect()
}

/// scheduled = done + failed + skipped + pending
async fn the_sum_law_holds<F: Frontier>(frontier: &F) {
    let progress = frontier.progress().await.expect("progress");
    assert_eq!(progress.scheduled, progress.done + progress.failed + progress.skipped + progress.pending);
    assert!(progress.leased <= progress.pending);
}

async fn a_wish_is_queued_once<F: Frontier>(frontier: &F) {
    assert_eq!(
        submit(frontier, &["http://a/1", "http://a/1#top", "http://a/2"]).await,
        Admitted { queued: 2, seen: 1, refused: 0 }
    );
    assert_eq!(submit(frontier, &["http://a/2"]).await, Admitted { queued: 0, seen: 1, refused: 0 });
    if let Some(seen) = frontier.seen() {
        assert!(seen.has_get(&Url::parse("http://a/1").expect("a URL")));
        assert!(!seen.has_get(&Url::parse("http://a/3").expect("a URL")));
    }
    the_sum_law_holds(frontier).await;
}

async fn an_unfiltered_wish_is_queued_again<F: Frontier>(frontier: &F) {
    submit(frontier, &["http://a/1"]).await;
    let admitted = frontier.submit(vec![wish("http://a/1").unfiltered()]).await.expect("submitted");
    assert_eq!(admitted, Admitted { queued: 1, seen: 0, refused: 0 });
    assert_eq!(lease_one(frontier, 5).await.requests.len(), 2);
}

async fn a_host_has_one_lease_at_a_time<F: Frontier>(frontier: &F) {
    submit(frontier, &["http://a/1", "http://a/2", "http://b/1"]).await;
    let leases = frontier.lease(want(5, 1)).await.expect("leased");
    let hosts: BTreeSet<_> = leases.iter().map(|lease| lease.host.to_string()).collect();
    assert_eq!(hosts, BTreeSet::from(["a".to_owned(), "b".to_owned()]));
    assert!(leases.iter().all(|lease| lease.requests.len() == 1));
    assert!(frontier.lease(want(5, 1)).await.expect("leased").is_empty(), "both hosts are taken");
    the_sum_law_holds(frontier).await;
}

async fn priority_goes_before_order<F: Frontier>(frontier: &F) {
    let wishes = vec![wish("http://a/low").priority(-1), wish("http://a/usual"), wish("http://a/high").priority(5)];
    frontier.submit(wishes).await.expect("submitted");
    assert_eq!(paths(lease_one(frontier, 9).await.requests), ["/high", "/usual", "/low"]);
}

async fn depth_first_keeps_the_order_of_the_page<F: Frontier>(frontier: &F) {
    submit(frontier, &["http://a/1", "http://a/2"]).await;
    submit(frontier, &["http://a/3", "http://a/4"]).await;
    assert_eq!(paths(lease_one(frontier, 9).await.requests), ["/3", "/4", "/1", "/2"]);
}

async fn breadth_first_is_first_come_first_served<F: Frontier>(frontier: &F) {
    submit(frontier, &["http://a/1", "http://a/2"]).await;
    submit(frontier, &["http://a/3"]).await;
    assert_eq!(paths(lease_one(frontier, 9).await.requests), ["/1", "/2", "/3"]);
}

async fn settling_ends_a_request_and_admits_its_children<F: Frontier>(frontier: &F) {
    submit(frontier, &["http://a/1", "http://a/2", "http://a/3"]).await;
    let mut lease = lease_one(frontier, 3).await;
    let mut next = || lease.requests.pop_front().expect("a request").id;
    let done = Settlement {
        children: vec![wish("http://a/4"), wish("http://a/1"), wish("http://b/1")],
        ..settlement(lease.id, next(), Outcome::Done)
    };
    let failed = settlement(lease.id, next(), Outcome::Failed(FailureKind::Connect.into()));
    let skipped = settlement(lease.id, next(), Outcome::Skipped("robots"));
    let settled = frontier.settle(vec![done, failed, skipped]).await.expect("settled");
    assert_eq!((settled.children, settled.refused), (Admitted { queued: 2, seen: 1, refused: 0 }, Vec::new()));
    let progress = frontier.progress().await.expect("progress");
    assert_eq!(
        (progress.scheduled, progress.done, progress.failed, progress.skipped, progress.pending),
        (5, 1, 1, 1, 2)
    );
}

async fn a_request_cannot_be_settled_twice<F: Frontier>(frontier: &F) {
    submit(frontier, &["http://a/1"]).await;
    let lease = lease_one(frontier, 1).await;
    let id = lease.requests[0].id;
    let twice = vec![settlement(lease.id, id, Outcome::Done), settlement(lease.id, id, Outcome::Done)];
    assert_eq!(frontier.settle(twice).await.expect("settled").refused, [id]);
    assert_eq!(frontier.progress().await.expect("progress").done, 1);
}

async fn again_is_the_same_wish<F: Frontier>(frontier: &F) {
    submit(frontier, &["http://a/1", "http://b/seen"]).await;
    let leases = frontier.lease(want(2, 1)).await.expect("leased");
    let lease = leases.into_iter().find(|lease| &*lease.host == "a").expect("host a");
    let mut again = wish("http://c/moved");
    again.attempts = 1;
    let outcome = Outcome::Again(Box::new(again));
    frontier.settle(vec![settlement(lease.id, lease.requests[0].id, outcome)]).await.expect("settled");
    let progress = frontier.progress().await.expect("progress");
    assert_eq!((progress.scheduled, progress.pending), (2, 2), "it is still one wish");
    let moved = lease_one(frontier, 1).await;
    assert_eq!((&*moved.host, moved.requests[0].request.attempts), ("c", 1));
    the_sum_law_holds(frontier).await;
}

async fn what_is_not_due_waits<F: Frontier>(frontier: &F) {
    let mut later = wish("http://a/later");
    later.due = Some(SystemTime::now() + Duration::from_secs(3600));
    let mut past = wish("http://b/past");
    past.due = Some(SystemTime::now() - Duration::from_secs(1));
    frontier.submit(vec![later.clone(), past]).await.expect("submitted");
    assert_eq!(&*lease_one(frontier, 1).await.host, "b");
    assert!(frontier.lease(want(5, 5)).await.expect("leased").is_empty());
    let progress = frontier.progress().await.expect("progress");
    let until = progress.next_due.expect("a due time").duration_since(SystemTime::now()).expect("in the future");
    assert!(until > Duration::from_secs(3500), "{until:?}");
    assert_eq!(progress.pending, 2);
}

async fn a_released_lease_gives_everything_back_and_its_results_are_refused<F: Frontier>(frontier: &F) {
    submit(frontier, &["http://a/1", "http://a/2"]).await;
    let lease = lease_one(frontier, 2).await;
    assert_eq!(frontier.renew(&[lease.id]).await.expect("renewed"), [Renewal::Renewed]);
    frontier.release(lease.id, Pace::default()).await.expect("released");
    assert_eq!(frontier.renew(&[lease.id]).await.expect("renewed"), [Renewal::Lost]);
    let late = Settlement {
        children: vec![wish("http://a/child")],
        ..settlement(lease.id, lease.requests[0].id, Outcome::Done)
    };
    let settled = frontier.settle(vec![late]).await.expect("settled");
    assert_eq!((settled.refused.len(), settled.children.queued), (1, 0));
    let second = lease_one(frontier, 5).await;
    assert!(second.id != lease.id);
    assert_eq!(second.requests.len(), 2);
    the_sum_law_holds(frontier).await;
    // who lost a request does not take it from the one who has it now
    let id = second.requests[1].id;
    let late = settlement(lease.id, id, Outcome::Done);
    assert_eq!(frontier.settle(vec![late]).await.expect("settled").refused, [id]);
    let timely = settlement(second.id, id, Outcome::Done);
    assert!(frontier.settle(vec![timely]).await.expect("settled").refused.is_empty());

    let later = Pace { not_before: Some(SystemTime::now() + Duration::from_secs(3600)) };
    frontier.release(second.id, later).await.expect("released");
    assert!(frontier.lease(want(5, 5)).await.expect("leased").is_empty(), "the host has to rest");
    assert!(frontier.progress().await.expect("progress").next_due.is_some());
}

async fn a_lease_can_be_refilled<F: Frontier>(frontier: &F) {
    submit(frontier, &["http://a/1", "http://a/2", "http://a/3"]).await;
    let lease = lease_one(frontier, 1).await;
    let refill = Want { hosts: 0, requests: 5, refill: vec![lease.id] };
    let more = frontier.lease(refill.clone()).await.expect("leased");
    assert_eq!((more.len(), more[0].id, more[0].requests.len()), (1, lease.id, 2));
    assert!(frontier.lease(refill).await.expect("leased").is_empty());
}

async fn records_leave_in_sequence_and_stay_until_every_feed_has_them<F: Frontier>(frontier: &F) {
    let page: Arc<Url> = Arc::new("http://a/1".parse().expect("a URL"));
    let feeds = [FeedId("one".to_owned()), FeedId("two".to_owned())];
    let fresh = |feed: &FeedId| Export { feed: feed.clone(), upto: Seq(0), position: None };
    assert_eq!(frontier.attach(feeds.to_vec()).await.expect("attached"), [fresh(&feeds[0]), fresh(&feeds[1])]);
    submit(frontier, &["http://a/1"]).await;
    let lease = lease_one(frontier, 1).await;
    let records = (0..5).map(|number| Record::from_item(&Number { number }, page.clone()).expect("a record")).collect();
    let done = Settlement { records, ..settlement(lease.id, lease.requests[0].id, Outcome::Done) };
    assert_eq!(frontier.settle(vec![done]).await.expect("settled").outbox, 5);

    let first = drained(frontier, Seq(0), 2).await;
    assert_eq!(first.iter().map(|(seq, _)| seq.0).collect::<Vec<_>>(), [1, 2]);
    frontier.exported(&feeds[0], Seq(2), Position::default()).await.expect("exported");
    assert_eq!(frontier.progress().await.expect("progress").outbox, 5, "the second feed has nothing yet");
    frontier.exported(&feeds[1], Seq(5), Position::default()).await.expect("exported");
    assert_eq!(frontier.progress().await.expect("progress").outbox, 3);
    let rest = drained(frontier, Seq(2), 100).await;
    assert_eq!(rest.iter().map(|(seq, _)| seq.0).collect::<Vec<_>>(), [3, 4, 5]);
    let place = Position("17".to_owned());
    frontier.exported(&feeds[0], Seq(4), place.clone()).await.expect("exported");
    assert_eq!(frontier.progress().await.expect("progress").outbox, 1);

    // the next run: one feed goes on where it was, a new one has nothing yet, and the old one holds nothing back
    let third = FeedId("three".to_owned());
    let attached = frontier.attach(vec![feeds[0].clone(), third.clone()]).await.expect("attached");
    let known = Export { feed: feeds[0].clone(), upto: Seq(4), position: Some(place) };
    assert_eq!(attached, [known, fresh(&third)]);
}

async fn first_requests_are_counted_as_they_are_taken<F: Frontier>(frontier: &F) {
    let admitted = frontier.seed(vec![wish("http://a/1"), wish("http://a/1"), wish("http://a/2")], false).await;
    assert_eq!(admitted.expect("seeded"), Admitted { queued: 2, seen: 1, refused: 0 });
    let progress = frontier.progress().await.expect("progress");
    assert_eq!((progress.seeds, progress.started), (3, false));
    frontier.seed(Vec::new(), true).await.expect("seeded");
    let progress = frontier.progress().await.expect("progress");
    assert_eq!((progress.seeds, progress.started, progress.pending), (3, true, 2));
}

async fn counts_come_with_their_settlement<F: Frontier>(frontier: &F) {
    submit(frontier, &["http://a/1"]).await;
    let lease = lease_one(frontier, 1).await;
    let counts = vec![("pages".into(), 1), ("words".into(), 300)];
    let again = || settlement(lease.id, lease.requests[0].id, Outcome::Done);
    let done = Settlement { counts: counts.clone(), ..again() };
    let refused = Settlement { counts, ..again() };
    frontier.settle(vec![done, refused]).await.expect("settled");
    let known: Vec<_> = frontier.counts().await.expect("counts");
    assert_eq!(known, [("pages".to_owned(), 1), ("words".to_owned(), 300)]);
}

async fn a_request_that_cannot_be_written_down_is_refused_alone<F: Frontier>(frontier: &F) {
    let mut secret = HeaderValue::from_static("Bearer 12345");
    secret.set_sensitive(true);
    let with_secret = wish("http://a/1").header(http::header::AUTHORIZATION, secret);
    let admitted = frontier.submit(vec![with_secret, wish("http://a/2")]).await.expect("submitted");
    assert_eq!(admitted, Admitted { queued: 1, seen: 0, refused: 1 });
    the_sum_law_holds(frontier).await;
}
