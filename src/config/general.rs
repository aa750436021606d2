//! All sections that belong to no other folder, read and checked in one go.
//!
//! Never fills a wrong value with a default. Begin with [`Config::general`].

use super::error::ConfigError;
use super::people::{Channel, Link, PolicyRow};
use super::sections::{Complaint, Incident, Modes, OwnRules, Run, Sandbox, Server, Store};
use super::table::Config;
use crate::domain::settings::{Mode, Policy};
use std::collections::{BTreeMap, BTreeSet};

/// The general sections, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct General {
    /// `[server]`
    pub server: Server,
    /// `[store]`
    pub store: Store,
    /// `[mode] default`
    pub mode: Mode,
    /// `[rules]`
    pub rules: OwnRules,
    /// `[run]`
    pub run: Run,
    /// `[incident]`
    pub incident: Incident,
    /// `[[channel]]`, in the order of the file.
    pub channels: Vec<Channel>,
    /// `[[link]]`, in the order of the file.
    pub links: Vec<Link>,
    /// `[[policy]]`, in the order of the file. None: nobody has any right.
    pub policies: Vec<Policy>,
    /// `[sandbox]`, when the other end is a simulated tenant.
    pub sandbox: Option<Sandbox>,
}

impl Config {
    /// Reads and checks `[server] [store] [mode] [rules] [run] [incident] [[channel]] [[link]] [[policy]] [sandbox]`. The first
    /// wrong value is the error, with its place. May be asked again.
    pub fn general(&mut self) -> Result<General, ConfigError> {
        let mut server: Server = self.section("server")?;
        self.fit("server", server.check())?;
        server.public_url = server.public_url.map(|url| url.trim_end_matches('/').to_owned());
        let store: Store = self.section("store")?;
        self.fit("store", store.check())?;
        let mode = self.section::<Modes>("mode")?.default;
        let rules: OwnRules = self.section("rules")?;
        let run: Run = self.section("run")?;
        self.fit("run", run.check())?;
        let incident: Incident = self.section("incident")?;
        self.fit("incident", incident.check())?;
        let sandbox: Option<Sandbox> = self.section_if_there("sandbox")?;
        if let Some(sandbox) = &sandbox {
            self.fit("sandbox", sandbox.check())?;
        }
        let channels = self.channels()?;
        let links = self.links()?;
        let policies = self.policies()?;
        Ok(General { server, store, mode, rules, run, incident, channels, links, policies, sandbox })
    }

    fn fit(&self, section: &str, checked: Result<(), Complaint>) -> Result<(), ConfigError> {
        checked.map_err(|Complaint { key, problem }| self.unfit(section, &[key], problem))
    }

    fn channels(&mut self) -> Result<Vec<Channel>, ConfigError> {
        let channels: Vec<Channel> = self.section("channel")?;
        let mut seen = BTreeSet::new();
        for (at, channel) in channels.iter().enumerate() {
            let at = at.to_string();
            channel.check().map_err(|flaw| self.unfit("channel", &[&at, flaw.key], flaw.problem))?;
            if !seen.insert((&channel.surface, &channel.id)) {
                return Err(self.unfit("channel", &[&at, "id"], "is listed twice for this surface; keep one of them"));
            }
        }
        Ok(channels)
    }

    fn links(&mut self) -> Result<Vec<Link>, ConfigError> {
        let rows: Vec<BTreeMap<String, String>> = self.section("link")?;
        let mut seen = BTreeSet::new();
        let mut links = Vec::with_capacity(rows.len());
        for (at, row) in rows.into_iter().enumerate() {
            let at = at.to_string();
            let link = Link::of(row).map_err(|(key, problem)| self.unfit("link", &[&at, &key], problem))?;
            for (surface, account) in &link.accounts {
                // Two people behind one account: whose vote would it be?
                if !seen.insert((surface.clone(), account.clone())) {
                    let problem = "is linked twice; keep one of them";
                    return Err(self.unfit("link", &[&at, surface], problem));
                }
            }
            links.push(link);
        }
        Ok(links)
    }

    fn policies(&mut self) -> Result<Vec<Policy>, ConfigError> {
        let rows: Vec<PolicyRow> = self.section("policy")?;
        let mut seen = BTreeSet::new();
        for (at, row) in rows.iter().enumerate() {
            let at = at.to_string();
            row.check().map_err(|flaw| self.unfit("policy", &[&at, flaw.key], flaw.problem))?;
            if !seen.insert(&row.name) {
                return Err(self.unfit(
                    "policy",
                    &[&at, "name"],
                    "is the name of an earlier policy; allowed: another name",
                ));
            }
            let names = row.names();
            if !names.is_empty() {
                let place = self.place("policy", &[&at]);
                return Err(ConfigError::GroupNames { policy: row.name.clone(), place, names });
            }
        }
        Ok(rows.iter().map(PolicyRow::policy).collect())
    }
}
