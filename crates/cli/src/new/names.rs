//! The names that one name becomes: of a package, of a module, of a type.

use crate::source::usage;

/// The longest name.
const LONGEST: usize = 64;

/// What cannot be a module: words of Rust (edition 2024), and crates that a spider uses.
const RESERVED: [&str; 66] = [
    "abstract",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "struct",
    "super",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "union",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
    "std",
    "core",
    "alloc",
    "test",
    "tests",
    "main",
    "lib",
    "build",
    "target",
    "config",
    "serde",
    "dragline",
    "dragline_cli",
    "deps",
];

/// What Windows takes for devices, whatever the folder.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// Types that the templates use under these names.
const TYPES: [&str; 29] = [
    "Book",
    "Box",
    "Error",
    "Extract",
    "Failure",
    "Form",
    "Image",
    "Item",
    "ItemType",
    "Link",
    "LinkRules",
    "Links",
    "Method",
    "Node",
    "Note",
    "Ok",
    "Option",
    "Output",
    "Page",
    "Record",
    "Request",
    "Result",
    "Secret",
    "Selection",
    "Session",
    "Spider",
    "Step",
    "String",
    "Url",
];

/// A name in its three forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Names {
    /// `my-shop`
    pub(super) name: String,
    /// `my_shop`
    pub(super) module: String,
    /// `MyShop`
    pub(super) type_name: String,
}

impl Names {
    /// The forms of a name, if it can be one.
    pub(super) fn of(name: &str) -> anyhow::Result<Self> {
        let refuse = |why: &str| usage(format!("`{name}` cannot be a name: {why}"));
        let is_fit = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
        if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(is_fit) {
            return Err(refuse("small letters, digits and `-`, a letter first, as in `my-shop`"));
        }
        if name.len() > LONGEST {
            return Err(refuse("it is longer than 64 characters"));
        }
        let module = name.replace('-', "_");
        if name.ends_with(['-', '_']) || module.contains("__") {
            return Err(refuse("`-` stands between words"));
        }
        let type_name: String = module.split('_').map(capital).collect();
        let is_device = DEVICES.contains(&name)
            || ["com", "lpt"].iter().any(|port| name.strip_prefix(port).is_some_and(|n| n.len() == 1));
        if RESERVED.contains(&module.as_str()) || is_device || TYPES.contains(&type_name.as_str()) {
            return Err(refuse(&format!("it means something else; `{name}-spider` would do")));
        }
        Ok(Self { name: name.to_owned(), module, type_name })
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_that_of_a_package_a_module_and_a_type() {
        let names = Names::of("my-shop2").expect("a name");
        assert_eq!((names.module.as_str(), names.type_name.as_str()), ("my_shop2", "MyShop2"));
    }

    #[test]
    fn what_cannot_be_a_name_is_said() {
        let said = |name: &str| Names::of(name).expect_err(name).to_string();
        for name in ["", "Shop", "1shop", "my shop", "../x", "a/b", "shöp", "-a", "a\u{1b}"] {
            assert!(said(name).contains("small letters, digits and `-`"), "{name}");
        }
        for name in ["match", "serde", "page", "con", "com1", "test", "link-rules"] {
            assert!(said(name).contains("it means something else"), "{name}");
        }
        assert!(said("a--b").contains("between words") && said("a-").contains("between words"));
        assert!(said(&"a".repeat(65)).contains("longer"));
    }
}
