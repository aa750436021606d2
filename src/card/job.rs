//! An inbound job in words: its live state, its quarantine, its last errors, what an empty log can mean, and what a restart
//! would do (nobody does it here).
//!
//! Vendor words are shown as they came, with what they mean beside them. Begin with [`section`].

use super::shown::shown;
use crate::domain::job::{EntryError, Job, JobFacts, JobLog, Quarantine};
use crate::domain::notice::{PublicText, Section};
use crate::domain::settings::Sharing;
use crate::domain::tenant::Reading;
use crate::domain::time::{At, MINUTE, span};

/// The provisioning log is late by up to this.
const LATE: i64 = 10 * MINUTE;

/// The job as a part of a card.
pub(super) fn section(facts: &JobFacts, sharing: Sharing) -> Section {
    let lines = lines(facts).iter().map(|line| shown(line, sharing)).collect();
    Section { title: "The inbound job, live".to_owned(), lines }
}

/// The job as sentences.
pub(super) fn lines(facts: &JobFacts) -> Vec<PublicText> {
    let mut lines = Vec::new();
    let job = match &facts.job {
        Reading::Unread(why) => {
            lines.push(PublicText::words("The job could not be read: ").and_foreign(why));
            None
        }
        Reading::Known(None) => {
            let text = "Graph has no such job, or the service principal has several and none was named.";
            lines.push(PublicText::words(text));
            None
        }
        Reading::Known(Some(job)) => {
            state(&mut lines, job);
            Some(job)
        }
    };
    match &facts.log {
        Reading::Unread(why) => lines.push(PublicText::words("Its log could not be read: ").and_foreign(why)),
        Reading::Known(log) => entries(&mut lines, job, log, facts.read_at),
    }
    lines.push(PublicText::words("read at ").and_time(facts.read_at));
    lines
}

fn state(lines: &mut Vec<PublicText>, job: &Job) {
    let mut text = PublicText::foreign(&job.id).and(": ").and_foreign(&job.code);
    if let Some(schedule) = job.schedule.as_ref().filter(|schedule| **schedule != job.code) {
        text = text.and(", schedule ").and_foreign(schedule);
    }
    if let Some(at) = job.last_ended {
        let result = job.last_result.as_deref().unwrap_or("with an unknown result");
        text = text.and(", last run ended ").and_time(at).and(" ").and_foreign(result);
    }
    lines.push(text);
    if let Some(quarantine) = &job.quarantine {
        held(lines, quarantine);
    }
    if job.is_stopped() {
        lines.push(PublicText::words(
            "The job does not run: what was uploaded waits until somebody chooses Start provisioning. Nothing is lost.",
        ));
    }
    if job.quarantine.is_some() || job.code == "Quarantine" {
        lines.push(PublicText::words(restart(job.quarantine.as_ref().map(|quarantine| quarantine.reason.as_str()))));
    }
}

fn held(lines: &mut Vec<PublicText>, quarantine: &Quarantine) {
    let mut text = PublicText::words("In quarantine");
    if let Some(at) = quarantine.began {
        text = text.and(" since ").and_time(at);
    }
    text = text.and(", reason ").and_foreign(&quarantine.reason).and(format!(": {}", meaning(&quarantine.reason)));
    if let Some(at) = quarantine.next_attempt {
        text = text.and(" Next attempt: ").and_time(at).and(".");
    }
    if let Some(count) = quarantine.series.filter(|count| *count > 1) {
        text = text.and(format!(" Number {count} in a row."));
    }
    lines.push(text);
    if quarantine.code.is_some() || quarantine.message.is_some() {
        let code = quarantine.code.as_deref().unwrap_or("no code");
        let mut text = PublicText::words("Its error: ").and_foreign(code);
        if let Some(message) = &quarantine.message {
            text = text.and(": ").and_foreign(message);
        }
        lines.push(text);
    }
}

/// What a reason of Graph's open list means.
fn meaning(reason: &str) -> &'static str {
    match reason {
        "EncounteredBaseEscrowThreshold" => "many single failures wait for a retry; mend the most frequent one first.",
        "EncounteredTotalEscrowThreshold" => {
            "the total of failures that wait for a retry is too high; mend the most frequent one first."
        }
        "EncounteredEscrowProportionThreshold" => {
            "too large a part of all events failed; mend the most frequent failure first."
        }
        "EncounteredQuarantineException" => {
            "the job itself cannot work: credentials, connection or settings; a job started without a notification e-mail goes here at once."
        }
        "QuarantinedOnDemand" => "somebody, or Microsoft, put it there on purpose.",
        "TooManyDeletes" => {
            "more deletions than allowed came at once; look whether the source lost people by mistake before anything else."
        }
        "IngestionInterrupted" => "reading from the source was interrupted.",
        _ => "Graph gives no reason that is known here; the error says more.",
    }
}

/// What Restart provisioning would do. The bot never restarts a job.
fn restart(reason: Option<&str>) -> String {
    let first = match reason {
        Some("TooManyDeletes") => "Restart provisioning would let these deletions through. ",
        _ => "",
    };
    format!(
        "{first}What Restart provisioning would do: end the quarantine, forget the failures kept for retry and read the source from \
         the beginning; people who are right already do not change. Mend the cause first, or it comes back. The bot does not restart jobs."
    )
}

fn entries(lines: &mut Vec<PublicText>, job: Option<&Job>, log: &JobLog, now: At) {
    let Some(newest) = log.newest else {
        lines.extend(empty(job));
        return;
    };
    let text = PublicText::words("Newest entry of its log: ").and_time(newest);
    let silent = now.since(newest);
    let note =
        if silent > LATE { format!(", {} ago; the log is 5 to 10 minutes late", span(silent)) } else { String::new() };
    lines.push(text.and(note));
    if log.failures.is_empty() {
        lines.push(PublicText::words("No failure stands in it."));
    }
    lines.extend(log.failures.iter().map(failure));
}

/// What a 202 with an empty log can mean, with what the live state rules out.
fn empty(job: Option<&Job>) -> Vec<PublicText> {
    let text = match job {
        Some(job) if job.is_stopped() => {
            "Its log is empty. A 202 says only that the upload was taken; here the job does not run, and that is why."
        }
        Some(job) if job.code == "Quarantine" => {
            "Its log is empty. A 202 says only that the upload was taken; here the quarantine slows the job down."
        }
        Some(job) if job.code == "Active" => {
            "Its log is empty. A 202 says only that the upload was taken: the log follows 5 to 10 minutes later, so let the client \
             wait before it asks for it. A paused job would have an empty log too, but this one runs. Still empty: where it writes \
             to Active Directory, the on-premises provisioning agent is inactive: restart the agent."
        }
        Some(_) | None => {
            "Its log is empty. A 202 says only that the upload was taken: the log follows 5 to 10 minutes later, so let the client \
             wait before it asks for it. Still empty: the job is paused, or, where it writes to Active Directory, the on-premises \
             provisioning agent is inactive: restart the agent."
        }
    };
    vec![PublicText::words(text)]
}

fn failure(entry: &EntryError) -> PublicText {
    let mut text = PublicText::words("Failed");
    if let Some(at) = entry.at {
        text = text.and(" ").and_time(at);
    }
    for part in [&entry.action, &entry.who, &entry.code].into_iter().flatten() {
        text = text.and(", ").and_foreign(part);
    }
    match &entry.reason {
        Some(reason) => text.and(": ").and_foreign(reason),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::job::JobRef;

    fn facts(code: &str, reason: Option<&str>) -> JobFacts {
        let quarantine = reason.map(|reason| Quarantine {
            reason: reason.to_owned(),
            code: Some("NoNotificationEmail".to_owned()),
            message: None,
            began: Some(At(0)),
            next_attempt: None,
            series: Some(2),
        });
        let job = Job {
            id: "API2AAD.x.y".to_owned(),
            code: code.to_owned(),
            schedule: None,
            quarantine,
            last_ended: None,
            last_result: None,
        };
        let at = JobRef { service_principal: "sp".to_owned(), job: None };
        JobFacts {
            read_at: At(20 * MINUTE),
            at,
            job: Reading::Known(Some(job)),
            log: Reading::Known(JobLog::default()),
        }
    }

    fn said(facts: &JobFacts) -> String {
        lines(facts).iter().map(PublicText::plain).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn each_reason_of_a_quarantine_is_explained_and_no_restart_is_promised() {
        let reasons = [
            "EncounteredBaseEscrowThreshold",
            "EncounteredTotalEscrowThreshold",
            "EncounteredEscrowProportionThreshold",
            "EncounteredQuarantineException",
            "QuarantinedOnDemand",
            "TooManyDeletes",
            "IngestionInterrupted",
            "Unknown",
            "SomethingNew",
        ];
        let all: std::collections::BTreeSet<&str> = reasons.iter().map(|reason| meaning(reason)).collect();
        assert_eq!(all.len(), reasons.len() - 1, "every known reason has a meaning of its own");
        for reason in reasons {
            let text = said(&facts("Quarantine", Some(reason)));
            assert!(text.contains(reason) && text.contains("The bot does not restart jobs."), "{text}");
        }
        assert!(said(&facts("Quarantine", Some("TooManyDeletes"))).contains("let these deletions through"));
        assert!(said(&facts("Quarantine", Some("EncounteredQuarantineException"))).contains("notification e-mail"));
    }

    #[test]
    fn an_empty_log_is_explained_by_what_the_job_does() {
        assert!(said(&facts("Paused", None)).contains("here the job does not run"));
        let running = said(&facts("Active", None));
        assert!(running.contains("5 to 10 minutes") && running.contains("agent is inactive"), "{running}");
        let mut unread = facts("Active", None);
        unread.log = Reading::Unread("no permission".to_owned());
        assert!(!said(&unread).contains("is empty"), "what was not read is not empty");
    }
}
