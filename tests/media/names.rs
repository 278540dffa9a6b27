//! Where files are in the store.

use dragline_tests::Scene;
use dragline_tests::depot::{Answer, Depot};
use image::ImageFormat;
use serde_json::{Value, json};

use crate::{all, jpeg, picture, sha1, stored};

/// Names that lead out of a folder, or that some system reads as something else.
fn hostile() -> Vec<String> {
    let parts = [
        "..",
        "../..",
        "../../etc/passwd",
        "..\\..\\x",
        "/etc/passwd",
        "//host/share",
        "C:\\Windows\\x",
        "C:x",
        "\\\\?\\C:\\x",
        "%2e%2e%2f",
        "..%2f..%2fx",
        ".",
        "...",
        "",
        " ",
        "~",
        "~root/.ssh",
        "-rf",
        "CON",
        "con.txt",
        "NUL",
        "aux.jpg",
        "COM1",
        "LPT9.png",
        "x.",
        "x ",
        ".hidden",
        ".lock",
        ".dragline-manifest.sqlite",
        "a\0b",
        "a\nb",
        "a\rb",
        "a\tb",
        "\u{1b}[2J",
        "\u{202e}gpj.exe",
        "\u{200b}",
        "\u{feff}x",
        "a:b",
        "a*b",
        "a?b",
        "a\"b",
        "a<b>",
        "a|b",
        "full",
        "thumbs/../..",
        "日本",
        "😀",
        "e\u{301}",
        "é",
        "É",
        "a/b/c/d/e/f/g/h/i/j/k",
        "$(reboot)",
        "`reboot`",
        "; rm -rf /",
        "&& x",
        "x.php",
        "x.exe",
        "x.jpg.lnk",
        "x.desktop",
        "<script>",
        "'",
    ];
    let mut all: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
    all.extend(parts.iter().map(|part| format!("../{part}/..")));
    all.push("x".repeat(4096));
    all.push("ä".repeat(300));
    all
}

#[test]
fn f01_no_item_names_a_file_outside_of_the_store_or_one_that_is_something_else() {
    let (depot, scene) = (Depot::start(), Scene::new());
    let names = hostile();
    assert!(names.len() >= 120, "{}", names.len());
    let items: Vec<Value> = names
        .iter()
        .enumerate()
        .map(|(number, name)| {
            let url = depot
                .put(&format!("/{number}.png"), Answer::of("image/png", picture(ImageFormat::Png, 8, 8, number as u8)));
            json!({"album": name, "image_urls": [url]})
        })
        .collect();
    let arguments = ["-s", "pipelines.images.names={item.album}/{item.album}-{index}.{ext}"];
    let ended = depot.crawl(&scene, &items.into(), &arguments);
    ended.expect_code(0);
    assert_eq!(ended.count("file_status_count/downloaded"), names.len() as u64, "{}", ended.stderr);
    let files = stored(&scene.path("images"));
    assert_eq!(files.len(), names.len(), "each has a file of its own: {files:?}");
    for file in &files {
        assert_eq!(file.split('/').count(), 2, "{file}");
        assert!(file.ends_with(".png") && !file.split('/').any(|part| part == ".."), "{file}");
        assert!(file.split('/').all(|part| part.len() <= 200 && !part.starts_with(['.', '-', '~'])), "{file}");
    }
    let beside = std::fs::read_dir(scene.path(".")).expect("a folder").flatten();
    let mut beside: Vec<_> = beside.map(|entry| entry.file_name().into_string().expect("text")).collect();
    beside.sort();
    assert_eq!(beside, ["images", "items.jsonl", "stats.json"]);
}

#[test]
fn f02_the_extension_is_that_of_the_bytes_whatever_the_server_calls_them() {
    let (depot, scene) = (Depot::start(), Scene::new());
    let urls: Vec<_> = ["x.exe", "x.php", "x.desktop", "x.jpg.lnk", "x.jpg", "x"]
        .iter()
        .enumerate()
        .map(|(seed, path)| {
            let png = picture(ImageFormat::Png, 8, 8, seed as u8);
            depot.put(&format!("/{path}"), Answer::of("application/x-msdownload", png))
        })
        .collect();
    let items = json!([{ "image_urls": urls }]);
    let ended = depot.crawl(&scene, &items, &["-s", "pipelines.images.names={url.file}-{index}"]);
    ended.expect_code(0);
    assert_eq!(stored(&scene.path("images")), ["x-1.png", "x-2.png", "x-3.png", "x-5.png", "x-6.png", "x.jpg-4.png"]);
}

#[test]
fn i11_and_f13_the_same_bytes_under_fifty_urls_are_one_file() {
    let (depot, scene) = (Depot::start(), Scene::new());
    let bytes = jpeg(40, 30, 1);
    let urls: Vec<_> = (0..50)
        .map(|size| depot.put(&format!("/photo.jpg?size={size}"), Answer::of("image/jpeg", bytes.clone())))
        .collect();
    let items: Vec<Value> = urls.iter().map(|url| json!({"image_urls": [url]})).collect();
    let ended = depot.crawl(&scene, &items.into(), &["-s", "pipelines.images.names=content"]);
    ended.expect_code(0);
    let sha1 = sha1(&bytes);
    let path = format!("{}/{}/{sha1}.jpg", &sha1[..2], &sha1[2..4]);
    assert_eq!(stored(&scene.path("images")), [path.as_str()]);
    assert_eq!(all(&ended, "path"), vec![path; 50]);
    let manifest =
        dragline_store::manifest::Manifest::open(&dragline_store::manifest::Manifest::beside(&scene.path("images")));
    let manifest = manifest.expect("a manifest");
    for url in &urls {
        let visit = manifest.visit(url).expect("an answer").expect("each URL is listed");
        assert_eq!(visit.name, Some(all(&ended, "path")[0].clone()));
    }
}

#[test]
fn other_bytes_under_a_templates_name_stand_beside_the_first_and_the_same_bytes_are_one() {
    let (depot, scene) = (Depot::start(), Scene::new());
    let (one, other) = (jpeg(8, 8, 1), jpeg(8, 8, 99));
    let items: Vec<Value> = [("/1", &one), ("/2", &other), ("/3", &one)]
        .iter()
        .map(|(path, bytes)| {
            json!({"album": {"name": "Ferien"}, "image_urls": [depot.put(path, Answer::of("image/jpeg", (*bytes).clone()))]})
        })
        .collect();
    let ended = depot.crawl(&scene, &items.into(), &["-s", "pipelines.images.names={item.album.name}/{index:03}"]);
    ended.expect_code(0);
    let files = stored(&scene.path("images"));
    assert_eq!(files.len(), 2, "{files:?}");
    assert!(files.contains(&"Ferien/001.jpg".to_owned()), "{files:?}");
    let second = if std::fs::read(scene.path("images/Ferien/001.jpg")).expect("a file") == one { &other } else { &one };
    assert!(files.contains(&format!("Ferien/001-{}.jpg", &sha1(second)[..8])), "{files:?}");
}

#[test]
fn a_template_that_makes_no_sense_ends_the_crawl_before_it_begins() {
    let (depot, scene) = (Depot::start(), Scene::new());
    let items = json!([{"image_urls": ["/1"]}]);
    let ended = depot.crawl(&scene, &items, &["-s", "pipelines.images.names={album}/{index}"]);
    ended.expect_code(2);
    assert!(ended.stderr.contains("`pipelines.images.names`"), "{}", ended.stderr);
    assert!(ended.stderr.contains("there is no `{album}` (there are: item.FIELD, index, sha1"), "{}", ended.stderr);
    assert!(depot.asked().is_empty());
}

#[test]
fn two_pipelines_of_one_kind_and_one_of_another_go_by_their_own_tables() {
    let (depot, scene) = (Depot::start(), Scene::new());
    let items = json!([{
        "image_urls": [depot.put("/1.jpg", Answer::of("image/jpeg", jpeg(8, 8, 1)))],
        "cover_urls": [depot.put("/cover.jpg", Answer::of("image/jpeg", jpeg(8, 8, 2)))],
        "file_urls": [depot.put("/text.pdf", Answer::of("application/pdf", "%PDF-1.7 and more"))],
    }]);
    let covers = "[pipelines]\norder = ['images', 'covers', 'files']\n[pipelines.covers]\ntype = 'images'\n\
        store = 'covers'\nurls_field = 'cover_urls'\nresult_field = 'covers'\nnames = 'content'\n\
        [pipelines.covers.limits]\nmax_side = 4\n";
    std::fs::write(scene.path("covers.toml"), covers).expect("written");
    let ended =
        depot.crawl(&scene, &items, &["--config", "covers.toml", "-s", "pipelines.order=['images','covers','files']"]);
    ended.expect_code(0);
    let item = &ended.items[0];
    assert_eq!(
        (&item["images"][0]["status"], &item["files"][0]["status"]),
        (&"downloaded".into(), &"downloaded".into())
    );
    assert_eq!(item["files"][0]["mime"], "application/pdf");
    let detail = item["covers"][0]["detail"].as_str().expect("a refusal");
    assert!(detail.contains("`pipelines.covers.limits.max_side` = 4"), "{detail}");
    // what goes wrong in one of them is counted under its own name
    let items = json!([{ "cover_urls": 7 }]);
    let failed =
        depot.crawl(&scene, &items, &["--config", "covers.toml", "-s", "pipelines.order=['images','covers','files']"]);
    assert_eq!((failed.count("item_error_count/covers"), failed.items.len()), (1, 0));
}
