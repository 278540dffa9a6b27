//! `www.kodakpulse.com`: who may see which page. What the pages look like is in [`pages`](crate::kodak::pages).

use http::HeaderValue;
use http::header::SET_COOKIE;

use crate::answer::{Answer, Asked};
use crate::kodak::album::PAGE;
use crate::kodak::sessions::Sessions;
use crate::kodak::{Options, pages};
use crate::server::Pages;

const COOKIE: &str = "PulseSession";
const LOGIN: &str = "/";

/// The smallest GIF there is, transparent: what the furniture of the pages is made of.
const FURNITURE: &[u8] =
    b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xFF\xFF\xFF!\xF9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x01D\0;";

pub(crate) struct Www {
    photos: usize,
    username: String,
    password: String,
    sessions: Sessions,
}

impl Www {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            photos: options.photos,
            username: options.username.clone(),
            password: options.password.clone(),
            sessions: Sessions::new(options.expire_after_pages),
        }
    }

    fn signed_in(&self, asked: &Asked, answer: impl FnOnce() -> Answer) -> Answer {
        match asked.cookie(COOKIE) {
            Some(token) if self.sessions.is_open(token) => answer(),
            _ => Answer::found(LOGIN),
        }
    }

    fn all_pictures(&self, asked: &Asked) -> Answer {
        let page = match asked.query("p").map(|page| page.parse::<usize>()) {
            None => 1,
            Some(Ok(page @ 1..)) => page,
            Some(_) => return Answer::bare(http::StatusCode::BAD_REQUEST),
        };
        if !asked.cookie(COOKIE).is_some_and(|token| self.sessions.turn_page(token)) {
            return Answer::found(LOGIN);
        }
        let end = page.saturating_mul(PAGE).min(self.photos);
        Answer::html(pages::album(&self.username, page, (page - 1).saturating_mul(PAGE).min(end)..end, self.photos))
    }

    fn sign_out(&self, asked: &Asked) -> Answer {
        if let Some(token) = asked.cookie(COOKIE) {
            self.sessions.close(token);
        }
        let expired = HeaderValue::from_static("PulseSession=; Path=/; Secure; HttpOnly; Max-Age=0");
        Answer::found(LOGIN).with(SET_COOKIE, expired)
    }
}

impl Pages for Www {
    fn get(&self, asked: &Asked) -> Answer {
        match asked.path() {
            LOGIN => Answer::html(pages::login(None)),
            "/Home/SignedIn" => self.signed_in(asked, || Answer::found("/Frame")),
            "/Frame" => self.signed_in(asked, || Answer::found("/Frame/Home")),
            "/Frame/Home" => self.signed_in(asked, || Answer::html(pages::home(&self.username, self.photos))),
            // The original spider asked with the doubled slash, and the service did not mind.
            "/Frame/AllPictures" | "//Frame/AllPictures" => self.all_pictures(asked),
            "/SignOut" => self.sign_out(asked),
            path if path.starts_with("/Content/") => Answer::new(http::StatusCode::OK, "image/gif", FURNITURE),
            _ => Answer::not_found(),
        }
    }

    fn post(&self, asked: &Asked) -> Answer {
        if asked.path() != LOGIN {
            return Answer::not_allowed("GET, HEAD");
        }
        let known = asked.form("username").as_deref() == Some(&*self.username);
        if !known || asked.form("password").as_deref() != Some(&*self.password) {
            return Answer::html(pages::login(Some("The e-mail address or password is incorrect.")));
        }
        let cookie = format!("{COOKIE}={}; Path=/; Secure; HttpOnly", self.sessions.open());
        let cookie = HeaderValue::try_from(cookie).expect("a token is hexadecimal digits");
        Answer::found("/Home/SignedIn").with(SET_COOKIE, cookie)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{Request, StatusCode, header};

    use super::*;

    fn asked(method: &str, path: &str, cookie: &str, body: &'static str) -> Asked {
        let request =
            Request::builder().method(method).uri(path).header(header::COOKIE, cookie).body(()).expect("valid");
        Asked { parts: request.into_parts().0, body: Bytes::from_static(body.as_bytes()) }
    }

    fn sign_in(www: &Www) -> String {
        let answer = www.post(&asked("POST", "/", "", "username=demo&password=demo"));
        assert_eq!(answer.header(header::LOCATION), Some("/Home/SignedIn"));
        let cookie = answer.header(SET_COOKIE).expect("a session");
        cookie.split(';').next().expect("a cookie").to_owned()
    }

    fn thumbnails(www: &Www, cookie: &str, path: &str) -> usize {
        let answer = www.get(&asked("GET", path, cookie, ""));
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        answer.text().matches("cloudfront").count()
    }

    #[test]
    fn a_sign_in_passes_three_redirects_and_ends_at_the_home_page() {
        let www = Www::new(&Options::default());
        let cookie = sign_in(&www);
        let mut path = "/Home/SignedIn".to_owned();
        let mut redirects = 1;
        let home = loop {
            let answer = www.get(&asked("GET", &path, &cookie, ""));
            match answer.header(header::LOCATION) {
                Some(location) => path = location.to_owned(),
                None => break answer,
            }
            redirects += 1;
        };
        assert_eq!((redirects, path.as_str()), (3, "/Frame/Home"));
        assert!(home.text().contains(r#"<a id="signout" href="/SignOut">Sign out</a>"#));
    }

    #[test]
    fn a_wrong_password_gets_the_form_again_and_the_reason() {
        let www = Www::new(&Options::default());
        let answer = www.post(&asked("POST", "/", "", "username=demo&password=guess"));
        assert_eq!((answer.status, answer.header(SET_COOKIE)), (StatusCode::OK, None));
        assert!(answer.text().contains(r#"<p class="error">The e-mail address or password is incorrect.</p>"#));
        assert!(answer.text().contains(r#"name="password""#));
    }

    #[test]
    fn the_album_has_48_thumbnails_a_page_and_an_empty_table_after_the_last() {
        let www = Www::new(&Options::default());
        let cookie = sign_in(&www);
        assert_eq!(thumbnails(&www, &cookie, "/Frame/AllPictures"), 48);
        assert_eq!(thumbnails(&www, &cookie, "//Frame/AllPictures?p=28"), 48);
        assert_eq!(thumbnails(&www, &cookie, "/Frame/AllPictures?p=29"), 30);
        assert_eq!(thumbnails(&www, &cookie, "/Frame/AllPictures?p=30"), 0);
        assert_eq!(thumbnails(&www, &cookie, &format!("/Frame/AllPictures?p={}", usize::MAX)), 0);
    }

    #[test]
    fn the_album_needs_a_session_that_has_not_ended() {
        let www = Www::new(&Options { expire_after_pages: Some(1), ..Options::default() });
        let album = |cookie: &str| www.get(&asked("GET", "/Frame/AllPictures?p=2", cookie, "")).status;
        assert_eq!(album("PulseSession=made-up"), StatusCode::FOUND);
        let cookie = sign_in(&www);
        assert_eq!((album(&cookie), album(&cookie)), (StatusCode::OK, StatusCode::FOUND));
        assert_eq!(album(&sign_in(&www)), StatusCode::OK);
    }

    #[test]
    fn signing_out_ends_the_session() {
        let www = Www::new(&Options::default());
        let cookie = sign_in(&www);
        www.get(&asked("GET", "/SignOut", &cookie, ""));
        assert_eq!(www.get(&asked("GET", "/Frame/Home", &cookie, "")).header(header::LOCATION), Some("/"));
    }

    #[test]
    fn a_page_number_that_is_none_is_a_bad_request() {
        let www = Www::new(&Options::default());
        let cookie = sign_in(&www);
        for page in ["0", "-1", "abc", ""] {
            let answer = www.get(&asked("GET", &format!("/Frame/AllPictures?p={page}"), &cookie, ""));
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{page}");
        }
    }
}
