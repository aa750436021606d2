//! The answer of `reanchor diagnose` for people: what it is, where it was seen (underlined), what to do.
//!
//! Never prints a control character of the pasted text: it could change the terminal.
//!
//! Begin with [`Page::answer`].

use crate::app::diagnose::PartExplained;
use crate::domain::diagnosis::{Answer, Evidence, Report, Severity, Verdict};
use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use unicode_width::UnicodeWidthChar;

/// Reports printed in full; of more than these a table is printed.
const FULL: usize = 3;

/// How a page is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// Whether colours may be used.
    pub colour: bool,
    /// Columns.
    pub width: usize,
}

impl Page {
    /// The whole answer.
    pub fn answer(&self, text: &str, answer: &Answer) -> String {
        let mut out = String::new();
        if let Some(cut) = answer.cut {
            let note = format!(
                "The text has {} bytes; only its first {} and last {} were read.",
                cut.total, cut.head, cut.tail
            );
            self.paragraph(&mut out, "", &note);
        }
        if let Some(bulk) = &answer.bulk {
            self.heading(&mut out, Style::new().bold(), "A request of the inbound provisioning API");
            for line in bulk.lines() {
                self.paragraph(&mut out, "  ", &line);
            }
            out.push('\n');
        }
        if answer.reports.is_empty() {
            if answer.bulk.is_some() {
                return out;
            }
            self.paragraph(
                &mut out,
                "",
                "Nothing to say: no provisioning error that I know was reported in this text.",
            );
            return out;
        }
        if answer.reports.len() > 1 {
            add(&mut out, &format!("{} errors in this text\n\n", answer.reports.len()));
        }
        for report in answer.reports.iter().take(FULL) {
            self.report(&mut out, text, report);
        }
        if answer.reports.len() > FULL {
            Self::table(&mut out, answer);
        }
        out
    }

    fn report(&self, out: &mut String, text: &str, report: &Report) {
        let d = &report.diagnosis;
        self.heading(out, Style::new().bold(), &d.texts.title);
        let sure = match d.verdict {
            Verdict::Recognized => format!("recognized, {} %", d.confidence.hundredths()),
            Verdict::Unsure => format!("not sure, {} %", d.confidence.hundredths()),
            Verdict::None => "nothing to say".to_owned(),
        };
        let line = format!("{} ({sure}; severity {})", d.class, d.texts.severity.as_str());
        self.heading(out, severity_style(d.texts.severity), &line);
        out.push('\n');
        for evidence in d.evidence.iter().take(3) {
            self.evidence(out, text, evidence);
        }
        out.push('\n');
        self.paragraph(out, "", d.texts.meaning.trim());
        out.push('\n');
        if !d.fields.is_empty() {
            let longest = d.fields.keys().map(|k| k.as_str().len()).max().unwrap_or(0);
            for (name, value) in &d.fields {
                let label = format!("  {:longest$}  ", name.as_str());
                let value = shorten_end(&printable(value), self.width.saturating_sub(label.len()).max(8));
                add(out, &self.paint(Style::new().dimmed(), &label));
                add(out, &format!("{value}\n"));
            }
            out.push('\n');
        }
        self.paragraph(out, "", &format!("What to do ({}):", d.texts.owner));
        for (n, step) in d.texts.steps.iter().enumerate() {
            self.paragraph(out, &format!("  {}. ", n + 1), step);
        }
        self.paragraph(out, "Still works: ", &d.texts.still_works);
        if !d.remedies.is_empty() {
            let remedies: Vec<&str> = d.remedies.iter().map(|r| r.as_str()).collect();
            self.paragraph(out, "The bot can propose: ", &remedies.join(", "));
        }
        if !d.alternatives.is_empty() {
            let others: Vec<String> =
                d.alternatives.iter().map(|a| format!("{} ({} %)", a.class, a.confidence.hundredths())).collect();
            self.paragraph(out, "It could also be: ", &others.join(", "));
        }
        out.push('\n');
    }

    /// The line that holds the evidence, shortened to the width, with the evidence underlined by carets.
    fn evidence(&self, out: &mut String, text: &str, evidence: &Evidence) {
        let line_start = text.get(..evidence.start).and_then(|t| t.rfind('\n')).map_or(0, |i| i + 1);
        let before = text.get(line_start..evidence.start).unwrap_or_default();
        let said = text.get(evidence.start..evidence.end).unwrap_or_default();
        let said = said.lines().next().unwrap_or_default();
        let after = text.get(evidence.start + said.len()..).and_then(|t| t.lines().next()).unwrap_or_default();
        let room = self.width.saturating_sub(6).max(20);
        let said = shorten_end(&printable(said), room);
        let left = (room - columns(&said)) / 2;
        let before = shorten_start(&printable(before), left);
        let after = shorten_end(&printable(after), room.saturating_sub(columns(&before) + columns(&said)));
        let red = Style::new().fg_color(Some(AnsiColor::Red.into())).bold();
        add(out, &format!("    {before}{}{after}\n", self.paint(red, &said)));
        let carets = "^".repeat(columns(&said).max(1));
        add(out, &format!("    {}{}\n", " ".repeat(columns(&before)), self.paint(red, &carets)));
        self.paragraph(out, "    ", &evidence.why);
    }

    /// Wraps a text and paints it.
    fn heading(&self, out: &mut String, style: Style, text: &str) {
        let mut wrapped = String::new();
        self.paragraph(&mut wrapped, "", text);
        add(out, &self.paint(style, wrapped.trim_end()));
        out.push('\n');
    }

    fn table(out: &mut String, answer: &Answer) {
        out.push_str("All errors by class:\n");
        for (class, members) in answer.groups() {
            add(out, &format!("  {:5}  {class}\n", members.len()));
        }
    }

    /// How the answer came about.
    pub fn explained(&self, parts: &[PartExplained]) -> String {
        let mut out = String::from("How it was judged\n");
        for part in parts {
            add(&mut out, &format!("  bytes {} to {}\n", part.received.start, part.received.end));
            for candidate in &part.judged.candidates {
                let fate = candidate.lost.as_deref().unwrap_or("stands");
                self.paragraph(
                    &mut out,
                    "    ",
                    &format!("{} {} %: {fate}", candidate.class, candidate.confidence.hundredths()),
                );
                for (why, weight, at) in &candidate.signs {
                    self.paragraph(&mut out, "      + ", &format!("{weight} % at {}..{}: {why}", at.start, at.end));
                }
            }
            for cue in &part.judged.stance {
                self.paragraph(&mut out, "    ", cue);
            }
        }
        out
    }

    fn paint(&self, style: Style, text: &str) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// Wraps at the width; further lines are indented as far as the lead is long.
    fn paragraph(&self, out: &mut String, lead: &str, text: &str) {
        let indent = columns(lead);
        let room = self.width.saturating_sub(indent).max(20);
        out.push_str(lead);
        let mut used = 0;
        for word in printable(text).split_whitespace() {
            let long = columns(word);
            if used > 0 && used + 1 + long > room {
                out.push('\n');
                out.push_str(&" ".repeat(indent));
                used = 0;
            }
            if used > 0 {
                out.push(' ');
                used += 1;
            }
            out.push_str(word);
            used += long;
        }
        out.push('\n');
    }
}

fn add(out: &mut String, text: &str) {
    out.push_str(text);
}

fn severity_style(severity: Severity) -> Style {
    let colour = match severity {
        Severity::Low => AnsiColor::Green,
        Severity::Medium => AnsiColor::Yellow,
        Severity::High | Severity::Critical => AnsiColor::Red,
    };
    Style::new().fg_color(Some(colour.into()))
}

/// The text with control characters (escape sequences, carriage returns) and direction marks shown as `·`.
fn printable(text: &str) -> String {
    let hidden = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
    text.chars()
        .map(|c| {
            if c == '\t' || c == '\n' {
                ' '
            } else if c.is_control() || hidden(c) {
                '·'
            } else {
                c
            }
        })
        .collect()
}

fn columns(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

fn shorten_end(text: &str, room: usize) -> String {
    if columns(text) <= room {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used + 1 > room {
            break;
        }
        out.push(c);
    }
    if room > 0 {
        out.push('…');
    }
    out
}

fn shorten_start(text: &str, room: usize) -> String {
    if columns(text) <= room {
        return text.to_owned();
    }
    let mut kept: Vec<char> = Vec::new();
    let mut used = 1;
    for c in text.chars().rev() {
        used += c.width().unwrap_or(0);
        if used > room {
            break;
        }
        kept.push(c);
    }
    let mut out = if room > 0 { String::from("…") } else { String::new() };
    out.extend(kept.into_iter().rev());
    out
}

/// The same explanation for programs.
pub fn explained_json(parts: &[PartExplained]) -> Value {
    let part = |p: &PartExplained| {
        let candidates: Vec<Value> = p
            .judged
            .candidates
            .iter()
            .map(|c| {
                let signs: Vec<Value> = c
                    .signs
                    .iter()
                    .map(|(why, weight, at)| json!({"why": why, "weight": f64::from(*weight) / 100.0, "clean_start": at.start, "clean_end": at.end}))
                    .collect();
                json!({"class": c.class, "confidence": c.confidence.score(), "lost": c.lost, "signs": signs})
            })
            .collect();
        json!({"start": p.received.start, "end": p.received.end, "candidates": candidates, "stance": p.judged.stance})
    };
    Value::Array(parts.iter().map(part).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::diagnose::Diagnoser;

    #[test]
    fn the_evidence_is_underlined_and_nothing_is_wider_than_the_page() {
        let diagnoser = Diagnoser::new(crate::config::embedded::RULES).unwrap();
        let text = "好好 Automatic provisioning of user Ida Holm to app Microsoft Office 365 failed: Matching user not found.\u{1b}[31m";
        let answer = diagnoser.diagnose(text);
        for width in [40, 80, 200] {
            let page = Page { colour: false, width }.answer(text, &answer);
            assert!(page.contains("^^^^^"), "{page}");
            assert!(!page.contains('\u{1b}'));
            for line in page.lines() {
                assert!(columns(line) <= width, "{width}: {line}");
            }
        }
        assert!(Page { colour: true, width: 80 }.answer(text, &answer).contains("\u{1b}["));
    }
}
