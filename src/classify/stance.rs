//! Is this a failure that happened, or talk about one? Questions, explanations, closed matters, digests, code and a
//! bot's own words are not answered.
//!
//! Never looks at what the error is, only at how it is spoken of. Begin with [`Stance::hear`].

use crate::domain::reading::Instance;
use regex::{Regex, RegexSet, RegexSetBuilder};
use std::ops::Range;
use std::sync::OnceLock;

/// The judgement and what led to it.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard {
    /// The text tells of a failure.
    pub(super) told: bool,
    /// It only drops a code word, without anything that happened to somebody.
    pub(super) bare: bool,
    /// Cues, for `--explain`.
    pub(super) why: Vec<String>,
}

/// What is known about the place where the best class was seen.
pub(super) struct Seen {
    /// Where its first sign stands in the text.
    pub(super) span: Range<usize>,
    /// Letters and digits of the longest phrase found.
    pub(super) covered: usize,
    /// Signs of an instance.
    pub(super) instance: Instance,
    /// Whether its sign is made of several things that must come together.
    pub(super) composed: bool,
    /// Whether its signs are weak.
    pub(super) weak: bool,
    /// Whether only the beginning of a phrase stands at the end of the text, without a mark that it was shortened.
    pub(super) cut: bool,
}

/// How far a cue goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Force {
    /// Silences whatever else stands there.
    Always,
    /// Silences unless the text holds evidence of an instance.
    UnlessEvident,
    /// Silences unless the text also says that it is back.
    UnlessBack,
    /// Tells that something happened; needed when only a code word was found.
    Happened,
    /// Tells that a closed matter is open again.
    Back,
}

use Force::{Always, Back, Happened, UnlessBack, UnlessEvident};

/// Expression, force, meaning. Matched against the clean text without regard to case; `^` and `$` are the ends of the
/// text, `(?m)` makes them the ends of a line.
const CUES: &[(&str, Force, &str)] = &[
    // Closed matters.
    (r"^\W*(?:re:\s*)?(?:resolved|fixed|closed|solved|done)\b(?:\s*[:!.]|\s+[–—-]\s)", UnlessBack, "a closed matter"),
    (
        r"\b(?:was|is|has been|have been|got|now|been|all|be) (?:resolved|closed|fixed|solved|sorted|mended)\b|\ball (?:good|green|fine)(?: again| now)?\b|\bwent through\b|\bretried (?:fine|ok)\b|\b(?:works|working|fine|ok|okay|green|healthy) (?:again|now)\b|\bsorted (?:it|now)\b|\bnever ?mind\b|\bfalse alarm\b|\bclos(?:ing|ed) (?:this|it|the ticket)\b|, closing\b|\bself-?healed\b|\bno longer (?:happens|fails)\b|\bwent away\b|\bis gone\b|\b(?:solved|fixed|sorted)!|\bstatus:? resolved\b",
        UnlessBack,
        "a closed matter",
    ),
    (
        r"\bthe fix was\b|\bthanks[,!]? that\b|\b(?:i|we) (?:fixed|solved|sorted|mended)\b|\bturned out to be\b|\bit was (?:just|only)\b|\blast (?:week|month|quarter|year)(?:'s)?\b[^\n]{0,60}\b(?:was|were|had)\b",
        UnlessBack,
        "a closed matter",
    ),
    (
        r"\b(?:INC|CHG|PRB|RITM|TASK)\d{5,}\b[^\n]{0,60}\b(?:resolved|closed)\b|\b(?:resolved|closed)\b[^\n]{0,40}\b(?:INC|CHG|PRB|RITM)\d{5,}\b",
        Always,
        "a closed ticket",
    ),
    // Bots, digests, publications.
    (
        r"(?m)^\W*(?:prov|reanchor|help|ops|okta|iam|diag)\w*[- ]?bot\b[^\n]{0,12}:|\bdiagnosis (?:for|of|:)|\[(?:approve|reject|deny)\]|\bsuggested (?:fix|action):|\brecommended action: reassign\b",
        Always,
        "a bot's own words",
    ),
    (
        r"\b(?:errors?|failures?|tasks?|incidents?|tickets?) (?:this|last) (?:week|month|quarter)\b|\b(?:weekly|daily|monthly) (?:report|digest|summary|review)\b|\bdigest\b|\btop \d+ (?:errors?|causes?)\b|\b\d+ ?x\b[^\n]{0,60}\b\d+ ?x\b",
        Always,
        "a digest",
    ),
    (
        r"\brelease notes?\b|\bmessage cent(?:er|re)\b|\bsecurity advisory\b|\bservice health\b|\bchangelog\b|\bnewsletter\b|\bwhat's new\b|\bblog post\b|\bwebinar\b|\bknowledge base\b|\bkb article\b|\bdocs? (?:page|article)s?\b|\brunbook\b|\bwiki page\b|\bpost-?mortem\b|\bretrospective\b|\bokta status:|\bannouncement\b|\bOKTA-\d{5,}\b",
        Always,
        "a publication",
    ),
    (
        r"^\W*(?:PR|MR|issue|ticket|commit|jira|story) ?#?\d+|^\W*(?:feat|fix|chore|docs|test|refactor)(?:\([^)]*\))?:|^\W*TODO\b",
        Always,
        "a change or a ticket",
    ),
    // Explanations and talk about errors.
    (
        r"\b(?:only|just|usually|always|basically|simply|really|normally|typically|often|mostly) (?:means?|happens|indicates?|shows up|comes (?:from|up))\b|\bis (?:just|simply|only|basically|another word)\b|\bstands for\b|\bmeans that\b|\bmeans (?:the|a|your|somebody|someone|okta|entra|you)\b|\bis (?:the|a) (?:\w+ ){0,2}(?:name|code|word|way) (?:for|of|to)\b",
        Always,
        "an explanation",
    ),
    (
        r"\bif (?:you|we|anyone|anybody|somebody|someone|they|it|that) (?:ever )?(?:see|sees|get|gets|got|hit|hits|run into|shows|says|fails)\b|\bwhen(?:ever)? (?:you|we) (?:ever )?(?:see|get|hit)\b|\bwhen(?:ever)? \S+ (?:shows up|appears|comes up|happens)\b|\b(?:fyi|tip|note(?: to self)?|reminder|rule of thumb|pro tip|fun fact|trivia|til)\b\s*[:,]",
        Always,
        "an explanation",
    ),
    (
        r"\bglossary\b|\btranslat(?:e|ion|ed)\b|\bdocumentation (?:on|of|for|says|explains)\b|\bvendor documentation\b|\b(?:talk|question|training|article|session|page|chapter|story) (?:about|on) \b|\basked about\b|\b(?:add|write|need)s? (?:a |some )?(?:tests?|page|counter|label|alert)s? for\b|\bhelp page\b|\bexplain(?:ed|s|ing)? \S+ (?:to|quite|in)\b|\bclassif(?:y|ies|ier)\b|\bregex\b",
        UnlessEvident,
        "talk about errors",
    ),
    (
        r"\binterview question\b|\bas a joke\b|\blol\b|\bquiz\b|\btraining\b[^\n]{0,30}\b(?:slide|module|deck|session)|\bslide \d+|\bworth a read\b|\bliterally says\b|\bfor the demo\b|\bin the demo\b|\bexample of\b|\bfor example\b|\be\.g\.|\bsuch as\b|\bthings like\b|\blike \S+, \S+ (?:etc|and so on)\b|\betc\b\.?\s*[?)]|\berror text is\b|\bis misleading\b|\bmisleading\b",
        Always,
        "talk about errors",
    ),
    // Not happened.
    (
        r"\b(?:how (?:would|do|can|could|should) (?:i|we|you|one) (?:reproduce|simulate|test|trigger|handle|classify|detect|document|explain|monitor|alert|search|find out))\b|\bwould (?:give|cause|lead to|result in|throw|produce)\b|\bonce we\b|\bin case\b|\bhypothetical|\bsuppose\b|\bimagine\b|\bexpected otherwise\b|\bdry[- ]run\b|\bplanned for\b|\bto avoid\b|\bcould (?:cause|lead to|give)\b|\bafter the (?:cutover|migration)\b[^\n]{0,60}\b(?:will|ping|call)\b|\btomorrow after\b",
        UnlessEvident,
        "something that has not happened",
    ),
    (
        r"(?:^|[:,.!>]\s|\n)\W*(?:if|when|whenever|once) (?:okta|entra|azure|the|it|this|a|an|somebody|someone)\b[^\n]{0,120}(?:\bping\b|\bcall\b|\bdon't\b|\bdo not\b|\blook\b|\bcheck\b|\bretry\b|\bopen\b|\btell\b)",
        Always,
        "something that has not happened",
    ),
    // Code, queries, configuration.
    (
        r"(?m)^[\s`$>#*_]{0,4}(?:(?:grep|rg|egrep|zgrep|awk|sed|kubectl|jq|journalctl)\s|select (?:\*|\w+(?:, ?\w+)*) from|cat \S+ \||tail -f|index=|sourcetype=|import \w+$|from \w+ import|(?:async )?def \w+\(|(?:pub )?fn \w+\(|func \w+\(|class \w+[:({]|//\s|#\[test\]|describe\(|it\(['\x22]|test\(['\x22]|(?:const|let|var) \w+ ?=|- (?:pattern|regex|match):|@@ )",
        Always,
        "code or a query",
    ),
    (
        r"\bassert(?:_eq|_ne|!|Equals?|That|True)?\s*[(!]|\braise \w+|\bthrow new\b|\bexcept \w+|\bcatch ?\(|[=!]==? ?['\x22]|\.is_some\(\)|\.unwrap\(|\bexpect\(|\bconsole\.log\(|\bprintln!|\breturn (?:new )?\w+\(|\bcase ['\x22]\w+['\x22]:|=> ?['\x22{]|['\x22] ?=> |\.(?:contains|includes|startsWith|test|match)\(",
        Always,
        "code",
    ),
    (
        r"\|\s*(?:where|summarize|project|stats|extend|count|top|search|rex)\b|\b(?:eventType|outcome\.result|displayMessage|statusCode|resultType) (?:eq|sw|co|==|!=) |\bcontains\(['\x22]|\?q=|\bsite:\w",
        Always,
        "a query",
    ),
    (r"\|\s*:?-{3,}:?\s*\|", Always, "a table"),
    // It happened.
    (
        r"\b(?:get|gets|getting|got an?|gave|(?:i'm|am|are|is|we're|keeps?|been) (?:seeing|getting|hitting)|seeing|hit|hits|hitting|throws?|threw|fails?|failed|failing|failures?|errored|broken?|stuck|dies|died|refus(?:es|ed|ing)|reject(?:s|ed|ing)|quarantined?|in error|error state|is red|red\b|skipped|cannot|can't|could ?n.t|unable to|blocked|denied|stopped|crash(?:es|ed)|bounced?|won't|not working|since (?:this|yesterday|last|the|we|today|\d)|this morning|again (?:on|for|today|this)|when (?:i|we|attempting|trying|creating|updating|saving)|after (?:we|i|he|she|they|adding|removing|enabling|moving) |anyone else|urgent|fehler|fehlgeschlagen|erreur|échou\w*|fallo|fout|exception)\b|\berrors?(?: ?code)?\s*[:=\n]|\berror of type\b",
        Happened,
        "something happened",
    ),
    (
        r"\bagain today\b|\b(?:is|it's|it is|they are|they're) back\b|\bcame back\b|\bre-?appear\w*\b|\bhappens again\b|\bfails? again\b|\bfailing again\b|\bfailed again\b|\bstill (?:fail\w*|broken|see\w*|get\w*|the same|not|happen\w*|stuck)\b|\breopen\w*\b|\bnot (?:fixed|resolved|solved)\b|\bsame error\b",
        Back,
        "it is back",
    ),
];

/// A sentence that asks about an error, after requests for help were taken away.
const QUESTION: &str = r"(?i)\b(?:is|are|does|do|did|can|could|what|which|how|why|who|when|where|should|would|has|have|will|any ?one|any ?body|some ?one|somebody|whats|what's|right|correct)\b[^?]*\?";
/// Requests for help beside a pasted error: they ask for an answer and say nothing about the error.
const HELP: &str = r"(?i)\b(?:any (?:idea|ideas|clue|thoughts|hints?|help|news)|any ?one(?: else)?(?: seeing (?:this|it))?|(?:can|could|would) (?:some ?one|some ?body|any ?one|any ?body|you|we)(?: \w+){0,3} (?:check|look|help|see|fix|take a look|have a look|advise|investigate)(?: (?:into|at))?(?: (?:this|it|please|pls)){0,2}|help|thoughts|known issue|ideas|what (?:now|to do|next)|same as yesterday|same (?:thing )?as \w+|again|(?:do|did) you (?:see|know) this|who can help)\s*\?+";
/// Systems of others; with weak signs the error is theirs.
const OTHERS: &str = r"(?i)\b(?:jira|confluence|npm|docker|github|gitlab|jenkins|grafana|kubernetes|k8s|nginx|mysql|postgres|redis|pagerduty|datadog|vpn|printer|zscaler|wifi|wi-fi|intranet|artifactory|chrome|firefox|safari)\b";

/// Compiled on first use.
#[derive(Default)]
pub(super) struct Stance {
    set: OnceLock<Option<RegexSet>>,
    question: OnceLock<Option<[Regex; 3]>>,
}

impl Stance {
    /// Judges a text in which a class was seen.
    pub(super) fn hear(&self, text: &str, seen: &Seen) -> Heard {
        let evident = seen.instance.is_evidence();
        let mut heard = Heard { told: true, bare: false, why: Vec::new() };
        let matched: Vec<usize> = match self.set.get_or_init(compile) {
            Some(set) => set.matches(text).into_iter().collect(),
            None => Vec::new(),
        };
        let force = |i: &usize| CUES.get(*i).map(|c| c.1);
        let back = matched.iter().any(|i| force(i) == Some(Back));
        let happened = matched.iter().any(|i| matches!(force(i), Some(Happened | Back)));
        for (_, force, why) in matched.iter().filter_map(|i| CUES.get(*i)) {
            let against = match force {
                Always => true,
                UnlessEvident => !evident,
                UnlessBack => !back,
                Happened | Back => continue,
            };
            let fate = if against { "" } else { ", outweighed" };
            heard.why.push(format!("against: {why}{fate}"));
            heard.told &= !against;
        }
        let span = whole_words(text, &seen.span);
        if !evident {
            for why in self.asks(text, &span, seen.weak) {
                heard.told = false;
                heard.why.push(format!("against: {why}"));
            }
        }
        if seen.cut && !evident {
            heard.told = false;
            heard.why.push("against: half a sentence".to_owned());
        }
        let said = text.get(span.clone()).unwrap_or_default();
        let word = said.split_whitespace().count() < 3;
        if word && !seen.composed && !evident {
            heard.bare = true;
            let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
            if letters < seen.covered + 8 {
                heard.told = false;
                heard.why.push("against: a code word alone".to_owned());
            } else if !happened && !seen.instance.name && !is_headline(text, &span) {
                heard.told = false;
                heard.why.push("against: a code word, and nothing that happened".to_owned());
            }
        }
        heard.why.extend(evidence(seen.instance).into_iter().map(|e| format!("for: {e}")));
        heard
    }
}

/// Whether the code word opens a message of the form `Code: sentence` or `Code - sentence`, or is tied to something
/// (`Code on sg-sales`).
fn is_headline(text: &str, span: &Range<usize>) -> bool {
    let before = text.get(..span.start).unwrap_or_default().trim_matches(|c: char| !c.is_alphanumeric());
    let after = text.get(span.end..).unwrap_or_default().trim_start();
    let parted = after.starts_with([':', '-', '–', '—', '.', '\n', '(', '/', '·', '→']);
    let described =
        after.split_whitespace().filter(|w| w.len() > 1 && w.chars().all(char::is_lowercase)).take(3).count() == 3;
    (parted && (described || before.len() < 12))
        || ["on ", "for ", "at ", "with ", "between "].iter().any(|w| after.starts_with(w))
}

/// The range grown to whole words.
fn whole_words(text: &str, span: &Range<usize>) -> Range<usize> {
    let head = text.get(..span.start).unwrap_or_default();
    let tail = text.get(span.end..).unwrap_or_default();
    let start = head.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_').len();
    let end = span.end + tail.len() - tail.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_').len();
    start..end
}

/// The sentence around a range: from the end of the one before to its own end mark, quotation included.
fn sentence<'t>(text: &'t str, span: &Range<usize>) -> &'t str {
    let head = text.get(..span.start).unwrap_or_default();
    let start = head.rfind(['\n', '!', '?']).map_or(0, |i| i + 1).max(head.rfind(". ").map_or(0, |i| i + 2));
    let tail = text.get(span.end..).unwrap_or_default();
    let end = tail.find(['\n', '?', '!']).map_or(tail.len(), |i| i + 1);
    text.get(start..span.end + end).unwrap_or_default()
}

fn evidence(instance: Instance) -> Vec<&'static str> {
    let all = [
        (instance.task_line, "an Okta task line"),
        (instance.machine, "machine output"),
        (instance.call_id, "the id of a call"),
        (instance.id, "the id of an object"),
        (instance.login, "a login"),
        (instance.name, "a name"),
        (instance.time, "a time"),
    ];
    all.into_iter().filter(|(there, _)| *there).map(|(_, what)| what).collect()
}

impl Stance {
    /// Whether the sentence asks about the error, or speaks of another system.
    fn asks(&self, text: &str, span: &Range<usize>, weak: bool) -> Vec<&'static str> {
        let parts = || Some([Regex::new(QUESTION).ok()?, Regex::new(HELP).ok()?, Regex::new(OTHERS).ok()?]);
        let Some([question, help, others]) = self.question.get_or_init(parts) else { return Vec::new() };
        let mut found = Vec::new();
        if question.is_match(&help.replace_all(sentence(text, span), " ")) {
            found.push("a question");
        }
        if weak && others.is_match(text) {
            found.push("another system");
        }
        found
    }
}

fn compile() -> Option<RegexSet> {
    RegexSetBuilder::new(CUES.iter().map(|c| c.0)).case_insensitive(true).build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cues_compile() {
        for (cue, _, _) in CUES {
            assert!(Regex::new(cue).is_ok(), "{cue}");
        }
        assert!(compile().is_some());
        for single in [QUESTION, HELP, OTHERS] {
            assert!(Regex::new(single).is_ok(), "{single}");
        }
    }
}
