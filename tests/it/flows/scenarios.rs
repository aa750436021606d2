//! The scenarios: each ends where its file says, and the ledger shows no write outside the plan.

use crate::support::World;

#[test]
fn deleted_replaced_is_reassigned_and_verified() {
    World::run("deleted-replaced", async |w| {
        w.paste_error("anna").await;
        assert_eq!(w.state().await, "looked_up", "{}", reanchor::card::plain::text(&w.card().await));
        w.press("anna", "Reassign").await;
        assert_eq!(w.state().await, "proposed", "{}", reanchor::card::plain::text(&w.card().await));
        w.press("ben", "Approve").await;
        assert_eq!(w.state().await, "closed", "{}", reanchor::card::plain::text(&w.card().await));
        assert_eq!(w.effective().await, ["okta.app_user.unassign", "okta.app_user.assign"]);
    });
}
