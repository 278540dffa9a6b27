//! What is valid, what is not, and what is said of it.

use bytes::Bytes;
use dragline::message::{Field, ItemType};
use url::Url;

use super::*;

const ITEMS: &[ItemType] = &[ItemType {
    kind: "book",
    fields: &[
        Field { name: "title", required: true, schema: || serde_json::json!({"type": "string"}) },
        Field { name: "price", required: true, schema: || serde_json::json!({"type": "number"}) },
        Field { name: "stock", required: false, schema: || serde_json::json!({"type": ["integer", "null"]}) },
    ],
}];

fn validate(toml: &str) -> Validate {
    built(toml).expect("settings")
}

fn built(toml: &str) -> Result<Validate> {
    let settings: Settings = toml::from_str(toml).expect("TOML");
    let schemas = Schemas::build(&settings, ITEMS)?;
    let letters = (!settings.invalid.as_os_str().is_empty()).then(|| Letters::new(settings.invalid));
    Ok(Validate { on_invalid: settings.on_invalid, schemas, letters, stats: Arc::default() })
}

fn record(kind: &str, json: &Value) -> Record {
    let page = Arc::new(Url::parse("http://a.example/?token=canary-9a").expect("a URL"));
    Record::from_json(kind, page, Bytes::from(json.to_string())).expect("an object")
}

fn wrong(validate: &Validate, item: Value) -> Vec<(String, String)> {
    validate.schemas.wrong("book", &item).into_iter().map(|wrong| (wrong.field, wrong.rule)).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(field, rule)| ((*field).to_owned(), (*rule).to_owned())).collect()
}

#[test]
fn items_are_what_their_spider_has_declared() {
    let validate = validate("");
    assert_eq!(wrong(&validate, serde_json::json!({"title": "t", "price": 1, "stock": null, "more": [1]})), []);
    let found = wrong(&validate, serde_json::json!({"price": "1", "stock": 1.5}));
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found.contains(&("title".to_owned(), "required".to_owned())), "{found:?}");
    let undeclared = super::tests::validate("declared = false");
    assert!(!undeclared.schemas.has("book"));
}

#[test]
fn rules_of_the_settings_hold_beside_the_declaration() {
    let toml = r#"
        declared = false
        [fields.book]
        title = { required = true, min_length = 2, max_length = 10, pattern = "^[A-Z]" }
        price = { min = 0, max = 1000 }
        state = { values = ["new", "used"] }
        url = { format = "uri" }
        tags = { type = "array", min_length = 1 }"#;
    let validate = validate(toml);
    assert_eq!(wrong(&validate, serde_json::json!({"title": "Äpfel"})), pairs(&[("title", "pattern")]));
    assert_eq!(wrong(&validate, serde_json::json!({"title": null})), pairs(&[("title", "type")]));
    assert_eq!(wrong(&validate, serde_json::json!({})), pairs(&[("title", "required")]));
    assert_eq!(wrong(&validate, serde_json::json!({"title": "Abc", "price": null, "state": null, "tags": null})), []);
    let item = serde_json::json!({"title": "A", "price": -1, "state": "old", "url": "x y", "tags": []});
    let expected =
        [("title", "minLength"), ("price", "minimum"), ("state", "enum"), ("url", "format"), ("tags", "minItems")];
    let mut found = wrong(&validate, item);
    let mut expected = pairs(&expected);
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn a_schema_opens_nothing_and_a_pattern_takes_linear_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, schema: &Value| {
        std::fs::write(folder.path().join(name), schema.to_string()).expect("written");
        format!("declared = false\nschemas.book = {:?}", folder.path().join(name))
    };
    let own = serde_json::json!({"$schema": "http://json-schema.org/draft-07/schema#",
        "definitions": {"p": {"minimum": 5}}, "properties": {"price": {"$ref": "#/definitions/p"}}});
    assert_eq!(
        wrong(&validate(&file("own.json", &own)), serde_json::json!({"price": 1})),
        pairs(&[("price", "minimum")])
    );
    for reference in ["http://127.0.0.1:9/x.json", "file:///etc/passwd", "own.json", "../own.json"] {
        let toml = file("other.json", &serde_json::json!({"properties": {"a": {"$ref": reference}}}));
        let error = built(&toml).expect_err(reference).to_string();
        assert!(error.contains("pipelines.validate.schemas.book") && error.contains("is no JSON Schema"), "{error}");
    }
    for pattern in ["(?=a)b", "(a)\\1", "("] {
        let error = built(&format!("fields.book.title = {{ pattern = '{pattern}' }}")).expect_err(pattern).to_string();
        assert!(error.starts_with("`pipelines.validate.fields.book` cannot be"), "{error}");
    }
    let slow = validate("fields.book.title = { pattern = '^(a+)+$' }\ndeclared = false");
    let begin = std::time::Instant::now();
    let title = format!("{}!", "a".repeat(100_000));
    assert_eq!(wrong(&slow, serde_json::json!({"title": title})), pairs(&[("title", "pattern")]));
    assert!(begin.elapsed().as_secs() < 5);
}

#[tokio::test]
async fn what_is_invalid_is_counted_and_kept_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("letters/invalid.jsonl");
    let validate = validate(&format!("invalid = {file:?}\nfields.book.password = {{ max_length = 3 }}"));
    validate.open().await.expect("opened");
    let bad = record("book", &serde_json::json!({"title": "t", "price": 1, "password": "canary-7f3e"}));
    assert!(matches!(validate.process(bad).await, Ok(Verdict::Drop("invalid"))));
    let good = record("book", &serde_json::json!({"title": "t", "price": 1}));
    assert!(matches!(validate.process(good).await, Ok(Verdict::Keep(_))));
    assert!(matches!(validate.process(record("other", &serde_json::json!({}))).await, Ok(Verdict::Keep(_))));
    for name in ["items/book/invalid", "items/book/password/invalid", "items/book/password/invalid/maxLength"] {
        assert_eq!(validate.stats.count(name), 1, "{name}");
    }
    let lines = std::fs::read_to_string(&file).expect("a file");
    let line: Value = serde_json::from_str(lines.trim_end()).expect("one line of JSON");
    assert_eq!((&line["kind"], &line["errors"][0]["rule"]), (&"book".into(), &"maxLength".into()));
    assert_eq!(line["item"]["title"], "t");
    assert!(!lines.contains("canary-9a"), "the page's token: {lines}");
    std::fs::write(&file, format!("{lines}{{\"half")).expect("written");
    validate.open().await.expect("opened");
    let again = record("book", &serde_json::json!({}));
    assert!(matches!(validate.process(again).await, Ok(Verdict::Drop("invalid"))));
    assert_eq!(std::fs::read_to_string(&file).expect("a file").lines().count(), 3);
}

#[tokio::test]
async fn invalid_items_are_dropped_kept_or_an_error() {
    let bad = || record("book", &serde_json::json!({"title": 1, "price": 1}));
    assert!(matches!(validate("on_invalid = 'keep'").process(bad()).await, Ok(Verdict::Keep(_))));
    let error = validate("on_invalid = 'fail'").process(bad()).await.expect_err("invalid").to_string();
    assert!(error.starts_with("`title` of an item is invalid: "), "{error}");
}

#[test]
fn what_is_said_names_the_field_and_hides_secrets() {
    let validate = validate("fields.book.password = { max_length = 3 }\nfields.book.url = { max_length = 3 }");
    let item = serde_json::json!({"title": "t", "price": "x".repeat(10_000), "password": "canary-7f3e",
        "url": "http://me:canary-5c@a.example/"});
    let said = validate.schemas.wrong("book", &item);
    assert_eq!(said.len(), 3);
    assert!(said.iter().all(|wrong| !format!("{wrong:?}").contains("canary") && wrong.value.len() <= 200), "{said:?}");
}

#[test]
fn rules_for_what_there_is_not_are_told() {
    let validate = validate("fields.book.pirce = { min = 0 }\nfields.bok.price = { min = 0 }");
    assert_eq!(validate.schemas.strangers.len(), 2);
    assert!(validate.schemas.strangers[0].contains("did you mean `book`?"), "{:?}", validate.schemas.strangers);
    assert!(validate.schemas.strangers[1].contains("did you mean `price`?"), "{:?}", validate.schemas.strangers);
}
