//! The grammar of the bot's commands (`/reanchor …`, and the few verbs that are heard after a mention).
//!
//! Never gives authority: a command is only what somebody asked for. A wrong command is answered with what is allowed.
//!
//! Begin with [`Command`], then [`slash`] and [`mention`].

use crate::domain::diagnosis::Remedy;
use crate::domain::ids::{BASE32, CaseId};
use crate::domain::job::JobRef;

/// What somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Diagnose this text.
    Diagnose {
        /// The pasted error.
        text: String,
    },
    /// Both sides of one person, read-only.
    Lookup {
        /// Login or id.
        user: String,
    },
    /// The case is about this person.
    Subject {
        /// Which case.
        case: CaseId,
        /// Okta login.
        login: String,
    },
    /// The live state of an inbound job, read-only.
    Job {
        /// The case that it belongs to, when it is to be shown on its card.
        case: Option<CaseId>,
        /// Which job.
        at: JobRef,
    },
    /// Propose a plan for this remedy.
    Fix {
        /// Which case.
        case: CaseId,
        /// Which remedy.
        remedy: Remedy,
    },
    /// Vote for a proposal.
    Approve {
        /// Names one proposal.
        code: String,
    },
    /// Vote against a proposal.
    Deny {
        /// Names one proposal.
        code: String,
        /// Why, when said.
        reason: Option<String>,
    },
    /// Take a vote or a proposal back.
    Withdraw {
        /// Names one proposal.
        code: String,
    },
    /// How things stand.
    Status {
        /// One case, or all open ones.
        case: Option<CaseId>,
    },
    /// Propose to undo what a case did.
    Undo {
        /// Which case.
        case: CaseId,
    },
    /// Stop new runs.
    Freeze {
        /// Why, when said.
        reason: Option<String>,
    },
    /// Allow runs again.
    Thaw {
        /// Why.
        reason: String,
    },
    /// Who can approve, and why not you.
    Why {
        /// Which case.
        case: CaseId,
    },
    /// Print the plan of a case as steps that an administrator does by hand.
    Manual {
        /// Which case.
        case: CaseId,
    },
    /// Tie this chat account to an Okta account.
    Link {
        /// One-time code shown after signing in.
        code: String,
    },
    /// What can be typed.
    Help,
}

/// The verbs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is documented at the variant of Command of the same name")]
pub enum Verb {
    Diagnose,
    Lookup,
    Subject,
    Job,
    Fix,
    Approve,
    Deny,
    Withdraw,
    Status,
    Undo,
    Freeze,
    Thaw,
    Why,
    Manual,
    Link,
    Help,
}

impl Verb {
    /// All verbs, in the order of the help text.
    pub const ALL: [Self; 16] = [
        Self::Diagnose,
        Self::Lookup,
        Self::Subject,
        Self::Job,
        Self::Fix,
        Self::Approve,
        Self::Deny,
        Self::Withdraw,
        Self::Status,
        Self::Undo,
        Self::Freeze,
        Self::Thaw,
        Self::Why,
        Self::Manual,
        Self::Link,
        Self::Help,
    ];

    /// Word, arguments, what it does. The match names every verb, so that the help text cannot forget one.
    pub fn usage(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Diagnose => ("diagnose", "<text>", "say what a pasted error means"),
            Self::Lookup => ("lookup", "<user>", "show one person in Okta and in Entra"),
            Self::Subject => ("subject", "<case> <login>", "say whom a case is about"),
            Self::Job => {
                ("job", "[case] <service principal> [job]", "show the live state of an inbound provisioning job")
            }
            Self::Fix => {
                ("fix", "<case> <remedy>", "propose a repair: restore, reassign, align-okta-anchor or set-immutable-id")
            }
            Self::Approve => ("approve", "<code>", "vote for a proposal"),
            Self::Deny => ("deny", "<code> [reason]", "vote against a proposal"),
            Self::Withdraw => ("withdraw", "<code>", "take back your vote or your proposal"),
            Self::Status => ("status", "[case]", "show how one case, or all open ones, stand"),
            Self::Undo => ("undo", "<case>", "propose to undo what a case did"),
            Self::Freeze => ("freeze", "[reason]", "stop all new repairs"),
            Self::Thaw => ("thaw", "<reason>", "allow repairs again"),
            Self::Why => ("why", "<case>", "show who can approve, and why you cannot"),
            Self::Manual => ("manual", "<case>", "print the plan of a case as steps for an administrator"),
            Self::Link => ("link", "<one-time code>", "tie this chat account to your Okta account"),
            Self::Help => ("help", "", "show this list"),
        }
    }

    /// Whether the verb is also heard after a mention. The others need an interaction that the platform signed.
    pub fn by_mention(self) -> bool {
        match self {
            Self::Diagnose | Self::Lookup | Self::Status | Self::Why | Self::Help => true,
            Self::Subject
            | Self::Job
            | Self::Fix
            | Self::Approve
            | Self::Deny
            | Self::Withdraw
            | Self::Undo
            | Self::Freeze
            | Self::Thaw
            | Self::Manual
            | Self::Link => false,
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|v| v.usage().0.eq_ignore_ascii_case(word))
    }

    fn line(self) -> String {
        let (word, arguments, _) = self.usage();
        format!("/reanchor {word} {arguments}").trim_end().to_owned()
    }
}

/// Why a command was not understood. The text says what is allowed; nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// Not one of the verbs.
    #[error("`{word}` is not a command. {nearest}Type `/reanchor help` for the list.")]
    Unknown {
        /// What was typed.
        word: String,
        /// `Did you mean …? `, or nothing.
        nearest: String,
    },
    /// Only allowed as a slash command or by a button.
    #[error("A mention cannot `{word}`. Press the button on the card, or type `{usage}`.")]
    NotByMention {
        /// The verb.
        word: &'static str,
        /// How it is typed.
        usage: String,
    },
    /// An argument is missing, superfluous or of the wrong shape.
    #[error("{what}. It is typed as `{usage}`.")]
    Usage {
        /// What is wrong.
        what: String,
        /// How it is typed.
        usage: String,
    },
}

/// Reads what was typed after `/reanchor`. Nothing typed is a call for help.
pub fn slash(text: &str) -> Result<Command, CommandError> {
    let (word, rest) = first_word(text);
    if word.is_empty() {
        return Ok(Command::Help);
    }
    match Verb::parse(word) {
        Some(verb) => arguments(verb, rest),
        None => Err(unknown(word)),
    }
}

/// Reads what was typed after a mention of the bot. A text that does not begin with a verb is taken for an error to
/// diagnose.
pub fn mention(text: &str) -> Result<Command, CommandError> {
    let (word, rest) = first_word(text);
    match Verb::parse(word) {
        _ if word.is_empty() => Ok(Command::Help),
        Some(verb) if verb.by_mention() => arguments(verb, rest),
        Some(verb) => Err(CommandError::NotByMention { word: verb.usage().0, usage: verb.line() }),
        None if rest.is_empty() => Err(unknown(word)),
        None => Ok(Command::Diagnose { text: text.trim().to_owned() }),
    }
}

/// The help text: one line a verb.
pub fn help() -> String {
    let mut text = String::from("What you can type:\n");
    for verb in Verb::ALL {
        let (_, _, what) = verb.usage();
        for part in [verb.line().as_str(), " - ", what, "\n"] {
            text.push_str(part);
        }
    }
    text.push_str("After a mention only ");
    let heard: Vec<_> = Verb::ALL.into_iter().filter(|v| v.by_mention()).map(|v| v.usage().0).collect();
    text.push_str(&heard.join(", "));
    text.push_str(" are understood; everything else needs a button or a slash command.");
    text
}

fn first_word(text: &str) -> (&str, &str) {
    let text = text.trim();
    match text.split_once(char::is_whitespace) {
        Some((word, rest)) => (word, rest.trim()),
        None => (text, ""),
    }
}

fn unknown(word: &str) -> CommandError {
    let near = Verb::ALL.into_iter().map(|v| v.usage().0).find(|v| distance(v, &word.to_ascii_lowercase()) <= 2);
    let nearest = near.map_or_else(String::new, |v| format!("Did you mean `{v}`? "));
    CommandError::Unknown { word: word.chars().take(40).collect(), nearest }
}

/// Letters to change, add or drop to get from one word to the other.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = i;
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        for (j, y) in b.chars().enumerate() {
            let next = (corner + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            corner = row[j + 1];
            row[j + 1] = next;
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}

fn arguments(verb: Verb, rest: &str) -> Result<Command, CommandError> {
    let wrong = |what: &str| CommandError::Usage { what: what.to_owned(), usage: verb.line() };
    let text = || if rest.is_empty() { Err(wrong("Something is missing")) } else { Ok(rest.to_owned()) };
    let one = || {
        let (word, more) = first_word(rest);
        match (word.is_empty(), more.is_empty()) {
            (true, _) => Err(wrong("Something is missing")),
            (false, false) => Err(wrong("That is one word too many")),
            (false, true) => Ok(word),
        }
    };
    let pair = || {
        let (word, more) = first_word(rest);
        if more.is_empty() { Err(wrong("Something is missing")) } else { Ok((word, more)) }
    };
    let optional = || (!rest.is_empty()).then(|| rest.to_owned());
    let case = |word: &str| {
        case_id(word).ok_or_else(|| wrong("A case is written as c- and six characters, for example c-7kq2ma"))
    };
    let code =
        |word: &str| code_of(word).ok_or_else(|| wrong("A code has ten letters and digits; it stands on the card"));
    Ok(match verb {
        Verb::Diagnose => Command::Diagnose { text: text()? },
        Verb::Lookup => Command::Lookup { user: user(one()?) },
        Verb::Subject => {
            let (id, login) = pair()?;
            if login.contains(char::is_whitespace) {
                return Err(wrong("A login has no spaces"));
            }
            Command::Subject { case: case(id)?, login: user(login) }
        }
        Verb::Job => {
            job(rest).ok_or_else(|| wrong("A service principal is named by its GUID, a job by its whole id"))?
        }
        Verb::Fix => {
            let (id, remedy) = pair()?;
            let remedy = Remedy::parse(&remedy.to_ascii_lowercase())
                .ok_or_else(|| wrong("A remedy is restore, reassign, align-okta-anchor or set-immutable-id"))?;
            Command::Fix { case: case(id)?, remedy }
        }
        Verb::Approve => Command::Approve { code: code(one()?)? },
        Verb::Deny => {
            let (word, reason) = first_word(rest);
            Command::Deny { code: code(word)?, reason: (!reason.is_empty()).then(|| reason.to_owned()) }
        }
        Verb::Withdraw => Command::Withdraw { code: code(one()?)? },
        Verb::Status => Command::Status { case: if rest.is_empty() { None } else { Some(case(one()?)?) } },
        Verb::Undo => Command::Undo { case: case(one()?)? },
        Verb::Freeze => Command::Freeze { reason: optional() },
        Verb::Thaw => Command::Thaw { reason: text()? },
        Verb::Why => Command::Why { case: case(one()?)? },
        Verb::Manual => Command::Manual { case: case(one()?)? },
        Verb::Link => Command::Link { code: one()?.to_owned() },
        Verb::Help => Command::Help,
    })
}

/// `[case] <service principal> [job]`
fn job(rest: &str) -> Option<Command> {
    let mut words = rest.split_whitespace().map(|word| word.trim_matches(['`', '<', '>', ',', '/']));
    let mut word = words.next()?;
    let case = case_id(word);
    if case.is_some() {
        word = words.next()?;
    }
    let at = JobRef::parse(word, words.next())?;
    words.next().is_none().then_some(Command::Job { case, at })
}

/// `c-` and six base32 characters, in any case.
fn case_id(word: &str) -> Option<CaseId> {
    let word = word.to_ascii_lowercase();
    let id = read_base32(word.strip_prefix("c-")?)?;
    (id.len() == 6).then(|| CaseId::new(format!("c-{id}")))
}

/// Ten base32 characters, in any case, as they stand on the card.
fn code_of(word: &str) -> Option<String> {
    read_base32(word.trim_matches(['`', '<', '>', '.', ','])).filter(|code| code.len() == 10)
}

/// Lower-case base32; letters that the alphabet leaves out because they look like digits are read as those digits.
fn read_base32(text: &str) -> Option<String> {
    let read = |c: char| match c.to_ascii_lowercase() {
        'o' => Some('0'),
        'i' | 'l' => Some('1'),
        c => u8::try_from(c).ok().filter(|b| BASE32.contains(b)).map(char::from),
    };
    text.chars().map(read).collect()
}

/// A login as chat may have rewritten it (`<mailto:a@b|a@b>`).
fn user(word: &str) -> String {
    let (clean, _) = super::chat::undo(&[(0, word)]);
    clean.trim_matches(['<', '>', '`', '"', '\'', ',']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_understood() {
        assert_eq!(slash("diagnose  some text\nmore"), Ok(Command::Diagnose { text: "some text\nmore".to_owned() }));
        assert_eq!(slash("lookup <mailto:a@b.c|a@b.c>"), Ok(Command::Lookup { user: "a@b.c".to_owned() }));
        assert_eq!(slash(""), Ok(Command::Help));
        let case = CaseId::new("c-7kq2ma");
        assert_eq!(slash("FIX C-7KQ2MA Reassign"), Ok(Command::Fix { case: case.clone(), remedy: Remedy::Reassign }));
        assert_eq!(slash("status"), Ok(Command::Status { case: None }));
        assert_eq!(slash("status c-7kq2ma"), Ok(Command::Status { case: Some(case) }));
        let sp = "5b2e8c14-6a90-4d37-8f1b-c3d7e9a04f62";
        let at = JobRef { service_principal: sp.to_owned(), job: None };
        assert_eq!(slash(&format!("job {sp}")), Ok(Command::Job { case: None, at: at.clone() }));
        let with = Command::Job { case: Some(CaseId::new("c-7kq2ma")), at };
        assert_eq!(slash(&format!("job c-7kq2ma `{sp}`")), Ok(with));
        for wrong in ["job", "job c-7kq2ma", "job x", &format!("job {sp} x"), &format!("job {sp} c-7kq2ma")] {
            assert!(slash(wrong).is_err(), "{wrong}");
        }
        let deny = Command::Deny { code: "abcdefgh23".to_owned(), reason: Some("not now".to_owned()) };
        assert_eq!(slash("deny ABCDEFGH23 not now"), Ok(deny));
    }

    #[test]
    fn a_wrong_command_is_told_what_is_allowed() {
        let told = |text: &str| slash(text).unwrap_err().to_string();
        assert_eq!(
            told("aprove x"),
            "`aprove` is not a command. Did you mean `approve`? Type `/reanchor help` for the list."
        );
        assert!(told("approve").contains("/reanchor approve <code>"));
        assert!(told("approve abc").contains("ten letters and digits"));
        assert!(told("fix c-7kq2ma delete").contains("align-okta-anchor"));
        assert!(told("undo 17").contains("c-7kq2ma"));
        assert!(told("thaw").contains("/reanchor thaw <reason>"));
    }

    #[test]
    fn a_mention_has_no_authority() {
        for verb in Verb::ALL {
            let (word, _, _) = verb.usage();
            let answer = mention(&format!("{word} abcdefgh23 x"));
            assert_eq!(matches!(answer, Err(CommandError::NotByMention { .. })), !verb.by_mention(), "{word}");
        }
        assert!(mention("approve abcdefgh23").unwrap_err().to_string().contains("/reanchor approve <code>"));
        assert_eq!(mention("what is this error"), Ok(Command::Diagnose { text: "what is this error".to_owned() }));
    }

    #[test]
    fn help_names_every_verb() {
        let help = help();
        for verb in Verb::ALL {
            assert!(help.contains(&verb.line()), "{help}");
        }
    }
}
