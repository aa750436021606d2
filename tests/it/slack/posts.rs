//! Posting into the simulated Slack: once whatever happens to the answer, never an older state over a newer one, at Slack's
//! pace, and to one person where only that person reads it.

use super::sim::{BOT_TOKEN, Fault, PROVISIONING, SOUTH, SOUTH_TOKEN, Sim, TEAM, user_id};
use crate::guards::{deleted_replaced, every_state};
use reanchor::card::build::card;
use reanchor::domain::actor::{Actor, Standing};
use reanchor::domain::inbound::Place;
use reanchor::domain::notice::{Card, Notice, PublicText};
use reanchor::domain::time::At;
use reanchor::ports::clock::Clock;
use reanchor::ports::secret::Secret;
use reanchor::ports::surface::{Earlier, Surface, SurfaceError};
use reanchor::surface::slack::api::{Api, Tokens};
use reanchor::surface::slack::ourselves::{Identity, Ourselves};
use reanchor::surface::slack::show::Slack;
use reanchor::surface::slack::token::Mint;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

const THING: &str = "card:c-7k2m9q";

/// A clock that moves when somebody sleeps.
#[derive(Default)]
struct Ticks(AtomicI64);

#[async_trait::async_trait]
impl Clock for Ticks {
    fn now(&self) -> At {
        At(self.0.load(Ordering::Relaxed))
    }

    async fn sleep_until(&self, at: At) {
        self.0.fetch_max(at.0, Ordering::Relaxed);
    }
}

struct Bench {
    sim: Sim,
    slack: Slack,
    clock: Arc<Ticks>,
    place: Place,
}

impl Bench {
    async fn new() -> Bench {
        let sim = Sim::start().await;
        let clock = Arc::new(Ticks::default());
        let further = BTreeMap::from([(SOUTH.to_owned(), Secret::new(SOUTH_TOKEN))]);
        let tokens = Tokens { home: Secret::new(BOT_TOKEN), further };
        let of = |workspace: Option<&str>, team: &str| Identity {
            workspace: workspace.map(str::to_owned),
            team: team.to_owned(),
            ..Identity::default()
        };
        let ourselves = Ourselves::new(vec![of(None, TEAM), of(Some(SOUTH), SOUTH)]);
        let api = Arc::new(Api::new(&sim.api_url(), tokens));
        let slack = Slack::new(api, Mint::new(b"key"), Arc::<Ticks>::clone(&clock), ourselves);
        let (root, _) = sim.wrote("anna", (PROVISIONING, None), "an error");
        let place = Place { channel: PROVISIONING.to_owned(), thread: root.clone(), message: root };
        Bench { sim, slack, clock, place }
    }

    fn fault(&self, method: &str, fault: Fault) {
        self.sim.state().knobs.faults.push((method.to_owned(), fault, 1));
    }

    fn card(&self, state: &str, version: i64) -> Notice {
        let cases = every_state(&deleted_replaced());
        let case = cases.iter().find(|case| case.state.name() == state).unwrap();
        Notice::Card(Box::new(Card { version, place: self.place.clone(), ..card(case) }))
    }

    async fn show(&self, notice: &Notice, posted: Option<&str>, uncertain: bool) -> Result<String, SurfaceError> {
        self.slack.show(notice, Earlier { thing: THING, posted, uncertain }).await
    }

    /// What stands in the thread, and how often each was edited.
    fn thread(&self) -> Vec<(String, usize)> {
        let all = self.sim.state().thread(PROVISIONING, &self.place.thread);
        all.into_iter().map(|seen| (seen.text, seen.edits)).collect()
    }

    fn blameless(&self) {
        assert_eq!(self.sim.state().blunders, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_post_whose_answer_was_lost_is_found_and_not_made_twice() {
    let bench = Bench::new().await;
    for (at, lost) in [(10_000, Fault::AnswerLost), (20_000, Fault::Unavailable)] {
        bench.clock.sleep_until(At(at)).await;
        bench.fault("chat.postMessage", lost);
        let failed = bench.show(&bench.card("looked_up", 2), None, false).await;
        assert!(matches!(failed, Err(SurfaceError::Failed(_))), "{failed:?}");
        let again = bench.card("proposed", 3);
        let reference = bench.show(&again, None, true).await.unwrap();
        let [(text, _)] = &bench.thread()[..] else { panic!("{:?}", bench.thread()) };
        assert!(text.contains("Proposed"), "the post that was found is brought up to date: {text}");
        assert_eq!(bench.show(&again, Some(&reference), false).await.unwrap(), reference);
    }
    bench.blameless();
}

#[tokio::test]
async fn it_is_posted_when_it_cannot_be_looked_and_kept_back_while_it_may_be_looked_later() {
    let bench = Bench::new().await;
    let notice = bench.card("looked_up", 2);
    bench.fault("conversations.replies", Fault::Unavailable);
    assert!(matches!(bench.show(&notice, None, true).await, Err(SurfaceError::Failed(_))));
    assert_eq!(bench.thread().len(), 0);
    bench.fault("conversations.replies", Fault::Error("missing_scope"));
    bench.show(&notice, None, true).await.unwrap();
    assert_eq!(bench.thread().len(), 1);
}

#[tokio::test]
async fn an_older_state_never_stands_over_a_newer_one() {
    let bench = Bench::new().await;
    let reference = bench.show(&bench.card("running", 7), None, false).await.unwrap();
    assert_eq!(bench.show(&bench.card("proposed", 5), Some(&reference), false).await.unwrap(), reference);
    let thread = bench.thread();
    assert!(thread.len() == 1 && thread[0].0.contains("Running") && thread[0].1 == 0, "{thread:?}");
    let newer = bench.show(&bench.card("closed", 9), Some(&reference), false).await.unwrap();
    assert_ne!(newer, reference);
    let thread = bench.thread();
    assert!(thread.len() == 1 && thread[0].0.contains("Closed") && thread[0].1 == 1, "{thread:?}");
    bench.blameless();
}

#[tokio::test]
async fn slacks_pace_is_kept_and_nothing_is_sent_before_its_time() {
    let bench = Bench::new().await;
    let note = Notice::Note { place: bench.place.clone(), text: PublicText::words("a line") };
    let mut waited = Vec::new();
    for n in 0..6 {
        let thing = format!("note:{n}");
        match bench.slack.show(&note, Earlier { thing: &thing, ..Earlier::default() }).await {
            Ok(_) => {}
            Err(SurfaceError::Wait { after_ms }) => waited.push(after_ms),
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!((bench.thread().len(), waited), (4, vec![1_000, 1_000]));
    bench.clock.sleep_until(At(10_000)).await;
    bench.fault("chat.postMessage", Fault::RateLimited(7));
    let stopped = bench.show(&note, None, false).await;
    assert!(matches!(stopped, Err(SurfaceError::Wait { after_ms: 7_000 })), "{stopped:?}");
    let calls = bench.sim.state().calls.len();
    assert!(matches!(bench.show(&note, None, false).await, Err(SurfaceError::Wait { .. })));
    assert_eq!(bench.sim.state().calls.len(), calls, "Slack is not asked while it said stop");
    bench.clock.sleep_until(At(17_000)).await;
    bench.show(&note, None, false).await.unwrap();
    assert_eq!(bench.thread().len(), 5);
    bench.blameless();
}

#[tokio::test]
async fn what_slack_refuses_goes_again_with_less_and_what_is_gone_is_given_up() {
    let bench = Bench::new().await;
    bench.fault("chat.postMessage", Fault::Error("msg_blocks_too_long"));
    let reference = bench.show(&bench.card("proposed", 2), None, false).await.unwrap();
    assert_eq!(bench.thread().len(), 1);
    bench.fault("chat.update", Fault::Error("message_not_found"));
    let anew = bench.show(&bench.card("proposed", 3), Some(&reference), false).await.unwrap();
    assert_ne!(anew, reference);
    let place = Place { channel: "C0NOWHERE01".to_owned(), ..bench.place.clone() };
    let note = Notice::Note { place, text: PublicText::words("x") };
    assert!(matches!(bench.show(&note, None, false).await, Err(SurfaceError::Refused(_))));
}

#[tokio::test]
async fn one_person_is_told_where_nobody_else_reads_it() {
    let bench = Bench::new().await;
    let anna = bench.sim.state().person("anna").id;
    let whisper = Notice::Whisper {
        place: bench.place.clone(),
        to: format!("{TEAM}/{anna}"),
        name: "anna".to_owned(),
        text: PublicText::words("no, because of ").and_foreign("<!channel>"),
    };
    bench.slack.show(&whisper, Earlier::default()).await.unwrap();
    assert!(bench.sim.state().whispers("anna")[0].text.contains("no, because of"));
    // In a channel that the person cannot see, the direct messages with the bot are the place.
    let place = Place { channel: "C0NOWHERE01".to_owned(), thread: String::new(), message: "cmd-1".to_owned() };
    let Notice::Whisper { to, name, text, .. } = whisper else { panic!() };
    bench.slack.show(&Notice::Whisper { place, to, name, text }, Earlier::default()).await.unwrap();
    assert!(bench.sim.state().direct_to("anna")[0].text.contains("no, because of"));
    assert_eq!(bench.thread(), [], "nobody else saw it");
    bench.blameless();
}

#[tokio::test]
async fn somebody_of_another_workspace_is_told_in_that_one() {
    let bench = Bench::new().await;
    let whisper = Notice::Whisper {
        place: bench.place.clone(),
        to: format!("{SOUTH}/{}", user_id("annasouth")),
        name: "anna".to_owned(),
        text: PublicText::words("for approvers alone"),
    };
    bench.slack.show(&whisper, Earlier::default()).await.unwrap();
    assert!(bench.sim.state().direct_to("annasouth")[0].text.contains("for approvers alone"));
    let tried: Vec<String> = bench.sim.state().calls.iter().map(|call| call.method.clone()).collect();
    assert_eq!(tried, ["conversations.open", "chat.postMessage"], "the channel is none of theirs");
    bench.blameless();
}

#[tokio::test]
async fn an_approver_gets_the_way_to_the_thread_directly() {
    let bench = Bench::new().await;
    let ben = bench.sim.state().person("ben").id;
    let actor = Actor { key: format!("{TEAM}/{ben}"), name: "ben".to_owned(), standing: Standing::Unlinked };
    let text = PublicText::foreign("anna").and(" asks for a vote on c-7k2m9q");
    assert!(bench.slack.nudges());
    bench.slack.nudge(&bench.place, &actor, &text).await.unwrap();
    let told = bench.sim.state().direct_to("ben");
    assert!(told.len() == 1 && told[0].text.contains("asks for a vote"), "{told:?}");
    assert_eq!(bench.sim.state().done("chat.getPermalink"), 1);
    assert_eq!(bench.thread(), [], "the thread holds the card alone");
    bench.blameless();
}
