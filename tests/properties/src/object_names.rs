//! The names that objects of a store are given.

use std::path::{Component, Path};

use dragline_store::{Name, clean};

/// The input is what somebody wants an object to be called. What comes of it leads below the root of a store and nowhere
/// else, is short, and stays as it is when it is cleaned again.
pub fn object_names(input: &[u8]) {
    let name = Name::of_bytes(input);
    assert_eq!(Name::new(name.as_str()).expect("a name"), name, "it is one as it is");
    assert_eq!(Name::cleaned(name.as_str()), name, "and stays one");
    let parts: Vec<_> = Path::new(name.as_str()).components().collect();
    assert!(parts.iter().all(|part| matches!(part, Component::Normal(_))) && parts.len() <= 8, "{name}");
    for segment in name.as_str().split('/') {
        assert!(
            (1..=200).contains(&segment.len()) && !segment.starts_with('.') && !segment.contains(['\\', ':', '\0'])
        );
        assert_eq!(clean(segment), segment);
    }
    let capitals = name.as_str().to_uppercase();
    if let Ok(twin) = Name::new(capitals) {
        assert_eq!(twin.folded(), name.folded(), "{twin} and {name} are one on a disk without case");
    }
    let text = String::from_utf8_lossy(input);
    assert_eq!(Name::new(text.clone()).is_ok(), Name::cleaned(&text).as_str() == text, "what is a name is not changed");
}
