//! The surfaces that a configuration turns on: their sections are read with everything else, and each is built when the
//! program serves, or examined by `doctor`.
//!
//! Names no surface: the list is [`each`]. Begin with [`Wanted::read`].

use crate::config::people::Link;
use crate::config::{Config, ConfigError};
use crate::domain::finding::Finding;
use crate::surface::{Built, Descriptor, Ground, Visit, each};
use async_trait::async_trait;
use std::collections::BTreeMap;

/// A configuration that turns a surface of the sandbox on (SAFETY A2).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "[{name}] {place}: the people of `{name}` are actors of the sandbox and have no rights in production, so no configuration \
     can turn it on; take the section out, and use `reanchor sandbox` or `reanchor chat`. Nothing was started"
)]
pub struct SandboxOnly {
    /// The surface.
    pub name: &'static str,
    /// Where it is turned on.
    pub place: String,
}

/// A surface with its section.
#[async_trait]
pub trait Candidate: Send + Sync {
    /// Its name.
    fn name(&self) -> &'static str;

    /// Builds the side that shows.
    async fn build(self: Box<Self>, ground: Ground) -> anyhow::Result<Box<dyn Built>>;

    /// Looks at the set-up.
    async fn examine(&self, ground: &Ground) -> Vec<Finding>;
}

struct Of<D: Descriptor>(D::Settings);

#[async_trait]
impl<D: Descriptor> Candidate for Of<D> {
    fn name(&self) -> &'static str {
        D::NAME
    }

    async fn build(self: Box<Self>, ground: Ground) -> anyhow::Result<Box<dyn Built>> {
        D::build(self.0, ground).await
    }

    async fn examine(&self, ground: &Ground) -> Vec<Finding> {
        D::examine(&self.0, ground).await
    }
}

/// The surfaces that are on.
#[derive(Default)]
pub struct Wanted(Vec<Box<dyn Candidate>>);

struct Reading<'a> {
    config: &'a mut Config,
    wanted: Vec<Box<dyn Candidate>>,
    failed: Option<anyhow::Error>,
}

impl Visit for Reading<'_> {
    fn surface<D: Descriptor>(&mut self) {
        let read = section::<D>(self.config);
        match read {
            Ok(settings) => self.wanted.extend(settings.map(|s| Box::new(Of::<D>(s)) as Box<dyn Candidate>)),
            Err(error) => self.failed = self.failed.take().or(Some(error.into())),
        }
    }

    fn sandbox_only(&mut self, name: &'static str) {
        if self.config.has(name) && self.failed.is_none() {
            self.failed = Some(SandboxOnly { name, place: self.config.place(name, &[]) }.into());
        }
    }
}

fn section<D: Descriptor>(config: &mut Config) -> Result<Option<D::Settings>, ConfigError> {
    let Some(settings) = config.section_if_there::<D::Settings>(D::NAME)? else { return Ok(None) };
    D::check(&settings).map_err(|flaw| {
        let keys: Vec<&str> = flaw.keys.iter().map(String::as_str).collect();
        config.unfit(D::NAME, &keys, flaw.problem)
    })?;
    Ok(Some(settings))
}

impl Wanted {
    /// Reads the section of every surface that has one. The first that cannot be used is the error.
    pub fn read(config: &mut Config) -> anyhow::Result<Self> {
        let mut reading = Reading { config, wanted: Vec::new(), failed: None };
        each(&mut reading);
        match reading.failed {
            Some(error) => Err(error),
            None => Ok(Self(reading.wanted)),
        }
    }

    /// Their names.
    pub fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|candidate| candidate.name()).collect()
    }

    /// The surfaces, each to be built or examined once.
    pub fn take(self) -> Vec<Box<dyn Candidate>> {
        self.0
    }
}

/// Whether every `[[link]]` row names surfaces of this program, and accounts of the form that those have. The first that does
/// not is the error.
pub fn check_links(config: &Config, links: &[Link]) -> Result<(), ConfigError> {
    type Form = fn(&str) -> Result<(), &'static str>;
    struct Forms(BTreeMap<&'static str, Form>);
    impl Visit for Forms {
        fn surface<D: Descriptor>(&mut self) {
            self.0.insert(D::NAME, D::check_account);
        }

        fn sandbox_only(&mut self, _name: &'static str) {}
    }
    let mut forms = Forms(BTreeMap::new());
    each(&mut forms);
    for (at, link) in links.iter().enumerate() {
        for (name, account) in &link.accounts {
            let checked = match forms.0.get(name.as_str()) {
                Some(check) => check(account).map_err(str::to_owned),
                None => Err(format!("is not the name of a surface; allowed: okta, {}", names().join(", "))),
            };
            checked.map_err(|problem| config.unfit("link", &[&at.to_string(), name], problem))?;
        }
    }
    Ok(())
}

/// Names of all surfaces of the production bot.
pub fn names() -> Vec<&'static str> {
    struct Names(Vec<&'static str>);
    impl Visit for Names {
        fn surface<D: Descriptor>(&mut self) {
            self.0.push(D::NAME);
        }

        fn sandbox_only(&mut self, _name: &'static str) {}
    }
    let mut names = Names(Vec::new());
    each(&mut names);
    names.0
}

/// The examples of their sections: name and text, in the order of the list.
pub fn examples() -> Vec<(&'static str, &'static str)> {
    struct Examples(Vec<(&'static str, &'static str)>);
    impl Visit for Examples {
        fn surface<D: Descriptor>(&mut self) {
            self.0.push((D::NAME, D::EXAMPLE));
        }

        fn sandbox_only(&mut self, _name: &'static str) {}
    }
    let mut examples = Examples(Vec::new());
    each(&mut examples);
    examples.0
}
