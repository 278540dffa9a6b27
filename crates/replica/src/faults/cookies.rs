//! Cookies: set as asked, shown as they came back, and too many or too large of them.

use crate::faults::asked::Asked;
use crate::faults::scenario::{Scenario, row};
use crate::faults::script::{Reply, Script};

const MAX_COOKIES: usize = 1_000_000;
const MAX_BYTES: usize = 64 * 1024 * 1024;

pub(crate) const PATHS: &[Scenario] = &[
    row("/cookies/set", "/cookies/set?name=value&other=1", "sets a cookie for each field of the query", |asked| {
        let cookies = asked.query().map(|(name, value)| format!("{name}={value}; Path=/"));
        Ok(setting(asked, cookies))
    }),
    row(
        "/cookies/raw",
        "/cookies/raw?line=a%3D1%3B+Domain%3Dcom",
        "a Set-Cookie for each `line`, as it is written",
        |asked| {
            let lines: Vec<_> = asked.query().filter(|(name, _)| name == "line").map(|(_, line)| line).collect();
            Ok(setting(asked, lines))
        },
    ),
    row("/cookies/echo", "/cookies/echo", "the Cookie fields of the request, one a line", |asked| {
        let cookies = asked.request.fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case("cookie"));
        let lines: Vec<_> = cookies.map(|(_, value)| value.as_str()).collect();
        Ok(asked.answer(Reply::text(200, lines.join("\n"))))
    }),
    row("/cookies/flood/COUNT", "/cookies/flood/10000", "sets COUNT cookies", |asked| {
        let count = asked.size("COUNT", MAX_COOKIES)?;
        Ok(setting(asked, (0..count).map(|number| format!("cookie{number}=value; Path=/"))))
    }),
    row("/cookies/giant/BYTES", "/cookies/giant/5000", "sets a cookie whose value has BYTES bytes", |asked| {
        let value = "v".repeat(asked.size("BYTES", MAX_BYTES)?);
        Ok(setting(asked, [format!("giant={value}; Path=/")]))
    }),
    row(
        "/cookies/giant-attribute/BYTES",
        "/cookies/giant-attribute/2000",
        "a cookie with an attribute of BYTES bytes",
        |asked| {
            let value = "v".repeat(asked.size("BYTES", MAX_BYTES)?);
            Ok(setting(asked, [format!("small=1; Path=/{value}")]))
        },
    ),
    row("/cookies/control", "/cookies/control", "cookies with control bytes in them, and a good one", |asked| {
        Ok(setting(asked, ["a=1\x01", "b\x7f=2", "c=3; Path=/\x08", "good=1; Path=/"].map(str::to_owned)))
    }),
    row("/cookies/dates", "/cookies/dates", "cookies that end never, long ago, or at no date at all", |asked| {
        let cookies = [
            "forever=1; Max-Age=99999999999999999999",
            "past=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "negative=1; Max-Age=-1",
            "far=1; Expires=Fri, 31 Dec 9999 23:59:59 GMT",
            "absurd=1; Expires=Xyz, 99 Foo 99999 99:99:99 XYZ",
        ];
        Ok(setting(asked, cookies.map(|cookie| format!("{cookie}; Path=/"))))
    }),
];

fn setting(asked: &Asked, cookies: impl IntoIterator<Item = String>) -> Script {
    let reply = Reply::html("<p>cookies</p>");
    // what would end the field is left out: the sites here break rules on purpose only
    let cookies = cookies.into_iter().map(|cookie| cookie.replace(['\r', '\n'], ""));
    asked.answer(cookies.fold(reply, |reply, cookie| reply.field("Set-Cookie", cookie)))
}
