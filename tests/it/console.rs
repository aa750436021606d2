//! The console from outside: a script drives an app through [`World`], and what the app shows comes out as JSON lines.

use async_trait::async_trait;
use reanchor::domain::ids::{CaseId, OktaUserId};
use reanchor::domain::inbound::{Body, Inbound, Verb};
use reanchor::domain::notice::{Button, Card, Look, Notice, PublicText, Tone};
use reanchor::domain::time::At;
use reanchor::ports::surface::{Earlier, Surface};
use reanchor::surface::console::{Console, Format, Outcome, Paper, Persona, Screen, World, run_script};
use std::collections::BTreeMap;
use std::io::{self, Cursor, Write};
use std::sync::{Arc, Mutex};

#[derive(Clone, Default)]
struct Tape(Arc<Mutex<Vec<u8>>>);

impl Tape {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Tape {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An app that opens a case for every message that says `errorCode`, closes it at the first press, and whispers to commands.
struct App {
    console: Arc<Console>,
    people: BTreeMap<String, Persona>,
    work: Mutex<Vec<Inbound>>,
    cards: Mutex<Vec<Card>>,
    fresh: Mutex<u32>,
    login: String,
}

impl App {
    fn new(console: Arc<Console>) -> Self {
        let person = |name: &str| {
            (
                name.to_owned(),
                Persona { okta: Some(OktaUserId::new(format!("00u{name}"))), role: "help desk".to_owned() },
            )
        };
        Self {
            console,
            people: ["anna", "ben"].map(person).into(),
            work: Mutex::default(),
            cards: Mutex::default(),
            fresh: Mutex::default(),
            login: "sam@example.com".to_owned(),
        }
    }

    async fn do_one(&self, inbound: Inbound) -> anyhow::Result<()> {
        let (notice, posted) = match inbound.body {
            Body::Message { text } if text.contains("errorCode") => {
                let button = Button {
                    verb: Verb::Reassign,
                    number: None,
                    look: Look::Primary,
                    confirm: None,
                    asks_reason: false,
                };
                let card = Card {
                    case: Some(CaseId::new(format!("c-{:06}", self.cards.lock().unwrap().len()))),
                    place: inbound.place,
                    state: Some("looked_up".to_owned()),
                    version: 1,
                    tone: Tone::Warn,
                    title: "A broken tie".to_owned(),
                    summary: PublicText::words("asked by ").and_foreign(&inbound.actor.name),
                    facts: Vec::new(),
                    sides: Vec::new(),
                    diff: Vec::new(),
                    warnings: Vec::new(),
                    steps: Vec::new(),
                    sections: Vec::new(),
                    buttons: vec![button],
                    context: Vec::new(),
                };
                self.cards.lock().unwrap().push(card.clone());
                (Notice::Card(Box::new(card)), None)
            }
            Body::Press { case, .. } => {
                let mut cards = self.cards.lock().unwrap();
                let card = cards.iter_mut().find(|card| card.case.as_ref() == Some(&case)).unwrap();
                card.state = Some("closed".to_owned());
                card.buttons.clear();
                (Notice::Card(Box::new(card.clone())), Some(format!("{}/{case}", card.place.thread)))
            }
            Body::Message { .. } => return Ok(()),
            Body::Mention { text } | Body::Command { text } => {
                let Inbound { place, actor, .. } = inbound;
                (Notice::Whisper { place, to: actor.key, name: actor.name, text: PublicText::foreign(&text) }, None)
            }
        };
        self.console.show(&notice, Earlier { posted: posted.as_deref(), ..Earlier::default() }).await?;
        Ok(())
    }
}

#[async_trait]
impl World for App {
    fn people(&self) -> &BTreeMap<String, Persona> {
        &self.people
    }

    async fn error_text(&self) -> anyhow::Result<String> {
        Ok("errorCode=Request_ResourceNotFound\nrequest-id: 1".to_owned())
    }

    fn subject_login(&self) -> &str {
        &self.login
    }

    async fn hear(&self, inbound: Inbound) -> anyhow::Result<()> {
        self.work.lock().unwrap().push(inbound);
        Ok(())
    }

    async fn settle(&self) -> anyhow::Result<()> {
        let work = std::mem::take(&mut *self.work.lock().unwrap());
        for inbound in work {
            self.do_one(inbound).await?;
        }
        Ok(())
    }

    async fn wait(&self) -> anyhow::Result<()> {
        self.settle().await
    }

    async fn advance(&self, _ms: i64) -> anyhow::Result<()> {
        Ok(())
    }

    async fn cards(&self) -> anyhow::Result<Vec<Card>> {
        Ok(self.cards.lock().unwrap().clone())
    }

    fn now(&self) -> At {
        At(0)
    }

    fn fresh(&self) -> String {
        let mut fresh = self.fresh.lock().unwrap();
        *fresh += 1;
        fresh.to_string()
    }
}

/// Runs `script`; gives how it ended, the JSON lines and the errors.
async fn run(script: &str) -> (Outcome, Vec<serde_json::Value>, String) {
    let (out, errors) = (Tape::default(), Tape::default());
    let paper = Paper { width: Some(80), color: false };
    let console = Arc::new(Console::new(Screen::new(Box::new(out.clone())), Format::Json, paper));
    let app = App::new(Arc::clone(&console));
    let input = Cursor::new(script.to_owned());
    let outcome = run_script(&app, &console, input, &Screen::new(Box::new(errors.clone()))).await.unwrap();
    let lines = out.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (outcome, lines, errors.text())
}

#[tokio::test]
async fn a_script_drives_the_app_and_every_post_and_edit_is_one_json_line() {
    let script = "# a day\nanna: @error\nanna: thanks all\nben: press Reassign\nben: /reanchor why c-000000\n";
    let (outcome, lines, errors) = run(script).await;
    assert_eq!((outcome.exit_code, errors.as_str()), (0, ""));
    let keys = ["buttons", "case", "edited", "facts", "only_for", "state", "text", "thread", "title"];
    for line in &lines {
        assert_eq!(line.as_object().unwrap().keys().collect::<Vec<_>>(), keys);
    }
    let of = |key: &str| lines.iter().map(|line| line[key].to_string()).collect::<Vec<_>>();
    assert_eq!(of("state"), [r#""looked_up""#, r#""closed""#, "null"]);
    assert_eq!(of("edited"), ["false", "true", "false"]);
    assert_eq!(of("buttons"), [r#"["Reassign"]"#, "[]", "[]"]);
    assert_eq!(of("only_for"), ["null", "null", r#""ben""#]);
    assert_eq!(of("thread")[0], of("thread")[2], "the command names the case, so it is answered beside its card");
}

#[tokio::test]
async fn a_button_that_is_gone_fails_the_script_but_does_not_stop_it() {
    let (outcome, lines, errors) =
        run("anna: @error\nben: press Reassign\nben: press Reassign\nanna: @reanchor help\n").await;
    assert_eq!(outcome.exit_code, 1);
    assert_eq!(errors, "line 3: nobody has a button \"Reassign\" (buttons now: none)\n");
    assert_eq!(lines.last().unwrap()["text"], "help");
}
