//! What Scrapy's own suite asks of forms (`FormRequest.from_response`).

use dragline::message::urls::Encoding;
use dragline::message::{Method, Request};
use dragline::page::{Form, Page};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::Value;
use url::Url;

use crate::requests::build;
use crate::{bytes, check};

#[test]
fn forms() {
    check("forms.jsonl", |case| match (request(case), case["want"]["error"].is_string()) {
        (Err(_), true) => Ok(()),
        (Err(error), false) => Err(error),
        (Ok(request), true) => Err(format!("{request:?}")),
        (Ok(request), false) => is_wanted(&request, &case["want"], case["encoding"].as_str().unwrap_or("utf-8")),
    });
}

fn request(case: &Value) -> Result<Request, String> {
    let says = |error: dragline::Error| error.to_string();
    let args = &case["args"];
    let mut form = by_args(&page(case), args)?;
    if let Some(url) = args["url"].as_str() {
        form = form.with_action(url).map_err(says)?;
    }
    if let Some(method) = args["method"].as_str() {
        form =
            form.with_method(Method::from_bytes(method.to_uppercase().as_bytes()).map_err(|error| error.to_string())?);
    }
    if args["dont_click"] == true {
        form = form.no_click();
    } else if let Some(button) = args["clickdata"].as_object() {
        form = match button.get("nr").and_then(Value::as_u64) {
            Some(number) => form.click_number(number as usize).map_err(says)?,
            None => {
                let quoted =
                    |value: &Value| value.as_str().unwrap_or_default().replace('\\', "\\\\").replace('"', "\\\"");
                let selector: String =
                    button.iter().map(|(name, value)| format!("[{name}=\"{}\"]", quoted(value))).collect();
                form.click(&selector).map_err(says)?
            }
        };
    }
    let mut request = filled(form, case)?.request().map_err(says)?;
    for header in args["headers"].as_array().into_iter().flatten() {
        let text = |at: usize| header[at].as_str().unwrap_or_default();
        request = request.text_header(text(0), text(1)).map_err(|error| error.to_string())?;
    }
    Ok(request)
}

fn page(case: &Value) -> Page {
    let mut headers = HeaderMap::new();
    let kind = format!("text/html; charset={}", case["encoding"].as_str().unwrap_or("utf-8"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::try_from(kind).expect("a header"));
    let url = Url::parse(case["url"].as_str().expect("text")).expect("a URL");
    Page::new(url, StatusCode::OK, headers, bytes(&case["body"]).into(), 0)
}

/// Scrapy's order: a name or an id that is not there is passed over, a selector is not.
fn by_args(page: &Page, args: &Value) -> Result<Form, String> {
    let given = |name: &str| args[name].as_str();
    let by_name = given("formname").and_then(|name| page.form_named(name).ok());
    let by_id = || given("formid").and_then(|id| page.form_with_id(id).ok());
    if let Some(form) = by_name.or_else(by_id) {
        return Ok(form);
    }
    match (given("formcss"), given("formxpath")) {
        (Some(selector), _) => page.form(selector),
        (None, Some(expression)) => page.form_xpath(expression),
        (None, None) => page.form_number(args["formnumber"].as_u64().unwrap_or(0) as usize),
    }
    .map_err(|error| error.to_string())
}

/// All values of a name are replaced by those that are given.
fn filled(mut form: Form, case: &Value) -> Result<Form, String> {
    let args = &case["args"];
    let encoding = Encoding::for_label(case["encoding"].as_str().unwrap_or("utf-8").as_bytes()).expect("an encoding");
    let text = |value: &Value| match value.as_str() {
        Some(text) => text.to_owned(),
        None => encoding.decode_without_bom_handling(&bytes(value)).0.into_owned(),
    };
    if args["formdata"].is_null() {
        return Ok(form);
    }
    let mut values: Vec<(String, Vec<String>)> = Vec::new();
    for pair in args["formdata"].as_array().ok_or("no pairs")? {
        let [name, given] = &pair.as_array().ok_or("no pair")?[..] else { return Err("no pair".to_owned()) };
        let given = match given {
            Value::Null => Vec::new(),
            Value::Array(many) => many.iter().map(text).collect(),
            one => vec![text(one)],
        };
        let name = text(name);
        match values.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => known.extend(given),
            None => values.push((name, given)),
        }
    }
    // Scrapy looks for a pressed button in a mapping only
    let clicked = form.clicked().map(|button| (button.name.clone(), button.value.clone()));
    let twice =
        clicked.filter(|(name, _)| case["formdata_is"] == "pairs" && values.iter().any(|(known, _)| known == name));
    for (name, mut values) in values {
        if let Some((_, value)) = twice.iter().find(|(known, _)| *known == name) {
            values.insert(0, value.clone());
        }
        form = form.set_all(name, values);
    }
    Ok(form)
}

/// Whether a request is the wanted one, its fields compared name by name, as Scrapy's tests do: Scrapy sends buttons and
/// what was set behind all else, and a browser where they stand (WHATWG HTML, section 4.10.21.4).
fn is_wanted(request: &Request, want: &Value, encoding: &str) -> Result<(), String> {
    let mut wanted = want.clone();
    wanted["encoding"] = encoding.into();
    let wanted = build(&wanted)?;
    let sorted = |pairs: &[u8]| {
        let mut pairs: Vec<Vec<u8>> = pairs.split(|byte| *byte == b'&').map(<[u8]>::to_vec).collect();
        // stable: the values of a name keep their order
        pairs.sort_by(|a, b| a.split(|byte| *byte == b'=').next().cmp(&b.split(|byte| *byte == b'=').next()));
        pairs
    };
    let parts = |request: &Request| {
        let mut url = request.url.clone();
        url.set_query(None);
        let mut headers: Vec<_> = request.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        headers.sort_by(|a, b| a.0.as_str().cmp(b.0.as_str()));
        let query = sorted(request.url.query().unwrap_or_default().as_bytes());
        (request.method.clone(), url, query, headers, sorted(&request.body))
    };
    if parts(request) == parts(&wanted) { Ok(()) } else { Err(format!("{request:?}")) }
}
