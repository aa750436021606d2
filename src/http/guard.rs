//! Who is let in at `admin_listen`, and how long a surface takes to answer.
//!
//! On this machine: anybody who asks for this machine by its name, so that a page in a browser cannot be made to ask by a
//! name of its own. Elsewhere: only with the token (SAFETY E3).

use crate::ports::meter::Meter;
use crate::ports::secret::Secret;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::{Router, middleware};
use std::net::IpAddr;
use std::sync::Arc;

/// What one must show to be let in.
#[derive(Clone, Debug)]
pub struct Door {
    /// The token, where one is set; it is needed on this machine, too.
    pub token: Option<Secret>,
}

impl Door {
    /// `Ok`, or the refusal.
    fn judge(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let Some(token) = &self.token else {
            return if by_own_name(headers) { Ok(()) } else { Err((StatusCode::FORBIDDEN, OTHER_NAME)) };
        };
        let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let shown = shown.split_once(' ').filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer"));
        if shown.is_some_and(|(_, shown)| Secret::new(shown).same_as(token)) {
            Ok(())
        } else {
            Err((StatusCode::UNAUTHORIZED, NO_TOKEN))
        }
    }
}

type Refusal = (StatusCode, &'static str);

const OTHER_NAME: &str = "ask by 127.0.0.1, [::1] or localhost\n";
const NO_TOKEN: &str = "send Authorization: Bearer and the admin token\n";

/// Whether the request names this machine. HTTP/1.0 without a name counts: no browser speaks it.
fn by_own_name(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST) else { return true };
    let host = host.to_str().unwrap_or("?");
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(host, |p| p.0);
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Lets in, or refuses.
pub(super) async fn enter(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    match door.judge(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// Whether somebody may see more than yes or no.
#[derive(Clone, Copy, Debug)]
pub(super) struct Insider(pub(super) bool);

/// Lets everybody see whether the process is ready (a probe of an orchestrator has no token); why not, only insiders.
pub(super) async fn look(State(door): State<Arc<Door>>, mut request: Request, next: Next) -> Response {
    let insider = Insider(door.judge(request.headers()).is_ok());
    request.extensions_mut().insert(insider);
    next.run(request).await
}

/// The routes of a surface, with the time of each answer counted.
pub fn measured(routes: Router, surface: &'static str, meter: Arc<dyn Meter>) -> Router {
    if !routes.has_routes() {
        return routes;
    }
    routes.route_layer(middleware::from_fn(move |request: Request, next: Next| {
        let meter = Arc::clone(&meter);
        async move {
            let began = tokio::time::Instant::now();
            let answer = next.run(request).await;
            meter.acknowledged(surface, began.elapsed());
            answer
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| ((*name).parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn this_machine_is_asked_by_its_own_name() {
        let door = Door { token: None };
        for host in ["127.0.0.1:8081", "localhost:1", "localhost", "[::1]:8081", "LOCALHOST:8081"] {
            assert_eq!(door.judge(&headers(&[("host", host)])), Ok(()), "{host}");
        }
        for host in ["rebound.example:8081", "10.0.0.1:8081", "localhost.evil.example", "127.0.0.1.evil.example:80", ""]
        {
            assert!(door.judge(&headers(&[("host", host)])).is_err(), "{host}");
        }
    }

    #[test]
    fn a_token_is_needed_wherever_one_is_set() {
        let door = Door { token: Some(Secret::new("sesame")) };
        assert_eq!(door.judge(&headers(&[("authorization", "Bearer sesame"), ("host", "x.example")])), Ok(()));
        assert_eq!(door.judge(&headers(&[("authorization", "bearer sesame")])), Ok(()));
        for wrong in ["Bearer sesamf", "Bearer ", "Basic sesame", "sesame", "Bearer sesame2"] {
            let answer = door.judge(&headers(&[("authorization", wrong), ("host", "127.0.0.1")]));
            assert_eq!(answer, Err((StatusCode::UNAUTHORIZED, NO_TOKEN)), "{wrong}");
        }
        assert!(door.judge(&headers(&[("host", "127.0.0.1")])).is_err());
    }
}
