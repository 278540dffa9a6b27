//! The extension of a file that may be anything: from its bytes, then from its `Content-Type`, then from its URL.
//!
//! What a system would run when it is opened is no extension that a server may choose.

use url::Url;

use super::types::TYPES;

/// What is named so is run, or tells a program to run something: such an extension comes from the bytes alone.
const RUN: &[&str] = &[
    "appimage", "bat", "cmd", "com", "cpl", "desktop", "dll", "exe", "hta", "htaccess", "inf", "jar", "jse", "jsp",
    "lnk", "msc", "msi", "msp", "php", "phtml", "pif", "pl", "ps1", "py", "pyc", "pyo", "reg", "scf", "scr", "sh",
    "so", "url", "vb", "vbe", "vbs", "ws", "wsf", "wsh",
];

/// Kinds whose bytes look like those of any archive, or of any text: the server may know better.
const GENERAL: &[&str] = &["zip", "xml", "html", "gz", "ole", "msi", "sh"];

/// Media types that say nothing.
const VAGUE: &[&str] =
    &["application/octet-stream", "binary/octet-stream", "application/x-download", "application/force-download", ""];

/// The extension and the media type of a file; the extension is empty if nothing is known.
pub(crate) fn of_file(head: &[u8], content_type: Option<&str>, url: &Url) -> (String, String) {
    let found = infer::get(head).map(|kind| (kind.extension(), kind.mime_type()));
    let declared = content_type.map(essence).filter(|kind| !VAGUE.contains(&kind.as_str()));
    let of_url = suffix_of(url).filter(|extension| is_known(extension));
    match found {
        Some((extension, mime)) if !GENERAL.contains(&extension) => (extension.to_owned(), mime.to_owned()),
        Some((extension, mime)) => {
            // a comic book is a ZIP archive; a GIF that calls itself one is not, and has no place here
            let better = |candidate: &&str| family(candidate) == family(extension) && !RUN.contains(candidate);
            let from_type = declared.as_deref().and_then(extension_of);
            match of_url.as_deref().into_iter().chain(from_type).find(better) {
                Some(better) => (better.to_owned(), mime_of(better).unwrap_or(mime).to_owned()),
                None => (extension.to_owned(), mime.to_owned()),
            }
        }
        None => {
            let mime = declared.clone();
            // `text/plain` is what servers say of any text
            let from_type = declared.as_deref().and_then(extension_of).filter(|found| {
                let text = of_url.as_deref().and_then(mime_of).is_some_and(|kind| kind.starts_with("text/"));
                !(*found == "txt" && text)
            });
            let extension = from_type.map(str::to_owned).or(of_url).filter(|found| !RUN.contains(&found.as_str()));
            let extension = extension.unwrap_or_default();
            let mime = mime.or_else(|| mime_of(&extension).map(str::to_owned));
            (extension, mime.unwrap_or_else(|| "application/octet-stream".to_owned()))
        }
    }
}

/// Whether the bytes are of another type than the server says. Types that nobody knows, or that say nothing, contradict
/// nothing.
pub(crate) fn contradicts(extension: &str, content_type: Option<&str>) -> bool {
    let declared = content_type.map(essence).filter(|kind| !VAGUE.contains(&kind.as_str()));
    let declared = declared.as_deref().and_then(extension_of);
    declared.is_some_and(|declared| {
        let (is, says) = (mime_of(extension), mime_of(declared));
        is.is_some() && is != says && family(extension) != family(declared)
    })
}

/// Whether a declared type is another one than the bytes have.
pub(crate) fn is_other(content_type: &str, mime: &str) -> bool {
    let declared = essence(content_type);
    !VAGUE.contains(&declared.as_str()) && declared != "image/*" && !is_same(&declared, mime)
}

/// Whether two names mean one type of picture.
pub(crate) fn is_same(left: &str, right: &str) -> bool {
    fn usual(mime: &str) -> &str {
        match mime {
            "image/jpg" | "image/pjpeg" => "image/jpeg",
            "image/x-png" | "image/apng" => "image/png",
            "image/vnd.microsoft.icon" | "image/ico" => "image/x-icon",
            "image/x-ms-bmp" | "image/x-bmp" => "image/bmp",
            "image/heif" | "image/heic-sequence" | "image/heif-sequence" => "image/heic",
            "image/tif" => "image/tiff",
            "image/avif-sequence" => "image/avif",
            other => other,
        }
    }
    usual(left) == usual(right)
}

/// A media type without its parameters, in lower case.
pub(crate) fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// What the path of a URL ends in, in lower case.
pub(crate) fn suffix_of(url: &Url) -> Option<String> {
    let file = url.path_segments()?.next_back()?;
    let (stem, suffix) = file.rsplit_once('.')?;
    (!stem.is_empty() && !suffix.is_empty()).then(|| suffix.to_ascii_lowercase())
}

/// The media type that goes with an extension.
pub(crate) fn mime_of(extension: &str) -> Option<&'static str> {
    TYPES.iter().find(|(known, _)| *known == extension).map(|(_, mime)| *mime)
}

fn extension_of(mime: &str) -> Option<&'static str> {
    TYPES.iter().find(|(_, known)| *known == mime).map(|(extension, _)| *extension)
}

fn is_known(extension: &str) -> bool {
    mime_of(extension).is_some() && !RUN.contains(&extension)
}

/// What an extension's bytes look like.
fn family(extension: &str) -> &str {
    match extension {
        "zip" | "cbz" | "docx" | "xlsx" | "pptx" | "odt" | "ods" | "odp" | "odg" | "epub" | "kmz" | "apk" => "zip",
        "xml" | "svg" | "rss" | "atom" | "kml" | "gpx" | "rdf" | "xsl" | "xhtml" | "wsdl" => "xml",
        "html" | "htm" => "html",
        "gz" | "tgz" => "gz",
        "ole" | "msi" | "doc" | "xls" | "ppt" | "dot" => "ole",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(head: &[u8], content_type: &str, path: &str) -> String {
        let url = Url::parse("http://a.example/").and_then(|base| base.join(path)).expect("a URL");
        of_file(head, Some(content_type), &url).0
    }

    #[test]
    fn the_bytes_go_before_what_the_server_says_and_that_before_the_url() {
        assert_eq!(named(b"%PDF-1.7 ...", "text/html", "x.txt"), "pdf");
        assert_eq!(named(b"no kind of its own", "application/pdf; a=b", "x.txt"), "pdf");
        assert_eq!(named(b"no kind of its own", "application/octet-stream", "x.CSV"), "csv");
        assert_eq!(named(b"a,b", "text/plain", "x.csv"), "csv");
        assert_eq!(named(b"a,b", "text/plain", "x"), "txt");
        assert_eq!(named(b"\x01\x02", "", "x"), "");
    }

    #[test]
    fn an_archive_may_be_what_its_url_says() {
        let zip = b"PK\x03\x04\x14\0\0\0\0\0 and more of it, and more";
        assert_eq!(named(zip, "application/zip", "x.cbz"), "cbz");
        assert_eq!(named(zip, "application/zip", "x.exe"), "zip");
        assert_eq!(named(zip, "application/epub+zip", "x"), "epub");
        assert_eq!(named(zip, "application/zip", "x.pdf"), "zip");
    }

    #[test]
    fn f02_no_server_chooses_an_extension_that_is_run() {
        for path in ["x.exe", "x.php", "x.desktop", "x.jpg.lnk", "x.bat", "x.url", "x.hta", "x.sh", "x.ps1", "x.scr"] {
            for kind in ["application/octet-stream", "text/plain", "application/x-msdos-program", ""] {
                let found = named(b"plain text", kind, path);
                assert!(["", "txt"].contains(&&*found), "{path} as {kind}: {found}");
            }
        }
    }
}
