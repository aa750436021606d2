//! A simulated Okta org and Entra tenant that speak HTTP on loopback.
//!
//! What it does: keeps a small world (people, groups, one Office 365 app, Entra objects), answers the vendors' calls
//! about it with their shapes and refusals, lets the simulated Okta provision asynchronously on the tenant's own
//! clock, and offers a control port for demos and tests.
//! What it must never do: import anything of the bot; listen beyond 127.0.0.1; answer a vendor call without the proof
//! header; count Okta's own pushes as the client's writes.
//! Where to begin reading: [`Tenant::start`], then `wire/gate.rs` (the way of a call), `base.rs` (the standard world),
//! `provision.rs` (what Okta does by itself).
//!
//! # Names of the calls
//!
//! Faults, holds and the ledger name calls by these stable ops. The tables `ROUTES` of `okta` and `graph` are the
//! source; `GET ops` of the control port lists them.
//!
//! | op | call |
//! | --- | --- |
//! | `okta.app.list`, `okta.app.get` | `GET /api/v1/apps`, `.../{app}` |
//! | `okta.app_user.list`, `okta.app_user.get` | `GET .../apps/{app}/users`, `.../{user}` |
//! | `okta.app_user.assign` | `POST .../apps/{app}/users` |
//! | `okta.app_user.update` | `POST .../apps/{app}/users/{user}` with profile or credentials |
//! | `okta.app_user.convert` | the same with `scope` |
//! | `okta.app_user.unassign` | `DELETE .../apps/{app}/users/{user}` |
//! | `okta.app_group.list`, `okta.app_group.get` | `GET .../apps/{app}/groups`, `.../{group}` |
//! | `okta.features.list`, `okta.features.get`, `okta.features.put` | `.../apps/{app}/features[/USER_PROVISIONING]` |
//! | `okta.connection.get` | `GET .../apps/{app}/connections/default` |
//! | `okta.schema.get` | `GET /api/v1/meta/schemas/apps/{app}/default` |
//! | `okta.mapping.list`, `okta.mapping.get` | `GET /api/v1/mappings`, `.../{mapping}` |
//! | `okta.user.list`, `okta.user.get`, `okta.user.groups`, `okta.user.app_links`, `okta.user.roles` | `GET /api/v1/users...` |
//! | `okta.group.list`, `okta.group.get`, `okta.group.users` | `GET /api/v1/groups...` |
//! | `okta.log.list` | `GET /api/v1/logs` |
//! | `okta.event_hook.list`, `.create`, `.get`, `.put`, `.delete`, `.verify` | `/api/v1/eventHooks...` |
//! | `graph.token` | `POST /{tenant}/oauth2/v2.0/token` |
//! | `graph.user.list`, `graph.user.get`, `graph.user.patch` | `/users`, `/users/{id}` |
//! | `graph.user.licences`, `.roles`, `.sync_behavior`, `.revoke_sessions` | `/users/{id}/...` |
//! | `graph.deleted.list`, `graph.deleted.get`, `graph.deleted.restore` | `/directory/deletedItems...` |
//! | `graph.sync.get` | `GET /directory/onPremisesSynchronization` |
//! | `graph.domain.list`, `graph.domain.get` | `GET /domains`, `/domains/{id}` |
//! | `graph.sku.list`, `graph.organization.list` | `GET /subscribedSkus`, `/organization` |
//! | `graph.audit.list`, `graph.provisioning_log.list` | `GET /auditLogs/directoryAudits`, `/auditLogs/provisioning` |
//! | `graph.role_assignment.list` | `GET /roleManagement/directory/roleAssignments` |
//! | `graph.role_eligibility.instances`, `.schedules` | `.../roleEligibilityScheduleInstances`, `.../roleEligibilitySchedules` |
//! | `graph.sync_job.list`, `.get`, `.restart`, `.upload` | `/servicePrincipals/{id}/synchronization/jobs...` |
//! | `graph.health.issues`, `graph.health.overviews` | `GET /admin/serviceAnnouncement/...` |
//! | `okta.status.feed` | `GET /status/rss` (no token) |
//! | `graph.batch` | `POST /$batch` (always refused) |
//! | `okta.unknown`, `graph.unknown` | everything else |
mod access;
mod base;
mod clock;
mod control;
mod core;
mod entra;
mod fresh;
mod graph;
mod inbound;
mod logbook;
mod model;
mod okta;
mod panel;
mod provision;
mod scenario;
mod tenant;
mod wire;

pub use access::Access;
pub use clock::SandboxTime;
pub use tenant::{Tenant, TenantError, TenantOptions};
