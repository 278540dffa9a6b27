//! The names behind which secrets stand.

use http::{HeaderName, HeaderValue};

/// Parameters of queries, fragments and forms, without their `-` and `_`: passwords, keys and tokens (RFC 6749, RFC 7522),
/// sessions that stand in URLs, and signed URLs, which open their door to whoever has them: those of Amazon (S3, CloudFront),
/// Google and Azure.
#[rustfmt::skip]
const PARAMETERS: [&str; 45] = [
    // passwords
    "auth", "otp", "passphrase", "passwd", "password", "pwd", "secret", "clientsecret",
    // keys and tokens
    "accesskey", "accesstoken", "apikey", "apitoken", "assertion", "authkey", "authorization", "authtoken",
    "bearertoken", "clientassertion", "code", "idtoken", "jwt", "key", "privatetoken", "refreshtoken", "subscriptionkey",
    "token", "xapikey",
    // sessions
    "jsessionid", "phpsessid", "session", "sessionid", "sessiontoken", "sid", "ticket",
    // signed URLs
    "awsaccesskeyid", "keypairid", "policy", "sig", "signature", "xamzcredential", "xamzsecuritytoken", "xamzsignature",
    "xgoogcredential", "xgoogsignature", "securitytoken",
];

/// Headers, beside those that are marked as sensitive.
const HEADERS: [&str; 13] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "api-key",
    "apikey",
    "private-token",
    "x-access-token",
    "x-amz-security-token",
    "x-api-key",
    "x-auth-token",
    "x-goog-api-key",
    "x-session-token",
];

/// Whether a query's or form's field of this name is a secret: `password`, `api_key`, `X-Amz-Signature` and their like,
/// whatever their case and with `-`, `_` or neither. Of `user[password]` and `user.password` the last part counts.
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    let name = name.trim_end_matches(']');
    let name = name.rsplit(['[', '.']).next().unwrap_or(name);
    let is_like = |known: &str| {
        let letters = name.bytes().filter(|byte| !matches!(byte, b'-' | b'_')).map(|byte| byte.to_ascii_lowercase());
        letters.eq(known.bytes())
    };
    PARAMETERS.iter().any(|known| is_like(known))
}

/// Whether a header's value is not to be shown: it is marked as sensitive, or is a password, a token or a cookie by its
/// name.
#[must_use]
pub fn is_secret_header(name: &HeaderName, value: &HeaderValue) -> bool {
    value.is_sensitive() || HEADERS.contains(&name.as_str())
}
