use super::*;
use crate::frontier::conformance;

fn options(folder: &Path) -> Options {
    let patience = Duration::from_secs(1);
    Options { folder: folder.to_owned(), spider: "test".to_owned(), settings: Settings::default(), patience }
}

#[tokio::test]
async fn the_disk_is_a_frontier() {
    let folders = tempfile::tempdir().expect("a folder");
    let count = std::cell::Cell::new(0);
    for durability in [Durability::Normal, Durability::Strict] {
        conformance::run(|order| {
            count.set(count.get() + 1);
            let mut options = options(&folders.path().join(count.get().to_string()));
            (options.settings.order, options.settings.durability) = (order, durability);
            Disk::new(options)
        })
        .await;
    }
}
