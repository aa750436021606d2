use super::super::fake::{World, intake};
use super::*;
use crate::domain::ids::CaseId;
use crate::domain::notice::PublicText;
use crate::surface::slack::settings::Settings;
use std::sync::atomic::Ordering;

/// Tabs over a Slack and an app that remember, with one case that waits for a vote.
struct Bench {
    homes: Arc<Homes>,
    world: Arc<World>,
    mark: Option<String>,
}

impl Bench {
    fn new() -> Self {
        let (intake, world) = intake(Settings::default());
        let bench = Self { homes: Arc::clone(&intake.homes), world, mark: None };
        bench.change("proposed", "1");
        bench
    }

    /// The store says something else from now on.
    fn change(&self, state: &str, mark: &str) {
        let one = Listed {
            case: CaseId::new("c-7kq2ma"),
            title: "An error".to_owned(),
            state: state.to_owned(),
            at: At(0),
            until: None,
            post: Some(("C01".to_owned(), "1.5".to_owned())),
            link: None,
        };
        let standing = PublicText::words("You may approve.");
        *self.world.home.lock().unwrap() = Home { standing, to_approve: vec![one], ..Home::default() };
        mark.clone_into(&mut self.world.mark.lock().unwrap());
    }

    fn open(&self, user: &str) {
        let standing = crate::domain::actor::Standing::Unlinked;
        let actor = Actor { key: format!("T01/{user}"), name: user.to_owned(), standing };
        self.homes.opened(None, actor);
    }

    /// One look, and all that it leads to, after this time.
    async fn look(&mut self, after: i64) -> Vec<(String, Value)> {
        let before = self.world.called.lock().unwrap().len();
        self.world.time.fetch_add(after, Ordering::SeqCst);
        self.homes.look(&mut self.mark).await;
        self.world.after().await;
        self.world.called.lock().unwrap()[before..].to_vec()
    }
}

fn methods(calls: &[(String, Value)]) -> Vec<&str> {
    calls.iter().map(|(method, _)| method.as_str()).collect()
}

fn published(calls: &[(String, Value)]) -> usize {
    calls.iter().filter(|(method, _)| method == "views.publish").count()
}

#[tokio::test]
async fn it_is_shown_at_once_and_gets_its_links_then() {
    let mut bench = Bench::new();
    bench.open("U01");
    let calls = bench.look(0).await;
    assert_eq!(methods(&calls), ["users.info", "views.publish", "chat.getPermalink", "views.publish"]);
    assert_eq!(calls[2].1, json!({ "channel": "C01", "message_ts": "1.5" }));
    let (first, second) = (&calls[1].1, &calls[3].1);
    assert!(first["hash"].is_null() && !first.to_string().contains("slack.com"), "{first}");
    assert_eq!((second["hash"].as_str(), second["user_id"].as_str()), (Some("h2"), Some("U01")));
    assert!(second.to_string().contains("https://northbridge.slack.com/archives/C01/p15"), "{second}");
    // Opened again, it is shown whatever stands there; the address is known.
    bench.open("U01");
    let calls = bench.look(0).await;
    assert_eq!(methods(&calls), ["views.publish"]);
    assert!(calls[0].1["hash"].is_null());
}

#[tokio::test]
async fn what_changes_is_shown_in_time_and_at_a_pace() {
    let mut bench = Bench::new();
    bench.open("U01");
    bench.look(0).await;
    assert_eq!(published(&bench.look(PACE).await), 0, "nothing changed");
    for (state, mark) in [("approved", "2"), ("running", "3"), ("verifying", "4")] {
        bench.change(state, mark);
        let now = bench.look(1_000).await;
        // The first at once, since the last look was long ago; then one for all.
        assert_eq!(published(&now), usize::from(mark == "2"), "{mark}: {now:?}");
    }
    let calls = bench.look(PACE).await;
    assert_eq!(published(&calls), 1);
    let body = calls.iter().find(|(method, _)| method == "views.publish").unwrap().1.clone();
    assert!(body["hash"].is_string() && body.to_string().contains("verifying"), "{body}");
    bench.change("verifying", "5");
    assert_eq!(published(&bench.look(PACE).await), 0, "what would be shown is there already");
    // Nobody has looked at it for a while.
    assert_eq!(published(&bench.look(WATCHED).await), 0);
    bench.change("closed", "6");
    assert!(bench.look(PACE).await.is_empty(), "it is forgotten");
}

#[tokio::test]
async fn whoever_showed_it_last_keeps_it() {
    let mut bench = Bench::new();
    bench.open("U01");
    bench.look(0).await;
    bench.look(PACE).await;
    bench.change("closed", "2");
    bench.world.fails.lock().unwrap().push(CallError::Refused("hash_conflict".to_owned()));
    // The account is known for a minute, so that the publishing is the call that fails.
    assert_eq!(methods(&bench.look(PACE).await), ["views.publish"]);
    bench.change("undone", "3");
    assert!(bench.look(PACE).await.is_empty());
    bench.open("U01");
    assert_eq!(published(&bench.look(0).await), 1);
}

#[tokio::test]
async fn slacks_wish_to_wait_is_kept_and_what_failed_comes_again() {
    let mut bench = Bench::new();
    bench.open("U01");
    bench.look(0).await;
    bench.look(PACE).await;
    for (error, wait, mark) in [
        (CallError::Limited { after_ms: 2 * PACE }, 2 * PACE, "2"),
        (CallError::Unreachable("down".to_owned()), PACE, "3"),
    ] {
        bench.change(mark, mark);
        bench.world.fails.lock().unwrap().push(error);
        bench.world.time.fetch_add(PACE, Ordering::SeqCst);
        assert_eq!(published(&bench.look(0).await), 1, "it is tried");
        assert_eq!(published(&bench.look(wait - 1).await), 0, "not before the time");
        assert_eq!(published(&bench.look(1).await), 1, "then it is there");
    }
}

#[tokio::test]
async fn only_so_many_are_kept_current() {
    let mut bench = Bench::new();
    for n in 0..MOST + 5 {
        bench.open(&format!("U{n:02}"));
        bench.world.time.fetch_add(1, Ordering::SeqCst);
    }
    bench.world.after().await;
    bench.look(PACE).await;
    bench.change("closed", "2");
    let calls = bench.look(PACE).await;
    assert_eq!(published(&calls), MOST);
    assert!(calls.iter().all(|(_, body)| body["user_id"] != "U00"), "the first one opened is the one that goes");
}
