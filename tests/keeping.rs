//! Looking after a store through the binary: what is in it, what is damaged, what is there twice, what may go, and taking
//! it along. Other programs open what is exported.
#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dragline_tests::{Album, Scene, dragline, stem, wait_until};
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::Value;
use sha1::{Digest, Sha1};

/// How a command ended, and what it said.
struct Said {
    code: i32,
    out: String,
    error: String,
}

impl Said {
    fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    #[track_caller]
    fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.error);
        self
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = dragline();
    command.arg("store").args(arguments);
    command
}

fn store(arguments: &[&str]) -> Said {
    let output = command(arguments).output().expect("the binary runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Said { code: output.status.code().expect("an exit"), out: text(output.stdout), error: text(output.stderr) }
}

/// A photograph of its own for each seed: patches, so that it looks like something.
fn photo(seed: u32, width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9) | 1;
    let patches: Vec<u8> = (0..64)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state.to_le_bytes()[1]
        })
        .collect();
    let picture = RgbImage::from_fn(width, height, |x, y| {
        let shade = patches[(y * 8 / height * 8 + x * 8 / width) as usize];
        Rgb([shade, shade / 2 + 40, 255 - shade])
    });
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).expect("encoded");
    bytes.into_inner()
}

fn url(number: u32) -> String {
    format!("http://a.example/{number}.jpg")
}

fn hex(bytes: &[u8]) -> String {
    Sha1::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A store as Scrapy leaves it, and its feed.
struct Photos {
    scene: Scene,
    root: PathBuf,
}

impl Photos {
    fn empty() -> Self {
        let scene = Scene::new();
        let root = scene.path("photos");
        fs::create_dir_all(root.join("full")).expect("made");
        Self { scene, root }
    }

    fn of(count: u32) -> Self {
        let photos = Self::empty();
        let items: String = (0..count)
            .map(|number| {
                let name = photos.put(&url(number), &photo(number + 1, 64, 48, ImageFormat::Jpeg), "jpg");
                let image =
                    serde_json::json!({"url": url(number), "path": name, "checksum": "x", "status": "downloaded"});
                format!("{}\n", serde_json::json!({ "images": [image] }))
            })
            .collect();
        fs::write(photos.feed(), items).expect("written");
        photos
    }

    fn put(&self, url: &str, bytes: &[u8], extension: &str) -> String {
        let name = format!("full/{}.{extension}", stem(url));
        fs::write(self.root.join(&name), bytes).expect("written");
        name
    }

    fn path(&self, number: u32) -> PathBuf {
        self.root.join(format!("full/{}.jpg", stem(&url(number))))
    }

    fn feed(&self) -> PathBuf {
        self.scene.path("items.jsonl")
    }

    fn run(&self, action: &str, more: &[&str]) -> Said {
        let root = self.root.display().to_string();
        let arguments: Vec<&str> = [action, &root].into_iter().chain(more.iter().copied()).collect();
        store(&arguments)
    }

    fn indexed(self) -> Self {
        let feed = self.feed().display().to_string();
        let with: &[&str] = if self.feed().exists() { &["--from", &feed] } else { &[] };
        self.run("index", with).ended(0);
        self
    }
}

/// What a line of Python prints.
fn python(program: &str, arguments: &[&Path]) -> String {
    let output = Command::new("python3").arg("-c").arg(program).args(arguments).output().expect("python3 runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn a_store_of_scrapys_is_indexed_and_listed() {
    let photos = Photos::of(5);
    let thumb = photos.root.join(format!("thumbs/small/{}.jpg", stem(&url(1))));
    fs::create_dir_all(thumb.parent().expect("a folder")).expect("made");
    fs::write(&thumb, photo(2, 16, 12, ImageFormat::Jpeg)).expect("written");
    let png = photos.put("http://a.example/p", &photo(99, 320, 200, ImageFormat::Png), "png");
    let feed = photos.feed().display().to_string();
    photos.run("ls", &[]).ended(2).error.contains("dragline store index").then_some(()).expect("the cure is named");
    let said = photos.run("index", &["--from", &feed]).ended(0).out;
    assert!(said.starts_with("6 objects, 6 of them read now; 1 thumbnails; 0 rows gone; 5 URLs"), "{said}");
    let said = photos.run("index", &["--from", &feed]).ended(0).out;
    assert!(said.starts_with("6 objects, 0 of them read now; 1 thumbnails; 0 rows gone; 0 URLs"), "{said}");

    let listed = photos.run("ls", &["--json"]).ended(0).lines();
    assert_eq!(listed.len(), 6);
    let first = listed.iter().find(|object| object["urls"][0]["url"] == url(1)).expect("known by its URL");
    assert_eq!((&first["width"], &first["height"]), (&64.into(), &48.into()));
    assert_eq!(first["sha1"], hex(&fs::read(photos.path(1)).expect("bytes")));
    assert_eq!(first["thumbs"]["small"], format!("thumbs/small/{}.jpg", stem(&url(1))));
    let wide = photos.run("ls", &["--min-width", "100", "--type", "png", "--json"]).ended(0).lines();
    assert_eq!(wide.iter().map(|object| object["name"].clone()).collect::<Vec<_>>(), [png]);
    let long = photos.run("ls", &["--long"]).ended(0).out;
    assert!(
        long.contains(&url(3)) && long.contains("6 objects, ") && long.contains("5 image/jpeg, 1 image/png"),
        "{long}"
    );

    // what goes from the store goes from the manifest, and what its URL was stays known
    fs::remove_file(photos.path(3)).expect("removed");
    let said = photos.run("index", &[]).ended(0).out;
    assert!(said.starts_with("5 objects, 0 of them read now; 1 thumbnails; 1 rows gone"), "{said}");
}

#[test]
fn every_kind_of_damage_is_found_and_named() {
    let photos = Photos::of(6).indexed();
    let said = photos.run("verify", &[]).ended(0).out;
    assert!(said.starts_with("6 objects and 0 thumbnails are whole"), "{said}");
    let mut rotten = fs::read(photos.path(0)).expect("bytes");
    let middle = rotten.len() - 40;
    rotten[middle] ^= 0x10;
    fs::write(photos.path(0), rotten).expect("written");
    let whole = fs::read(photos.path(1)).expect("bytes");
    fs::write(photos.path(1), &whole[..whole.len() / 2]).expect("written");
    fs::remove_file(photos.path(2)).expect("removed");
    fs::write(photos.path(3), b"").expect("written");
    let stray = photos.put("http://a.example/stray", &photo(50, 20, 20, ImageFormat::Jpeg), "jpg");
    let page = photos.put("http://a.example/page", b"<html>Not found</html>", "jpg");

    let found = photos.run("verify", &["--json"]).ended(3).lines();
    let what = |name: &str| {
        let found = found.iter().find(|line| line["name"] == name).map(|line| line["what"].clone());
        found.unwrap_or_default().as_str().unwrap_or_default().to_owned()
    };
    let name = |number: u32| format!("full/{}.jpg", stem(&url(number)));
    assert_eq!([0, 1, 2, 3, 4].map(|number| what(&name(number))), ["damaged", "damaged", "missing", "damaged", ""]);
    assert_eq!((what(&stray).as_str(), what(&page).as_str()), ("unknown", "damaged"));
    assert_eq!(found.last().expect("sums")["whole"], 2);

    // nothing was changed by looking; now the damaged ones go aside, and nothing is deleted
    assert!(photos.path(0).exists());
    let said = photos.run("verify", &["--set-aside"]).ended(3).out;
    assert!(said.contains("4 moved to damaged/"), "{said}");
    assert!(!photos.path(0).exists() && photos.root.join("damaged").join(name(0)).exists());
    photos.run("index", &[]).ended(0);
    let said = photos.run("verify", &[]).ended(0).out;
    assert!(said.starts_with("3 objects"), "{said}");
}

#[test]
fn what_is_damaged_is_not_taken_into_a_manifest() {
    let photos = Photos::of(2);
    let whole = fs::read(photos.path(1)).expect("bytes");
    fs::write(photos.path(1), &whole[..whole.len() / 2]).expect("written");
    let said = photos.run("index", &[]).ended(3);
    assert!(said.error.contains(&stem(&url(1))) && said.out.ends_with("1 not taken in\n"), "{}", said.error);
}

#[test]
fn duplicates_are_explained_before_they_go_and_their_urls_lead_to_what_stays() {
    let photos = Photos::of(3);
    let large = photo(1, 640, 480, ImageFormat::Png);
    let kept = photos.put("http://a.example/large", &large, "png");
    let again = photos.put("http://a.example/again", &fs::read(photos.path(1)).expect("bytes"), "jpg");
    let photos = photos.indexed();
    // by their bytes alone
    let exact = photos.run("dupes", &["--json"]).ended(0).lines();
    assert_eq!((exact.len(), &exact[0]["exact"]), (1, &true.into()));
    let names: BTreeSet<&str> =
        exact[0]["objects"].as_array().expect("objects").iter().filter_map(|o| o["name"].as_str()).collect();
    let second = format!("full/{}.jpg", stem(&url(1)));
    assert_eq!(names, BTreeSet::from([second.as_str(), &again]));
    // and by their looks: a thumbnail of the large one
    let said = photos.run("dupes", &["--near", "--keep-best"]).ended(0);
    assert!(said.out.contains("the same looks:") && said.out.contains("it has more pixels"), "{}", said.out);
    assert!(said.out.contains("2 groups") && said.error.contains("nothing is deleted"), "{}", said.error);
    assert!(photos.path(0).exists(), "it was a dry run");
    photos.run("dupes", &["--yes"]).ended(2);

    photos.run("dupes", &["--near", "--keep-best", "--yes"]).ended(0);
    assert!(!photos.path(0).exists() && photos.root.join(&kept).exists() && photos.path(2).exists());
    assert_ne!(photos.path(1).exists(), photos.root.join(&again).exists(), "one of two equals stays");
    let listed = photos.run("ls", &["--json"]).ended(0).lines();
    let best = listed.iter().find(|object| object["name"] == kept.as_str()).expect("kept");
    assert_eq!(best["urls"][0]["url"], url(0), "its URL leads to the better one");
    assert!(photos.run("dupes", &["--near"]).ended(0).out.starts_with("0 groups"));
    photos.run("verify", &[]).ended(0);
}

#[test]
fn nothing_is_deleted_for_one_that_is_damaged() {
    let photos = Photos::of(1);
    let again = photos.put("http://a.example/again", &fs::read(photos.path(0)).expect("bytes"), "jpg");
    let photos = photos.indexed();
    let kept = photos.run("dupes", &["--json"]).lines()[0]["objects"][0]["name"].as_str().expect("a name").to_owned();
    fs::write(photos.root.join(kept), b"rot").expect("written");
    let said = photos.run("dupes", &["--keep-best", "--yes"]).ended(3);
    assert!(said.error.contains("nothing of its group is deleted"), "{}", said.error);
    assert!(photos.path(0).exists() && photos.root.join(again).exists());
}

#[test]
fn only_what_nobody_names_goes_and_only_when_told() {
    let photos = Photos::of(4).indexed();
    let stray = photos.put("http://a.example/stray", &photo(50, 20, 20, ImageFormat::Jpeg), "jpg");
    let orphan = photos.root.join("thumbs/small/0000.jpg");
    fs::create_dir_all(orphan.parent().expect("a folder")).expect("made");
    fs::write(&orphan, photo(7, 9, 9, ImageFormat::Jpeg)).expect("written");
    // what is young may be about to be named
    assert!(photos.run("gc", &["--yes"]).ended(0).out.starts_with("nothing is there"));
    let said = photos.run("gc", &["--older-than", "0s"]).ended(0).out;
    assert!(said.contains(&stray) && said.contains("thumbs/small/0000.jpg") && said.contains("`--yes`"), "{said}");
    assert!(orphan.exists() && photos.root.join(&stray).exists(), "it was a dry run");
    photos.run("gc", &["--older-than", "0s", "--yes"]).ended(0);
    assert!(!orphan.exists() && !photos.root.join(&stray).exists() && photos.path(0).exists());
    // with a feed, what it does not name goes, whatever the manifest knows
    let feed = fs::read_to_string(photos.feed()).expect("text");
    let shorter = photos.scene.path("shorter.jsonl");
    fs::write(&shorter, feed.lines().take(3).fold(String::new(), |all, line| all + line + "\n")).expect("written");
    let shorter = shorter.display().to_string();
    photos.run("gc", &["--feed", &shorter, "--older-than", "0s", "--yes"]).ended(0);
    assert!(photos.path(2).exists() && !photos.path(3).exists());
    // a feed that is torn, or another store's, empties nothing
    fs::write(photos.feed(), "{\"images\": [{\"path\": \"full/").expect("written");
    let torn = photos.feed().display().to_string();
    let said = photos.run("gc", &["--feed", &torn, "--older-than", "0s", "--yes"]).ended(2);
    assert!(said.error.contains("line 1 of") && photos.path(0).exists(), "{}", said.error);
    fs::write(photos.feed(), "{}\n").expect("written");
    photos.run("gc", &["--feed", &torn, "--older-than", "0s", "--yes"]).ended(2);
    assert!(photos.path(0).exists());
}

#[test]
fn archives_are_opened_by_other_programs() {
    let photos = Photos::of(5).indexed();
    fs::remove_file(photos.path(2)).expect("removed");
    let (zip, tar) = (photos.scene.path("photos.zip"), photos.scene.path("photos.tar"));
    let out = zip.display().to_string();
    let said = photos.run("export", &[&out]).ended(3);
    assert!(said.error.contains("it is not there") && said.out.starts_with("4 objects"), "{}", said.error);
    photos.run("export", &[&tar.display().to_string()]).ended(3);
    let list = "import sys,zipfile,tarfile,hashlib\n\
        z=zipfile.ZipFile(sys.argv[1]); t=tarfile.open(sys.argv[2])\n\
        assert z.testzip() is None\n\
        assert all(i.compress_type==zipfile.ZIP_STORED for i in z.infolist())\n\
        a={n:hashlib.sha1(z.read(n)).hexdigest() for n in z.namelist()}\n\
        b={m.name:hashlib.sha1(t.extractfile(m).read()).hexdigest() for m in t.getmembers()}\n\
        assert a==b, (a,b)\n\
        print('\\n'.join(f'{n} {h}' for n,h in sorted(a.items())))";
    let listed = python(list, &[&zip, &tar]);
    let mut expected: Vec<String> = [0, 1, 3, 4]
        .map(|number| {
            format!("full/{}.jpg {}", stem(&url(number)), hex(&fs::read(photos.path(number)).expect("bytes")))
        })
        .into();
    let errors = format!("full/{}.jpg\tit is not there\n", stem(&url(2)));
    expected.push(format!("_errors.txt {}", hex(errors.as_bytes())));
    expected.sort();
    assert_eq!(listed.lines().collect::<Vec<_>>(), expected);
    let unzip = Command::new("unzip").arg("-tq").arg(&zip).stdout(Stdio::null()).status();
    assert!(unzip.is_err() || unzip.is_ok_and(|status| status.success()), "unzip takes it");
    // what is there is not written over, and nothing half done is left
    let said = photos.run("export", &[&out]).ended(2);
    assert!(said.error.contains("is there already"), "{}", said.error);
    let left: Vec<_> =
        fs::read_dir(photos.scene.path(".")).expect("a folder").flatten().map(|e| e.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains(".part-")), "{left:?}");
}

/// Reads all shards as a trainer would, and says each sample's key and the hash of its picture.
const SAMPLES: &str = "import sys,glob,tarfile,json,hashlib,collections\n\
    seen=collections.Counter()\n\
    for s in sorted(glob.glob(sys.argv[1]+'-*.tar')):\n\
    \x20 t=tarfile.open(s); pair={}\n\
    \x20 for m in t.getmembers():\n\
    \x20   key,ext=m.name.split('.',1); pair.setdefault(key,{})[ext]=t.extractfile(m).read()\n\
    \x20 for key,p in pair.items():\n\
    \x20   j=json.loads(p['json']); assert hashlib.sha1(p['jpg']).hexdigest()==j['sha1'] and j['key']==key\n\
    \x20   seen[j['name']]+=1\n\
    index=[json.loads(l) for l in open(sys.argv[1]+'.index.jsonl')]\n\
    assert sorted(l['name'] for l in index)==sorted(seen), 'the index names them all'\n\
    assert max(seen.values())==1, 'a sample is there twice'\n\
    print(len(seen))";

#[test]
fn an_export_that_was_killed_goes_on_and_each_sample_is_there_once() {
    let photos = Photos::of(600).indexed();
    let out = photos.scene.path("train/part");
    let root = photos.root.display().to_string();
    let pattern = format!("{}-{{000000..}}.tar", out.display());
    let shards = || {
        let entries = fs::read_dir(out.parent().expect("a folder")).into_iter().flatten().flatten();
        entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("part-")).count()
    };
    let arguments = ["export", &root, &pattern, "--shard-size", "40 KiB"];
    let (mut killed, mut before) = (0, 0);
    for _ in 0..3 {
        let running = command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("runs");
        let running = std::cell::RefCell::new(running);
        wait_until("another shard", || {
            shards() > before + 2 || running.borrow_mut().try_wait().is_ok_and(|end| end.is_some())
        });
        let mut running = running.into_inner();
        let _ = running.kill();
        killed += u32::from(running.wait().expect("ended").code().is_none());
        before = shards();
    }
    assert!(killed > 0, "it was killed at least once, with {before} shards");
    let said = store(&arguments).ended(0).out;
    assert!(said.contains("that were there"), "{said}");
    assert_eq!(python(SAMPLES, &[&out]).trim(), "600");
    let left: Vec<_> =
        fs::read_dir(out.parent().expect("a folder")).expect("a folder").flatten().map(|e| e.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with('.')), "{left:?}");
    // what is new goes behind
    photos.put("http://a.example/new", &photo(9000, 30, 30, ImageFormat::Jpeg), "jpg");
    photos.run("index", &[]).ended(0);
    assert!(store(&arguments).ended(0).out.starts_with("1 objects"));
    assert_eq!(python(SAMPLES, &[&out]).trim(), "601");
}

#[test]
fn a_gallery_leads_to_the_originals_and_trusts_no_name_and_no_url() {
    let photos = Photos::empty();
    let bytes = photo(1, 64, 48, ImageFormat::Jpeg);
    let name = "full/it's #1 & 100%.jpg";
    fs::write(photos.root.join(name), bytes).expect("written");
    let hostile = "http://a.example/\"><script>alert(1)</script>?password=hunter2";
    let item = serde_json::json!({ "images": [{ "url": hostile, "path": name }] });
    fs::write(photos.feed(), format!("{item}\n")).expect("written");
    let photos = photos.indexed();
    let out = photos.scene.path("gallery");
    photos.run("export", &[&out.display().to_string(), "--format", "html", "--title", "<b>Ours</b>"]).ended(0);
    let html = fs::read_to_string(out.join("index.html")).expect("text");
    assert!(!html.contains("<script") && !html.contains("<b>") && !html.contains("hunter2"), "{html}");
    assert!(html.contains("href=\"../photos/full/it%27s%20%231%20%26%20100%25.jpg\""), "{html}");
    assert!(html.contains("alt=\"Picture 1: 64 × 48"), "{html}");
    assert_eq!(fs::read_dir(out.join("small")).expect("a folder").count(), 1);
    photos.run("export", &[&out.display().to_string(), "--format", "html"]).ended(2);
    let whole = photos.scene.path("whole");
    photos.run("export", &[&whole.display().to_string(), "--format", "html", "--copy"]).ended(0);
    assert!(whole.join("originals").join(name).exists());
}

#[test]
fn what_is_known_is_a_table() {
    let photos = Photos::of(3).indexed();
    let csv = photos.scene.path("photos.csv");
    photos.run("export", &[&csv.display().to_string()]).ended(0);
    let text = fs::read_to_string(&csv).expect("text");
    assert!(text.starts_with("name,sha1,size,mime,width,height") && text.contains(&url(2)), "{text}");
    let said = photos.run("export", &[&photos.scene.path("photos.nothing").display().to_string()]).ended(2);
    assert!(said.error.contains("nothing"), "{}", said.error);
}

#[test]
fn several_processes_share_a_manifest() {
    let photos = Photos::of(120);
    let root = photos.root.display().to_string();
    let begin = |action: &'static str| {
        command(&[action, &root]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("runs")
    };
    let running: Vec<_> = (0..4).map(|_| begin("index")).collect();
    for process in running {
        let output = process.wait_with_output().expect("ended");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(photos.run("ls", &["--json"]).ended(0).lines().len(), 120);
    photos.run("verify", &[]).ended(0);
}

#[test]
fn f12_a_manifest_that_is_none_is_refused_in_words() {
    let photos = Photos::of(1).indexed();
    let manifest = photos.root.join(".dragline-manifest.sqlite");
    fs::write(&manifest, "a letter to my mother, which is no database. ".repeat(200)).expect("written");
    for action in ["ls", "verify", "dupes", "gc", "index"] {
        let said = photos.run(action, &[]).ended(4);
        assert!(said.error.contains("dragline store index"), "{}", said.error);
    }
    fs::remove_file(&manifest).expect("removed");
    photos.run("index", &[]).ended(0);
    let nowhere = photos.scene.path("nowhere").display().to_string();
    store(&["ls", &nowhere]).ended(6);
    assert!(!Path::new(&nowhere).exists(), "a store is not made by looking at it");
}

#[test]
fn a_manifest_that_is_lost_is_made_again_and_nothing_is_fetched_again() {
    let (album, scene) = (Album::of(60), Scene::new());
    let more = ["-s", "pipelines.images.store=photos"];
    album.crawl(&scene, &more).expect_code(0);
    let root = scene.path("photos");
    let _ = fs::remove_file(root.join(".dragline-manifest.sqlite"));
    let (place, feed) = (root.display().to_string(), scene.path("items.jsonl").display().to_string());
    let said = store(&["index", &place, "--from", &feed]).ended(0).out;
    assert!(said.starts_with("60 objects, 60 of them read now") && said.contains("60 URLs from feeds"), "{said}");
    let asked = album.originals_asked();
    let again = album.crawl(&scene, &more);
    again.expect_code(0);
    assert_eq!(again.count("file_status_count/uptodate"), 60);
    assert_eq!(album.originals_asked(), asked, "nothing is fetched again");
    store(&["verify", &place]).ended(0);
}
