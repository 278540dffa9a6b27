//! Forms as pages have them.

use super::Form;
use crate::message::{Method, Request};
use crate::page::Page;

fn page(html: &str) -> Page {
    Page::from_html("http://a.example/dir/page?q=1", html)
}

fn form(inner: &str) -> Form {
    page(&format!("<form>{inner}</form>")).form("form").expect("a form")
}

/// What is sent, as `name=value` in order.
fn sent(form: &Form) -> String {
    form.fields().iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn query(inner: &str) -> String {
    sent(&form(inner))
}

fn body(request: &Request) -> String {
    String::from_utf8(request.body.to_vec()).expect("UTF-8")
}

#[test]
fn a_form_goes_where_its_page_does_not() {
    fn is_send<T: Send + Sync + 'static>(_: &T) {}
    let form = form("<input name=user><input type=password name=password>");
    is_send(&form);
    let request = form.set("user", "me").set("password", "canary").with_method(Method::POST).request();
    assert_eq!(body(&request.expect("a request")), "user=me&password=canary");
}

#[test]
fn a_form_is_found_by_selector_name_id_and_number() {
    let page =
        page("<form id=search><input name=q></form><form name=login class=in><p><input name=user></p></form><form>");
    let label = |form: super::Result<Form>| form.map(|form| form.label()).map_err(|error| error.to_string());
    assert_eq!(label(page.form(".in")).as_deref(), Ok("login"));
    assert_eq!(label(page.form("input[name=user]")).as_deref(), Ok("login"));
    assert_eq!(label(page.form("input::attr(name)")).as_deref(), Ok("#search"));
    assert_eq!(label(page.form_named("login")).as_deref(), Ok("login"));
    assert_eq!(label(page.form_with_id("search")).as_deref(), Ok("#search"));
    assert_eq!(label(page.form_number(2)).as_deref(), Ok("number 2"));
    assert_eq!(page.forms().len(), 3);
}

#[test]
fn what_is_missing_is_named_with_what_there_is() {
    let html = "<form id=login></form><form name=search></form><form></form><p>";
    let error = |form: super::Result<Form>| form.expect_err("no form").to_string();
    let there = "on http://a.example/dir/page?q=1 (there are: #login, search, number 2)";
    assert_eq!(error(page(html).form("form.x")), format!("no form matches `form.x` {there}"));
    assert_eq!(error(page(html).form("p")), format!("`p` lies in no form {there}"));
    assert_eq!(error(page(html).form_named("x")), format!("no form is named `x` {there}"));
    assert_eq!(error(page(html).form_number(7)), format!("no form has number 7 {there}"));
    assert!(error(page("").form("form")).ends_with("(there is none)"));
    assert!(error(page("").form("form[")).starts_with("`form[` is no CSS selector"));
    let many = error(page(&"<form id=a\x1b></form>".repeat(30)).form_with_id("x"));
    assert!(many.ends_with("#a\\u{1b}, and 20 more)") && !many.contains('\x1b'), "{many}");
}

#[test]
fn fields_come_in_the_order_of_the_page() {
    let inner = "<input name=a value=1><textarea name=b>\n2</textarea><select name=c><option value=3></select>
        <button name=d value=4>x</button><input type=hidden name=e value=5><input type=submit name=f value=6>";
    assert_eq!(query(inner), "a=1&b=2&c=3&d=4&e=5");
    let form = form(inner).set("c", "x").set("new", "y").set_all("a", ["1", "2"]).remove("e").add("b", "z");
    assert_eq!(sent(&form), "a=1&a=2&b=2&c=x&d=4&new=y&b=z");
    assert_eq!(sent(&form.set("d", "own")), "a=1&a=2&b=2&c=x&d=own&new=y&b=z");
}

#[test]
fn what_is_not_chosen_is_not_sent() {
    assert_eq!(
        query("<input type=checkbox name=a><input type=CheckBox name=b checked><input type=radio name=c>"),
        "b=on"
    );
    assert_eq!(query("<input type=radio name=a value=1 checked><input type=radio name=a value=2 checked>"), "a=2");
    assert_eq!(query("<input value=1><input name='' value=2><input type=button name=a><input type=reset name=b>"), "");
    assert_eq!(query("<input disabled name=a><select disabled name=b><option>x</select><datalist><input name=c>"), "");
    let fieldset =
        "<fieldset disabled><legend><input name=a></legend><input name=b><legend><input name=c></legend></fieldset>";
    assert_eq!(query(fieldset), "a=");
    assert_eq!(query(&format!("<fieldset disabled>{fieldset}</fieldset><input name=d>")), "d=");
    assert_eq!(query("<template><input name=a></template><input name=b>"), "b=");
}

#[test]
fn a_list_sends_what_is_chosen_or_its_first() {
    assert_eq!(query("<select name=a><option>  one \n two <option value=3></select>"), "a=one two");
    assert_eq!(query("<select name=a><option value=1 selected><option value=2 selected></select>"), "a=2");
    assert_eq!(
        query(
            "<select name=a><option value=1 disabled><optgroup disabled><option value=2></optgroup><option value=3></select>"
        ),
        "a=3"
    );
    assert_eq!(
        query("<select name=a multiple><option value=1 selected><option value=2><option value=3 selected></select>"),
        "a=1&a=3"
    );
    assert_eq!(
        query(
            "<select name=a multiple><option value=1></select><select name=b></select><select name=c size=3><option></select>"
        ),
        ""
    );
    assert_eq!(query("<select name=a><option value=1 selected disabled><option value=2></select>"), "");
}

#[test]
fn a_control_may_lie_outside_of_its_form() {
    let outside = page(
        "<input form=f name=a value=1><form id=f><input form=x name=b><input name=c></form><button form=f name=d>",
    );
    assert_eq!(sent(&outside.form("#f").expect("a form")), "a=1&c=&d=");
    assert_eq!(sent(&outside.form("button").expect("a form")), "a=1&c=&d=");
    // a table lets no form stand around its rows, and a form goes on behind the element that it began in
    let table =
        page("<table><form id=f><tr><td><input name=a><td><input type=submit name=b></form></table><input name=c>");
    assert_eq!(sent(&table.form("#f").expect("a form")), "a=&b=");
    let crossed = page("<div><form id=f><input name=a></div><input name=b></form><input name=c>");
    assert_eq!(sent(&crossed.form("#f").expect("a form")), "a=&b=");
}

#[test]
fn one_button_is_pressed() {
    let inner = "<input type=submit disabled name=no><input type=image name=i><button name=b value=1>x</button>
        <button type=button name=no></button><input type=submit name=s value='Save it' formaction=/save formmethod=post>";
    assert_eq!(query(inner), "i.x=0&i.y=0");
    assert_eq!(sent(&form(inner).no_click()), "");
    assert_eq!(sent(&form(inner).click_named("b").expect("a button")), "b=1");
    assert_eq!(sent(&form(inner).click_number(2).expect("a button")), "s=Save it");
    let save = form(inner).click("[value^=Save]").expect("a button").request().expect("a request");
    assert_eq!((save.url.as_str(), &save.method), ("http://a.example/save", &Method::POST));
    let error = |clicked: super::Result<Form>| clicked.expect_err("no button").to_string();
    assert_eq!(
        error(form(inner).click("a.x")),
        "no button of the form number 0 on http://a.example/dir/page?q=1 matches `a.x` (there are: i, b, s)"
    );
    assert!(error(form(inner).click("input")).starts_with("more than one button of the form number 0 "));
    assert!(error(form(inner).click_number(3)).contains("has number 3"));
    assert_eq!(query("<input type=image>"), "x=0&y=0");
}

#[test]
fn an_action_is_relative_to_the_base_and_an_empty_one_is_the_page() {
    let action = |html: &str| page(html).form("form").and_then(|form| form.action()).map(String::from);
    assert_eq!(action("<form action=' next '>").ok().as_deref(), Some("http://a.example/dir/next"));
    assert_eq!(
        action("<base href=http://b.example/><form action=next>").ok().as_deref(),
        Some("http://b.example/next")
    );
    assert_eq!(action("<base href=http://b.example/><form>").ok().as_deref(), Some("http://a.example/dir/page?q=1"));
    assert!(action("<form action='http://['>").expect_err("no URL").to_string().contains("sends to `http://[`"));
    let script = form("").with_action("javascript:x()").and_then(|form| form.request());
    assert!(script.expect_err("no URL").to_string().ends_with("sends to `javascript:`, which is not http(s)"));
}

#[test]
fn a_get_takes_the_place_of_the_query() {
    let request = |html: &str| page(html).form("form").and_then(|form| form.request()).expect("a request");
    let get =
        request("<form action='/x?old=1#top' method=delete enctype=multipart/form-data><input name=a value='b c'>");
    assert_eq!((get.method, get.url.as_str()), (Method::GET, "http://a.example/x?a=b+c#top"));
    assert!(get.body.is_empty() && get.headers.is_empty());
    let post = request("<form action='/x?old=1' method=Post><textarea name=a>\n1\r2\n3</textarea>");
    assert_eq!((post.method.clone(), post.url.as_str()), (Method::POST, "http://a.example/x?old=1"));
    assert_eq!(body(&post), "a=1%0D%0A2%0D%0A3");
}

#[test]
fn a_form_is_sent_in_the_encoding_of_its_page_or_its_own() {
    let html =
        "<meta charset=windows-1252><form method=post><input name=_charset_ type=hidden><input name=a value='&euro;Ж'>";
    let latin = Page::new(
        "http://a.example/".parse().expect("a URL"),
        http::StatusCode::OK,
        http::HeaderMap::new(),
        html.as_bytes().to_vec().into(),
        0,
    );
    let request = latin.form("form").and_then(|form| form.request()).expect("a request");
    assert!(body(&request).starts_with("_charset_=windows-1252&a=%80"), "{}", body(&request));
    let own = page("<form accept-charset='nonsense ISO-8859-2 utf-8' method=post><input name=a value=č>");
    assert_eq!(body(&own.form("form").and_then(|form| form.request()).expect("a request")), "a=%E8");
}

#[test]
fn a_form_in_parts_has_no_files() {
    let html =
        "<form method=post enctype=multipart/form-data><input name='a\"b' value=ä><input type=file name=f></form>";
    let form = page(html).form("form").expect("a form");
    let request = form.request().expect("a request");
    let kind = request.headers["content-type"].to_str().expect("ASCII").to_owned();
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").expect("a boundary");
    assert_eq!(
        body(&request),
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"a%22b\"\r\n\r\nä\r\n--{boundary}\r\nContent-Disposition: \
             form-data; name=\"f\"; filename=\"\"\r\nContent-Type: application/octet-stream\r\n\r\n\r\n--{boundary}--\r\n"
        )
    );
    assert_eq!(form.request().expect("a request").body, request.body);
    let error = form.clone().set("f", "photo.jpg").request().expect_err("a file").to_string();
    assert!(error.contains("the field `f`") && error.ends_with("is a file, and files are not sent"), "{error}");
    // whoever puts the boundary into a field gets another one
    let other = form.set("a\"b", boundary).request().expect("a request");
    assert_ne!(other.headers["content-type"], kind.as_str());
}

#[test]
fn plain_text_is_lines() {
    let html = "<form method=post enctype=text/plain><input name=a value='b&amp;c'><input name=d value=e>";
    let request = page(html).form("form").and_then(|form| form.request()).expect("a request");
    assert_eq!(body(&request), "a=b&c\r\nd=e\r\n");
    assert_eq!(request.headers["content-type"], "text/plain");
}

#[test]
fn values_are_what_a_browser_makes_of_them() {
    let inner = "<input name=a value='1\n2'><input type=email name=b value=' x@y '><input type=number name=c value=x>
        <input type=number name=d value=-1.5e3><input type=color name=e value=#FFF><input type=color name=f value=#FFAA00>
        <input type=range name=g><input type=hidden name=h value='1\n2'>";
    assert_eq!(query(inner), "a=12&b=x@y&c=&d=-1.5e3&e=#000000&f=#ffaa00&g=50&h=1\n2");
}

#[test]
fn l01_a_form_prints_without_what_is_in_its_fields() {
    let form = form("<input type=hidden name=csrf value=canary>").set("password", "canary");
    let text = format!("{form:?}");
    assert!(!text.contains("canary") && text.contains("password"), "{text}");
}

#[test]
fn hostile_forms_take_no_time() {
    let begin = std::time::Instant::now();
    let owners: String =
        (0..20_000).map(|number| format!("<form id=f{number}></form><input form=f{number} name=a>")).collect();
    let legends = format!("<form><fieldset disabled>{}", "<legend><input name=a></legend>".repeat(20_000));
    let radios = format!("<form>{}", "<input type=radio name=a checked>".repeat(20_000));
    let lost = "<form></form><input name=a>".repeat(20_000);
    let nested = format!("<form>{}", "<select name=a><optgroup><option>".repeat(20_000));
    let fields = format!("<form>{}", "<fieldset disabled><legend>".repeat(20_000));
    for html in [owners, legends, radios, lost, nested, fields] {
        let forms = page(&html).forms();
        assert!(forms.iter().all(|form| form.request().is_ok()));
    }
    assert!(begin.elapsed().as_secs() < 20, "{:?}", begin.elapsed());
}
