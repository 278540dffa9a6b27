//! The pages of `www.kodakpulse.com` as HTML, with the furniture that a spider has to look past.

use std::fmt::Write;
use std::ops::Range;

use crate::kodak::album::{CDN, PAGE, Photo};
use crate::markup::escape;

/// Thumbnails in a row of the album's table.
const COLUMNS: usize = 8;

/// The login form, with the reason why the last try failed.
pub(crate) fn login(error: Option<&str>) -> String {
    let error = error.map(|error| format!("<p class=\"error\">{}</p>\n", escape(error))).unwrap_or_default();
    frame(
        "Sign in",
        None,
        &format!(
            r#"<h2>Sign in to your KODAK PULSE Account</h2>
{error}<form id="signin" method="post" action="/">
<label for="username">E-mail address</label> <input type="text" id="username" name="username" value="">
<label for="password">Password</label> <input type="password" id="password" name="password">
<input type="submit" value="Sign in">
</form>
<p><img src="/Content/images/frame_w730.png" alt="A KODAK PULSE Digital Frame" width="320" height="200"></p>
"#
        ),
    )
}

/// What a user sees after the sign-in.
pub(crate) fn home(username: &str, photos: usize) -> String {
    let name = escape(username);
    frame(
        "Home",
        Some(username),
        &format!(
            r#"<h2>Welcome back, {name}!</h2>
<ul class="shortcuts">
<li><img src="/Content/images/icon_pictures.png" alt=""> <a href="/Frame/AllPictures">All pictures</a> ({photos})</li>
<li><img src="/Content/images/icon_settings.png" alt=""> Frame settings</li>
<li><img src="/Content/images/icon_friends.png" alt=""> Friends &amp; family</li>
</ul>
"#
        ),
    )
}

/// An album page with the given photographs of the album.
pub(crate) fn album(username: &str, page: usize, photos: Range<usize>, of: usize) -> String {
    let mut body = String::with_capacity(24 * 1024);
    body.push_str("<h2 class=\"album\">Summer &lt;2010&gt; &amp; all the rest</h2>\n");
    let pages = of.div_ceil(PAGE).max(1);
    let pager = pager(page, pages);
    body.push_str(&pager);
    body.push_str("<table id=\"pictures\" cellspacing=\"4\">\n");
    let start = photos.start;
    for index in photos {
        let number = index - start;
        if number.is_multiple_of(COLUMNS) {
            body.push_str(if number == 0 { "<tr>\n" } else { "</tr>\n<tr>\n" });
        }
        let photo = Photo::new(index);
        let (uuid, path) = (photo.uuid, photo.path('t'));
        // Writing to a String does not fail.
        let _ = writeln!(
            body,
            r#"<td align="center" valign="middle"><img src="http://{CDN}{path}" alt="{number}" id="picture_{uuid}" rot="RotateNone" style="display: inline;"><canvas id="canvas_{number}" style="display:none;"></canvas></td>"#
        );
    }
    body.push_str(if body.ends_with("</td>\n") { "</tr>\n</table>\n" } else { "</table>\n" });
    body.push_str(&pager);
    frame("All pictures", Some(username), &body)
}

fn pager(page: usize, pages: usize) -> String {
    let mut pager = String::from("<div class=\"pager\">");
    if page > 1 {
        let _ = write!(
            pager,
            r#"<a class="previous" href="/Frame/AllPictures?p={}"><img src="/Content/images/arrow_left.png" alt="Previous"></a> "#,
            (page - 1).min(pages)
        );
    }
    let _ = write!(pager, "Page {page} of {pages}");
    if page < pages {
        let _ = write!(
            pager,
            r#" <a class="next" href="/Frame/AllPictures?p={}"><img src="/Content/images/arrow_right.png" alt="Next"></a>"#,
            page + 1
        );
    }
    pager.push_str("</div>\n");
    pager
}

/// What is around every page.
fn frame(title: &str, username: Option<&str>, body: &str) -> String {
    let account = username.map_or_else(String::new, |username| {
        format!("<p class=\"account\">{} | <a id=\"signout\" href=\"/SignOut\">Sign out</a></p>\n", escape(username))
    });
    format!(
        r#"<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml">
<head>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8">
<title>{title} - KODAK PULSE Digital Frame</title>
<link rel="shortcut icon" href="/Content/images/favicon.ico">
</head>
<body>
<div id="header"><a href="/Frame/Home"><img id="logo" src="/Content/images/logo.png" alt="KODAK PULSE"></a>
<img src="/Content/images/spacer.gif" alt="" width="1" height="20">
{account}</div>
<div id="content">
{body}</div>
<div id="footer"><img src="https://www.kodakpulse.com/Content/images/footer_logo.png" alt="Kodak">
<p>&copy; Eastman Kodak Company, 2010&ndash;2012. All rights reserved.</p></div>
</body>
</html>
"#
    )
}
