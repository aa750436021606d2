//! The shared classifier: rules as data, one pass for all their texts, weights and vetoes, and a judgement whether
//! a text tells of a failure at all.
//!
//! Pure: rule texts are handed in, nothing is read or kept between calls but compiled expressions. Never invents a
//! remedy: what may be offered stands in the rule and in `rules::ALLOWED`.
//!
//! Begin with [`Classifier::new`], [`Classifier::may_speak`], [`Classifier::hits`], [`Classifier::judge`].

mod cues;
mod cuts;
mod gate;
mod hits;
pub mod rules;
mod score;
mod spoken;
mod stance;
pub mod talk;

use crate::domain::diagnosis::{ClassId, ClassTexts, Remedy, RulesVersion};
use crate::domain::ids::hex;
use crate::domain::phrases::Phrases;
use crate::domain::reading::{cut_points, is_shortened};
use crate::domain::starts::Starts;
use rules::{Rule, RuleError, RuleErrors};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

pub use hits::Hit;
pub use score::{Asked, Explained, Judged, Losing, Trail};

/// A compiled rule set. Immutable; may be shared between threads.
pub struct Classifier {
    rules: Vec<Compiled>,
    literals: Vec<hits::Literal>,
    /// For each literal the signs, as (rule, sign), that may begin with it.
    by_literal: Vec<Vec<(usize, usize)>>,
    /// Texts that open a closer look.
    openers: Phrases,
    /// Texts that begin where a word does, numbered as in `literals`; so are those that follow.
    at_words: Starts,
    /// Texts that may begin inside a word.
    anywhere: Phrases,
    cuts: cuts::Cuts,
    stance: stance::Stance,
    version: RulesVersion,
}

struct Compiled {
    rule: Rule,
    class: ClassId,
    /// As a diagnosis shows them.
    texts: Arc<ClassTexts>,
    signs: Vec<CompiledSign>,
    vetoes: Vec<Texts>,
    /// Indices of rules that give way to this one.
    over: Vec<usize>,
}

struct CompiledSign {
    texts: Texts,
    /// Compiled when the sign's texts were first seen.
    pattern: OnceLock<regex::bytes::Regex>,
}

/// Indices of literals.
#[derive(Default)]
struct Texts {
    any: Vec<usize>,
    with: Vec<usize>,
    and_with: Vec<usize>,
    without: Vec<usize>,
}

impl std::fmt::Debug for Classifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Classifier")
            .field("rules", &self.rules.len())
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl Classifier {
    /// Compiles rule files, each given as (name without ending, text). A later file with the same name replaces an
    /// earlier one, so that a folder of one's own can override what is embedded. Errors name every problem of every
    /// file; no set is built then.
    pub fn new(files: &[(&str, &str)]) -> Result<Self, RuleErrors> {
        let mut errors = Vec::new();
        let mut rules: BTreeMap<&str, Rule> = BTreeMap::new();
        let texts: BTreeMap<&str, &str> = files.iter().copied().collect();
        for (name, text) in &texts {
            match rules::parse(name, text) {
                Ok(rule) => drop(rules.insert(name, rule)),
                Err(found) => errors.extend(found),
            }
        }
        for (name, rule) in &rules {
            for over in rule.over.iter().filter(|o| !texts.contains_key(o.as_str())) {
                let text = texts.get(name).copied().unwrap_or_default();
                let line = rules::line_of_value(text, ("", 0), "over", over);
                let why = format!("there is no class `{over}`");
                errors.push(RuleError { file: (*name).to_owned(), line, key: "over".to_owned(), why });
            }
        }
        if !errors.is_empty() {
            return Err(RuleErrors(errors));
        }
        Ok(Self::compile(rules.into_values().collect(), version(&texts)))
    }

    fn compile(rules: Vec<Rule>, version: RulesVersion) -> Self {
        let mut book = hits::Book::default();
        let index: BTreeMap<String, usize> = rules.iter().enumerate().map(|(i, r)| (r.id.clone(), i)).collect();
        let mut compiled = Vec::with_capacity(rules.len());
        for rule in rules {
            let Some(class) = ClassId::parse(&rule.id) else { continue };
            let signs = rule
                .sign
                .iter()
                .map(|s| CompiledSign {
                    texts: Texts {
                        any: book.openers(&s.text),
                        with: book.all(&s.with),
                        and_with: book.all(&s.and_with),
                        without: book.all(&s.without),
                    },
                    pattern: OnceLock::new(),
                })
                .collect();
            let vetoes = rule
                .veto
                .iter()
                .map(|v| Texts {
                    any: book.all(&v.text),
                    with: book.all(&v.with),
                    and_with: Vec::new(),
                    without: book.all(&v.without),
                })
                .collect();
            let over = rule.over.iter().filter_map(|o| index.get(o).copied()).collect();
            let texts = Arc::new(texts(&rule));
            compiled.push(Compiled { rule, class, texts, signs, vetoes, over });
        }
        let stance = stance::Stance::default();
        let those = |wanted: fn(&hits::Literal) -> bool| {
            let literals = book.literals.iter().enumerate().filter(move |(_, l)| wanted(l));
            literals.map(|(number, l)| (number, &l.squeezed))
        };
        let openers = Phrases::new(those(|l| l.opens));
        let (at_words, anywhere) = (Starts::new(those(|l| !l.open.0)), Phrases::new(those(|l| l.open.0)));
        let opening = book.literals.iter().enumerate().filter(|(_, l)| l.opens);
        let cuts = cuts::Cuts::new(opening.map(|(i, l)| (l.squeezed.clone(), i)));
        let mut by_literal = vec![Vec::new(); book.literals.len()];
        for (rule, compiled) in compiled.iter().enumerate() {
            for (sign, parts) in compiled.signs.iter().enumerate() {
                for literal in &parts.texts.any {
                    by_literal[*literal].push((rule, sign));
                }
            }
        }
        Self {
            rules: compiled,
            literals: book.literals,
            by_literal,
            openers,
            at_words,
            anywhere,
            cuts,
            stance,
            version,
        }
    }

    /// Version of the rule set: a hash over the names and texts of all files.
    pub fn version(&self) -> &RulesVersion {
        &self.version
    }

    /// All classes, in the order of their names.
    pub fn classes(&self) -> impl Iterator<Item = &ClassId> {
        self.rules.iter().map(|r| &r.class)
    }

    /// The rule of a class.
    pub fn rule(&self, class: &str) -> Option<&Rule> {
        self.rules.iter().map(|r| &r.rule).find(|r| r.id == class)
    }

    /// Whether one of two classes gives way to the other, so that both may be seen in one error.
    pub fn related(&self, a: &ClassId, b: &ClassId) -> bool {
        let index = |class: &ClassId| self.rules.iter().position(|r| r.class == *class);
        index(a).zip(index(b)).is_some_and(|(a, b)| self.tied(a, b))
    }

    /// Whether a text, whose squeezed form is given as well, holds anything that a rule looks for, whole or cut off.
    /// Ordinary chat stops here.
    pub fn may_speak(&self, text: &str, squeezed: &[u8]) -> bool {
        let cut = |end: usize| !self.cuts.before(squeezed, end).is_empty();
        if self.openers.any_in(squeezed) {
            return true;
        }
        if is_shortened(text) { cut_points(text, squeezed.len()).into_iter().any(cut) } else { cut(squeezed.len()) }
    }

    /// Bytes that the tables of the texts take.
    pub fn memory(&self) -> usize {
        self.openers.memory() + self.at_words.memory() + self.anywhere.memory()
    }
}

/// The texts of a rule as a diagnosis keeps them.
fn texts(rule: &Rule) -> ClassTexts {
    ClassTexts {
        title: rule.title.clone(),
        meaning: rule.meaning.trim().to_owned(),
        owner: rule.owner.clone(),
        severity: rule.severity,
        steps: rule.steps.clone(),
        still_works: rule.still_works.clone(),
        sources: rule.sources.clone(),
    }
}

/// The remedies of a rule that hold for an error about `app`, in a text.
fn remedies(rule: &Rule, app: Option<&str>, text: &str) -> Vec<Remedy> {
    let Some(only) = &rule.remedies_for else { return Vec::new() };
    let holds = |hay: &str, needles: &[String]| {
        let hay = hay.to_lowercase();
        needles.iter().any(|n| hay.contains(&n.to_lowercase()))
    };
    let fits = match app {
        Some(app) => holds(app, &only.apps) || holds(text, &only.text),
        None => only.unnamed || holds(text, &only.text),
    };
    if fits { rule.remedies.clone() } else { Vec::new() }
}

fn version(texts: &BTreeMap<&str, &str>) -> RulesVersion {
    let mut hash = ring::digest::Context::new(&ring::digest::SHA256);
    for (name, text) in texts {
        for part in [name, text] {
            hash.update(&(part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
    }
    RulesVersion(hex(&hash.finish().as_ref()[..8]))
}
