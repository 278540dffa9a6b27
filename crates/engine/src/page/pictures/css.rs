//! The images that CSS names: `url(…)` and `image-set(…)` in the properties that draw pictures (CSS Syntax Level 3,
//! section 4; CSS Images Level 4, section 2.3). Fonts, filters and `@import` are none.

/// One image of CSS.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Drawn {
    /// The URL as it stands there, escapes undone.
    pub url: String,
    /// Its pixels for each of the layout's.
    pub density: Option<f64>,
    /// Its media type.
    pub mime: Option<String>,
}

/// The images of a style sheet, or of a `style` attribute, in order. Those of one `image-set(…)` are one picture.
#[must_use]
pub fn images(css: &str) -> Vec<Vec<Drawn>> {
    // a `style` attribute begins with a declaration
    let mut reader = Reader { rest: css, is_begin: true, ..Reader::default() };
    while !reader.rest.is_empty() {
        reader.step();
    }
    reader.close();
    reader.pictures
}

#[derive(Debug, Default)]
struct Reader<'a> {
    rest: &'a str,
    /// Whether this is where a declaration may begin.
    is_begin: bool,
    /// Whether it has begun with a property that draws.
    draws: bool,
    /// How many parentheses are open within an `image-set(`, itself among them.
    open: u32,
    set: Vec<Drawn>,
    pictures: Vec<Vec<Drawn>>,
}

impl Reader<'_> {
    /// Takes one token.
    fn step(&mut self) {
        let mut letters = self.rest.chars();
        let first = letters.next().unwrap_or_default();
        match first {
            '/' if self.rest.starts_with("/*") => self.skip_comment(),
            '"' | '\'' => {
                let text = self.string(first);
                if self.open == 1 {
                    self.see(text);
                }
            }
            '{' | '}' | ';' => {
                self.close();
                (self.draws, self.is_begin) = (false, true);
                self.skip(1);
            }
            '(' | ')' => {
                self.skip(1);
                match (self.open, first) {
                    (0, _) => {}
                    (_, '(') => self.open = self.open.saturating_add(1),
                    (1, _) => self.close(),
                    _ => self.open -= 1,
                }
            }
            '0'..='9' | '.' if self.open == 1 => self.resolution(),
            _ if is_name(first) || self.starts_escape() => self.name(),
            _ => {
                self.skip(first.len_utf8());
                self.is_begin &= first.is_ascii_whitespace();
            }
        }
    }

    /// A property, a function, or a word that is neither.
    fn name(&mut self) {
        let is_begin = std::mem::take(&mut self.is_begin);
        let name = self.word().to_ascii_lowercase();
        if is_begin {
            self.skip_spaces();
            if self.rest.starts_with(':') {
                self.skip(1);
                self.draws = draws(&name);
            }
            return;
        }
        if !self.rest.starts_with('(') {
            return;
        }
        self.skip(1);
        match &*name {
            "url" | "src" => {
                if let Some(url) = self.url().filter(|_| self.draws) {
                    self.see(url);
                }
            }
            "image-set" | "-webkit-image-set" if self.open == 0 && self.draws => self.open = 1,
            "type" if self.open == 1 => {
                self.skip_spaces();
                if let Some(quote @ ('"' | '\'')) = self.rest.chars().next() {
                    let mime = self.string(quote);
                    if let Some(last) = self.set.last_mut() {
                        last.mime = Some(mime);
                    }
                }
                self.open = 2;
            }
            _ if self.open > 0 => self.open = self.open.saturating_add(1),
            _ => {}
        }
    }

    fn see(&mut self, url: String) {
        let drawn = Drawn { url, ..Drawn::default() };
        if self.open > 0 {
            self.set.push(drawn);
        } else {
            self.pictures.push(vec![drawn]);
        }
    }

    /// Ends an `image-set(`.
    fn close(&mut self) {
        self.open = 0;
        if !self.set.is_empty() {
            self.pictures.push(std::mem::take(&mut self.set));
        }
    }

    /// `2x`, `192dpi`, of the image before it.
    fn resolution(&mut self) {
        let end = self.rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(self.rest.len());
        let number = self.rest[..end].parse::<f64>();
        self.skip(end);
        let dots = match &*self.word().to_ascii_lowercase() {
            "x" | "dppx" => 1.0,
            "dpi" => 96.0,
            "dpcm" => 96.0 / 2.54,
            _ => return,
        };
        if let (Some(last), Ok(number)) = (self.set.last_mut(), number) {
            last.density = Some(number / dots).filter(|density| density.is_finite());
        }
    }

    /// What stands in `url(…)`, its parenthesis taken; none if it is none (a bad URL token).
    fn url(&mut self) -> Option<String> {
        self.skip_spaces_only();
        let url = match self.rest.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let text = self.string(quote);
                // what follows may be modifiers, which nobody has
                self.skip_to_parenthesis();
                return Some(text);
            }
            _ => self.plain_url(),
        };
        if url.is_none() {
            self.skip_to_parenthesis();
        }
        url
    }

    fn plain_url(&mut self) -> Option<String> {
        let mut url = String::new();
        loop {
            let Some(letter) = self.rest.chars().next() else { return Some(url) };
            match letter {
                ')' => {
                    self.skip(1);
                    return Some(url);
                }
                '\\' if self.starts_escape() => url.push(self.escape()),
                '"' | '\'' | '(' | '\\' => return None,
                _ if letter.is_ascii_whitespace() => {
                    self.skip_spaces_only();
                    if !self.rest.is_empty() && !self.rest.starts_with(')') {
                        return None;
                    }
                }
                _ if letter.is_ascii_control() => return None,
                _ => {
                    url.push(letter);
                    self.skip(letter.len_utf8());
                }
            }
        }
    }

    /// A string, its quotes taken and its escapes undone. A line end ends it, though it should not be there.
    fn string(&mut self, quote: char) -> String {
        self.skip(1);
        let mut text = String::new();
        while let Some(letter) = self.rest.chars().next() {
            match letter {
                _ if letter == quote => {
                    self.skip(1);
                    break;
                }
                '\n' | '\r' | '\u{c}' => break,
                '\\' if self.starts_escape() => text.push(self.escape()),
                '\\' => {
                    // a line that goes on below
                    self.skip(1);
                    let end = ["\r\n", "\n", "\r", "\u{c}"].into_iter().find(|end| self.rest.starts_with(end));
                    self.skip(end.map_or(0, str::len));
                }
                _ => {
                    text.push(letter);
                    self.skip(letter.len_utf8());
                }
            }
        }
        text
    }

    /// A name, its escapes undone.
    fn word(&mut self) -> String {
        let mut word = String::new();
        while let Some(letter) = self.rest.chars().next() {
            if is_name(letter) {
                word.push(letter);
                self.skip(letter.len_utf8());
            } else if self.starts_escape() {
                word.push(self.escape());
            } else {
                break;
            }
        }
        word
    }

    fn starts_escape(&self) -> bool {
        let mut letters = self.rest.chars();
        letters.next() == Some('\\') && letters.next().is_some_and(|next| !matches!(next, '\n' | '\r' | '\u{c}'))
    }

    /// An escape: up to six hexadecimal digits and a space, or a character as it is.
    fn escape(&mut self) -> char {
        self.skip(1);
        let digits = self.rest.bytes().take(6).take_while(u8::is_ascii_hexdigit).count();
        if digits == 0 {
            let letter = self.rest.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER);
            self.skip(letter.len_utf8());
            return letter;
        }
        let number = u32::from_str_radix(&self.rest[..digits], 16).unwrap_or_default();
        self.skip(digits);
        let space = if self.rest.starts_with("\r\n") { 2 } else { 1 };
        if self.rest.starts_with(|c: char| c.is_ascii_whitespace()) {
            self.skip(space);
        }
        char::from_u32(number).filter(|letter| *letter != '\0').unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn skip_spaces_only(&mut self) {
        self.rest = self.rest.trim_start_matches(|c: char| c.is_ascii_whitespace());
    }

    fn skip_spaces(&mut self) {
        self.skip_spaces_only();
        while self.rest.starts_with("/*") {
            self.skip_comment();
            self.skip_spaces_only();
        }
    }

    fn skip_comment(&mut self) {
        let end = self.rest.get(2..).and_then(|rest| rest.find("*/"));
        self.skip(end.map_or(self.rest.len(), |end| end + 4));
    }

    fn skip_to_parenthesis(&mut self) {
        while let Some(letter) = self.rest.chars().next() {
            if self.starts_escape() {
                self.escape();
                continue;
            }
            self.skip(letter.len_utf8());
            if letter == ')' {
                break;
            }
        }
    }
}

/// Whether the URLs of a property are pictures. What an author's own property (`--hero`) is for is not known, and most
/// are.
fn draws(property: &str) -> bool {
    let property = property.strip_prefix("-webkit-").or_else(|| property.strip_prefix("-moz-")).unwrap_or(property);
    let known = ["background", "list-style", "border-image", "mask", "content", "cursor", "shape-outside"];
    let is_known =
        |name: &&str| property.strip_prefix(*name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    property.starts_with("--") || known.iter().any(is_known)
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_' || !c.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(css: &str) -> Vec<String> {
        images(css)
            .into_iter()
            .map(|set| set.into_iter().map(|drawn| drawn.url).collect::<Vec<_>>().join(" "))
            .collect()
    }

    #[test]
    fn backgrounds_are_pictures_and_fonts_are_none() {
        let css = r#"
            @import url(other.css);
            @font-face { font-family: x; src: url(x.woff2) format("woff2"), url("x.woff"); }
            .hero:hover > a { color: red; BACKGROUND: #fff URL( hero.jpg ) no-repeat, url('top.png'); }
            @media (min-width: 3em) { li { list-style-image:url("dot.gif") } }
            b { filter: url(#f); behavior: url(x.htc); mask: url(m.svg) } p::after { content: url(c.png) }
            :root { --hero: url(own.jpg) }"#;
        assert_eq!(urls(css), ["hero.jpg", "top.png", "dot.gif", "m.svg", "c.png", "own.jpg"]);
        assert_eq!(urls("background-image:url(a.jpg)"), ["a.jpg"]);
        assert_eq!(urls(" /* x */ color:red;background : url(a.jpg)"), ["a.jpg"]);
    }

    #[test]
    fn p11_strings_escapes_and_comments_are_read_as_browsers_do() {
        assert_eq!(urls(r#"background: url("a\)b\"c.jpg")"#), ["a)b\"c.jpg"]);
        assert_eq!(urls(r"background: url(a\29 b\(c\0.jpg)"), ["a)b(c\u{fffd}.jpg"]);
        assert_eq!(urls("background: url('a\\\nb.jpg')"), ["ab.jpg"]);
        assert_eq!(urls(r"b\61 ckground: u\72l(a.jpg)"), ["a.jpg"]);
        assert_eq!(urls("background: /* url(no.jpg) */ url(/*a*/.jpg)"), ["/*a*/.jpg"]);
        assert_eq!(urls("background: 'url(no.jpg)' url(a.jpg"), ["a.jpg"]);
        assert_eq!(urls("background: url(data:image/png;base64,AA==)"), ["data:image/png;base64,AA=="]);
    }

    #[test]
    fn p11_a_url_that_is_none_is_passed_over() {
        assert_eq!(urls("background: url(a b.jpg) url(a'b) url(a(b) url(ok.jpg)"), ["ok.jpg"]);
        assert_eq!(urls("background: url(a\u{1}b), url(ok.jpg)"), ["ok.jpg"]);
        for broken in
            ["background:url(", "background:url('", "background:url(\\", "/*", "\\", "background: image-set(", "a:'\\"]
        {
            let _ = images(broken);
        }
    }

    #[test]
    fn an_image_set_is_one_picture() {
        let css = "background: image-set('a.avif' type('image/avif'), url(a.jpg) 1x, \"b.jpg\" 192dpi), url(c.jpg)";
        let sets = images(css);
        assert_eq!(sets.len(), 2);
        assert_eq!(sets[0][0].mime.as_deref(), Some("image/avif"));
        assert_eq!((sets[0][1].density, sets[0][2].density), (Some(1.0), Some(2.0)));
        assert_eq!(urls("background: -webkit-image-set(url(a.jpg) 1x, url(b.jpg) 2x)"), ["a.jpg b.jpg"]);
        assert_eq!(urls("a{background: image-set('a.jpg'} b{background:url(b.jpg)}"), ["a.jpg", "b.jpg"]);
    }
}
