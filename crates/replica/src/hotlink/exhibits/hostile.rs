//! A page whose texts, names, headers and pictures would run as scripts, were they taken for markup by whoever shows
//! them. What runs asks for `/pwned?NUMBER`, which the log shows, and sets `window.__pwned`.

use std::fmt::Write as _;

use http::{HeaderName, HeaderValue, header};

use crate::answer::Answer;
use crate::hotlink::exhibits::mosaic::Mosaic;
use crate::hotlink::exhibits::{Wall, files};
use crate::hotlink::pages::START;
use crate::hotlink::paint;
use crate::markup::escape;
use crate::pictures::exif::{Caption, captioned};
use crate::pictures::{self, taken};

/// What would run: `RUN` stands for the code, `CANARY` for the URL that must not be asked for.
#[rustfmt::skip]
pub const PAYLOADS: [&str; 62] = [
    "<script>RUN</script>",
    "\"><script>RUN</script>",
    "'><script>RUN</script>",
    "</title><script>RUN</script>",
    "</textarea><script>RUN</script>",
    "</style><script>RUN</script>",
    "</script><script>RUN</script>",
    "--><script>RUN</script>",
    "]]><script>RUN</script>",
    "</figcaption></figure></a></li></ul></dialog><script>RUN</script>",
    "<sCrIpT/x>RUN</ScRiPt >",
    "<<script>RUN//<</script>",
    "<script src=CANARY></script>",
    "<script type=module>RUN</script>",
    "<img src=x onerror=RUN>",
    "\"><img src=x onerror=\"RUN\">",
    "'><img src=x onerror='RUN'>",
    "<img/src=x/onerror=RUN//",
    "\" onerror=\"RUN\" src=\"x",
    "\" onload=\"RUN\" x=\"",
    "' onerror='RUN' x='",
    "\" onfocus=\"RUN\" autofocus tabindex=\"0\" x=\"",
    "\" onmouseover=\"RUN\" style=\"position:fixed;inset:0\" x=\"",
    "\" onanimationstart=\"RUN\" style=\"animation:x\" x=\"",
    "` onerror=RUN `",
    "x onerror=RUN ",
    "<svg onload=RUN>",
    "<svg/onload=RUN//",
    "<svg><script>RUN</script></svg>",
    "<svg><animate onbegin=RUN attributeName=x dur=1s>",
    "<svg><image href=x onerror=RUN></svg>",
    "<svg><a xlink:href=\"javascript:RUN\"><text x=\"20\" y=\"20\">x</text></a></svg>",
    "<math><mtext></mtext><style><img src=x onerror=RUN></style></math>",
    "<noscript><p title=\"</noscript><img src=x onerror=RUN>\">",
    "<template><script>RUN</script></template><img src=x onerror=RUN>",
    "<iframe src=\"javascript:RUN\"></iframe>",
    "<iframe srcdoc=\"<script>RUN</script>\"></iframe>",
    "<object data=\"CANARY\"></object>",
    "<embed src=\"CANARY\">",
    "<a href=\"javascript:RUN\" autofocus onfocus=RUN tabindex=0>x</a>",
    "<input autofocus onfocus=RUN>",
    "<select autofocus onfocus=RUN>",
    "<details open ontoggle=RUN>x</details>",
    "<video><source onerror=RUN></video>",
    "<audio src=x onerror=RUN>",
    "<base href=\"CANARY\">",
    "<meta http-equiv=\"refresh\" content=\"0;url=CANARY\">",
    "<link rel=stylesheet href=CANARY>",
    "<style>@import \"CANARY\";</style>",
    "<div style=\"background:url(CANARY)\">x</div>",
    "<form action=CANARY id=f><button formaction=\"javascript:RUN\">x</button></form>",
    "javascript:RUN",
    "JaVaScRiPt:RUN//",
    "data:text/html,<script>RUN</script>",
    "&lt;script&gt;RUN&lt;/script&gt;",
    "&#60;img src=x onerror=RUN&#62;",
    "%3Cscript%3ERUN%3C/script%3E",
    "\\u003cimg src=x onerror=RUN\\u003e",
    "{{constructor.constructor('RUN')()}}${RUN}",
    "';RUN;'\";RUN;//",
    "x\r\n\r\nevent: picture\r\ndata: <script>RUN</script>\r\n\r\n",
    "\u{202e}gpj.<img src=x onerror=RUN>\u{0}\u{7}",
];

/// Pictures that are programs.
const DRAWINGS: [&str; 4] = [
    "<script>RUN</script><rect width=\"90\" height=\"90\"/>",
    "<rect width=\"90\" height=\"90\" onload=\"RUN\"/><animate onbegin=\"RUN\" attributeName=\"x\" dur=\"1s\"/>",
    "<foreignObject width=\"90\" height=\"90\"><iframe xmlns=\"http://www.w3.org/1999/xhtml\" \
     src=\"javascript:RUN\"/></foreignObject>",
    "<image href=\"CANARY\" width=\"90\" height=\"90\"/><use href=\"CANARY#x\"/>",
];

/// A payload as it would run: its number, and the host to tell.
fn armed(payload: &str, number: usize, port: &str) -> String {
    let canary = format!("http://{START}{port}/pwned?{number}");
    payload.replace("RUN", &format!("(window.__pwned={number},fetch(`{canary}`))")).replace("CANARY", &canary)
}

pub(super) fn page(wall: &Wall) -> Answer {
    let armed: Vec<String> =
        PAYLOADS.iter().enumerate().map(|(number, payload)| armed(payload, number, wall.port)).collect();
    let title = armed.concat();
    let mut body = String::new();
    for (number, text) in armed.iter().enumerate() {
        let name: String = form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
        // what a URL may have as it is stays: quotes in the query and in the fragment
        let query = escape(text).replace(['\r', '\n', '#'], "");
        let _ = writeln!(
            body,
            "<p><a href=\"/hostile/{number}/{name}\"><img src=\"/hostile/{number}/{name}.jpg?{query}#{query}\" \
             srcset=\"/hostile/{number}/{name}-large.jpg 2x\" alt=\"{0}\" title=\"{0}\" id=\"{0}\"></a></p>",
            escape(text)
        );
    }
    for number in 0..DRAWINGS.len() {
        let _ = writeln!(body, "<p><img src=\"/hostile/drawing-{number}.svg\" alt=\"a drawing\"></p>");
    }
    let script = escape(&armed[0]).into_owned();
    let _ = writeln!(
        body,
        "<p><img src=\"/hostile/page.jpg\" alt=\"a page\"></p>
<p><img src=\"/hostile/drawing.jpg\" alt=\"a drawing that says it is a photograph\"></p>
<p><img src=\"javascript:{script}\" alt=\"no picture\"></p>
<p><img src=\"data:text/html,{script}\" alt=\"no picture\"></p>"
    );
    let title = escape(&title);
    Answer::html(format!(
        "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>{title}</title></head>\n<body>\n{body}</body></html>\n"
    ))
}

/// A picture of the page; or all payloads as markup, to see that they would run.
pub(super) fn file(wall: &Wall, name: &str) -> Answer {
    let drawing = |number: usize| {
        let drawing = armed(DRAWINGS[number], PAYLOADS.len() + number, wall.port);
        format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"120\" height=\"90\" onload=\"0\">{drawing}</svg>")
    };
    if name == "raw" {
        return raw(wall);
    }
    if name == "page.jpg" {
        return files::of("image/jpeg", format!("<!DOCTYPE html>{}", armed(PAYLOADS[0], 0, wall.port)));
    }
    if name == "drawing.jpg" {
        return files::of("image/jpeg", drawing(0));
    }
    let number = name.strip_prefix("drawing-").and_then(|name| name.strip_suffix(".svg")?.parse().ok());
    if let Some(number) = number.filter(|number| *number < DRAWINGS.len()) {
        return files::of("image/svg+xml", drawing(number));
    }
    let number = name.split('/').next().and_then(|number| number.parse().ok());
    let Some(number) = number.filter(|number: &usize| *number < PAYLOADS.len()) else { return Answer::not_found() };
    picture(&armed(PAYLOADS[number], number, wall.port), number, name.ends_with("-large.jpg"))
}

/// A picture that says it in its EXIF data and in its headers.
fn picture(text: &str, number: usize, is_large: bool) -> Answer {
    let size = if is_large { (240, 180) } else { (120, 90) };
    let caption =
        Caption { description: text, make: text, model: text, artist: text, copyright: text, ..Caption::default() };
    let plain = pictures::jpeg(&Mosaic(number).pixels(size), size);
    let bytes = paint::with_segment(&plain, &captioned(&caption, taken(number)));
    // what a header cannot have is left out
    let text: String = text.chars().filter(|letter| matches!(letter, ' '..='~')).collect();
    let fields = [
        (header::SERVER, text.clone()),
        (header::ETAG, format!("\"{text}\"")),
        (header::CONTENT_DISPOSITION, format!("inline; filename=\"{text}.jpg\"")),
        (header::CONTENT_LANGUAGE, text.clone()),
        (HeaderName::from_static("x-powered-by"), text),
    ];
    fields.into_iter().fold(files::jpeg(bytes), |answer, (name, value)| {
        answer.with(name, HeaderValue::try_from(value).expect("printable ASCII"))
    })
}

/// All payloads, unescaped, each in a frame of its own: in a text, in an attribute and as a link's address.
fn raw(wall: &Wall) -> Answer {
    let mut body = String::new();
    for (number, payload) in PAYLOADS.iter().enumerate() {
        let text = armed(payload, number, wall.port);
        let inner = format!("<p>{text}</p><img src=\"x\" alt=\"{text}\">");
        let _ = writeln!(body, "<iframe srcdoc=\"{}\"></iframe>", escape(&inner));
    }
    Answer::html(format!("<!DOCTYPE html><meta charset=\"utf-8\"><title>raw</title>\n{body}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_payload_does_something_and_none_is_there_twice() {
        let all: std::collections::BTreeSet<_> = PAYLOADS.iter().collect();
        assert_eq!(all.len(), PAYLOADS.len());
        for payload in PAYLOADS {
            let armed = armed(payload, 7, ":80");
            assert!(armed.contains("http://www.localhost:80/pwned?7") && !armed.contains("RUN"), "{armed}");
        }
    }

    #[test]
    fn its_pictures_are_whole_and_say_it_in_their_headers() {
        for (number, payload) in PAYLOADS.iter().enumerate() {
            let answer = picture(&armed(payload, number, ""), number, false);
            assert!(answer.header(header::SERVER).is_some_and(|server| server.contains("pwned")), "{payload}");
            assert!(image::load_from_memory(answer.bytes()).is_ok(), "{payload}");
        }
    }
}
