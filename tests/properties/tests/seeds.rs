//! Every property, with the fuzzer's seeds and with mutations of them: the same at each run, and without the fuzzer.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests fail by panicking, and say with what"
)]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

use dragline_properties::TARGETS;

/// How many mutations, unless `DRAGLINE_MUTATIONS` says another number.
const MUTATIONS: u64 = 20_000;
/// The longest input; libFuzzer's own limit.
const LONGEST: usize = 4096;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

/// The files of a folder, by name.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    files(&fuzz().join("seeds").join(target)).iter().map(|seed| fs::read(seed).expect("a seed")).collect()
}

/// The words of a dictionary of libFuzzer's: one in quotes in each line; `\\`, `\"`, and `\xHH` for a byte.
fn dictionary(target: &str) -> Vec<Vec<u8>> {
    let text = fs::read_to_string(fuzz().join(format!("dictionaries/{target}.dict"))).expect("a dictionary");
    let word = |line: &str| {
        let quoted = line.strip_prefix('"').and_then(|line| line.strip_suffix('"')).expect("a word in quotes");
        let (mut word, mut rest) = (Vec::new(), quoted.as_bytes());
        while let [byte, after @ ..] = rest {
            let (byte, left) = match (byte, after) {
                (b'\\', [b'x', digits @ ..]) => {
                    let byte = std::str::from_utf8(&digits[..2]).expect("digits");
                    (u8::from_str_radix(byte, 16).expect("two digits"), &digits[2..])
                }
                (b'\\', [byte, after @ ..]) => (*byte, after),
                _ => (*byte, after),
            };
            word.push(byte);
            rest = left;
        }
        word
    };
    assert!(text.is_ascii(), "libFuzzer reads no other dictionary");
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(word).collect()
}

/// Xorshift (Marsaglia, 2003): the same numbers everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % end.max(1)
    }

    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        start..start + self.below((length - start).min(16) + 1)
    }
}

/// A few of: flip, change, insert from the dictionary, duplicate, leave out, truncate, splice with another seed.
fn mutate(random: &mut Random, seeds: &[Vec<u8>], words: &[Vec<u8>]) -> Vec<u8> {
    let mut input = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(4) {
        let (at, range) = (random.below(input.len() + 1), random.range(input.len()));
        match random.below(8) {
            0 if at < input.len() => input[at] ^= 1 << random.below(8),
            1 if at < input.len() => input[at] = u8::try_from(random.below(256)).expect("a byte"),
            2 | 3 if !words.is_empty() => {
                input.splice(at..at, words[random.below(words.len())].iter().copied());
            }
            4 => {
                let piece = input[range].repeat(1 + random.below(3));
                input.splice(at..at, piece);
            }
            5 => drop(input.drain(range)),
            6 => input.truncate(at),
            _ => {
                let other = &seeds[random.below(seeds.len())];
                input.truncate(at);
                input.extend_from_slice(&other[random.below(other.len() + 1)..]);
            }
        }
        input.truncate(LONGEST);
    }
    input
}

fn holds(target: &str) {
    let (_, property) = TARGETS.iter().find(|(name, _)| *name == target).expect("a target");
    let (seeds, words) = (seeds(target), dictionary(target));
    let check = |input: &[u8]| {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| property(input))) {
            eprintln!("`{target}` does not hold for b\"{}\"", input.escape_ascii());
            resume_unwind(panic);
        }
    };
    seeds.iter().for_each(|seed| check(seed));
    let mutations = std::env::var("DRAGLINE_MUTATIONS").ok().and_then(|number| number.parse().ok());
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for _ in 0..mutations.unwrap_or(MUTATIONS) {
        check(&mutate(&mut random, &seeds, &words));
    }
}

macro_rules! targets {
    ($($target:ident),*) => {
        $(#[test]
        fn $target() {
            holds(stringify!($target));
        })*

        #[test]
        fn every_target_is_here_and_has_its_files() {
            let names: Vec<_> = TARGETS.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, [$(stringify!($target)),*]);
            for name in names {
                assert!(fuzz().join(format!("targets/{name}.rs")).exists(), "the target {name}");
                for seed in files(&fuzz().join("seeds").join(name)) {
                    let seed = fs::read(&seed).expect("a seed");
                    assert!(seed.len() < 1024 && std::str::from_utf8(&seed).is_ok(), "seeds are small texts");
                }
            }
        }
    };
}

targets!(
    canonical,
    codings,
    cookies,
    css_images,
    curl,
    data_urls,
    declared,
    encodings,
    forms,
    freshness,
    html,
    image_bytes,
    links,
    object_names,
    pictures,
    redirects,
    robots,
    selectors,
    sitemaps,
    srcset,
    waits,
    xml
);
