//! The page as a file for a browser: as the crawl has it, so none of its scripts runs.

use std::io::Write as _;
use std::path::PathBuf;

use dragline::error::Error;
use dragline::page::Page;

/// Writes the page to a new file of the system's folder for such, which nobody else may read.
pub(super) fn write(page: &Page) -> anyhow::Result<PathBuf> {
    let failed = |source| Error::Disk { what: "the page's file", path: std::env::temp_dir(), source };
    let mut file = tempfile::Builder::new().prefix("dragline-").suffix(".html").tempfile().map_err(failed)?;
    file.write_all(html(page).as_bytes()).map_err(failed)?;
    let (_, path) = file.keep().map_err(|error| failed(error.error))?;
    Ok(path)
}

/// What a browser is told comes before all that the page says: its encoding, what it is relative to, and that neither
/// scripts nor plug-ins run in a file of this machine.
fn html(page: &Page) -> String {
    let base = page.base().as_str().replace('&', "&amp;").replace('"', "&quot;");
    format!(
        "<!DOCTYPE html>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"script-src 'none'; \
         object-src 'none'\">\n<base href=\"{base}\">\n{}",
        page.text()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_in_a_file_finds_its_pictures_and_runs_no_scripts() {
        let page = Page::from_html("http://a.example/?a=\"&b", "<base href='/deep/'><script>x</script><img src=y>");
        let html = html(&page);
        let (before, own) = html.split_once("<base href='/deep/'>").expect("the page as it is");
        assert!(
            before.contains("script-src 'none'") && before.contains("<base href=\"http://a.example/deep/\">"),
            "{html}"
        );
        assert_eq!(own, "<script>x</script><img src=y>");
    }
}
