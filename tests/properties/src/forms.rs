//! Forms.

use dragline::message::Method;
use dragline::page::Page;

use crate::message::first_line;

/// The input is a text, and a page. Each form of the page is a request or says why not, and what is set is what a server
/// reads; a field of a page of ours comes out as it was.
pub fn forms(input: &[u8]) {
    let (first, html) = first_line(input);
    let (text, html) = (String::from_utf8_lossy(first), String::from_utf8_lossy(html));
    let page = Page::from_html("http://site.example/dir/", &html);
    // a form may ask for an encoding that lacks what is to be sent
    let is_lossy = html.to_ascii_lowercase().contains("accept-charset");
    for form in page.forms() {
        for number in 0..form.buttons().len() {
            assert!(form.clone().click_number(number).is_ok(), "a button can be pressed");
        }
        let form = form.set(text.clone(), text.clone()).with_method(Method::GET);
        let Ok(form) = form.with_action("/x") else { unreachable!("a URL") };
        let request = form.request().expect("a request");
        let sent = pairs(request.url.query().unwrap_or_default());
        assert!(is_lossy || sent == lined(form.fields()), "{sent:?} of {html}");
    }
    let escaped = text.replace('&', "&amp;").replace('"', "&quot;");
    let ours = format!("<form method=post><input type=hidden name=a value=\"{escaped}\"></form>");
    let form = Page::from_html("http://site.example/", &ours).form("form").expect("a form");
    let request = form.request().expect("a request");
    assert_eq!(pairs(std::str::from_utf8(&request.body).expect("ASCII")), lined(form.fields()));
    let parts = ours.replace("<form ", "<form enctype=multipart/form-data ");
    let request = Page::from_html("http://site.example/", &parts).form("form").and_then(|form| form.request());
    let request = request.expect("a request");
    let kind = request.headers["content-type"].to_str().expect("ASCII");
    let boundary = kind.split_once("boundary=").map(|(_, boundary)| format!("--{boundary}")).expect("a boundary");
    let count = String::from_utf8_lossy(&request.body).matches(&boundary).count();
    assert_eq!(count, 2, "a field is one part");
}

fn pairs(query: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// Every line as it is sent.
fn lined(fields: Vec<(String, String)>) -> Vec<(String, String)> {
    let lines = |text: String| text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n");
    fields.into_iter().map(|(name, value)| (lines(name), lines(value))).collect()
}
