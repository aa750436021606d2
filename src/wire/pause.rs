//! How long a server asks us to wait, read from the headers of its answer.
//!
//! Never waits itself and never reads a clock: our own time enters as a value, for servers that send no `Date`.
//! Begin with [`asked`].

use crate::domain::time::{At, SECOND};
use reqwest::header::HeaderMap;
use time::PrimitiveDateTime;
use time::macros::format_description;

/// Added to a wait that ends at a full second of the server's clock, so that we do not come a moment early.
const MARGIN_MS: i64 = 250;

/// The text of a header.
pub fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
}

/// The `Date` header: the server's clock, to the second.
pub fn date(headers: &HeaderMap) -> Option<At> {
    http_date(header(headers, "date")?)
}

/// Milliseconds by `Retry-After`: seconds, which Graph sends with a fraction, or a date.
pub fn retry_after(headers: &HeaderMap, now: At) -> Option<i64> {
    let text = header(headers, "retry-after")?;
    match text.parse::<f64>() {
        Ok(seconds) => milliseconds(seconds),
        Err(_) => http_date(text).map(|at| at.since(date(headers).unwrap_or(now)).max(0)),
    }
}

/// Milliseconds that a server which refused for the rate asks to wait, or `None` when it does not say.
///
/// `Retry-After` goes before `X-Rate-Limit-Reset` (Okta: epoch seconds on the server's clock, hence counted from `Date`).
/// When Okta refuses for concurrency it sends a limit of 0 and a reset that means nothing: that is `None` too. Okta sends
/// these headers with every answer, so they say nothing about a failure of another kind.
pub fn asked(headers: &HeaderMap, now: At) -> Option<i64> {
    if headers.contains_key("retry-after") {
        return retry_after(headers, now);
    }
    if header(headers, "x-rate-limit-limit") == Some("0") {
        return None;
    }
    let reset: i64 = header(headers, "x-rate-limit-reset")?.parse().ok()?;
    let server = date(headers).unwrap_or(now);
    Some(At(reset.saturating_mul(SECOND)).since(server).max(0).saturating_add(MARGIN_MS))
}

/// Whole milliseconds, rounded up; `None` for a negative or absurd number. A year is more than anybody waits.
fn milliseconds(seconds: f64) -> Option<i64> {
    let wait = std::time::Duration::try_from_secs_f64(seconds).ok()?;
    let ms = wait.as_micros().div_ceil(1_000).min(366 * 86_400_000);
    i64::try_from(ms).ok()
}

/// `Sun, 22 Nov 2026 07:43:05 GMT`
fn http_date(text: &str) -> Option<At> {
    let shape =
        format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
    let at = PrimitiveDateTime::parse(text, &shape).ok()?.assume_utc();
    Some(At(at.unix_timestamp().saturating_mul(SECOND)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderName, HeaderValue};

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v))).collect()
    }

    #[test]
    fn the_reset_of_okta_is_counted_on_the_clock_of_okta() {
        let sent = headers(&[("date", "Sun, 22 Nov 2026 07:43:05 GMT"), ("x-rate-limit-reset", "1795333388")]);
        assert_eq!(date(&sent).map(At::text).as_deref(), Some("2026-11-22 07:43:05 UTC"));
        assert_eq!(asked(&sent, At(0)), Some(3_250));
        let busy = headers(&[("x-rate-limit-limit", "0"), ("x-rate-limit-reset", "1795333388")]);
        assert_eq!(asked(&busy, At(0)), None);
    }

    #[test]
    fn a_fraction_a_date_and_nonsense_in_retry_after() {
        assert_eq!(asked(&headers(&[("retry-after", "2.128")]), At(0)), Some(2_128));
        assert_eq!(asked(&headers(&[("retry-after", "0")]), At(0)), Some(0));
        let dated =
            headers(&[("date", "Sun, 22 Nov 2026 07:43:05 GMT"), ("retry-after", "Sun, 22 Nov 2026 07:43:15 GMT")]);
        assert_eq!(asked(&dated, At(0)), Some(10_000));
        for odd in ["-3", "NaN", "inf", "1e300", "soon", ""] {
            let mut map = HeaderMap::new();
            map.insert("retry-after", HeaderValue::from_str(odd).unwrap());
            assert_eq!(asked(&map, At(0)), None, "{odd}");
        }
    }
}
