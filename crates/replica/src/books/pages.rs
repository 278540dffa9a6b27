//! The shop's pages as HTML, with the classes and the nesting of books.toscrape.com.

use std::fmt::Write;

use crate::books::catalogue::Book;
use crate::markup::escape;

/// A list page. `root` leads from the page to the top of the site: empty or `../`.
pub(crate) fn list(root: &str, page: usize, pages: usize, of: usize, books: impl Iterator<Item = Book>) -> String {
    let folder = if root.is_empty() { "catalogue/" } else { "" };
    let mut body =
        format!("<h1>All products</h1>\n<p><strong>{of}</strong> results.</p>\n<section>\n<ol class=\"row\">\n");
    for book in books {
        entry(&mut body, root, folder, &book);
    }
    body.push_str("</ol>\n<ul class=\"pager\">\n");
    // Writing to a String does not fail.
    if page > 1 {
        let _ = writeln!(body, "<li class=\"previous\"><a href=\"{folder}page-{}.html\">previous</a></li>", page - 1);
    }
    let _ = writeln!(body, "<li class=\"current\">Page {page} of {pages}</li>");
    if page < pages {
        let _ = writeln!(body, "<li class=\"next\"><a href=\"{folder}page-{}.html\">next</a></li>", page + 1);
    }
    body.push_str("</ul>\n</section>\n");
    frame("All products | Books to Scrape - Sandbox", root, &body)
}

fn entry(body: &mut String, root: &str, folder: &str, book: &Book) {
    let Book { number, title, .. } = book;
    let full = escape(title);
    let short = match title.char_indices().nth(24) {
        Some((end, _)) => escape(&format!("{} ...", &title[..end])).into_owned(),
        None => full.clone().into_owned(),
    };
    let (address, rating, price) = (format!("{folder}{}/index.html", book.folder()), book.rating(), book.price());
    let _ = write!(
        body,
        r#"<li class="col-xs-6 col-sm-4 col-md-3 col-lg-3">
<article class="product_pod">
<div class="image_container"><a href="{address}"><img src="{root}media/cache/{number}.jpg" alt="{full}" class="thumbnail"></a></div>
<p class="star-rating {rating}">{STARS}</p>
<h3><a href="{address}" title="{full}">{short}</a></h3>
<div class="product_price">
<p class="price_color">{price}</p>
<p class="instock availability"><i class="icon-ok"></i>

        In stock

</p>
<form><button type="submit" class="btn btn-primary btn-block" data-loading-text="Adding...">Add to basket</button></form>
</div>
</article>
</li>
"#
    );
}

/// A product page, which is always two folders deep.
pub(crate) fn product(book: &Book) -> String {
    let Book { number, category, upc, stock, reviews, description, .. } = book;
    let (title, description, category) = (escape(&book.title), escape(description), escape(category));
    let (price, rating) = (book.price(), book.rating());
    let body = format!(
        r#"<ul class="breadcrumb"><li><a href="../../index.html">Home</a></li><li>{category}</li><li class="active">{title}</li></ul>
<article class="product_page">
<div class="row">
<div class="col-sm-6"><div id="product_gallery" class="carousel"><div class="item active"><img src="../../media/cache/{number}.jpg" alt="{title}"></div></div></div>
<div class="col-sm-6 product_main">
<h1>{title}</h1>
<p class="price_color">{price}</p>
<p class="instock availability">
<i class="icon-ok"></i>

        In stock ({stock} available)

</p>
<p class="star-rating {rating}">{STARS}</p>
<div class="alert alert-warning" role="alert"><strong>Warning!</strong> This is a demo website for web scraping purposes. Prices and ratings here were randomly assigned and have no real meaning.</div>
</div>
</div>
<div id="product_description" class="sub-header"><h2>Product Description</h2></div>
<p>{description} ...more</p>
<div class="sub-header"><h2>Product Information</h2></div>
<table class="table table-striped">
<tr><th>UPC</th><td>{upc}</td></tr>
<tr><th>Product Type</th><td>Books</td></tr>
<tr><th>Price (excl. tax)</th><td>{price}</td></tr>
<tr><th>Price (incl. tax)</th><td>{price}</td></tr>
<tr><th>Tax</th><td>£0.00</td></tr>
<tr><th>Availability</th><td>In stock ({stock} available)</td></tr>
<tr><th>Number of reviews</th><td>{reviews}</td></tr>
</table>
</article>
"#
    );
    frame(&format!("{title} | Books to Scrape - Sandbox"), "../../", &body)
}

const STARS: &str = concat!(
    r#"<i class="icon-star"></i><i class="icon-star"></i><i class="icon-star"></i>"#,
    r#"<i class="icon-star"></i><i class="icon-star"></i>"#
);

/// What is around every page; `title` is HTML.
fn frame(title: &str, root: &str, body: &str) -> String {
    format!(
        r#"<!DOCTYPE html>
<html lang="en-us" class="no-js">
<head>
<title>
    {title}
</title>
<meta http-equiv="content-type" content="text/html; charset=UTF-8">
<meta name="viewport" content="width=device-width">
</head>
<body id="default" class="default">
<header class="header container-fluid"><div class="h1"><a href="{root}index.html">Books to Scrape</a><small> We love being scraped!</small></div></header>
<div class="container-fluid page"><div class="page_inner">
{body}</div></div>
<footer class="footer container-fluid"></footer>
</body>
</html>
"#
    )
}
