//! Names, what is missing, and an archive as programs of others read it.

use dragline::message::Body as Kept;
use dragline_images::Entry;
use dragline_store::{About, Existing};
use tokio::sync::Semaphore;

use super::*;
use crate::web::pages::samples;

fn picture(number: usize, url: &str, path: Option<&str>, size: u64) -> Arc<Picture> {
    let mut entry = Entry::failed(url.to_owned(), "http_status", "answered\n404".to_owned());
    (entry.path, entry.size) = (path.map(str::to_owned), Some(size));
    Arc::new(Picture { entry: Some(entry), ..samples::picture(number, url) })
}

#[test]
fn w10_names_are_those_of_urls_clean_and_unique_with_the_extension_of_the_bytes() {
    let of = |url: &str, path: &str| picture(0, url, Some(path), 1);
    let pictures = [
        of("http://a.example/x/lake.php?id=7", "full/0.jpg"),
        of("http://a.example/y/LAKE.png", "full/1.jpg"),
        of("http://a.example/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "full/2.png"),
        of("http://a.example/..%5c..%5cboot.ini", "full/3.png"),
        of("http://a.example/CON", "full/4.gif"),
        of("http://a.example/%FF%FE.jpg", "full/5.jpg"),
        of("http://a.example/", "full/6.webp"),
        of("http://a.example/_errors.txt", "full/7.txt"),
        of("data:image/png;base64,AAAA", "full/8.png"),
    ];
    let plan = Plan::of(&pictures, 1000);
    let names: Vec<&str> = plan.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names[..2], ["lake.jpg", "LAKE-2.jpg"]);
    assert_eq!(names.len(), pictures.len());
    for name in &names {
        assert!(!name.contains(['/', '\\', '\0']) && !name.starts_with('.'), "{name}");
    }
    assert!(names.contains(&"picture-1.webp") && names.contains(&"_errors-2.txt"), "{names:?}");
    assert_eq!(plan.errors, "");
}

#[test]
fn w10_what_is_not_in_the_archive_is_listed_a_line_each() {
    let (a, b, c) = ("http://a.example/a.jpg", "http://a.example/b.jpg", "http://a.example/c.jpg");
    let pictures =
        [picture(0, a, Some("full/a.jpg"), 60), picture(1, b, None, 0), picture(2, c, Some("full/c.jpg"), 60)];
    let plan = Plan::of(&pictures, 100);
    assert_eq!(plan.files.len(), 1);
    let want = format!("{b}\tanswered 404\n{c}\tthe archive would be over `gallery.max_zip`\n");
    assert_eq!(plan.errors, want);
}

async fn archive(pictures: &[Arc<Picture>], store: Local) -> io::Result<Vec<u8>> {
    let place = Arc::new(Semaphore::new(1)).try_acquire_owned().expect("a place");
    let mut stream = std::pin::pin!(packed(store, Plan::of(pictures, u64::MAX), place));
    let mut bytes = Vec::new();
    while let Some(piece) = stream.next().await {
        bytes.extend_from_slice(&piece?);
    }
    Ok(bytes)
}

#[tokio::test]
async fn w10_an_archive_has_the_bytes_as_they_came_and_a_cut_one_is_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Local::new(folder.path().join("scan"), false);
    store.open().await.expect("it opens");
    let bytes: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    let object: Name = "full/a.jpg".parse().expect("a name");
    let body = Kept::Memory(bytes.clone().into());
    store.put(&object, body, &About::default(), Existing::Replace).await.expect("it is kept");
    let pictures = [
        picture(0, "http://a.example/see.jpg", Some("full/a.jpg"), bytes.len() as u64),
        picture(1, "http://a.example/gone.jpg", Some("full/b.jpg"), 7),
    ];
    let whole = archive(&pictures, store).await.expect("an archive");
    let mut zip = ::zip::ZipArchive::new(io::Cursor::new(&whole)).expect("a ZIP");
    let mut read = Vec::new();
    io::Read::read_to_end(&mut zip.by_name("see.jpg").expect("the picture"), &mut read).expect("it is whole");
    assert_eq!(read, bytes);
    let errors = io::read_to_string(zip.by_name(ERRORS).expect("the list")).expect("text");
    assert_eq!(errors, "gone.jpg\tits copy is gone\n");
    for cut in [0, 1, 100, whole.len() / 2, whole.len() - 23, whole.len() - 1] {
        assert!(::zip::ZipArchive::new(io::Cursor::new(&whole[..cut])).is_err(), "{cut}");
    }
}

#[tokio::test]
async fn an_archive_of_nothing_is_empty_and_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = archive(&[], Local::new(folder.path().to_owned(), false)).await.expect("an archive");
    assert_eq!(::zip::ZipArchive::new(io::Cursor::new(&whole)).expect("a ZIP").len(), 0);
}
