//! Cookies as other programs keep them: `cookies.txt` (Netscape, curl) and the JSON of browser extensions and Playwright.

use std::io::{self, Write};
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::cookie::{Cookie, octets, to_octets};
use super::line::SameSite;

/// Begins a line of `cookies.txt` that is no comment.
const HTTP_ONLY: &[u8] = b"#HttpOnly_";
const HEAD: &[u8] =
    b"# Netscape HTTP Cookie File\n# Written by Dragline. What stands here signs in: keep it to yourself.\n\n";

/// A cookie as EditThisCookie, Playwright and Selenium write it; each has names of its own for when it ends.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Foreign {
    name: String,
    value: String,
    domain: String,
    #[serde(default)]
    path: Option<String>,
    /// Seconds since the epoch; less than that is the end of the session.
    #[serde(default)]
    expires: Option<f64>,
    #[serde(default, skip_serializing)]
    expiration_date: Option<f64>,
    #[serde(default, skip_serializing)]
    expiry: Option<f64>,
    #[serde(default, skip_serializing)]
    host_only: Option<bool>,
    #[serde(default)]
    http_only: Option<bool>,
    #[serde(default)]
    secure: Option<bool>,
    #[serde(default)]
    same_site: Option<String>,
}

/// Playwright's storage state.
#[derive(Deserialize)]
struct State {
    cookies: Vec<Foreign>,
}

/// Reads a file of any of these forms. An error says where, and never what stands there.
pub(super) fn read(file: &[u8]) -> Result<Vec<Cookie>, String> {
    let file = file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file);
    let json = |error: serde_json::Error| {
        let (line, column) = (error.line(), error.column());
        format!(
            "is not a list of cookies as JSON, each with `name`, `value` and `domain` (line {line}, column {column})"
        )
    };
    match file.trim_ascii_start().first() {
        Some(b'[') => {
            let cookies: Vec<Foreign> = serde_json::from_slice(file).map_err(json)?;
            Ok(cookies.into_iter().map(Cookie::from).collect())
        }
        Some(b'{') => {
            let state: State = serde_json::from_slice(file).map_err(json)?;
            Ok(state.cookies.into_iter().map(Cookie::from).collect())
        }
        _ => (1..).zip(file.split(|byte| *byte == b'\n')).filter_map(|(number, line)| netscape(number, line)).collect(),
    }
}

/// Writes a file that only its owner can read: JSON if its name ends so, else `cookies.txt`. Returns how many cookies
/// there is no way to write.
pub(super) fn write(path: &Path, cookies: &[Cookie]) -> io::Result<usize> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // such a file is its owner's alone from its first moment
    let mut file = NamedTempFile::new_in(folder)?;
    let mut left_out = 0;
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
        let foreign: Vec<Foreign> = cookies.iter().map(Foreign::from).collect();
        serde_json::to_writer_pretty(&mut file, &foreign)?;
        file.write_all(b"\n")?;
    } else {
        file.write_all(HEAD)?;
        for cookie in cookies {
            if cookie.name.contains('\t') || cookie.path.contains('\t') || cookie.name.starts_with('\n') {
                left_out += 1;
            } else {
                file.write_all(&line(cookie))?;
            }
        }
    }
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(left_out)
}

/// Domain, whether what lies below it is meant too, path, whether only https, seconds since the epoch, name, value.
fn netscape(number: usize, line: &[u8]) -> Option<Result<Cookie, String>> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let (http_only, line) = line.strip_prefix(HTTP_ONLY).map_or((false, line), |line| (true, line));
    if line.trim_ascii().is_empty() || (!http_only && line.starts_with(b"#")) {
        return None;
    }
    let fields: Vec<&[u8]> = line.splitn(7, |byte| *byte == b'\t').collect();
    // an empty value may have lost its tab
    let ([domain, below, path, secure, expires, name], value) = match fields[..] {
        [domain, below, path, secure, expires, name, value] => ([domain, below, path, secure, expires, name], value),
        [domain, below, path, secure, expires, name] => ([domain, below, path, secure, expires, name], &b""[..]),
        _ => {
            let found = fields.len();
            return Some(Err(format!("has {found} fields in line {number}, where 7 with tabs between them belong")));
        }
    };
    let is_true = |field: &[u8]| field.eq_ignore_ascii_case(b"true");
    let Some(expires) = std::str::from_utf8(expires).ok().and_then(|text| text.trim().parse().ok()) else {
        return Some(Err(format!("has no number in the fifth field of line {number}: seconds since 1970")));
    };
    Some(Ok(Cookie {
        name: octets(name),
        value: octets(value),
        domain: String::from_utf8_lossy(domain).trim_start_matches('.').to_owned(),
        host_only: !is_true(below),
        path: octets(path),
        secure: is_true(secure),
        http_only,
        same_site: None,
        expires: time(Some(expires)),
    }))
}

fn line(cookie: &Cookie) -> Vec<u8> {
    let mut line = if cookie.http_only { HTTP_ONLY.to_vec() } else { Vec::new() };
    let (dot, below) = if cookie.host_only { ("", "FALSE") } else { (".", "TRUE") };
    let secure = if cookie.secure { "TRUE" } else { "FALSE" };
    let expires = cookie.expires.map_or(0, Timestamp::as_second);
    line.extend_from_slice(format!("{dot}{}\t{below}\t", cookie.domain).as_bytes());
    line.extend(to_octets(&cookie.path));
    line.extend_from_slice(format!("\t{secure}\t{expires}\t").as_bytes());
    line.extend(to_octets(&cookie.name));
    line.push(b'\t');
    line.extend(to_octets(&cookie.value));
    line.push(b'\n');
    line
}

impl From<Foreign> for Cookie {
    fn from(foreign: Foreign) -> Self {
        let domain = foreign.domain.strip_prefix('.');
        Self {
            host_only: foreign.host_only.unwrap_or(domain.is_none()),
            domain: domain.unwrap_or(&foreign.domain).to_owned(),
            name: octets(foreign.name.as_bytes()),
            value: octets(foreign.value.as_bytes()),
            path: octets(foreign.path.unwrap_or_default().as_bytes()),
            secure: foreign.secure.unwrap_or(false),
            http_only: foreign.http_only.unwrap_or(false),
            same_site: foreign.same_site.and_then(|name| SameSite::read(name.as_bytes())),
            expires: time(foreign.expires.or(foreign.expiration_date).or(foreign.expiry)),
        }
    }
}

impl From<&Cookie> for Foreign {
    fn from(cookie: &Cookie) -> Self {
        let dot = if cookie.host_only { "" } else { "." };
        Self {
            name: text(&cookie.name),
            value: text(&cookie.value),
            domain: format!("{dot}{}", cookie.domain),
            path: Some(text(&cookie.path)),
            #[expect(clippy::cast_precision_loss, reason = "2^53 seconds are enough")]
            expires: Some(cookie.expires.map_or(-1.0, |expires| expires.as_second() as f64)),
            expiration_date: None,
            expiry: None,
            host_only: None,
            http_only: Some(cookie.http_only),
            secure: Some(cookie.secure),
            same_site: Some(cookie.same_site.unwrap_or(SameSite::Lax).name().to_owned()),
        }
    }
}

/// Octets as JSON can have them: those of UTF-8 as what they stand for.
fn text(octets: &str) -> String {
    String::from_utf8(to_octets(octets).collect()).unwrap_or_else(|_| octets.to_owned())
}

/// A time in seconds, which may have a fraction; 0 and less is the end of the session.
fn time(seconds: Option<f64>) -> Option<Timestamp> {
    #[expect(clippy::cast_possible_truncation, reason = "what is too large is the latest there is")]
    let seconds = seconds.filter(|seconds| *seconds > 0.0)? as i64;
    Some(Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"# Netscape HTTP Cookie File\n\n\
        .a.example\tTRUE\t/\tTRUE\t4102444800\tshared\t1=2\r\n\
        #HttpOnly_www.a.example\tFALSE\t/x\tFALSE\t0\town\ta\tb\n\
        # a comment\n\
        www.a.example\tFALSE\t/\tFALSE\t1.5\tempty\n\
        www.a.example\tFALSE\t/\tFALSE\t0\tutf-8\t\xC3\xA4\n\
        www.a.example\tFALSE\t/\tFALSE\t0\tlatin-1\t\xE4\n";

    #[test]
    fn a_cookies_txt_comes_back_as_it_was() {
        let cookies = read(TEXT).expect("cookies");
        assert_eq!(cookies.len(), 5);
        assert!(!cookies[0].host_only && cookies[0].secure && cookies[0].domain == "a.example");
        assert_eq!(cookies[0].expires.map(Timestamp::as_second), Some(4_102_444_800));
        assert!(cookies[1].http_only && cookies[1].host_only && cookies[1].expires.is_none());
        assert_eq!((&*cookies[1].value, &*cookies[2].value), ("a\tb", ""));
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["cookies.txt", "cookies"] {
            let path = folder.path().join(name);
            assert_eq!(write(&path, &cookies).expect("written"), 0);
            assert!(read(&std::fs::read(&path).expect("a file")).expect("cookies") == cookies);
        }
    }

    #[test]
    fn c11_a_file_of_cookies_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["cookies.txt", "cookies.json"] {
            let path = folder.path().join(name);
            std::fs::write(&path, "what was there, for all to see").expect("a file");
            write(&path, &[]).expect("written");
            assert_eq!(std::fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 2, "no stray file");
    }

    #[test]
    fn json_is_read_from_extensions_and_playwright() {
        let extension =
            br#"[{"domain": ".a.example", "expirationDate": 4102444800.25, "hostOnly": false, "httpOnly": true,
            "name": "s", "path": "/", "sameSite": "no_restriction", "secure": true, "session": false, "storeId": "0",
            "value": "1", "id": 1},
            {"domain": "a.example", "hostOnly": true, "name": "t", "value": "\u00e4", "sameSite": null}]"#;
        let cookies = read(extension).expect("cookies");
        assert!(!cookies[0].host_only && cookies[0].secure && cookies[0].http_only);
        assert_eq!((cookies[0].same_site, cookies[0].expires.is_some()), (Some(SameSite::None), true));
        assert!(cookies[1].host_only && cookies[1].expires.is_none() && cookies[1].value == octets("ä".as_bytes()));
        let state = br#"{"cookies": [{"name": "s", "value": "1", "domain": ".a.example", "path": "/", "expires": -1,
            "httpOnly": false, "secure": true, "sameSite": "Strict"}], "origins": []}"#;
        let cookies = read(state).expect("cookies");
        assert!(!cookies[0].host_only && cookies[0].expires.is_none());
        assert_eq!(cookies[0].same_site, Some(SameSite::Strict));
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("cookies.JSON");
        write(&path, &cookies).expect("written");
        assert!(read(&std::fs::read(&path).expect("a file")).expect("cookies") == cookies);
    }

    #[test]
    fn l01_an_error_says_where_and_not_what() {
        for (file, place) in [
            (&b"a.example\tTRUE\t/\thunter2"[..], "line 1"),
            (b"\na.example TRUE / FALSE 0 a hunter2\n", "line 2"),
            (b"a.example\tTRUE\t/\tFALSE\thunter2\ta\thunter2", "line 1"),
            (br#"[{"name": "a", "value": {"hunter2": 1}, "domain": "a.example"}]"#, "line 1"),
            (b"[\n{\"name\": \"a\", \"value\": \"hunter2\"}]", "line 2"),
            (br#"{"hunter2": 1}"#, "line 1"),
            (b"[\xFF hunter2", "line 1"),
        ] {
            let error = read(file).expect_err("no cookies");
            assert!(error.contains(place) && !error.contains("hunter2"), "{error}");
        }
        assert!(read(b"").is_ok_and(|cookies| cookies.is_empty()));
    }
}
