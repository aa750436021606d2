//! Which synchronization job of Entra a text names.
//!
//! Never takes anything for an id that has not its form. Begin with [`job`].

use crate::domain::ids::EntraId;
use crate::domain::job::is_job_id;
use regex::Regex;
use std::sync::LazyLock;

#[expect(clippy::expect_used, reason = "a constant expression, compiled by a test")]
static PATH: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)servicePrincipals/([0-9a-f-]{36})(?:/synchronization/jobs/([a-z0-9]{1,64}\.[0-9a-f]{32}\.[0-9a-f-]{36}))?",
    )
    .expect("constant regular expression")
});
#[expect(clippy::expect_used, reason = "a constant expression, compiled by a test")]
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\bservice ?principal(?: object)?(?: ?id)?[\s:=]{1,4}([0-9a-f-]{36})\b")
        .expect("constant regular expression")
});
#[expect(clippy::expect_used, reason = "a constant expression, compiled by a test")]
static JOB: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b[a-z0-9]{1,64}\.[0-9a-f]{32}\.[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
        .expect("constant regular expression")
});

/// What a text says about a job; each part may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedJob {
    /// Object id of the service principal.
    pub service_principal: Option<String>,
    /// Id of the job.
    pub job: Option<String>,
}

/// The job that the text names, by the path of a Graph call or by the ids alone.
pub fn job(text: &str) -> Option<NamedJob> {
    let principal = |text: &str| EntraId::parse(text).map(|id| id.as_str().to_owned());
    let by_path = PATH.captures(text);
    let service_principal = by_path
        .as_ref()
        .and_then(|found| principal(found.get(1)?.as_str()))
        .or_else(|| NAMED.captures(text).and_then(|found| principal(found.get(1)?.as_str())));
    let job = by_path
        .and_then(|found| Some(found.get(2)?.as_str().to_owned()))
        .or_else(|| JOB.find(text).map(|found| found.as_str().to_owned()))
        .filter(|job| is_job_id(job));
    (service_principal.is_some() || job.is_some()).then_some(NamedJob { service_principal, job })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SP: &str = "5b2e8c14-6a90-4d37-8f1b-c3d7e9a04f62";
    const ID: &str = "API2AAD.3f6c9a1e58b24d079e4ba1c27d805f93.d80e6b27-41fa-4c95-b3a8-7e2c1f095da6";

    #[test]
    fn a_job_is_named_by_a_path_or_by_its_ids() {
        let named = |sp: bool, id: bool| {
            Some(NamedJob { service_principal: sp.then(|| SP.to_owned()), job: id.then(|| ID.to_owned()) })
        };
        let path = format!(
            "POST https://graph.microsoft.com/v1.0/servicePrincipals/{SP}/synchronization/jobs/{ID}/bulkUpload -> 403"
        );
        assert_eq!(job(&path), named(true, true));
        assert_eq!(job(&format!("the job {ID} is paused")), named(false, true));
        assert_eq!(job(&format!("service principal {SP}, job {ID}")), named(true, true));
        assert_eq!(job(&format!("servicePrincipal id: {}", SP.to_uppercase())), named(true, false));
        assert_eq!(job("POST .../servicePrincipals/../synchronization/jobs/x/bulkUpload"), None);
        assert_eq!(job(&format!("request-id {SP}")), None);
    }
}
