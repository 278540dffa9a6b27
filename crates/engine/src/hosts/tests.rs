//! Turns in every order.

use super::*;

fn host(name: &str) -> Host {
    Host::from(name)
}

fn settings(concurrency: usize, delay: Duration) -> Settings {
    Settings { concurrency, delay, begin_with: concurrency, ..Settings::default() }
}

#[tokio::test(start_paused = true)]
async fn a_host_is_asked_no_faster_than_its_delay() {
    let hosts = Hosts::new(16, settings(8, Duration::from_secs(2)));
    let begin = Instant::now();
    for _ in 0..3 {
        drop(hosts.turn(&host("a"), Door::Crawl).await);
    }
    assert_eq!(begin.elapsed().as_secs(), 4);
    assert_eq!(hosts.report()[0].smallest_gap, Some(2.0));
}

#[tokio::test]
async fn one_host_cannot_take_more_than_its_share() {
    let hosts = Hosts::new(3, settings(2, Duration::ZERO));
    let now = Instant::now();
    let Answer::Granted(_first) = hosts.try_turn(&host("a"), now) else { panic!("room for one") };
    let Answer::Granted(_second) = hosts.try_turn(&host("a"), now) else { panic!("room for two") };
    assert!(matches!(hosts.try_turn(&host("a"), now), Answer::Busy));
    let Answer::Granted(_other) = hosts.try_turn(&host("b"), now) else { panic!("another host has room") };
    assert!(matches!(hosts.try_turn(&host("c"), now), Answer::Full), "three is the limit over all hosts");
}

#[tokio::test]
async fn who_waits_gets_the_turn_that_ends_and_a_waiter_that_left_costs_nothing() {
    let hosts = Hosts::new(1, settings(1, Duration::ZERO));
    let first = hosts.turn(&host("a"), Door::Crawl).await;
    let left = tokio::spawn({
        let hosts = hosts.clone();
        async move { hosts.turn(&host("a"), Door::Crawl).await }
    });
    tokio::task::yield_now().await;
    left.abort();
    assert!(left.await.is_err());
    let waits = tokio::spawn({
        let hosts = hosts.clone();
        async move { hosts.turn(&host("b"), Door::Crawl).await }
    });
    tokio::task::yield_now().await;
    drop(first);
    drop(waits.await.expect("the turn"));
    assert_eq!(hosts.running(), 0);
}

#[tokio::test]
async fn a_held_host_lets_only_signing_in_pass() {
    let hosts = Hosts::new(4, settings(4, Duration::ZERO));
    hosts.hold(&host("a"), true);
    assert!(matches!(hosts.try_turn(&host("a"), Instant::now()), Answer::Busy));
    drop(hosts.turn(&host("a"), Door::SignIn).await);
    hosts.hold(&host("a"), false);
    assert!(matches!(hosts.try_turn(&host("a"), Instant::now()), Answer::Granted(_)));
}

#[tokio::test(start_paused = true)]
async fn a_paused_host_waits_and_another_does_not() {
    let hosts = Hosts::new(4, settings(4, Duration::ZERO));
    let until = Instant::now() + Duration::from_secs(60);
    hosts.pause(&host("a"), until);
    assert!(matches!(hosts.try_turn(&host("a"), Instant::now()), Answer::NotBefore(at) if at == until));
    drop(hosts.turn(&host("b"), Door::Crawl).await);
    drop(hosts.turn(&host("a"), Door::Crawl).await);
    assert!(Instant::now() >= until);
}

#[tokio::test(start_paused = true)]
async fn nobody_who_waits_is_forgotten_between_a_long_request_and_a_delay() {
    let hosts = Hosts::new(16, settings(1, Duration::from_secs(1)));
    let long = hosts.turn(&host("a"), Door::Crawl).await;
    let waiter = |took: u64| {
        let hosts = hosts.clone();
        tokio::spawn(async move {
            let turn = hosts.turn(&host("a"), Door::Crawl).await;
            tokio::time::sleep(Duration::from_millis(took)).await;
            drop(turn);
        })
    };
    let (first, second) = (waiter(800), waiter(0));
    tokio::time::sleep(Duration::from_secs(5)).await;
    drop(long);
    first.await.expect("its turn came");
    tokio::time::timeout(Duration::from_secs(10), second).await.expect("its turn came too").expect("no panic");
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_gave_up_does_not_block_its_host() {
    let hosts = Hosts::new(16, settings(1, Duration::ZERO));
    hosts.pause(&host("a"), Instant::now() + Duration::from_secs(5));
    let gave_up = tokio::time::timeout(Duration::from_secs(1), hosts.turn(&host("a"), Door::Crawl)).await;
    assert!(gave_up.is_err());
    assert!(matches!(hosts.try_turn(&host("a"), Instant::now()), Answer::NotBefore(_)));
    tokio::time::timeout(Duration::from_secs(10), hosts.freed()).await.expect("the engine is told");
    assert_eq!(hosts.take_freed(), [host("a")]);
    assert!(matches!(hosts.try_turn(&host("a"), Instant::now()), Answer::Granted(_)));
}

#[tokio::test(start_paused = true)]
async fn h11_a_turn_that_lasts_lends_its_place_and_takes_none_back() {
    let hosts = Hosts::lending(1, Duration::from_secs(2), settings(1, Duration::ZERO));
    let slow = hosts.turn(&host("slow"), Door::Crawl).await;
    assert!(matches!(hosts.try_turn(&host("a"), Instant::now()), Answer::Full));
    let begin = Instant::now();
    let quick = hosts.turn(&host("a"), Door::Crawl).await;
    assert_eq!((begin.elapsed().as_secs(), hosts.running(), hosts.lent()), (2, 2, 1));
    drop((slow, quick));
    assert_eq!((hosts.running(), hosts.lent()), (0, 0));
}

#[tokio::test]
async fn b08_many_names_of_one_address_share_its_turns() {
    let hosts = Hosts::new(16, Settings { per_address: 2, ..settings(2, Duration::ZERO) });
    let address = "192.0.2.1".parse().expect("an address");
    for name in ["a", "b", "c"] {
        hosts.turn(&host(name), Door::Crawl).await.reached(address);
    }
    let now = Instant::now();
    let Answer::Granted(first) = hosts.try_turn(&host("a"), now) else { panic!("room for one") };
    let Answer::Granted(_second) = hosts.try_turn(&host("b"), now) else { panic!("room for two") };
    hosts.take_freed();
    assert!(matches!(hosts.try_turn(&host("c"), now), Answer::Busy));
    drop(first);
    assert!(hosts.take_freed().contains(&host("c")), "it is told when there is room");
    assert!(matches!(hosts.try_turn(&host("c"), now), Answer::Granted(_)));
}

#[tokio::test(start_paused = true)]
async fn b05_a_host_that_asks_for_a_delay_gets_it_at_once() {
    let hosts = Hosts::new(16, settings(1, Duration::ZERO));
    drop(hosts.turn(&host("a"), Door::Robots).await);
    hosts.slow_down(&host("a"), Duration::from_secs(3));
    let begin = Instant::now();
    drop(hosts.turn(&host("a"), Door::Crawl).await);
    assert_eq!(begin.elapsed().as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_hosts_wait_without_a_look_at_each() {
    let hosts = Hosts::new(16, settings(1, Duration::ZERO));
    let names: Vec<Host> = (0..10_000).map(|number| host(&format!("h{number}"))).collect();
    let waiting = names.iter().map(|name| {
        let hosts = &hosts;
        async move { drop(hosts.turn(name, Door::Robots).await) }
    });
    futures_util::future::join_all(waiting).await;
    assert_eq!(hosts.report().len(), 10_000);
}
